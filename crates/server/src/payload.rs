//! The personal part of each event: what the desk never sees and an erasure deletes.
//!
//! One struct for each kind of event that has such a part. Their JSON is hashed into the log's
//! leaves, so a field is only ever added, with a default.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Member of a payload of `assessed`: the address at the other end of the connection, where the
/// request or its correction came by one. Staff see it beside the signs of fraud, an officer never.
/// Earlier releases wrote it into the payloads of `received` and `information_provided`: a receipt
/// of such a payload does not hold the record.
pub const CONNECTION: &str = "connection";

/// Of `received` and `information_provided`: who asks, about whom, under which papers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The authority's own reference.
    pub reference: String,
    /// Law and article that the instrument names.
    #[serde(default)]
    pub legal_basis: String,
    /// People and places named by the authority, as label and text.
    #[serde(default)]
    pub contacts: Vec<(String, String)>,
    /// Values of the selectors, by ask.
    pub selectors: Vec<SelectorValue>,
    /// Account to freeze or unfreeze, by ask, where the order names one.
    #[serde(default)]
    pub accounts: Vec<AccountValue>,
    /// Files of the instrument, kept as blobs.
    pub files: Vec<FileRef>,
    /// What was understood with an assumption, for whoever reviews.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Objects of the HI-1 message, so that status words can be given for each.
    #[serde(default)]
    pub hi1: Option<serde_json::Value>,
    /// For a signed request: what the officer's passkey approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The request of the same agency that this one was sent anew after. The officer's site says
    /// so; it is not among the facts that a passkey approves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<uuid::Uuid>,
    /// [`CONNECTION`], as earlier releases wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
}

/// Of `assessed`: what is personal in a look for signs of fraud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessed {
    /// [`CONNECTION`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
}

/// What an officer's passkey approved, as the three files of a package
/// (docs/formats/signed-request.md).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The canonical request.
    pub request: String,
    /// The passkey's answer.
    pub assertion: String,
    /// The leaves that enrolled the passkey.
    pub enrolment: String,
}

/// Of `information_provided`, `withdrawn` and `extended`, when an officer signed it. Whoever sends
/// it by another way only says something: see [`Said`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedSaid {
    /// The words.
    pub text: String,
    /// What was approved; one approval of several asks stands with the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The ask's selectors, when they were corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selectors: Option<Vec<SelectorValue>>,
    /// Files added to the instrument.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRef>,
    /// The authority's reference, when it was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Law and article, when they were corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// The ask's account, when it was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// One selector of one ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectorValue {
    /// The ask.
    pub ask: u16,
    /// Its kind, a word of `records::SelectorKind`.
    pub kind: String,
    /// Its normal spelling.
    pub value: String,
}

/// The account that a freeze or unfreeze names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountValue {
    /// The ask.
    pub ask: u16,
    /// The account.
    pub account: String,
}

/// A file kept as a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Our name for it in a package.
    pub name: String,
    /// The sender's name for it.
    #[serde(default)]
    pub original_name: Option<String>,
    /// Media type as received.
    pub media_type: String,
    /// SHA-256, also the blob's name.
    pub sha256: String,
    /// The scanner that found nothing in it, with the version of its signatures; none when it was
    /// not scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
}

/// Of `exhibit_added` and `preserved`: what was searched and where the rows lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Number in the request.
    pub number: u16,
    /// Title for people.
    pub title: String,
    /// What it is.
    pub body: ExhibitBody,
}

/// What an exhibit is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum ExhibitBody {
    /// Rows of a search.
    Table {
        /// Data category.
        category: String,
        /// Source system.
        source: String,
        /// The query, without the values of its parameters.
        query: String,
        /// The instant that the rows show.
        snapshot_at: Timestamp,
        /// Rows in the exhibit.
        row_count: u64,
        /// Earliest and latest time in the rows.
        time_range: Option<(Timestamp, Timestamp)>,
        /// Rows left out: count and reason.
        withheld: Vec<(u64, String)>,
        /// Columns, as `evidence::table` names them.
        columns: Vec<(String, String)>,
        /// Blob of the CSV.
        csv_sha256: String,
        /// Its SHA-512, for the bag's manifest.
        csv_sha512: String,
        /// Its length.
        csv_bytes: u64,
        /// Blob of the JSON.
        json_sha256: String,
        /// Its SHA-512.
        json_sha512: String,
        /// Its length.
        json_bytes: u64,
    },
    /// A trace of money.
    Trace {
        /// Engine that can replay it.
        engine: String,
        /// Digests of the blocks, as `name sha256`.
        inputs: Vec<String>,
        /// Blob of the exhibit JSON.
        json_sha256: String,
        /// Blob of the picture.
        svg_sha256: String,
        /// What the money reached in this company.
        reached: Vec<Reached>,
        /// Whether attributions in it are made up.
        fiction: bool,
    },
    /// A trace of money on a chain of accounts.
    AccountTrace {
        /// Engine that can replay it.
        engine: String,
        /// Digests of the blocks, as `name sha256`.
        inputs: Vec<String>,
        /// Blob of the exhibit JSON.
        json_sha256: String,
        /// Blob of the picture.
        svg_sha256: String,
        /// What the money reached in this company.
        reached: Vec<ReachedAccount>,
        /// Whether attributions in it are made up.
        fiction: bool,
    },
}

