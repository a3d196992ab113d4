//! One file of tags, read. Knows no other file.

use std::collections::{HashMap, HashSet};
use std::fmt;

use chain::FileDigest;
use sha2::{Digest as _, Sha256};

use super::address::{AddressFault, Blockchain};
use super::error::{Fault, ReadError};
use super::statement::{Day, Statement, Text};

/// What kind of file tags came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A GraphSense TagPack.
    TagPack,
    /// A list of sanctioned addresses of one asset, a line each.
    SanctionList,
    /// One's own tags, as CSV.
    Own,
    /// Etherscan's labels, as JSON.
    Etherscan,
}

/// Where a file is from and when it was published, as far as the caller knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provenance {
    /// The day on which this version was published.
    pub published: Option<Day>,
    /// The commit of the repository that it was taken from.
    pub commit: Option<String>,
    /// What the versions of one file have in common; a later version replaces an earlier.
    pub series: Option<String>,
}

/// A file of tags as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackFacts {
    /// Its digest.
    pub sha256: FileDigest,
    /// The name that the caller gave it.
    pub name: String,
    /// What kind of file it is.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Who made it.
    pub creator: String,
    /// Where it is from.
    pub provenance: Provenance,
    /// Tags in it, as many as there are lines or entries.
    pub tags: u64,
}

/// One file of tags, read whole.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The file as a whole.
    pub facts: PackFacts,
    /// What does not keep it from being used but should be known, in the order of lines.
    pub findings: Vec<Finding>,
    /// Findings beyond [`FINDINGS_MAX`].
    pub findings_left_out: u64,
    pub(super) statements: Vec<Statement>,
    pub(super) entries: Vec<Entry>,
}

/// A tag in a pack.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) chain: Blockchain,
    pub(super) address: Box<str>,
    pub(super) statement: u32,
    pub(super) line: u32,
}

/// Something in a pack that should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, or the entry of a JSON file, from 1.
    pub line: u64,
    /// What.
    pub what: Oddity,
}

/// What is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// An address that nobody can pay as it is written.
    Address {
        /// As written.
        address: String,
        /// On which chain.
        chain: Blockchain,
        /// What is wrong.
        fault: AddressFault,
    },
    /// A field that is not read.
    Field(String),
    /// A tag of a transaction or something else that is no address; not read.
    NoAddress,
    /// The same statement about the same address again.
    Repeated {
        /// The address.
        address: String,
    },
}

/// Findings that are kept for one pack; the rest is counted.
pub const FINDINGS_MAX: usize = 1_000;
/// Longest address.
pub const ADDRESS_BYTES_MAX: usize = 256;
/// Longest label, source, actor or title.
pub const LABEL_BYTES_MAX: usize = 4_096;
/// Most concepts of one tag.
pub const CONCEPTS_MAX: usize = 32;
/// Most tags of one file.
pub const PACK_TAGS_MAX: usize = 2_000_000;

