//! The answer to GETCSPCONFIG: what this service can be asked. Disclosure and preservation only:
//! there is no interception here.

use desk::order::{DataCategory, IssuerType};
use jiff::Timestamp;
use records::SelectorKind;
use serde_json::Value;

use super::selector::{AMOUNT, AMOUNT_PATTERN, ASSET, ASSET_PATTERN, FORMATS, Format};
use super::value::{Members, Word, seconds};
use super::words::{
    DATA_CATEGORY, MANIFEST, MANIFEST_PACKAGE, ORDER_FACT, OWNER, OrderFact, OwnTask, REQUEST_TYPE,
    REQUEST_TYPES, RULE_PACK, TASK_DESIRED_STATUS, TASK_STATUS, TRANSACTION_DATA,
};

/// What differs between deployments.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// When any of this last changed.
    pub last_changed: Timestamp,
    /// Rule packs: id and title.
    pub rule_packs: Vec<(String, String)>,
    /// Kinds of selector that the company's catalog can search.
    pub selectors: Vec<SelectorKind>,
    /// Where messages are sent.
    pub url: String,
}

/// The members of `GETCSPCONFIGResponse`.
pub fn configuration(deployment: &Deployment) -> Value {
    let formats: Vec<&Format> =
        FORMATS.iter().filter(|format| deployment.selectors.contains(&format.kind)).collect();
    let own = formats.iter().filter(|format| format.owner == OWNER);
    let mut entries: Vec<Value> =
        own.map(|format| definition(format.name, format.description, format.pattern)).collect();
    entries.push(definition(ASSET, "Asset of a freeze, like BTC", ASSET_PATTERN));
    entries.push(definition(
        AMOUNT,
        "Amount of a freeze in the asset's smallest unit, at most 2^128 - 1",
        AMOUNT_PATTERN,
    ));
    let targeting: Vec<Value> = formats.iter().map(|format| targeting(format)).collect();
    let endpoint = |kind: &str, word: &str, guidance: &str| -> Value {
        Members::default()
            .with(
                &format!("config:{kind}WorkflowEndpoint"),
                &Word::etsi(&format!("{kind}WorkflowEndpoint"), word),
            )
            .with("config:Guidance", guidance)
            .with("config:URL", deployment.url.as_str())
            .into()
    };
    let preservation = vec![
        endpoint("LP", "NewPreservation", "CREATE with the LPTask, and its Authorisation if any"),
        endpoint("LP", "PreservationExtension", "UPDATE with DesiredPreservationExpiration"),
        endpoint("LP", "PreservationCancellation", "UPDATE with DesiredStatus Cancelled"),
    ];
    Members::default()
        .with("LastChanged", seconds(deployment.last_changed))
        .with(
            "Dictionaries",
            Members::default().with("dictionaries:Dictionary", dictionaries(deployment)),
        )
        .with(
            "TargetFormatTypeDefinitions",
            Members::default().with("config:FormatOwner", OWNER).with(
                "config:TargetFormatTypeDefinitionEntries",
                Members::default().with("config:TargetFormatTypeDefinitionEntry", entries),
            ),
        )
        .with(
            "TargetingConfigurations",
            Members::default().with("config:TargetingConfiguration", targeting),
        )
        .with(
            "SupportedLPWorkflowEndpoints",
            Members::default().with("config:SupportedLPWorkflowEndpoint", preservation),
        )
        .into()
}

fn definition(name: &str, description: &str, pattern: &str) -> Value {
    Members::default()
        .with("config:FormatName", name)
        .with("config:Description", description)
        .with("config:FormatRegex", pattern)
        .into()
}

