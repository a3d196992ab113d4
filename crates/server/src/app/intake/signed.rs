//! What officers sign: first the bytes and the challenge, then, with the passkey's answer, the act.
//!
//! Knows no page. Nothing is stored before the passkey's answer was checked, by the code with which
//! a court checks it years later (docs/formats/signed-request.md). A stolen session can read its
//! own agency's status and write messages; it can send, correct, withdraw and extend nothing.

mod act;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::PoisonError;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::ids::{ActorId, AgencyId, KeyId, RequestId};
use desk::order::Authentication;
use desk::policy::{Action, Actor};
use desk::request::Command;
use evidence::digest::Sha256;
use evidence::signed::{Assertion, ProvenRecord, SignedRequest, challenge, enrolment_json};
use evidence::verify::{Approval, check_approval};
use jiff::{SignedDuration, Timestamp};
use store::SeenTransaction;

use super::{InFile, Kept};
use act::{commands, facts, selector_value, signed_act};

pub use act::{OfficerAct, OfficerFile, OfficerOrder};

use crate::app::people::directory_page;
use crate::app::{Act, Done, Node, deliver};
use crate::directory::Change;
use crate::error::Error;
use crate::fraud::papers::Papers;
use crate::payload::{self, AccountValue, Received, SignedSaid};
use crate::wrong::{Detail, Wrong};

/// What was given to sign must be signed within so many minutes.
pub const SIGNING_MINUTES_MAX: i64 = 15;
/// What one officer may have been given to sign at one time; more push out the oldest.
const TO_SIGN_COUNT_MAX: usize = 16;
/// The same for all officers together; more must wait.
const TO_SIGN_TOTAL_MAX: usize = 10_000;

/// What the passkey is to sign.
#[derive(Clone, Debug)]
pub struct ToSign {
    /// The nonce; it names what was prepared.
    pub nonce: [u8; 32],
    /// The request.
    pub request: RequestId,
    /// The canonical request, to be shown and signed.
    pub json: Vec<u8>,
    /// The WebAuthn challenge.
    pub challenge: [u8; 32],
    /// Base64url ids of the officer's passkeys, of which one must sign.
    pub credentials: Vec<String>,
    /// It must be signed before.
    pub until: Timestamp,
}

/// The passkey's answer, as the browser gives it.
#[derive(Clone, Debug)]
pub struct PasskeyAnswer {
    /// `rawId`.
    pub credential_id: Vec<u8>,
    /// `response.clientDataJSON`.
    pub client_data_json: Vec<u8>,
    /// `response.authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `response.signature`.
    pub signature: Vec<u8>,
}

/// An act with its signature.
#[derive(Clone, Debug)]
pub struct SignedOrder {
    /// The act, unchanged since it was prepared.
    pub act: OfficerAct,
    /// The nonce it was prepared with.
    pub nonce: [u8; 32],
    /// The passkey's answer.
    pub answer: PasskeyAnswer,
    /// Where it was sent from.
    pub connection: Option<IpAddr>,
}

/// What was given to sign and is not signed yet. In memory only: after a restart it is prepared
/// again. Which nonces were used up, the store knows.
#[derive(Default)]
pub(in crate::app) struct Issued(HashMap<[u8; 32], Issue>);

#[derive(Clone, Copy)]
struct Issue {
    key: KeyId,
    request: RequestId,
    at: Timestamp,
    sha256: Sha256,
}

impl Issue {
    fn until(&self) -> Timestamp {
        let minutes = SignedDuration::from_mins(SIGNING_MINUTES_MAX);
        self.at.checked_add(minutes).unwrap_or(Timestamp::MAX)
    }
}

