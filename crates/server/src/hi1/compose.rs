//! The agency's side: messages as an agency's system would send them. Used by the demo, the tests
//! and the bench; an agency may use it as an example.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::ids::{Amount, Asset};
use desk::order::IssuerType;
use jiff::Timestamp;
use uuid::Uuid;

use super::message::{Act, EtsiVersion, Header, Version};
use super::object::{
    Authorisation, Common, Deadline, Delivery, DisclosureTask, Document, DocumentBody,
    Notification, Object, PreservationTask, Property, RequestDetails, RequestValue,
};
use super::selector::{AMOUNT, ASSET};
use super::value::{Approval, Approver, EndpointId, ObjectId, Timespan, Word};
use super::words::{
    APPROVAL_ISSUER, APPROVAL_VALIDATOR, ORDER_FACT, OWNER, OrderFact, OwnTask, PROFILE_VERSION,
    REQUEST_TYPE, RULE_PACK, TASK_DESIRED_STATUS,
};

/// A header of ours from `sender` to `receiver`.
pub fn header(
    sender: &EndpointId,
    receiver: &EndpointId,
    transaction: Uuid,
    at: Timestamp,
) -> Header {
    Header {
        sender: sender.clone(),
        receiver: receiver.clone(),
        transaction,
        timestamp: at,
        version: Version {
            etsi: EtsiVersion::OURS,
            profile_owner: OWNER.to_owned(),
            profile_version: PROFILE_VERSION.to_owned(),
        },
        workflow: None,
    }
}

/// An order with its tasks, to be created in one message.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Identifier of the Authorisation.
    pub authorisation: ObjectId,
    /// The sender, which owns the objects.
    pub owner: EndpointId,
    /// Reference number of the order.
    pub reference: String,
    /// Rule pack to be judged by; `None` for the agency's own.
    pub rule_pack: Option<String>,
    /// How long the order holds.
    pub valid: Timespan,
    /// The issuer: what it is, its name, when it signed.
    pub issuer: (IssuerType, String, Timestamp),
    /// The validator: what it is, its name.
    pub validator: Option<(IssuerType, String)>,
    /// Kind of crime, a word of ETSI/AuthorisationTypeOfCase.
    pub type_of_case: Option<String>,
    /// Words of ETSI/AuthorisationFlag, such as IsEmergency.
    pub flags: Vec<String>,
    /// Facts of the order.
    pub facts: Vec<(OrderFact, String)>,
    /// The order's file: identifier, name, media type, bytes.
    pub document: Option<(ObjectId, String, String, Vec<u8>)>,
    /// What is asked.
    pub tasks: Vec<(ObjectId, DraftTask)>,
}

/// One task.
#[derive(Debug, Clone)]
pub enum DraftTask {
    /// Disclose records.
    Disclose {
        /// Reference like `XX-ACTOR01-1234`.
        reference: String,
        /// Category of data.
        category: Word,
        /// Range meant.
        span: Timespan,
        /// Identifiers.
        values: Vec<RequestValue>,
        /// By when.
        deadline: Option<Timestamp>,
    },
    /// Keep a copy.
    Preserve {
        /// Category of data.
        category: Word,
        /// Range meant.
        span: Timespan,
        /// Identifiers.
        values: Vec<RequestValue>,
        /// Until when.
        until: Option<Timestamp>,
    },
    /// Freeze.
    Freeze {
        /// Accounts or addresses.
        values: Vec<RequestValue>,
        /// Asset.
        asset: Asset,
        /// Most that may be blocked.
        amount: Amount,
        /// Until when.
        until: Option<Timestamp>,
    },
    /// End a freeze.
    Unfreeze {
        /// The freeze's task.
        freeze: ObjectId,
    },
    /// Do not tell the user.
    NonDisclosure {
        /// Until when.
        until: Option<Timestamp>,
    },
}

/// One identifier.
pub fn value(owner: &str, name: &str, value: &str) -> RequestValue {
    RequestValue { format_owner: owner.into(), format_name: name.into(), value: value.into() }
}

