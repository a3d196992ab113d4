//! The run of one search: bind, stream, check each row again, write.
//!
//! Knows the engines only through `source`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::time::{Duration, Instant};

use evidence::table::{TableError, TableWriter, Value};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    BoundRun, ExhibitFacts, RowId, RowRef, SearchError, SearchLimits, StaffWithheld,
    WITHHELD_LISTED_COUNT_MAX, WITHHELD_REASON_BYTES_MAX, Withheld, WithheldReason,
};
use crate::catalog::Search;
use crate::scope::Scope;
use crate::selector::{IpPort, Selector, SelectorKind};
use crate::source::{Arguments, Connection, Moment, OpenSource, RowsError};
use crate::sql::Parameter;
use crate::value::{self, Raw};

/// What an unbounded range binds, so that `at >= :from` needs no case for null.
const FIRST_TIME: &str = "0001-01-01T00:00:00.000000Z";
const LAST_TIME: &str = "9999-12-30T00:00:00.000000Z";
const FIRST_UNIX_SECOND: i64 = -62_135_596_800;
const LAST_UNIX_SECOND: i64 = 253_402_128_000;

/// Everything that one run needs.
pub(super) struct Run<'a> {
    pub(super) search: &'a Search,
    pub(super) scope: &'a Scope,
    pub(super) selectors: BTreeSet<Selector>,
    pub(super) withheld: &'a [StaffWithheld],
    pub(super) limits: &'a SearchLimits,
    pub(super) source: &'a OpenSource,
    pub(super) connection: &'a mut Connection,
    pub(super) moment: &'a Moment,
}

/// The scope's selectors that the search answers to, each once.
pub(super) fn selectors(search: &Search, scope: &Scope) -> Result<BTreeSet<Selector>, SearchError> {
    let answers = |kind| search.answers_to.iter().any(|answer| answer.kind == kind);
    let fit = scope.selectors.iter().filter(|selector| answers(selector.kind()));
    let fit: BTreeSet<Selector> = fit.cloned().collect();
    if fit.is_empty() {
        let needs: Vec<&str> =
            search.answers_to.iter().map(|answer| answer.kind.as_str()).collect();
        let needs = needs.join(", ");
        return Err(SearchError::NoSelector { search: search.name.clone(), needs });
    }
    Ok(fit)
}

pub(super) async fn search(
    run: Run<'_>,
    csv: impl Write + Send,
    json: impl Write + Send,
) -> Result<ExhibitFacts, SearchError> {
    let Run { search, scope, selectors, withheld, limits, source, connection, moment } = run;
    let what = format!("search `{}`", search.name);
    source.verify_columns(connection, &search.statement, &search.columns, &what).await?;
    let mut taker = Taker::new(search, scope, &selectors, withheld, limits, csv, json)?;
    let columns: Vec<String> = search.columns.iter().map(|column| column.name.clone()).collect();
    let start = Instant::now();
    let mut bound = Vec::with_capacity(selectors.len());
    for selector in &selectors {
        let out_of_time =
            || SearchError::TimeLimit { search: search.name.clone(), limit: limits.time_max };
        let left = limits.time_max.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
        let left: Duration = left.ok_or_else(out_of_time)?;
        let before = taker.row_number;
        let arguments = arguments(search, scope, selector);
        let rows = source.rows(connection, &search.statement, arguments, &columns, left, |cells| {
            taker.take(cells)
        });
        rows.await.map_err(|error| match error {
            RowsError::Source(error) => SearchError::Source(error),
            RowsError::Time => out_of_time(),
            RowsError::Taker(error) => error,
        })?;
        let row_count = taker.row_number - before;
        bound.push(BoundRun { selector: selector.clone(), range: scope.range, row_count });
        taker.end_run();
    }
    taker.finish(source, moment, bound)
}

