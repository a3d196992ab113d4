//! Fields of a node's answer to values, with errors that name block, transaction and field. Knows
//! no meaning of any field.

use super::wire::Text;
use super::{ANSWER_BYTES_MAX, CALLS_MAX};
use crate::account::name::clip;
use crate::account::{Account, Hash256};
use std::fmt;

/// Why a node's answer is not the block it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}, field `{field}`: {fault}")]
pub struct EvmError {
    /// The block and, where it is one's, the transaction.
    pub place: String,
    /// The field, with the way to it where it is nested.
    pub field: String,
    /// What is wrong.
    pub fault: EvmFault,
}

/// What can be wrong with a node's answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmFault {
    /// Not JSON of that shape.
    #[error("{0}")]
    Shape(String),
    /// Larger than is read.
    #[error("the answer has {0} bytes; the limit is {ANSWER_BYTES_MAX}")]
    Size(usize),
    /// Not a number.
    #[error("`{0}` is not a number: expected 0x and hexadecimal digits")]
    Quantity(String),
    /// A number that is too large.
    #[error("`{text}` does not fit into {bits} bits")]
    Beyond {
        /// The number.
        text: String,
        /// The room there is.
        bits: u32,
    },
    /// Not bytes.
    #[error("`{0}` is not bytes: expected 0x and pairs of hexadecimal digits")]
    Bytes(String),
    /// Not an address.
    #[error("`{0}` is not an address: expected 0x and 40 hexadecimal digits")]
    Address(String),
    /// Not a hash.
    #[error("`{0}` is not a hash: expected 0x and 64 hexadecimal digits")]
    Hash(String),
    /// A field that must be there is not.
    #[error("it is missing")]
    Missing,
    /// The header's fields hash to something else.
    #[error("the header's fields hash to {recomputed:?}: the node's answer is not that block")]
    HeaderHash {
        /// The hash of the fields.
        recomputed: Hash256,
    },
    /// It says it is of another block.
    #[error("it names another block; the chain moved between two answers, ask again")]
    OtherBlock,
    /// It says it is of another chain.
    #[error("it names another chain than {expected}")]
    OtherChain {
        /// The chain that was asked for.
        expected: u64,
    },
    /// Out of order, doubled or left out.
    #[error("expected {expected} here: something is missing, doubled or out of order")]
    Order {
        /// What should stand there.
        expected: u64,
    },
    /// It belongs to no transaction of the block.
    #[error("it belongs to no transaction of this block")]
    Stranger,
    /// Two answers contradict each other.
    #[error("the answers contradict each other: {0}")]
    Contradiction(String),
    /// More entries than are read.
    #[error("more than {limit} entries")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// A sum that fits into no amount.
    #[error("the amounts overflow 128 bits")]
    Overflow,
    /// The node failed to trace it.
    #[error("the node could not trace it: {0}")]
    NotTraced(String),
    /// Logs that a reorganisation removed.
    #[error("the node says that a reorganisation removed it; ask again")]
    Removed,
    /// A call of a sort that is not known here.
    #[error("`{0}` is no sort of call that is known here")]
    CallKind(String),
}

/// Where we are: everything read through it names that place when it fails.
#[derive(Clone, Debug)]
pub(super) struct At {
    block: Option<u64>,
    transaction: Option<(usize, Option<Hash256>)>,
}

impl At {
    pub(super) fn head() -> At {
        At { block: None, transaction: None }
    }

    pub(super) fn block(number: u64) -> At {
        At { block: Some(number), transaction: None }
    }

    pub(super) fn transaction(&self, index: usize, hash: Option<Hash256>) -> At {
        At { block: self.block, transaction: Some((index, hash)) }
    }

    pub(super) fn fault(&self, field: &str, fault: EvmFault) -> EvmError {
        EvmError { place: self.to_string(), field: field.to_owned(), fault }
    }

    pub(super) fn u64(&self, field: &str, text: &str) -> Result<u64, EvmError> {
        let number = self.u128(field, text)?;
        u64::try_from(number)
            .map_err(|_| self.fault(field, EvmFault::Beyond { text: clip(text), bits: 64 }))
    }

    pub(super) fn u128(&self, field: &str, text: &str) -> Result<u128, EvmError> {
        let wrong = || self.fault(field, EvmFault::Quantity(clip(text)));
        let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let digits = digits.trim_start_matches('0');
        if digits.len() > 32 {
            return Err(self.fault(field, EvmFault::Beyond { text: clip(text), bits: 128 }));
        }
        if digits.is_empty() {
            Ok(0)
        } else {
            u128::from_str_radix(digits, 16).map_err(|_| wrong())
        }
    }

    pub(super) fn hash(&self, field: &str, text: &str) -> Result<Hash256, EvmError> {
        let prefixed = text.starts_with("0x");
        let hash = Hash256::from_hex(text).filter(|_| prefixed);
        hash.ok_or_else(|| self.fault(field, EvmFault::Hash(clip(text))))
    }

    pub(super) fn account(&self, field: &str, text: &str) -> Result<Account, EvmError> {
        Account::from_hex(text).map_err(|_| self.fault(field, EvmFault::Address(clip(text))))
    }

    pub(super) fn bytes(&self, field: &str, text: &str) -> Result<Vec<u8>, EvmError> {
        let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        bytes.ok_or_else(|| self.fault(field, EvmFault::Bytes(clip(text))))
    }

    pub(super) fn needed<'a, T>(
        &self,
        field: &str,
        value: &'a Option<T>,
    ) -> Result<&'a T, EvmError> {
        value.as_ref().ok_or_else(|| self.fault(field, EvmFault::Missing))
    }

    pub(super) fn optional(
        &self,
        field: &str,
        text: &Option<Text<'_>>,
    ) -> Result<Option<u128>, EvmError> {
        text.as_ref().map(|text| self.u128(field, text)).transpose()
    }

    pub(super) fn needed_account(
        &self,
        field: &str,
        text: &Option<Text<'_>>,
    ) -> Result<Account, EvmError> {
        self.account(field, self.needed(field, text)?)
    }

    pub(super) fn limit(&self, field: &str, count: usize, limit: usize) -> Result<(), EvmError> {
        match count > limit {
            true => Err(self.fault(field, EvmFault::TooMany { limit })),
            false => Ok(()),
        }
    }
}

/// Reads a whole answer; its shape's faults name the way to the field.
pub(super) fn read<'a, T: serde::Deserialize<'a>>(
    bytes: &'a [u8],
    block: Option<u64>,
    what: &str,
) -> Result<T, EvmError> {
    let at = At { block, transaction: None };
    if bytes.len() > ANSWER_BYTES_MAX {
        return Err(at.fault(what, EvmFault::Size(bytes.len())));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => what.to_owned(),
            path => format!("{what}.{path}"),
        };
        at.fault(&field, EvmFault::Shape(error.into_inner().to_string()))
    })?;
    reader.end().map_err(|error| at.fault(what, EvmFault::Shape(error.to_string())))?;
    Ok(value)
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.block {
            Some(number) => write!(f, "EVM block {number}")?,
            None => f.write_str("EVM block")?,
        }
        match self.transaction {
            Some((index, Some(hash))) => write!(f, ", transaction {index} ({hash:?})"),
            Some((index, None)) => write!(f, ", transaction {index}"),
            None => Ok(()),
        }
    }
}

// One call is two levels of JSON, and serde_json reads 128.
const _: () = assert!(CALLS_MAX > 64);
