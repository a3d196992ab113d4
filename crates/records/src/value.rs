//! One cell of a row, typed, and how each engine's cell becomes one.
//!
//! Knows no column of any company. A float is never read as an amount: money that was once a float
//! cannot be proved afterwards.

use jiff::Timestamp;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL null.
    Null,
    /// Text as it stands.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
    /// An instant.
    Time(Timestamp),
    /// An amount in smallest units, and how many of them make `10^decimals` a whole unit.
    Amount {
        /// Smallest units.
        units: i128,
        /// Digits after the point.
        decimals: u8,
    },
}
