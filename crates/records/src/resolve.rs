//! From addresses on the chain to accounts of the company.
//!
//! Knows no trace: whoever followed the money hands over the addresses it reached.

use crate::search::SearchError;
use crate::selector::Selector;
use crate::source::Records;

/// Most addresses in one batch of the lookup query.
pub const LOOKUP_ADDRESS_COUNT_MAX: usize = 500;

/// An address and the account that it is a deposit address of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The address, in normal spelling.
    pub address: Selector,
    /// The account, ready to extend the subjects of an ask.
    pub account: Selector,
}

impl Records {
    /// Which of the addresses belong to accounts of the company, sorted by address and account.
    ///
    /// Asks in batches of [`LOOKUP_ADDRESS_COUNT_MAX`]; selectors of another kind are passed over.
    ///
    /// # Errors
    /// The catalog has no `[deposit_addresses]`, or its source fails.
    pub async fn owners(&self, _addresses: &[Selector]) -> Result<Vec<Owner>, SearchError> {
        unimplemented!("signature first")
    }
}
