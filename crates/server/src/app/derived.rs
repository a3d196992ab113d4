//! What is derived from the events of a stream: its row of the list, the words by which its filings
//! and messages are found, the blobs that it owns. Row and words can be dropped and made again at
//! any time; owners are only ever added, for a blob without one goes.
//!
//! Knows no query. Only what an authority or a person wrote is found by words: not exhibits, whose
//! rows are for those alone who may read them.

use anyhow::Context as _;
use desk::ids::{ActorId, AgencyId, Digest};
use desk::request::Event;
use serde::Deserialize;
use serde_json::Value;
use store::{BlobDigest, Derived, Names, Part, Payload, Store, Words};
use uuid::Uuid;

use super::Folded;
use crate::payload::{AccountValue, FileRef, SelectorValue};
use crate::view;

/// The version of what this release derives: a store with another one is derived again when it is
/// opened.
pub const VERSION: &str = "7";
/// Setting that says which version a store has.
const VERSION_SETTING: &str = "derived_version";

/// Streams of the log that are no requests.
pub const OWN_STREAMS: [Uuid; 6] = [
    crate::directory::STREAM,
    super::audit::STREAM,
    super::dead::STREAM,
    super::report::STREAM,
    super::security::STREAM,
    super::security::ALARM_STREAM,
];

/// Derives from streams that are read in parts. A stream that is no request, or that this release
/// cannot read, has no row. What its payloads say and name is known all the same.
pub fn deriver() -> impl FnMut(&Part<'_>) -> Derived + Send {
    let mut folded = Some(Folded::default());
    move |part| {
        let mut derived = Derived::default();
        let is_request = !OWN_STREAMS.contains(&part.stream);
        if is_request {
            folded = folded.take().and_then(|known| super::fold_on(known, part.events).ok());
        }
        let agency = folded.as_ref().and_then(|folded| folded.request.agency);
        for event in part.events {
            let payload = match &event.payload {
                Payload::Kept(text) => Some(text.as_str()),
                _ => None,
            };
            let payload_of_request = payload.filter(|_| is_request);
            let words = |text| words(&event.event_json, text, agency);
            let words = payload_of_request.map(words).unwrap_or_default();
            if !words.is_empty() {
                derived.words.push((event.leaf, words));
            }
            let names = names(part.stream, &event.event_json, payload);
            if !names.is_empty() {
                derived.names.push((event.leaf, names));
            }
        }
        if part.is_last {
            let folded = folded.replace(Folded::default());
            derived.view = folded.filter(|_| is_request).map(|folded| view::of(&folded.request));
        }
        derived
    }
}

/// The blobs that an event and its payload name. What stays for ever is listed here by name: the
/// parts of a seal, and the text of a report.
#[must_use]
pub fn names(stream: Uuid, event_json: &str, payload_json: Option<&str>) -> Names {
    let lasting = match crate::notice::kind_of(event_json) {
        "sealed" => desk::record::decode(event_json).map(|event| seal(&event)).unwrap_or_default(),
        "transparency_report" if stream == super::report::STREAM => report(event_json),
        _ => Vec::new(),
    };
    let own = OWN_STREAMS.contains(&stream);
    let personal = payload_json.filter(|_| !own).map(digests).unwrap_or_default();
    Names { lasting, personal }
}

fn seal(event: &Event) -> Vec<BlobDigest> {
    let Event::Sealed { p7s_sha256, tsr_sha256, chain_sha256, .. } = event else {
        return Vec::new();
    };
    let parts = [Some(p7s_sha256), tsr_sha256.as_ref(), Some(chain_sha256)];
    parts.into_iter().flatten().map(|digest| BlobDigest(digest.0)).collect()
}

fn report(event_json: &str) -> Vec<BlobDigest> {
    #[derive(Deserialize)]
    struct Named {
        json_sha256: String,
    }
    let named = serde_json::from_str::<Named>(event_json).ok();
    let digest = named.and_then(|named| Digest::from_hex(&named.json_sha256));
    digest.map(|digest| BlobDigest(digest.0)).into_iter().collect()
}

/// What a payload of any kind says in words; parts that are not there are not found.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    reference: String,
    legal_basis: String,
    contacts: Vec<(String, String)>,
    selectors: Vec<SelectorValue>,
    accounts: Vec<AccountValue>,
    files: Vec<FileRef>,
    text: String,
    account: String,
    after: Option<Uuid>,
}