impl Issued {
    fn put(&mut self, nonce: [u8; 32], issue: Issue) -> Result<(), Error> {
        self.0.retain(|_, known| known.until() > issue.at);
        let own = || self.0.iter().filter(|(_, known)| known.key == issue.key);
        if own().count() >= TO_SIGN_COUNT_MAX
            && let Some(oldest) = own().min_by_key(|(_, known)| known.at).map(|(nonce, _)| *nonce)
        {
            self.0.remove(&oldest);
        }
        if self.0.len() >= TO_SIGN_TOTAL_MAX {
            return Err(Error::Busy);
        }
        self.0.insert(nonce, issue);
        Ok(())
    }
}

/// Whether an act counts only with a passkey's signature: whatever an officer sends that changes
/// what the company does.
pub(in crate::app) fn needs_signature(node: &Node, actor: &Actor, command: &Command) -> bool {
    let is_officer =
        || matches!(actor.id, ActorId::Key(key) if node.directory().officer(key).is_some());
    match command {
        Command::Receive { order, .. } => {
            order.authentication == Authentication::Signed || is_officer()
        }
        Command::ProvideInformation { .. }
        | Command::Withdraw { .. }
        | Command::Extend { .. }
        | Command::Link { .. } => is_officer(),
        _ => false,
    }
}

impl Node {
    /// Makes the bytes that an officer is to sign, and the challenge over them. What the desk
    /// would refuse in any case is refused here already.
    ///
    /// # Errors
    /// [`Error::Hidden`] for whoever may not do it, [`Error::Refused`] with the desk's reasons,
    /// [`Error::Input`] naming what cannot be sent.
    pub async fn prepare_signing(&self, actor: &Actor, act: &OfficerAct) -> Result<ToSign, Error> {
        let (actor, key, agency) = self.officer(actor)?;
        let passkeys = self.directory();
        let own = passkeys.passkeys_of(actor.id);
        let credentials = own.map(|(_, passkey)| passkey.facts.credential_id.clone()).collect();
        let request = match act {
            OfficerAct::File(_) => RequestId(crate::time_ordered_id(self.now())?),
            OfficerAct::Correct { request, .. }
            | OfficerAct::Withdraw { request, .. }
            | OfficerAct::Extend { request, .. } => *request,
        };
        if let OfficerAct::File(order) = act {
            self.records_for(Some(&order.order))?;
        }
        let before = self.folded(request).await?;
        for command in commands(act, request, agency, key) {
            let dry = Act::new(request, command);
            self.decided(&actor, &dry, &before, None)?;
        }
        let at = self.now();
        let json = self.canonical(act, request, agency, key, at)?;
        let nonce: [u8; 32] = crate::random_bytes()?;
        let issue = Issue { key, request, at, sha256: Sha256::of(&json) };
        self.to_sign.lock().unwrap_or_else(PoisonError::into_inner).put(nonce, issue)?;
        let challenge = challenge(&nonce, &json);
        Ok(ToSign { nonce, request, challenge, json, credentials, until: issue.until() })
    }

