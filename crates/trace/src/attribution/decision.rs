//! What people decided about contested tags, and which files make a set, as JSON
//! (docs/formats/tags.md). Knows no tags; reads no file that it names.

use chain::FileDigest;
use serde::Deserialize;

use super::address::Blockchain;
use super::error::{Fault, ReadError, echo, text};
use super::lists::json_fault;
use super::pack::{Provenance, address_text, label_text};
use super::statement::{Day, Text, day};

/// The value of `format` in a set file.
pub const SET_FORMAT: &str = "comity tag set";
/// The version of the format that is read.
pub const SET_VERSION: u32 = 1;
/// Most files and most decisions of a set file.
pub const SET_ENTRIES_MAX: usize = 20_000;

/// Whom to believe about an address on which tags differ. Nothing is deleted: what was not believed
/// is shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// On which chain.
    pub chain: Blockchain,
    /// Which address, in its one spelling.
    pub address: String,
    /// The day of the decision; before it the tags stand against each other.
    pub on: Day,
    /// The name that is believed, an actor's id or a label; none of them when there is none.
    pub keep: Option<Text>,
    /// Who decided.
    pub by: String,
    /// Another person, who agreed.
    pub approved_by: String,
    /// Why.
    pub why: String,
}

/// A file that belongs to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetEntry {
    /// Where it lies, relative to the set file.
    pub path: String,
    /// What its digest must be, where that is fixed.
    pub sha256: Option<FileDigest>,
    /// Where it is from.
    pub provenance: Provenance,
}

/// A set file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFile {
    /// The files.
    pub files: Vec<SetEntry>,
    /// The decisions.
    pub decisions: Vec<Decision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSet {
    format: String,
    version: u32,
    #[serde(default)]
    files: Vec<WireEntry>,
    #[serde(default)]
    decisions: Vec<WireDecision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    path: String,
    sha256: Option<String>,
    published: Option<String>,
    commit: Option<String>,
    series: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDecision {
    network: String,
    address: String,
    on: String,
    keep: Option<String>,
    by: String,
    approved_by: String,
    why: String,
}

/// Reads a set file.
pub fn read_set(file: &str, bytes: &[u8]) -> Result<SetFile, ReadError> {
    let text = text(file, bytes)?;
    let wire: WireSet = serde_json::from_str(text).map_err(|error| {
        ReadError::at(file, error.line().max(1) as u64, Fault::Syntax(json_fault(&error)))
    })?;
    if wire.format != SET_FORMAT || wire.version != SET_VERSION {
        let fault = Fault::Kind("a set file has format `comity tag set`, version 1");
        return Err(ReadError::whole(file, fault));
    }
    if wire.files.len().max(wire.decisions.len()) > SET_ENTRIES_MAX {
        let fault = Fault::Count { what: "files or decisions", max: SET_ENTRIES_MAX };
        return Err(ReadError::whole(file, fault));
    }
    let entry = |(at, wire): (usize, &WireEntry)| {
        wire.read().map_err(|(field, fault)| place(file, "files", at, field, fault))
    };
    let decision = |(at, wire): (usize, &WireDecision)| {
        wire.read().map_err(|(field, fault)| place(file, "decisions", at, field, fault))
    };
    Ok(SetFile {
        files: wire.files.iter().enumerate().map(entry).collect::<Result<_, _>>()?,
        decisions: wire.decisions.iter().enumerate().map(decision).collect::<Result<_, _>>()?,
    })
}

fn place(file: &str, list: &str, at: usize, field: &str, fault: Fault) -> ReadError {
    let field = Some(format!("{list}[{at}].{field}"));
    ReadError { field, ..ReadError::whole(file, fault) }
}

type Placed<T> = Result<T, (&'static str, Fault)>;

impl WireEntry {
    fn read(&self) -> Placed<SetEntry> {
        let path = label_text(&self.path).map_err(|fault| ("path", fault))?.to_owned();
        let digest = |text: &String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes)
                .map_err(|_| ("sha256", Fault::Digest(echo(text))))?;
            Ok(FileDigest(bytes))
        };
        let published = self.published.as_deref().map(day).transpose();
        let label = |field, text: &Option<String>| {
            let kept = text.as_deref().map(|text| label_text(text).map(str::to_owned));
            kept.transpose().map_err(|fault| (field, fault))
        };
        let provenance = Provenance {
            published: published.map_err(|fault| ("published", fault))?,
            commit: label("commit", &self.commit)?,
            series: label("series", &self.series)?,
        };
        let sha256 = self.sha256.as_ref().map(digest).transpose()?;
        Ok(SetEntry { path, sha256, provenance })
    }
}

impl WireDecision {
    fn read(&self) -> Placed<Decision> {
        let label =
            |field, text: &str| label_text(text).map(str::to_owned).map_err(|fault| (field, fault));
        let chain = Blockchain::named(&self.network).map_err(|fault| ("network", fault.into()))?;
        let address = address_text(&self.address).map_err(|fault| ("address", fault))?;
        let spelling = chain.spell(address);
        if let Some(fault) = spelling.fault {
            return Err(("address", Fault::Address { address: echo(address), fault }));
        }
        let (by, approved_by) = (label("by", &self.by)?, label("approved_by", &self.approved_by)?);
        if by == approved_by {
            return Err(("approved_by", Fault::FourEyes));
        }
        let keep = self.keep.as_deref().map(|name| label("keep", name)).transpose()?;
        Ok(Decision {
            chain,
            address: spelling.text,
            on: day(&self.on).map_err(|fault| ("on", fault))?,
            keep: keep.map(Text::from),
            by,
            approved_by,
            why: label("why", &self.why)?,
        })
    }
}
