//! From addresses on the chain to accounts of the company.
//!
//! Knows no trace: whoever followed the money hands over the addresses it reached.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::search::{SearchError, Snapshot};
use crate::selector::{Selector, SelectorKind};
use crate::source::{Arguments, Records, RowsError};
use crate::value::Raw;

/// Most addresses in one batch of the lookup query.
pub const LOOKUP_ADDRESS_COUNT_MAX: usize = 500;
/// Most accounts that one batch may return.
pub const LOOKUP_OWNER_COUNT_MAX: usize = 10_000;
/// Longest time for one batch.
const LOOKUP_WAIT_MAX: Duration = Duration::from_secs(60);
/// Columns of the lookup query.
pub(crate) const LOOKUP_COLUMNS: [&str; 2] = ["address", "account_id"];

/// An address and the account that it is a deposit address of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The address, in normal spelling.
    pub address: Selector,
    /// The account, ready to extend the subjects of an ask.
    pub account: Selector,
}

impl Records {
    /// [`Snapshot::owners`] in a look of its own.
    ///
    /// # Errors
    /// As there.
    pub async fn owners(&self, addresses: &[Selector]) -> Result<Vec<Owner>, SearchError> {
        let mut snapshot = self.snapshot();
        let owners = snapshot.owners(addresses).await?;
        snapshot.end().await;
        Ok(owners)
    }
}

impl Snapshot {
    /// Which of the addresses belong to accounts of the company, sorted by address and account.
    ///
    /// Asks in batches of [`LOOKUP_ADDRESS_COUNT_MAX`]; selectors of another kind are passed over.
    /// An answer about an address that was not asked for is dropped.
    ///
    /// # Errors
    /// The catalog has no `[deposit_addresses]`, or its source fails.
    pub async fn owners(&mut self, addresses: &[Selector]) -> Result<Vec<Owner>, SearchError> {
        let records = self.records().clone();
        let catalog = records.catalog();
        let lookup =
            catalog.deposit_addresses.as_ref().ok_or_else(|| SearchError::NotInCatalog {
                file: catalog.file.clone(),
                what: "[deposit_addresses]".to_owned(),
            })?;
        let asked: BTreeSet<&Selector> =
            addresses.iter().filter(|one| one.kind() == SelectorKind::Address).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let source = records.source(&lookup.source)?;
        let (mut connection, moment) = self.connection(&lookup.source, LOOKUP_WAIT_MAX).await?;
        let columns = LOOKUP_COLUMNS.map(str::to_owned);
        let mut owners = BTreeSet::new();
        let asked_list: Vec<&Selector> = asked.iter().copied().collect();
        for batch in asked_list.chunks(LOOKUP_ADDRESS_COUNT_MAX) {
            let values: Vec<&str> = batch.iter().map(|address| address.value()).collect();
            let mut arguments = Arguments::default();
            arguments.text(Some(serde_json::Value::from(values).to_string()));
            let mut row_count = 0;
            let take = |cells: Vec<Raw>| {
                row_count += 1;
                if row_count > LOOKUP_OWNER_COUNT_MAX {
                    let why = format!("more than {LOOKUP_OWNER_COUNT_MAX} rows in a batch");
                    return Err(SearchError::Lookup { column: "address", why });
                }
                let owner = owner(cells)?;
                if asked.contains(&owner.address) {
                    owners.insert(owner);
                }
                Ok(())
            };
            let wait = LOOKUP_WAIT_MAX;
            let statement = &lookup.statement;
            let rows = source.rows(&mut connection, statement, arguments, &columns, wait, take);
            rows.await.map_err(|error| match error {
                RowsError::Source(error) => SearchError::Source(error),
                RowsError::Time => SearchError::LookupTime { limit: LOOKUP_WAIT_MAX },
                RowsError::Taker(error) => error,
            })?;
        }
        self.keep(&lookup.source, connection, moment);
        Ok(owners.into_iter().collect())
    }
}

fn owner(cells: Vec<Raw>) -> Result<Owner, SearchError> {
    let mut cells = cells.into_iter();
    let mut selector = |column: &'static str, kind| {
        let text = match cells.next() {
            Some(Raw::Text(text)) => text,
            Some(Raw::Integer(number)) => number.to_string(),
            _ => {
                let why = "neither text nor a whole number".to_owned();
                return Err(SearchError::Lookup { column, why });
            }
        };
        Selector::read(kind, &text)
            .map_err(|error| SearchError::Lookup { column, why: error.to_string() })
    };
    Ok(Owner {
        address: selector("address", SelectorKind::Address)?,
        account: selector("account_id", SelectorKind::AccountId)?,
    })
}
