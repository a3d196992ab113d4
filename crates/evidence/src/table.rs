//! Tables of records: the same rows as CSV and as JSON, written together.
//!
//! Knows nothing of where rows come from. Evidence is byte-exact: a cell that starts with `=` or
//! `+` is written as it is, without the quote mark that some tools add against formulas, because
//! a changed byte would be a changed record; VERIFY.txt tells readers to import columns as text.

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Any text without NUL.
    Text,
    /// A whole number.
    Integer,
    /// A decimal amount with fixed decimals.
    Amount,
    /// An instant, UTC ISO 8601.
    Time,
    /// `true` or `false`.
    Boolean,
}

/// A column: its heading and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading, and the key in JSON.
    pub name: String,
    /// What its cells hold.
    pub kind: ColumnKind,
}
