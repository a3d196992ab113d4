//! What is wrong with a message or with one action in it, where, and what to do about it.

use super::limits::{JSON_DEPTH_MAX, JSON_NODES_MAX, MESSAGE_BYTES_MAX};
use super::message::Header;

/// A message that cannot be answered action by action: it is answered by one `ErrorInformation`.
#[derive(Debug, thiserror::Error)]
#[error("{defect}")]
pub struct MessageError {
    /// The header, if it could be read: the answer repeats it.
    pub header: Option<Box<Header>>,
    /// What is wrong.
    #[source]
    pub defect: Defect,
}

impl MessageError {
    /// The number and words for the answer.
    pub fn information(&self) -> ErrorInformation {
        ErrorInformation::new(self.defect.code(), self.defect.to_string())
    }
}

/// What is wrong with a whole message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// More bytes than one message may have.
    #[error(
        "the message has {bytes} bytes; the limit is {max}, send large files another way",
        max = MESSAGE_BYTES_MAX
    )]
    TooLarge {
        /// Bytes received, or declared.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("byte {offset} is not UTF-8; send the message as UTF-8")]
    NotUtf8 {
        /// Bytes before the first wrong one.
        offset: usize,
    },
    /// Objects and lists inside one another, too many.
    #[error(
        "byte {offset} opens level {level} of nesting; the limit is {max}",
        level = JSON_DEPTH_MAX + 1,
        max = JSON_DEPTH_MAX
    )]
    TooDeep {
        /// Bytes before the bracket that is one too many.
        offset: usize,
    },
    /// More values than a message may hold.
    #[error(
        "the message has more than {max} values up to byte {offset}; split it",
        max = JSON_NODES_MAX
    )]
    TooManyValues {
        /// Bytes before the value that is one too many.
        offset: usize,
    },
    /// Not JSON, or JSON whose members repeat.
    #[error("line {line} column {column} cannot be read as JSON: {reason}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The parser's words.
        reason: String,
    },
    /// JSON, but not an HI-1 message.
    #[error("{0}")]
    Misshapen(Fault),
    /// The version of the standard is not served.
    #[error("{0}")]
    VersionNotServed(Fault),
    /// Addressed to somebody else.
    #[error("{0}")]
    NotForUs(Fault),
    /// The sender's clock or the message is too far from now.
    #[error("{0}")]
    Stale(Fault),
    /// A TransactionIdentifier that was used before.
    #[error(
        "$.Header.TransactionIdentifier: {0} was used before; use a new one for each message, and \
         the stored answer stands"
    )]
    RepeatedTransaction(uuid::Uuid),
    /// The sender's certificate is not enrolled for the sender named in the header.
    #[error(
        "$.Header.SenderIdentifier: the certificate of this connection is not enrolled for \
         {0}; connect with the certificate enrolled for it"
    )]
    WrongCertificate(String),
    /// A signature that does not verify.
    #[error("{0}")]
    BadSignature(super::signature::SignatureError),
}

impl Defect {
    /// The number that the answer carries.
    pub fn code(&self) -> ErrorCode {
        match self {
            Defect::TooLarge { .. } | Defect::TooDeep { .. } | Defect::TooManyValues { .. } => {
                ErrorCode::LIMIT
            }
            Defect::NotUtf8 { .. } | Defect::NotJson { .. } => ErrorCode::NOT_JSON,
            Defect::Misshapen(_) => ErrorCode::MISSHAPEN,
            Defect::VersionNotServed(_) => ErrorCode::VERSION_NOT_SERVED,
            Defect::NotForUs(_) => ErrorCode::NOT_FOR_US,
            Defect::Stale(_) => ErrorCode::STALE,
            Defect::RepeatedTransaction(_) => ErrorCode::REPEATED_TRANSACTION,
            Defect::WrongCertificate(_) => ErrorCode::WRONG_CERTIFICATE,
            Defect::BadSignature(_) => ErrorCode::BAD_SIGNATURE,
        }
    }

    /// The same defect with the header of the message that has it.
    pub fn of(self, header: &Header) -> MessageError {
        MessageError { header: Some(Box::new(header.clone())), defect: self }
    }
}

/// One place in a message and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Fault {
    /// The place, as a JSON path.
    pub path: String,
    /// What is wrong there and what to do.
    pub problem: String,
}

/// One action that is refused; the other actions of the message proceed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct ActionError {
    /// The number that the answer carries.
    pub code: ErrorCode,
    /// Where and what.
    pub fault: Fault,
}

impl ActionError {
    pub(super) fn new(code: ErrorCode, fault: Fault) -> Self {
        Self { code, fault }
    }

    /// The number and words for the answer.
    pub fn information(&self) -> ErrorInformation {
        ErrorInformation::new(self.code, self.fault.to_string())
    }
}

/// The number in an `ErrorInformation`.
///
/// ETSI's own table of numbers is in a clause that was not at hand; its examples use 3000 for "the
/// Authorisation is not in order". Our own numbers are 7000 to 7999 (docs/formats/hi1.md), so that
/// neither can be taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorCode(pub u64);

impl ErrorCode {
    /// As in ETSI's examples: an object is not in order, or one that it rests on is not.
    pub const NOT_IN_ORDER: Self = Self(3000);
    /// Not UTF-8 or not JSON.
    pub const NOT_JSON: Self = Self(7000);
    /// Not the shape that the schemas give.
    pub const MISSHAPEN: Self = Self(7001);
    /// A limit of this service.
    pub const LIMIT: Self = Self(7002);
    /// A version outside V1.13 to V1.23.
    pub const VERSION_NOT_SERVED: Self = Self(7003);
    /// The receiver, or the CSP of a task, is not this service.
    pub const NOT_FOR_US: Self = Self(7004);
    /// The timestamp is outside the window.
    pub const STALE: Self = Self(7005);
    /// The TransactionIdentifier was used before.
    pub const REPEATED_TRANSACTION: Self = Self(7006);
    /// The certificate is not that of the sender named.
    pub const WRONG_CERTIFICATE: Self = Self(7007);
    /// A signature does not verify, or its key is not enrolled.
    pub const BAD_SIGNATURE: Self = Self(7008);
    /// A kind of object or action that this service does not serve, such as interception.
    pub const NOT_SERVED: Self = Self(7100);
    /// A word (DictionaryEntry, format name) that this service does not know.
    pub const UNKNOWN_WORD: Self = Self(7101);
    /// An identifier, amount, date or document whose value is wrong.
    pub const WRONG_VALUE: Self = Self(7102);
    /// The object is not there, or not the sender's: the two look the same.
    pub const NO_SUCH_OBJECT: Self = Self(7103);
    /// An object of that identifier is there already.
    pub const OBJECT_EXISTS: Self = Self(7104);
    /// The object's state does not allow it.
    pub const WRONG_STATE: Self = Self(7105);
    /// It rests on an object of the same message that was refused.
    pub const RESTS_ON_REFUSED: Self = Self(7106);
    /// Legal review refused it; the words name the clause.
    pub const REFUSED_BY_LAW: Self = Self(7200);
    /// The service could not do it now; the same message may be sent again later.
    pub const UNAVAILABLE: Self = Self(7300);
}

/// `ActionUnsuccesfulInformation` of the Core schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorInformation {
    /// The number.
    pub code: ErrorCode,
    /// What is wrong, where, and what to do: for a person.
    pub description: String,
}

impl ErrorInformation {
    /// A number and words; words beyond a `LongString` are cut.
    pub fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        let description: String =
            description.into().chars().take(super::limits::LONG_TEXT_CHARACTERS_MAX).collect();
        Self { code, description }
    }
}