    /// Carries out what an officer signed: files the request, or corrects, withdraws, extends.
    /// Before anything is stored, the answer is checked as a package's reader checks it, and the
    /// nonce is used up in the same transaction.
    ///
    /// # Errors
    /// [`Error::Input`] saying what is wrong with the signature and what to do; as any act.
    pub async fn file_signed(&self, actor: &Actor, signed: SignedOrder) -> Result<Done, Error> {
        let (actor, key, agency) = self.officer(actor)?;
        let SignedOrder { act, nonce, answer, connection } = signed;
        if let OfficerAct::File(OfficerOrder { after: Some(after), .. }) = &act {
            self.read_permit(&actor, Action::ReadStatus, *after).await?;
        }
        let issue = self.issue(&nonce, key)?;
        let json = self.canonical(&act, issue.request, agency, key, issue.at)?;
        if Sha256::of(&json) != issue.sha256 {
            return Err(Error::wrong("signature", Wrong::ChangedSinceShown));
        }
        let credential = URL_SAFE_NO_PAD.encode(&answer.credential_id);
        let credential_sha256 = Sha256::of(credential.as_bytes()).to_string();
        let known = self.directory();
        if known.passkey(&credential_sha256).is_none_or(|passkey| passkey.holder != actor.id) {
            return Err(Error::wrong("signature", Wrong::PasskeyOfSomebodyElse));
        }
        let enrolment = self.enrolment(key, &credential_sha256).await?;
        let assertion = Assertion {
            nonce,
            credential_id: answer.credential_id,
            client_data_json: answer.client_data_json,
            authenticator_data: answer.authenticator_data,
            signature: answer.signature,
        };
        let kept = payload::Approval {
            request: String::from_utf8(json).context("canonical JSON is text")?,
            assertion: assertion.to_json(),
            enrolment,
        };
        let approval = Approval {
            request: kept.request.as_bytes(),
            assertion: kept.assertion.as_bytes(),
            enrolment: kept.enrolment.as_bytes(),
        };
        let approved = check_approval(&approval, None).map_err(|defects| {
            let said = defects
                .first()
                .map(|d| format!("{}; expected {}, found {}", d.what, d.expected, d.found));
            let detail = Detail(said.unwrap_or_default());
            Error::wrong("signature", Wrong::SignatureDoesNotHold { detail })
        })?;
        let seen = SeenTransaction {
            agency: agency.0,
            transaction: format!("nonce {}", hex::encode(nonce)),
            reference: format!("{} {}", issue.request, approved.act),
        };
        let mut done = None;
        let acts = self.signed_acts(act, issue.request, agency, key, kept).await?;
        for (index, mut act) in acts.into_iter().enumerate() {
            if index == 0 {
                act.seen.push(seen.clone());
            }
            act.approved = Some(approved.clone());
            act.connection = connection;
            done = Some(self.act(&actor, act).await?);
        }
        self.to_sign.lock().unwrap_or_else(PoisonError::into_inner).0.remove(&nonce);
        done.ok_or_else(|| Error::wrong("asks", Wrong::NoneNamed))
    }

    /// The officer behind an actor, as the directory has it now.
    pub(in crate::app) fn officer(&self, actor: &Actor) -> Result<(Actor, KeyId, AgencyId), Error> {
        let ActorId::Key(key) = actor.id else { return Err(Error::Hidden) };
        let directory = self.directory();
        directory.officer(key).ok_or(Error::Hidden)?;
        let actor = directory.person(actor.id, self.now()).ok_or(Error::Hidden)?;
        let agency = actor.agency.ok_or(Error::Hidden)?;
        Ok((actor, key, agency))
    }

    fn issue(&self, nonce: &[u8; 32], key: KeyId) -> Result<Issue, Error> {
        let issued = self.to_sign.lock().unwrap_or_else(PoisonError::into_inner);
        let issue = issued.0.get(nonce).copied();
        issue
            .filter(|issue| issue.key == key && issue.until() > self.now())
            .ok_or_else(|| Error::wrong("signature", Wrong::NothingToSign))
    }

    fn canonical(
        &self,
        act: &OfficerAct,
        request: RequestId,
        agency: AgencyId,
        key: KeyId,
        at: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        let web = self.config.web.as_ref().context("an officer without pages")?;
        let origin = reqwest::Url::parse(&web.origin).context("web.origin is no address")?;
        let signed = SignedRequest {
            origin: origin.origin().ascii_serialization(),
            company: self.config.company.name.clone(),
            agency: agency.0,
            key: key.0,
            request: request.0,
            at,
            act: signed_act(act)?,
        };
        signed.to_bytes().map_err(|error| Error::Internal(error.into()))
    }