fn arguments(search: &Search, scope: &Scope, selector: &Selector) -> Arguments {
    let mut arguments = Arguments::default();
    let range = &scope.range;
    let place = selector.ip_port();
    let words = |at: Option<Timestamp>, open: &str| {
        Some(at.map_or_else(|| open.to_owned(), value::fixed_width_time))
    };
    for parameter in search.statement.parameters() {
        match parameter {
            Parameter::Selector(kind) if *kind == selector.kind() => {
                let whole = || selector.value().to_owned();
                arguments.text(Some(place.map_or_else(whole, |place| place.ip.to_string())));
            }
            Parameter::Selector(_) => arguments.text(None),
            Parameter::From => arguments.text(words(range.from, FIRST_TIME)),
            Parameter::Until => arguments.text(words(range.until, LAST_TIME)),
            Parameter::FromUnixSeconds => {
                arguments.integer(Some(range.from.map_or(FIRST_UNIX_SECOND, floor_second)));
            }
            Parameter::UntilUnixSeconds => {
                arguments.integer(Some(range.until.map_or(LAST_UNIX_SECOND, ceiling_second)));
            }
            Parameter::Port => arguments.integer(place.map(|place| i64::from(place.port))),
            Parameter::SeenFrom => {
                arguments.text(place.map(|place| value::fixed_width_time(place.from)));
            }
            Parameter::SeenUntil => {
                arguments.text(place.map(|place| value::fixed_width_time(place.until)));
            }
            Parameter::SeenFromUnixSeconds => {
                arguments.integer(place.map(|place| floor_second(place.from)));
            }
            Parameter::SeenUntilUnixSeconds => {
                arguments.integer(place.map(|place| ceiling_second(place.until)));
            }
            // `Statement::read` lets no other parameter into a search.
            _ => arguments.text(None),
        }
    }
    arguments
}

/// Whole seconds that do not cut the range short; the second check is exact.
fn floor_second(at: Timestamp) -> i64 {
    at.as_nanosecond().div_euclid(1_000_000_000) as i64
}

fn ceiling_second(at: Timestamp) -> i64 {
    (at.as_nanosecond() + 999_999_999).div_euclid(1_000_000_000) as i64
}

/// Takes rows one by one: types, second check of the scope, staff's choice, files.
struct Taker<'a, C: Write, J: Write> {
    search: &'a Search,
    scope: &'a Scope,
    limits: &'a SearchLimits,
    subjects: Vec<Subject<'a>>,
    time: Option<usize>,
    staff: Staff<'a>,
    table: TableWriter<Limited<C>, Limited<J>>,
    row_number: u64,
    repeated_count: u64,
    time_min: Option<Timestamp>,
    time_max: Option<Timestamp>,
    withheld: Vec<Withheld>,
    withheld_counts: BTreeMap<WithheldReason, u64>,
    /// With several runs: rows of earlier runs, and of this one, by half their identity.
    earlier: Option<BTreeSet<[u8; 16]>>,
    this_run: Vec<[u8; 16]>,
}

impl<'a, C: Write, J: Write> Taker<'a, C, J> {
    fn new(
        search: &'a Search,
        scope: &'a Scope,
        selectors: &'a BTreeSet<Selector>,
        withheld: &'a [StaffWithheld],
        limits: &'a SearchLimits,
        csv: C,
        json: J,
    ) -> Result<Self, SearchError> {
        let column = |name: &str| search.columns.iter().position(|column| column.name == name);
        let subjects = search.answers_to.iter().filter_map(|answer| {
            let asked = selectors.iter().filter(|selector| selector.kind() == answer.kind);
            // The catalog's reader checks that the columns exist; without them no row would pass.
            let at = column(&answer.column)?;
            Some(match &answer.beside {
                None => Subject::Value(at, answer.kind, asked.map(Selector::value).collect()),
                Some(beside) => Subject::Place {
                    columns: [at, column(&beside.port)?, column(&beside.time)?],
                    places: asked.filter_map(Selector::ip_port).collect(),
                },
            })
        });
        let columns = search.columns.iter().map(value::table_column).collect();
        let bytes_max = limits.bytes_max;
        let (csv, json) = (Limited::new(csv, bytes_max), Limited::new(json, bytes_max));
        let table = TableWriter::new(columns, csv, json);
        Ok(Self {
            search,
            scope,
            limits,
            subjects: subjects.collect(),
            time: search.time.as_deref().and_then(column),
            staff: Staff::new(search, withheld)?,
            table: table.map_err(|error| write_error(search, limits, error))?,
            row_number: 0,
            repeated_count: 0,
            time_min: None,
            time_max: None,
            withheld: Vec::new(),
            withheld_counts: BTreeMap::new(),
            earlier: (selectors.len() > 1).then(BTreeSet::new),
            this_run: Vec::new(),
        })
    }