/// A deposit account of this company, on a chain of accounts, that traced money reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedAccount {
    /// The payment's transaction.
    pub transaction: String,
    /// The deposit account, as its chain writes it.
    pub address: String,
    /// The account here that it belongs to.
    pub account: String,
    /// Payments from the source.
    pub hop: u32,
    /// The asset, as exhibits write it.
    pub asset: String,
    /// The payment, in the asset's smallest unit.
    pub amount: String,
    /// How much of it is tainted, in the same unit.
    pub taint: String,
}

/// A deposit address of this company that traced money reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The output, `txid:vout`.
    pub output: String,
    /// The address.
    pub address: String,
    /// The account it belongs to.
    pub account: String,
    /// Transactions from the source.
    pub hop: u32,
    /// Value of the output, in satoshis.
    pub value_satoshi: u64,
    /// How much of it is tainted, in satoshis.
    pub taint_satoshi: u64,
}

/// Of `preserved`: the key of the encrypted copy. Erasing this payload makes the copy unreadable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preserved {
    /// age identity that opens the copies.
    pub age_identity: String,
    /// The tables that were copied; their digests are those of the plain files.
    pub tables: Vec<PreservedTable>,
}

impl Drop for Preserved {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.age_identity);
    }
}

/// One table of a preserved copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreservedTable {
    /// What it holds.
    pub exhibit: Exhibit,
    /// Blob of the encrypted CSV.
    pub csv_blob: String,
    /// Blob of the encrypted JSON.
    pub json_blob: String,
}

/// Of `assembled`: all that the package says besides its exhibits, so that it can be made again to
/// the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assembled {
    /// Number of the package in the request.
    pub package_number: u16,
    /// When it was made.
    pub made_at: Timestamp,
    /// One sentence for each ask.
    pub statements: Vec<(u16, String)>,
    /// Exhibits that are in it.
    pub exhibits: Vec<u16>,
    /// Whether the report is in it.
    pub report: bool,
    /// The custody steps up to here: when, what, by whom.
    pub custody: Vec<(Timestamp, String, String)>,
    /// Name of the agency at that time.
    pub agency_name: String,
    /// Who ran the search of each exhibit, by name.
    pub operators: Vec<(u16, String)>,
    /// Who assembled it, by name.
    pub assembled_by: String,
    /// Approvals that are in it: later ones are not.
    #[serde(default)]
    pub approvals_count: usize,
    /// Files of the instrument that are in it; all when absent.
    #[serde(default)]
    pub files_count: Option<usize>,
}

/// Of `sealed`: who answered for it. Travels in the package, inside `sealed.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Name of the package.
    pub package: String,
    /// Who assembled it.
    pub assembled_by: String,
    /// Who approved it, another person.
    pub approved_by: String,
    /// When.
    pub approved_at: Timestamp,
    /// What proves who sent the request: `signed`, `by_channel` or `none`.
    #[serde(default)]
    pub authentication: String,
}

/// Of `delivered`: where the packages lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Name of the package.
    pub package: String,
    /// Blob of the encrypted package.
    pub encrypted_sha256: String,
    /// `cms` or `age`.
    pub encryption: String,
    /// Length in bytes.
    pub encrypted_bytes: u64,
}

/// Of `effect_requested`: what the company's systems are asked to do, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectTarget {
    /// The account.
    pub account: String,
}

/// Of `effect_confirmed` and `effect_failed`: what the company's systems said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectAnswer {
    /// In their words.
    pub detail: String,
    /// Amount held, in smallest units, if they said so.
    pub amount: Option<u128>,
    /// What users were told, for a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<UserNotice>,
    /// The same in other languages, where users are written to in several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_notices: Vec<UserNotice>,
}

impl EffectAnswer {
    /// Of a notice to users, by language.
    #[must_use]
    pub fn told(detail: String, notices: Vec<UserNotice>) -> Self {
        let mut notices = notices.into_iter();
        let notice = notices.next();
        Self { detail, amount: None, notice, more_notices: notices.collect() }
    }

    /// What users were told, in every language.
    pub fn notices(self) -> impl Iterator<Item = UserNotice> {
        self.notice.into_iter().chain(self.more_notices)
    }
}

/// What users were told of a disclosure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserNotice {
    /// Whose account it was.
    pub accounts: Vec<String>,
    /// The copy that each of them was given.
    pub text: String,
    /// The language that the company's records or configuration give; none where the copy is in
    /// every language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Of messages, refusals, holds: what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The words.
    pub text: String,
}