    /// The three leaves that made a passkey an officer's.
    async fn enrolment(&self, key: KeyId, credential_sha256: &str) -> Result<String, Error> {
        let (mut proposed, mut passkey, mut admitted) = (None, None, None);
        let mut after = 0;
        loop {
            let page = directory_page(&self.store, after).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in &page {
                let change: Change =
                    serde_json::from_str(&event.event_json).context("a change of the directory")?;
                match change {
                    Change::OfficerProposed { officer, .. } if officer == key => {
                        proposed = Some(event.leaf);
                    }
                    Change::PasskeyEnrolled { credential_sha256: own, .. }
                        if own == credential_sha256 =>
                    {
                        (passkey, admitted) = (Some(event.leaf), None);
                    }
                    Change::OfficerAdmitted { officer, .. } if officer == key => {
                        admitted = Some(event.leaf);
                    }
                    _ => {}
                }
            }
        }
        let (Some(proposed), Some(passkey), Some(admitted)) = (proposed, passkey, admitted) else {
            return Err(Error::wrong("signature", Wrong::NotAdmitted));
        };
        let proven = async |leaf| {
            let record = self.store.reader().record(leaf).await?;
            let record = record.context("an enrolment was erased")?;
            let proof = deliver::proof(self, leaf).await?;
            Ok::<_, Error>(ProvenRecord { record: record.json, salt: record.salt, proof })
        };
        let leaves = [proven(proposed).await?, proven(passkey).await?, proven(admitted).await?];
        Ok(enrolment_json(&leaves[0], &leaves[1], &leaves[2]))
    }

    async fn signed_acts(
        &self,
        act: OfficerAct,
        request: RequestId,
        agency: AgencyId,
        key: KeyId,
        approval: payload::Approval,
    ) -> Result<Vec<Act>, Error> {
        let commands = commands(&act, request, agency, key);
        let (said, files) = match act {
            OfficerAct::File(order) => {
                let act = self.filing(order, request, agency, key, approval).await?;
                return Ok(vec![act]);
            }
            OfficerAct::Correct {
                ask,
                reference,
                legal_basis,
                selectors,
                account,
                files,
                text,
                ..
            } => {
                let selectors = selectors.map(|list| {
                    list.iter().map(|selector| selector_value(ask, selector)).collect()
                });
                let said = SignedSaid {
                    text,
                    selectors,
                    reference,
                    legal_basis,
                    account,
                    ..SignedSaid::default()
                };
                (said, files)
            }
            OfficerAct::Withdraw { text, .. } | OfficerAct::Extend { text, .. } => {
                (SignedSaid { text, ..SignedSaid::default() }, Vec::new())
            }
        };
        let known = self.case(request).await?;
        let first = known.received.as_ref().map_or(0, |received| received.files.len());
        let files = files.into_iter().map(InFile::from).collect();
        let Kept { files, blobs, papers } = self.keep_files(files, first).await?;
        let said_first = SignedSaid { approval: Some(approval), files, ..said.clone() };
        let mut first = Some((said_first, blobs, papers));
        let mut acts = Vec::with_capacity(commands.len());
        for command in commands {
            let (said, blobs, papers) =
                first.take().unwrap_or_else(|| (said.clone(), Vec::new(), Papers::default()));
            let mut act = Act::new(request, command).with(&said)?;
            (act.blobs, act.papers) = (blobs, papers);
            acts.push(act);
        }
        Ok(acts)
    }

    async fn filing(
        &self,
        order: OfficerOrder,
        request: RequestId,
        agency: AgencyId,
        key: KeyId,
        approval: payload::Approval,
    ) -> Result<Act, Error> {
        let selectors = order.selectors.iter();
        let accounts = order.accounts.iter();
        let received = Received {
            reference: order.reference.clone(),
            legal_basis: order.legal_basis.clone(),
            selectors: selectors.map(|(ask, selector)| selector_value(*ask, selector)).collect(),
            accounts: accounts
                .map(|(ask, account)| AccountValue { ask: ask.0, account: account.clone() })
                .collect(),
            approval: Some(approval),
            after: order.after.map(|after| after.0),
            ..Received::default()
        };
        let facts = facts(&order);
        let files = order.files.into_iter().map(InFile::from).collect();
        self.receive_act(request, facts, agency, Some(key), received, files).await
    }
}
