//! The company's own records: a catalog of sources, one query per data category, effects.
//!
//! Knows nothing of requests, permits, staff or the log: whoever calls has already been allowed to.
//! It reads `catalog.toml`, searches PostgreSQL, SQLite and record files without ever being able to
//! change them, and asks the company's systems to freeze or unfreeze.
//!
//! ```no_run
//! # async fn demo(scope: records::Scope) -> Result<(), Box<dyn std::error::Error>> {
//! use records::{Catalog, Category, Records, SearchLimits};
//! let text = std::fs::read_to_string("catalog.toml")?;
//! let catalog = Catalog::parse(&text, "catalog.toml")?;
//! let records = Records::open(catalog, ".".as_ref()).await?;
//! let mut snapshot = records.snapshot();
//! let (mut csv, mut json) = (Vec::new(), Vec::new());
//! let limits = SearchLimits::default();
//! let facts = snapshot.search("deposits", &scope, &[], &limits, &mut csv, &mut json).await?;
//! println!("{} rows, query {}", facts.row_count, facts.query_sha256);
//! snapshot.end().await;
//! # Ok(()) }
//! ```

pub mod catalog;
pub mod effect;
mod folder;
mod language;
mod resolve;
mod scope;
mod search;
mod selector;
mod source;
pub mod sql;
mod value;

pub use catalog::{Catalog, CatalogError, EffectKind, Search};
pub use effect::{Effect, EffectError, EffectId, Outcome};
pub use folder::{FILE_LINE_BYTES_MAX, FILE_ROW_COUNT_MAX, FolderError, import};
pub use language::LANGUAGE_ACCOUNT_COUNT_MAX;
pub use resolve::{LOOKUP_ADDRESS_COUNT_MAX, LOOKUP_OWNER_COUNT_MAX, Owner};
pub use scope::{Category, Scope, TimeRange, UnknownCategory};
pub use search::{
    BoundRun, ExhibitFacts, RowId, RowRef, SearchError, SearchLimits, Snapshot, StaffWithheld,
    WITHHELD_LISTED_COUNT_MAX, WITHHELD_REASON_BYTES_MAX, Withheld, WithheldReason,
};
pub use selector::{
    DEVICE_ID_BYTES_MAX, DOMAIN_BYTES_MAX, DuplicateLine, Flaw, IP_PORT_SECONDS_MAX, IpPort,
    LineFlaw, ReadMany, SELECTOR_BYTES_MAX, SELECTOR_LINE_COUNT_MAX, Selector, SelectorError,
    SelectorKind, UnknownKind, UnreadableLine, imei_without_check, read_many,
};
pub use source::{Records, SourceError};
