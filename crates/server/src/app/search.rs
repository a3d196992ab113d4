//! Running the catalog's searches for one ask, and keeping what they find as exhibits.
//!
//! The scope comes from the order, never from the caller: an analyst can withhold rows, but not
//! widen the search.

use desk::ids::{AskNumber, Digest, ExhibitNumber, RequestId};
use desk::order::DataCategory;
use desk::policy::Actor;
use desk::request::Command;
use evidence::digest::DigestWriter;
use records::{
    Category, ExhibitFacts, Scope, SearchLimits, Selector, StaffWithheld, TimeRange, WithheldReason,
};
use std::collections::BTreeSet;
use store::{BlobDigest, NewBlob};

use super::case::Case;
use super::spool::Spooled;
use super::trace::Traced;
use super::{Act, Node};
use crate::error::Error;
use crate::payload::{Exhibit, ExhibitBody};
use crate::wrong::Wrong;

/// Rows that staff keep back, by search.
#[derive(Clone, Debug)]
pub struct Withhold {
    /// The catalog's name of the search.
    pub search: String,
    /// Which row and why.
    pub row: StaffWithheld,
}

/// A row of a preview that staff keep back, by its number there, from 1.
#[must_use]
pub fn withheld_row(number: u64, reason: &str) -> StaffWithheld {
    StaffWithheld { row: records::RowRef::Number(number), reason: reason.to_owned() }
}

/// One table found by a search, not yet on the record.
pub struct Table {
    /// What is known of it.
    pub facts: ExhibitFacts,
    /// Its columns.
    pub columns: Vec<(String, String)>,
    /// The CSV and its digests.
    pub csv: Spooled,
    /// The JSON and its digests.
    pub json: Spooled,
}

/// What the searches for an ask found.
pub struct Found {
    /// Tables, in the order of the catalog.
    pub tables: Vec<Table>,
    /// Traces, in the order of the transactions named.
    pub traces: Vec<Traced>,
}

impl Node {
    /// Searches for an ask without putting anything on the record.
    ///
    /// # Errors
    /// When a source fails or a limit is reached; nothing is shortened.
    pub async fn find(
        &self,
        case: &Case,
        ask: AskNumber,
        withhold: &[Withhold],
    ) -> Result<Found, Error> {
        let scope = scope_of(case, ask)?;
        let records = self.records_for(case.request.order.as_ref())?;
        let is_practice = case.request.order.as_ref().is_some_and(|order| order.is_test);
        let mut traces = Vec::new();
        let mut selectors: BTreeSet<Selector> = scope.selectors.iter().cloned().collect();
        for txid in scope.selectors.iter().filter(|s| s.kind() == records::SelectorKind::Txid) {
            // A trace asks whose addresses it reaches: that is for the real records alone.
            if is_practice && self.config.company.fiction.is_none() {
                break;
            }
            for traced in self.traces(txid).await? {
                // What the money reached is what the order asks about: "the account that received
                // the proceeds of this transaction".
                selectors.extend(traced.accounts());
                traces.push(traced);
            }
        }
        let scope = Scope { selectors: selectors.into_iter().collect(), ..scope };
        let kinds: Vec<_> = scope.selectors.iter().map(Selector::kind).collect();
        let mut snapshot = records.snapshot();
        let mut tables = Vec::new();
        let catalog = records.catalog();
        let wanted = scope.categories.iter().flat_map(|c| catalog.searches_for(*c, &kinds));
        for search in wanted {
            let kept: Vec<StaffWithheld> = withhold
                .iter()
                .filter(|withhold| withhold.search == search.name)
                .map(|withhold| withhold.row.clone())
                .collect();
            let mut csv = DigestWriter::new(self.spool());
            let mut json = DigestWriter::new(self.spool());
            let limits = SearchLimits::default();
            let facts = snapshot
                .search(&search.name, &scope, &kept, &limits, &mut csv, &mut json)
                .await
                .map_err(|error| Error::Internal(error.into()))?;
            let columns = search.columns.iter().map(|c| (c.name.clone(), kind_word(c))).collect();
            tables.push(Table { facts, columns, csv: csv.into(), json: json.into() });
        }
        snapshot.end().await;
        Ok(Found { tables, traces })
    }

    /// Searches for an ask and puts every table and trace on the record.
    ///
    /// # Errors
    /// [`Error::Hidden`] or [`Error::Refused`] as any act; else as [`Node::find`].
    pub async fn search(
        &self,
        actor: &Actor,
        request: RequestId,
        ask: AskNumber,
        withhold: &[Withhold],
    ) -> Result<Vec<Exhibit>, Error> {
        self.act(actor, Act::new(request, Command::StartSearch { ask })).await?;
        let case = self.case(request).await?;
        let found = self.find(&case, ask, withhold).await?;
        let mut number = case.next_exhibit();
        let mut exhibits = Vec::new();
        let categories = disclosed_categories(&case, ask);
        for traced in found.traces {
            // A trace shows public data; it stands under the widest category that was asked for.
            let Some(category) = categories.iter().next_back().copied() else { continue };
            let (json, svg) = (traced.json.clone(), traced.svg.clone());
            let (json_name, svg_name) = (BlobDigest::of(&json), BlobDigest::of(&svg));
            let exhibit = traced.exhibit(number, json_name.to_string(), svg_name.to_string());
            let facts = AddFacts { ask, category, rows: 0, withheld: 0, sha256: json_name.0 };
            let blobs = vec![self.store.put_blob(json).await?, self.store.put_blob(svg).await?];
            self.add_exhibit(actor, request, &exhibit, &facts, blobs).await?;
            exhibits.push(exhibit);
            number += 1;
        }
        for table in found.tables {
            let category = desk_category(table.facts.category);
            let withheld = table.facts.withheld_counts.values().sum();
            let rows = table.facts.row_count;
            let exhibit = describe(number, &table);
            let sha256 = table.csv.digests.sha256.0;
            let facts = AddFacts { ask, category, rows, withheld, sha256 };
            let blobs = vec![table.csv.keep(self).await?, table.json.keep(self).await?];
            self.add_exhibit(actor, request, &exhibit, &facts, blobs).await?;
            exhibits.push(exhibit);
            number += 1;
        }
        Ok(exhibits)
    }

