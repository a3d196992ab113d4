//! The same over chains of accounts (EVM, Tron).

pub mod page;
mod question;
mod shown;