    fn take(&mut self, cells: Vec<Raw>) -> Result<(), SearchError> {
        self.row_number += 1;
        if self.row_number > self.limits.row_count_max {
            let (search, limit) = (self.search.name.clone(), self.limits.row_count_max);
            return Err(SearchError::RowLimit { search, limit });
        }
        let row = self.read(cells)?;
        let id = row_id(&row);
        if let Some(earlier) = &self.earlier {
            let mut key = [0; 16];
            key.copy_from_slice(&id.0[..16]);
            if earlier.contains(&key) {
                self.repeated_count += 1;
                return Ok(());
            }
            self.this_run.push(key);
        }
        if let Some(reason) = self.reason_to_withhold(&row, id) {
            *self.withheld_counts.entry(reason.clone()).or_default() += 1;
            if self.withheld.len() < WITHHELD_LISTED_COUNT_MAX {
                let row_number = self.row_number;
                self.withheld.push(Withheld { row_number, row_id: id, reason });
            }
            return Ok(());
        }
        if let Some(Value::Time(at)) = self.time.map(|index| &row[index]) {
            self.time_min = Some(self.time_min.map_or(*at, |min| min.min(*at)));
            self.time_max = Some(self.time_max.map_or(*at, |max| max.max(*at)));
        }
        let written = self.table.write_row(&row);
        written.map_err(|error| write_error(self.search, self.limits, error))
    }

    fn read(&self, cells: Vec<Raw>) -> Result<Vec<Value<'static>>, SearchError> {
        let mut row = Vec::with_capacity(cells.len());
        for (raw, column) in cells.into_iter().zip(&self.search.columns) {
            row.push(value::read(raw, column.kind).map_err(|why| SearchError::Cell {
                search: self.search.name.clone(),
                row_number: self.row_number,
                column: column.name.clone(),
                why,
            })?);
        }
        Ok(row)
    }

    /// The second wall: whatever the query says, a row outside the scope does not go out.
    fn reason_to_withhold(&mut self, row: &[Value<'_>], id: RowId) -> Option<WithheldReason> {
        let staff = self.staff.reason(self.row_number, id);
        if !self.subjects.iter().any(|subject| is_subject(row, subject)) {
            return Some(WithheldReason::OtherSubject);
        }
        if let Some(index) = self.time
            && self.scope.range.is_bounded()
        {
            match &row[index] {
                Value::Time(at) if self.scope.range.contains(*at) => {}
                Value::Time(_) => return Some(WithheldReason::OutsideRange),
                _ => return Some(WithheldReason::NoTime),
            }
        }
        staff
    }

    fn end_run(&mut self) {
        if let Some(earlier) = &mut self.earlier {
            earlier.extend(self.this_run.drain(..));
        }
    }

    fn finish(
        self,
        source: &OpenSource,
        moment: &Moment,
        bound: Vec<BoundRun>,
    ) -> Result<ExhibitFacts, SearchError> {
        self.staff.all_used(self.search)?;
        let (search, limits) = (self.search, self.limits);
        let finished = self.table.finish();
        let (_, _, summary) = finished.map_err(|error| write_error(search, limits, error))?;
        let query = search.statement.text().to_owned();
        Ok(ExhibitFacts {
            search: search.name.clone(),
            title: search.title.clone(),
            category: search.category,
            source: source.source.name.clone(),
            source_title: source.source.title.clone(),
            query_sha256: hex::encode(Sha256::digest(query.as_bytes())),
            query,
            snapshot_at: moment.at,
            snapshot_promise: moment.promise.clone(),
            bound,
            row_count: summary.row_count,
            repeated_count: self.repeated_count,
            time_min: self.time_min,
            time_max: self.time_max,
            range_checked: self.time.is_some(),
            withheld: self.withheld,
            withheld_counts: self.withheld_counts,
            csv: summary.csv,
            json: summary.json,
        })
    }
}

/// Where in a row a selector must stand, and which count there.
enum Subject<'a> {
    /// One column, and the normal spellings of a kind.
    Value(usize, SelectorKind, BTreeSet<&'a str>),
    /// Columns of address, port and moment. All three must fit the same selector.
    Place { columns: [usize; 3], places: Vec<IpPort> },
}