/// The CREATE actions of an order: Authorisation, Document, tasks.
pub fn create(draft: &Draft) -> Vec<Act> {
    let common = |id: ObjectId, associated: Vec<ObjectId>| Common {
        country: Some(draft.owner.country),
        owner: Some(draft.owner.identifier.clone()),
        associated,
        ..Common::new(id)
    };
    let mut objects = vec![authorisation(draft, common(draft.authorisation, Vec::new()))];
    if let Some((id, name, media_type, contents)) = &draft.document {
        objects.push(Object::Document(Box::new(Document {
            common: common(*id, vec![draft.authorisation]),
            reference: Some(draft.reference.clone()),
            name: Some(name.clone()),
            properties: draft
                .facts
                .iter()
                .map(|(fact, value)| Property {
                    kind: Word::comity(ORDER_FACT, fact.as_str()),
                    value: value.clone(),
                })
                .collect(),
            body: Some(DocumentBody {
                contents: Some(contents.clone()),
                content_type: Some(media_type.clone()),
                checksum: Some(sha256(contents)),
                checksum_type: Some("SHA-256".to_owned()),
            }),
            ..Document::new(*id)
        })));
    }
    for (id, task) in &draft.tasks {
        objects.push(self::task(*id, task, common(*id, vec![draft.authorisation])));
    }
    objects.into_iter().map(Act::Create).collect()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

fn authorisation(draft: &Draft, common: Common) -> Object {
    let approval = |kind: &str, role: IssuerType, name: &str, at: Option<Timestamp>| Approval {
        kind: Some(kind.to_owned()),
        approver: Some(Approver {
            name: Some(name.to_owned()),
            role: Some(role.as_str().to_owned()),
            ..Approver::default()
        }),
        at,
        ..Approval::default()
    };
    let (role, name, at) = &draft.issuer;
    let mut approvals = vec![approval(APPROVAL_ISSUER, *role, name, Some(*at))];
    if let Some((role, name)) = &draft.validator {
        approvals.push(approval(APPROVAL_VALIDATOR, *role, name, None));
    }
    Object::Authorisation(Box::new(Authorisation {
        reference: Some(draft.reference.clone()),
        legal_type: draft.rule_pack.as_ref().map(|pack| Word::comity(RULE_PACK, pack)),
        timespan: Some(draft.valid),
        approvals,
        flags: draft.flags.iter().map(|flag| Word::etsi("AuthorisationFlag", flag)).collect(),
        type_of_case: draft
            .type_of_case
            .as_ref()
            .map(|word| Word::etsi("AuthorisationTypeOfCase", word)),
        common,
        ..Authorisation::new(draft.authorisation)
    }))
}

fn task(id: ObjectId, task: &DraftTask, mut common: Common) -> Object {
    let own = |kind: OwnTask, values: Vec<RequestValue>| RequestDetails {
        kind: Some(Word::comity(REQUEST_TYPE, kind.as_str())),
        values,
        ..RequestDetails::default()
    };
    let records = |category: &Word, span: &Timespan, values: &[RequestValue]| RequestDetails {
        kind: Some(category.clone()),
        span: *span,
        values: values.to_vec(),
        ..RequestDetails::default()
    };
    let (details, until, wish) = match task {
        DraftTask::Disclose { reference, category, span, values, deadline } => {
            let deadline = deadline.map(|at| Deadline { at: Some(at), nature: None, other: None });
            return Object::Disclosure(Box::new(DisclosureTask {
                common,
                reference: Some(reference.clone()),
                details: Some(records(category, span, values)),
                deadlines: deadline.into_iter().collect(),
                ..DisclosureTask::new(id)
            }));
        }
        DraftTask::Preserve { category, span, values, until } => {
            let wish = Word::etsi("LPTaskDesiredStatus", "Preserved");
            (records(category, span, values), *until, wish)
        }
        DraftTask::Freeze { values, asset, amount, until } => {
            let mut values = values.clone();
            values.push(value(OWNER, ASSET, asset.as_str()));
            values.push(value(OWNER, AMOUNT, &amount.to_string()));
            (own(OwnTask::Freeze, values), *until, wish("Frozen"))
        }
        DraftTask::Unfreeze { freeze } => {
            common.associated.push(*freeze);
            (own(OwnTask::Unfreeze, Vec::new()), None, wish("Unfrozen"))
        }
        DraftTask::NonDisclosure { until } => {
            (own(OwnTask::NonDisclosure, Vec::new()), *until, wish("InForce"))
        }
    };
    Object::Preservation(Box::new(PreservationTask {
        common,
        desired_status: Some(wish),
        details: Some(details),
        desired_expiration: until,
        ..PreservationTask::new(id)
    }))
}

fn wish(value: &str) -> Word {
    Word::comity(TASK_DESIRED_STATUS, value)
}

/// Takes back a whole order.
pub fn withdraw_authorisation(id: ObjectId) -> Act {
    let wish = Word::etsi("AuthorisationDesiredStatus", "Cancelled");
    let object = Authorisation { desired_status: Some(wish), ..Authorisation::new(id) };
    Act::Update(Object::Authorisation(Box::new(object)))
}

/// Takes back one LDTask.
pub fn withdraw_disclosure(id: ObjectId) -> Act {
    let wish = Word::etsi("LDTaskDesiredStatus", "Cancelled");
    let object = DisclosureTask { desired_status: Some(wish), ..DisclosureTask::new(id) };
    Act::Update(Object::Disclosure(Box::new(object)))
}

/// Takes back one LPTask that preserves.
pub fn withdraw_preservation(id: ObjectId) -> Act {
    let wish = Word::etsi("LPTaskDesiredStatus", "Cancelled");
    let object = PreservationTask { desired_status: Some(wish), ..PreservationTask::new(id) };
    Act::Update(Object::Preservation(Box::new(object)))
}

/// Wishes a preservation to last longer.
pub fn extend_preservation(id: ObjectId, until: Timestamp) -> Act {
    let object = PreservationTask { desired_expiration: Some(until), ..PreservationTask::new(id) };
    Act::Update(Object::Preservation(Box::new(object)))
}

/// Ends a freeze ("Unfrozen") or a ban ("Lifted"), or takes either back ("Cancelled").
pub fn wish_own(id: ObjectId, value: &str) -> Act {
    let object =
        PreservationTask { desired_status: Some(wish(value)), ..PreservationTask::new(id) };
    Act::Update(Object::Preservation(Box::new(object)))
}

/// Says that a delivery arrived.
pub fn acknowledge(delivery: ObjectId) -> Act {
    let wish = Word::etsi("DeliveryDesiredStatus", "Received");
    let object = Delivery { desired_status: Some(wish), ..Delivery::new(delivery) };
    Act::Update(Object::Delivery(Box::new(object)))
}

/// A message in words about an object.
pub fn message(id: ObjectId, about: ObjectId, words: &str) -> Act {
    let object = Notification {
        common: Common { associated: vec![about], ..Common::new(id) },
        details: Some(words.to_owned()),
        ..Notification::new(id)
    };
    Act::Create(Object::Notification(Box::new(object)))
}

/// Signs a message as a detached JWS. `algorithm` is EdDSA, ES256 or RS256; `sign` makes the
/// signature over the bytes it is given.
///
/// # Errors
/// Whatever `sign` returns.
pub fn sign<E>(
    message: &[u8],
    algorithm: &str,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    let protected = URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"{algorithm}\",\"typ\":\"JWT\"}}"));
    // The member goes last, before the brace that ends the message.
    let message = message.trim_ascii_end();
    let body = message.strip_suffix(b"}").unwrap_or(message);
    let with = |protected: &str, signature: &str| {
        let member = format!(
            ",\"Signature\":{{\"protected\":\"{protected}\",\"signature\":\"{signature}\"}}}}"
        );
        [body, member.as_bytes()].concat()
    };
    let input = format!("{protected}.{}", URL_SAFE_NO_PAD.encode(with("", "")));
    let signature = sign(input.as_bytes())?;
    Ok(with(&protected, &URL_SAFE_NO_PAD.encode(signature)))
}