fn targeting(format: &Format) -> Value {
    let words = |own: &[OwnTask]| -> Members {
        let types = REQUEST_TYPES.iter().copied().chain(own.iter().map(|it| (OWNER, it.as_str())));
        let words = types.map(|(owner, value)| Word {
            owner: owner.to_owned(),
            name: REQUEST_TYPE.to_owned(),
            value: value.to_owned(),
        });
        let words: Vec<Value> = words.map(|word| Value::from(&word)).collect();
        Members::default().with("common:DictionaryEntry", words)
    };
    let subtypes: Vec<Value> = DataCategory::ALL
        .iter()
        .map(|category| Value::from(&Word::comity(DATA_CATEGORY, category.as_str())))
        .collect();
    let subtypes = || Members::default().with("common:DictionaryEntry", subtypes.clone());
    Members::default()
        .with("config:FormatName", format.name)
        .with("config:FormatOwner", format.owner)
        .with("config:Guidance", format.description)
        .with("config:AssociatedLDRequestTypes", words(&[]))
        .with("config:AssociatedLDRequestSubtypes", subtypes())
        .with("config:AssociatedLPRequestTypes", words(&OwnTask::ALL))
        .with("config:AssociatedLPRequestSubtypes", subtypes())
        .into()
}

fn dictionaries(deployment: &Deployment) -> Vec<Value> {
    let own = |(value, meaning): (&str, &str)| (value.to_owned(), meaning.to_owned());
    let mut types = vec![own((TRANSACTION_DATA, "Deposits, withdrawals, trades, balances"))];
    types.extend(OwnTask::ALL.map(|task| own((task.as_str(), task.meaning()))));
    let category = |category: &DataCategory| {
        own((category.as_str(), "Category of data, to be named in task:Subtype"))
    };
    let role = |role: &IssuerType| {
        own((role.as_str(), "common:ApproverRole of an approval of type Issuer or Validator"))
    };
    let statuses = [
        ("AwaitingFreeze", "Not yet frozen"),
        ("Frozen", "Outgoing dealings are blocked until task:PreservationExpiration"),
        ("AwaitingUnfreeze", "Being released"),
        ("Unfrozen", "Outgoing dealings are free"),
        ("AwaitingInForce", "Not yet decided"),
        ("InForce", "The user is not told"),
        ("Lifted", "The user may be told"),
        ("Rejected", "Refused; the reason says why"),
        ("Cancelled", "Taken back by the agency"),
        ("Expired", "Its time ran out"),
    ];
    let wishes = [
        ("Frozen", "New freeze"),
        ("Unfrozen", "New release, or UPDATE of a freeze: end it"),
        ("InForce", "New non-disclosure"),
        ("Lifted", "UPDATE of a non-disclosure: end it"),
        ("Cancelled", "UPDATE: take the task back"),
    ];
    vec![
        dictionary(REQUEST_TYPE, types),
        dictionary(DATA_CATEGORY, DataCategory::ALL.iter().map(category).collect()),
        dictionary("IssuerType", IssuerType::ALL.iter().map(role).collect()),
        dictionary(RULE_PACK, deployment.rule_packs.clone()),
        dictionary(
            ORDER_FACT,
            OrderFact::ALL.iter().map(|it| (it.as_str().to_owned(), it.values())).collect(),
        ),
        dictionary(TASK_STATUS, statuses.map(own).into()),
        dictionary(TASK_DESIRED_STATUS, wishes.map(own).into()),
        dictionary(
            MANIFEST,
            vec![own((MANIFEST_PACKAGE, "BagIt package, CSV, JSON, PDF/A, CMS seal, log proof"))],
        ),
    ]
}

fn dictionary(name: &str, entries: Vec<(String, String)>) -> Value {
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|(value, meaning)| {
            Members::default()
                .with("dictionaries:Value", value)
                .with("dictionaries:Meaning", meaning)
                .into()
        })
        .collect();
    Members::default()
        .with("dictionaries:Owner", OWNER)
        .with("dictionaries:Name", name)
        .with(
            "dictionaries:DictionaryEntries",
            Members::default().with("dictionaries:DictionaryEntry", entries),
        )
        .into()
}