fn is_subject(row: &[Value<'_>], subject: &Subject<'_>) -> bool {
    let text = |at: usize| match &row[at] {
        Value::Text(text) => Some(text.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    match subject {
        Subject::Value(at, kind, values) => text(*at).is_some_and(|found| {
            values.contains(found.as_str())
                || Selector::read(*kind, &found).is_ok_and(|other| values.contains(other.value()))
        }),
        Subject::Place { columns: [ip, port, time], places } => {
            let (Some(ip), Some(port), Value::Time(at)) = (text(*ip), text(*port), &row[*time])
            else {
                return false;
            };
            let Ok(ip) = Selector::read(SelectorKind::Ip, &ip) else { return false };
            places.iter().any(|place| {
                place.ip.to_string() == ip.value()
                    && port.parse() == Ok(place.port)
                    && (place.from..place.until).contains(at)
            })
        }
    }
}

/// SHA-256 over the cells, each with its kind and length, so that no two rows share a spelling.
fn row_id(row: &[Value<'_>]) -> RowId {
    let mut hash = Sha256::new();
    for cell in row {
        let (kind, text) = match cell {
            Value::Null => (0_u8, String::new()),
            Value::Text(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
                continue;
            }
            Value::Integer(number) => (2, number.to_string()),
            Value::Amount(amount) => (3, amount.to_string()),
            Value::Time(at) => (4, at.to_string()),
            Value::Boolean(truth) => (5, truth.to_string()),
        };
        hash.update([kind]);
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    RowId(hash.finalize().into())
}

/// The rows that staff keep back, and which of those entries met a row.
struct Staff<'a> {
    entries: &'a [StaffWithheld],
    used: Vec<bool>,
    by_number: HashMap<u64, usize>,
    by_id: HashMap<RowId, usize>,
}

impl<'a> Staff<'a> {
    fn new(search: &Search, entries: &'a [StaffWithheld]) -> Result<Self, SearchError> {
        let (mut by_number, mut by_id) = (HashMap::new(), HashMap::new());
        for (index, entry) in entries.iter().enumerate() {
            let length = entry.reason.trim().len();
            if length == 0 || entry.reason.len() > WITHHELD_REASON_BYTES_MAX {
                let (search, index) = (search.name.clone(), index + 1);
                return Err(SearchError::WithheldReason { search, index });
            }
            match entry.row {
                RowRef::Number(number) => by_number.insert(number, index),
                RowRef::Id(id) => by_id.insert(id, index),
            };
        }
        Ok(Self { entries, used: vec![false; entries.len()], by_number, by_id })
    }

    fn reason(&mut self, number: u64, id: RowId) -> Option<WithheldReason> {
        let (by_number, by_id) = (self.by_number.get(&number), self.by_id.get(&id));
        for index in by_number.into_iter().chain(by_id) {
            self.used[*index] = true;
        }
        let index = *by_number.or(by_id)?;
        Some(WithheldReason::Staff(self.entries[index].reason.clone()))
    }

    /// An entry that met no row means that staff looked at something else than went out.
    fn all_used(&self, search: &Search) -> Result<(), SearchError> {
        let is_live = |index: &usize| {
            self.by_number.values().chain(self.by_id.values()).any(|live| live == index)
        };
        let unused = self.used.iter().enumerate().filter(|(_, used)| !**used);
        match unused.map(|(index, _)| index).find(is_live) {
            None => Ok(()),
            Some(index) => {
                let (search, index) = (search.name.clone(), index + 1);
                Err(SearchError::WithheldMissing { search, index })
            }
        }
    }
}

/// A writer that refuses to go beyond a limit, rather than cutting a file short.
struct Limited<W> {
    inner: W,
    left: u64,
}

impl<W: Write> Limited<W> {
    fn new(inner: W, bytes_max: u64) -> Self {
        Self { inner, left: bytes_max }
    }
}

/// Marks the error of a reached limit among a writer's other errors.
#[derive(Debug, thiserror::Error)]
#[error("byte limit reached")]
struct ByteLimitReached;

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(io::Error::other(ByteLimitReached));
        }
        let taken = self.inner.write(bytes)?;
        self.left -= taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn write_error(search: &Search, limits: &SearchLimits, error: TableError) -> SearchError {
    let search = search.name.clone();
    if let TableError::Write(error) = &error
        && error.get_ref().is_some_and(|inner| inner.is::<ByteLimitReached>())
    {
        return SearchError::ByteLimit { search, limit: limits.bytes_max };
    }
    SearchError::Write { search, source: error }
}