/// Gathers the tags of one file.
pub(super) struct Builder<'a> {
    file: &'a str,
    pack: Pack,
    texts: HashSet<Text>,
    statements: HashMap<Statement, u32>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: &'a str, bytes: &[u8], kind: Kind, provenance: Provenance) -> Self {
        let facts = PackFacts {
            sha256: FileDigest(Sha256::digest(bytes).into()),
            name: file.to_owned(),
            kind,
            title: String::new(),
            creator: String::new(),
            provenance,
            tags: 0,
        };
        let (statements, entries, findings) = (Vec::new(), Vec::new(), Vec::new());
        let pack = Pack { facts, findings, findings_left_out: 0, statements, entries };
        Builder { file, pack, texts: HashSet::new(), statements: HashMap::new() }
    }

    pub(super) fn titled(&mut self, title: &str, creator: &str) {
        self.pack.facts.title = title.to_owned();
        self.pack.facts.creator = creator.to_owned();
    }

    /// The one copy of a text.
    pub(super) fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new: Text = text.into();
        self.texts.insert(new.clone());
        new
    }

    /// The number of a statement, to be used with [`Builder::tag`].
    pub(super) fn statement(&mut self, statement: Statement) -> u32 {
        if let Some(number) = self.statements.get(&statement) {
            return *number;
        }
        let number = self.pack.statements.len() as u32;
        self.pack.statements.push(statement.clone());
        self.statements.insert(statement, number);
        number
    }

    /// Adds a tag; the address may be spelled in any way.
    pub(super) fn tag(
        &mut self,
        chain: Blockchain,
        address: &str,
        statement: u32,
        line: u64,
    ) -> Result<Option<AddressFault>, ReadError> {
        if self.pack.entries.len() >= PACK_TAGS_MAX {
            let fault = Fault::Count { what: "tags in one file", max: PACK_TAGS_MAX };
            return Err(ReadError::at(self.file, line, fault));
        }
        let spelling = chain.spell(address);
        if let Some(fault) = spelling.fault {
            let (address, chain) = (spelling.text.clone(), chain.clone());
            self.finding(line, Oddity::Address { address, chain, fault });
        }
        self.pack.facts.tags += 1;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let address = spelling.text.into_boxed_str();
        self.pack.entries.push(Entry { chain, address, statement, line });
        Ok(spelling.fault)
    }

    pub(super) fn finding(&mut self, line: u64, what: Oddity) {
        self.pack.finding(Finding { line, what });
    }

    pub(super) fn finish(mut self) -> Pack {
        self.pack.drop_repeated();
        self.pack
    }
}

impl Pack {
    fn finding(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.findings_left_out += 1;
        }
    }

    /// Keeps the first of several equal statements about one address.
    fn drop_repeated(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| (entry.statement, entry.line);
            a.chain.cmp(&b.chain).then_with(|| a.address.cmp(&b.address)).then(key(a).cmp(&key(b)))
        });
        let mut repeated = Vec::new();
        entries.dedup_by(|later, first| {
            let same = (&later.chain, &later.address, later.statement)
                == (&first.chain, &first.address, first.statement);
            if same {
                repeated.push((u64::from(later.line), later.address.to_string()));
            }
            same
        });
        repeated.sort();
        for (line, address) in repeated {
            self.finding(Finding { line, what: Oddity::Repeated { address } });
        }
        self.entries = entries;
    }

    /// Tags that are used: equal statements about one address count once.
    pub fn tags_kept(&self) -> usize {
        self.entries.len()
    }
}

/// Checks an address's text before anything is made of it.
pub(super) fn address_text(text: &str) -> Result<&str, Fault> {
    let text = text.trim();
    match text.len() {
        0 => return Err(Fault::Empty),
        bytes if bytes > ADDRESS_BYTES_MAX => {
            return Err(Fault::Text { bytes, max: ADDRESS_BYTES_MAX });
        }
        _ => {}
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::Characters);
    }
    Ok(text)
}

/// Checks a label, source, actor or title.
pub(super) fn label_text(text: &str) -> Result<&str, Fault> {
    let text = text.trim();
    match text.len() {
        0 => return Err(Fault::Empty),
        bytes if bytes > LABEL_BYTES_MAX => {
            return Err(Fault::Text { bytes, max: LABEL_BYTES_MAX });
        }
        _ => {}
    }
    if text.chars().any(char::is_control) { Err(Fault::Characters) } else { Ok(text) }
}

impl Kind {
    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            Kind::TagPack => "tagpack",
            Kind::SanctionList => "sanction_list",
            Kind::Own => "own",
            Kind::Etherscan => "etherscan",
        }
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Oddity::Address { address, chain, fault } => {
                write!(f, "`{address}` on {chain}: {fault}")
            }
            Oddity::Field(name) => write!(f, "the field `{name}` is not read"),
            Oddity::NoAddress => f.write_str("the tag names no address and is not read"),
            Oddity::Repeated { address } => {
                write!(f, "the same was said of `{address}` above")
            }
        }
    }
}