/// Whether officers of the agency see the words of an event's payload: the filing, questions,
/// refusals and messages, and whatever a key of theirs wrote. What staff note with their other acts
/// is for staff alone.
fn is_seen_by_officers(event_json: &str) -> bool {
    #[derive(Deserialize)]
    struct Done<'a> {
        by: Option<&'a str>,
    }
    let by_key = || {
        let by = serde_json::from_str::<Done<'_>>(event_json).ok().and_then(|done| done.by);
        matches!(by.and_then(ActorId::parse), Some(ActorId::Key(_)))
    };
    match crate::notice::kind_of(event_json) {
        "received"
        | "information_provided"
        | "message_posted"
        | "information_requested"
        | "refused" => true,
        _ => by_key(),
    }
}

/// The words that an event's payload is found by.
#[must_use]
pub fn words(event_json: &str, payload_json: &str, agency: Option<AgencyId>) -> Words {
    // A payload of another shape says nothing in words.
    let Ok(said) = serde_json::from_str::<Said>(payload_json) else { return Words::default() };
    let blobs: Vec<String> = digests(payload_json).iter().map(ToString::to_string).collect();
    let texts = [&said.reference, &said.legal_basis, &said.text, &said.account];
    let contacts = said.contacts.iter().map(|(_, text)| text);
    let selectors = said.selectors.iter().map(|selector| &selector.value);
    let accounts = said.accounts.iter().map(|account| &account.account);
    let files = said.files.iter().filter_map(|file| file.original_name.as_ref());
    let all = texts.into_iter().chain(contacts).chain(accounts).chain(files).chain(selectors);
    let all: Vec<&str> = all.map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    let has_text = !all.is_empty();
    let after = said.after.map(super::anew::word);
    // Digests first: they must not fall to the limit of words.
    let words = Words::of(blobs.iter().chain(&after).map(String::as_str).chain(all));
    // Nobody of an agency looks for a payload in which nobody wrote anything.
    match agency {
        Some(agency) if has_text && is_seen_by_officers(event_json) => words.read_by(agency.0),
        _ => words,
    }
}

/// The blobs that a payload of any kind names, by their digests. They are words of it too: an order
/// is found by the digest of its file.
fn digests(payload_json: &str) -> Vec<BlobDigest> {
    let names_blob =
        |key: &str| key == "sha256" || key.ends_with("_sha256") || key.ends_with("_blob");
    let mut found = Vec::new();
    let mut open = vec![serde_json::from_str(payload_json).unwrap_or(Value::Null)];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match &value {
                        // What somebody asked about names no blob, whatever it looks like.
                        Value::String(text) if names_blob(&key) => {
                            found.extend(Digest::from_hex(text).map(|it| BlobDigest(it.0)));
                        }
                        // Nor does what a sender wrote in a language of its own.
                        _ if key == "selectors" || key == "hi1" => {}
                        _ => open.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Derives everything again when the store was filled by another release.
///
/// # Errors
/// When the store cannot be read or written.
pub(super) async fn bring_up_to_date(store: &Store) -> anyhow::Result<()> {
    let known = store.reader().setting(VERSION_SETTING).await?;
    if known.as_deref() == Some(VERSION) {
        return Ok(());
    }
    let rows =
        store.rebuild_derived(&mut deriver()).await.context("deriving the list of requests")?;
    if rows > 0 {
        tracing::info!(rows, "The list of requests and its words were derived again");
    }
    store.put_setting(VERSION_SETTING, VERSION).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn blobs(digits: &str) -> Vec<BlobDigest> {
        let digest = |digit| Digest::from_hex(&hex(digit)).map(|it| BlobDigest(it.0));
        digits.chars().filter_map(digest).collect()
    }

    /// Everything that must stay has a name that lasts, whatever else has the same bytes.
    #[test]
    fn seals_and_reports_are_named_for_ever_and_payloads_until_their_erasure() {
        let asks = vec![desk::ids::AskNumber(1)];
        let digest = |digit| Digest::from_hex(&hex(digit)).expect("a digest");
        let sealed = Event::Sealed {
            asks,
            tagmanifest_sha256: digest('9'),
            p7s_sha256: digest('1'),
            tsr_sha256: Some(digest('2')),
            chain_sha256: digest('3'),
        };
        let payload = format!("{{\"files\":[{{\"sha256\":\"{}\"}}]}}", hex('1'));
        let sealed = desk::record::encode(&sealed);
        let named = names(Uuid::from_u128(7), &sealed, Some(&payload));
        assert_eq!(named, Names { lasting: blobs("123"), personal: blobs("1") });
        let report =
            format!("{{\"kind\":\"transparency_report\",\"json_sha256\":\"{}\"}}", hex('4'));
        let named = names(super::super::report::STREAM, &report, None);
        assert_eq!(named, Names { lasting: blobs("4"), personal: Vec::new() });
        // Nobody makes a blob his by calling his request a report.
        assert_eq!(names(Uuid::from_u128(7), &report, None), Names::default());
    }
}