    async fn add_exhibit(
        &self,
        actor: &Actor,
        request: RequestId,
        exhibit: &Exhibit,
        facts: &AddFacts,
        blobs: Vec<NewBlob>,
    ) -> Result<(), Error> {
        let command = Command::AddExhibit {
            ask: facts.ask,
            exhibit: ExhibitNumber(exhibit.number),
            category: facts.category,
            exhibit_sha256: Digest(facts.sha256),
            rows: facts.rows,
            withheld: facts.withheld,
        };
        let mut act = Act::new(request, command).with(exhibit)?;
        act.blobs = blobs;
        self.act(actor, act).await.map(|_| ())
    }
}

struct AddFacts {
    ask: AskNumber,
    category: DataCategory,
    rows: u64,
    withheld: u64,
    sha256: [u8; 32],
}

/// The payload that describes a table.
#[must_use]
pub fn describe(number: u16, table: &Table) -> Exhibit {
    let facts = &table.facts;
    Exhibit {
        number,
        title: facts.title.clone(),
        body: ExhibitBody::Table {
            category: facts.category.as_str().to_owned(),
            source: format!("{} ({})", facts.source_title, facts.source),
            query: facts.query.clone(),
            snapshot_at: facts.snapshot_at,
            row_count: facts.row_count,
            time_range: facts.time_min.zip(facts.time_max),
            withheld: facts
                .withheld_counts
                .iter()
                .map(|(reason, count)| (*count, withheld_words(reason)))
                .collect(),
            columns: table.columns.clone(),
            csv_sha256: table.csv.digests.sha256.to_string(),
            csv_sha512: table.csv.digests.sha512.to_string(),
            csv_bytes: table.csv.digests.bytes,
            json_sha256: table.json.digests.sha256.to_string(),
            json_sha512: table.json.digests.sha512.to_string(),
            json_bytes: table.json.digests.bytes,
        },
    }
}

/// The scope of an ask, as the order has it: categories, selectors, range.
///
/// # Errors
/// When the ask has no scope or its selectors were erased.
pub fn scope_of(case: &Case, ask: AskNumber) -> Result<Scope, Error> {
    let state = case.request.ask(ask).ok_or(Error::Hidden)?;
    let scope = state
        .ask
        .scope()
        .ok_or_else(|| Error::wrong(format!("ask {ask}"), Wrong::AsksForNoRecords))?;
    let range = scope.range.map_or_else(TimeRange::default, |range| TimeRange {
        from: Some(range.from),
        until: Some(range.to),
    });
    Ok(Scope {
        categories: scope.categories.iter().map(|c| records_category(*c)).collect(),
        selectors: case.selectors(ask.0)?,
        range,
    })
}

/// Why a row was left out, in words for the authority.
fn withheld_words(reason: &WithheldReason) -> String {
    match reason {
        WithheldReason::OtherSubject => "about none of the subjects of the order".to_owned(),
        WithheldReason::OutsideRange => "outside the time range of the order".to_owned(),
        WithheldReason::NoTime => "without a time, so not known to be in the range".to_owned(),
        WithheldReason::Staff(why) => why.clone(),
    }
}

pub(super) fn disclosed_categories(case: &Case, ask: AskNumber) -> BTreeSet<DataCategory> {
    let scope = case.request.ask(ask).and_then(|state| state.ask.scope());
    scope.map(|scope| scope.categories.clone()).unwrap_or_default()
}

fn records_category(category: DataCategory) -> Category {
    match category {
        DataCategory::Subscriber => Category::Subscriber,
        DataCategory::Identification => Category::Identification,
        DataCategory::Traffic => Category::Traffic,
        DataCategory::Content => Category::Content,
        DataCategory::Transaction => Category::Transaction,
    }
}

fn desk_category(category: Category) -> DataCategory {
    match category {
        Category::Subscriber => DataCategory::Subscriber,
        Category::Identification => DataCategory::Identification,
        Category::Traffic => DataCategory::Traffic,
        Category::Content => DataCategory::Content,
        Category::Transaction => DataCategory::Transaction,
    }
}

fn kind_word(column: &records::catalog::Column) -> String {
    use records::catalog::ColumnKind;
    match column.kind {
        ColumnKind::Text => "text",
        ColumnKind::Integer => "integer",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Time(_) => "time",
        ColumnKind::Amount { .. } => "amount",
    }
    .to_owned()
}
