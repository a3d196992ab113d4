//! What is derived from the events of a stream: its row of the list, and the words by which its
//! filings and messages are found. Can be dropped and made again at any time.
//!
//! Knows no query. Only what an authority or a person wrote is found by words: not exhibits, whose
//! rows are for those alone who may read them.

use anyhow::Context as _;
use desk::ids::{AgencyId, Digest};
use serde::Deserialize;
use serde_json::Value;
use store::{BlobDigest, Derived, Payload, Store, StoredEvent, Words};
use uuid::Uuid;

use crate::payload::{AccountValue, FileRef, SelectorValue};
use crate::view;

/// The version of what this release derives: a store with another one is derived again when it is
/// opened.
pub const VERSION: &str = "4";
/// Setting that says which version a store has.
const VERSION_SETTING: &str = "derived_version";

/// Streams of the log that are no requests.
pub const OWN_STREAMS: [Uuid; 4] =
    [crate::directory::STREAM, super::audit::STREAM, super::dead::STREAM, super::report::STREAM];

/// What the events of a stream give. A stream that is no request, or that this release cannot
/// read, has no row and no words.
#[must_use]
pub fn of(stream: Uuid, events: &[StoredEvent]) -> Derived {
    if OWN_STREAMS.contains(&stream) {
        return Derived::default();
    }
    let Ok(folded) = super::fold(events) else { return Derived::default() };
    let kept = events.iter().filter_map(|event| match &event.payload {
        Payload::Kept(text) => Some((event.leaf, words(text, folded.request.agency))),
        _ => None,
    });
    let words = kept.filter(|(_, words)| !words.is_empty()).collect();
    Derived { view: Some(view::of(&folded.request)), words }
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
}

/// The word that every filing and message of an agency's requests has, so that the index itself
/// keeps one agency's officers to their own. Whoever types it into a text is found by that agency,
/// and the list's own agency is compared besides.
pub(super) fn agency_word(agency: AgencyId) -> String {
    format!("agency{}", agency.0.simple())
}

/// The words that a payload is found by.
#[must_use]
pub fn words(payload_json: &str, agency: Option<AgencyId>) -> Words {
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
    // Nobody of an agency looks for a payload in which nobody wrote anything.
    let own = agency.filter(|_| !all.is_empty()).map(agency_word);
    // Digests and agency first: they must not fall to the limit of words.
    Words::of(blobs.iter().chain(&own).map(String::as_str).chain(all))
}

/// The blobs that a payload of any kind names, by their digests. They are words of it too: so it is
/// known that a blob is still used, and an order is found by the digest of its file.
pub(super) fn digests(payload_json: &str) -> Vec<BlobDigest> {
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
                        _ if key == "selectors" => {}
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
    let rows = store
        .rebuild_derived(&OWN_STREAMS, &mut of)
        .await
        .context("deriving the list of requests")?;
    if rows > 0 {
        tracing::info!(rows, "The list of requests and its words were derived again");
    }
    store.put_setting(VERSION_SETTING, VERSION).await?;
    Ok(())
}
