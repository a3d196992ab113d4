//! What is wrong with a file of tags, and where.

use std::fmt;

/// Why a file was refused, whole: nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file, by the name that the caller gave it.
    pub file: String,
    /// The line, from 1; in a JSON file of one line, that line.
    pub line: Option<u64>,
    /// The field, where one is to blame.
    pub field: Option<String>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a file of tags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too large to be read.
    #[error("the file has {bytes} bytes; the limit is {max}: split it")]
    Bytes {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not UTF-8.
    #[error("byte {0} is no UTF-8: save the file as UTF-8")]
    Encoding(usize),
    /// Not YAML, JSON or CSV at all.
    #[error("{0}")]
    Syntax(String),
    /// An anchor or alias: a few lines of them can stand for gigabytes.
    #[error("anchors and aliases (& and *) are not read: write the value out where it is used")]
    Alias,
    /// A type tag such as `!include`.
    #[error("`!` types and includes are not read: write the value into this file")]
    Type,
    /// Nested too deep.
    #[error("lists and maps are nested more than {0} deep, which no tag needs")]
    Depth(usize),
    /// A text too long for its purpose.
    #[error("the text has {bytes} bytes; the limit is {max}")]
    Text {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Too many of something.
    #[error("there are more than {max} {what}")]
    Count {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// More than one YAML document.
    #[error("a second document begins here: one file holds one pack")]
    Documents,
    /// The file holds something else.
    #[error("this is no file of tags: {0}")]
    Kind(&'static str),
    /// A value of another shape.
    #[error("expected {expected}, found {found}")]
    Shape {
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A field that must be there.
    #[error("it is missing; a tag may have it from the header")]
    Missing,
    /// A field that must not be empty.
    #[error("it is empty")]
    Empty,
    /// A field that stands there twice; which one holds would be a guess.
    #[error("it stands here twice: leave one")]
    Twice,
    /// A column, field or word that is not known; in a file of one's own that is a typing error.
    #[error("it is not known; known are {0}")]
    Unknown(&'static str),
    /// Not a day.
    #[error("`{0}` is no day: write YYYY-MM-DD")]
    Day(String),
    /// Ends before it begins.
    #[error("it ends before it begins")]
    Period,
    /// Not a level of confidence.
    #[error("`{0}` is no confidence: write one of {known}", known = super::Confidence::known())]
    Confidence(String),
    /// Not true or false.
    #[error("`{0}` is neither true nor false")]
    Truth(String),
    /// Not a digest.
    #[error("`{0}` is no SHA-256: write 64 hexadecimal digits")]
    Digest(String),
    /// Not a blockchain.
    #[error(transparent)]
    Blockchain(#[from] super::BadBlockchain),
    /// Not an address; only in one's own files, which can be put right.
    #[error("`{address}`: {fault}")]
    Address {
        /// The text.
        address: String,
        /// What is wrong with it.
        fault: super::AddressFault,
    },
    /// Text that no address, label or name has.
    #[error("it has a control character")]
    Characters,
    /// A decision that nobody answers for, or one person twice.
    #[error("a decision is approved by another person than the one who took it")]
    FourEyes,
}

/// Longest piece of a file's own text that an error repeats.
pub(super) const ECHO_CHARS_MAX: usize = 60;

/// The beginning of a text, for errors.
pub(super) fn echo(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).collect()
}

impl ReadError {
    /// A fault of the file as a whole.
    pub(super) fn whole(file: &str, fault: Fault) -> ReadError {
        ReadError { file: file.to_owned(), line: None, field: None, fault }
    }

    /// A fault on a line.
    pub(super) fn at(file: &str, line: u64, fault: Fault) -> ReadError {
        ReadError { line: Some(line), ..ReadError::whole(file, fault) }
    }

    /// A fault of a field on a line.
    pub(super) fn of(file: &str, line: u64, field: &str, fault: Fault) -> ReadError {
        ReadError { field: Some(echo(field)), ..ReadError::at(file, line, fault) }
    }
}

impl std::error::Error for ReadError {}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", `{field}`")?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// The text of a file, if it is one.
pub(super) fn text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, ReadError> {
    if bytes.len() > super::FILE_BYTES_MAX {
        let fault = Fault::Bytes { bytes: bytes.len(), max: super::FILE_BYTES_MAX };
        return Err(ReadError::whole(file, fault));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ReadError::whole(file, Fault::Encoding(error.valid_up_to())))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
