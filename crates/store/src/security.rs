//! What was noticed at the door, counted by the hour. Knows the table `security_log`; which kinds
//! there are, what is worth an alarm and how many rows an hour may have is the caller's.

use std::ops::Range;

use jiff::Timestamp;
use ledger::Hash;
use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::db::{Connection, Insert, Row, Value};
use crate::error::{AppendError, DbError, ReadError};
use crate::limits::{CHECK_ROWS_MAX, NAME_BYTES_MAX, NOTICED_ROWS_MAX, PAGE_ROWS_MAX};
use crate::read::Reader;
use crate::store::{Store, limit, text};
use crate::writer::{Other, time};

/// One thing that was noticed, as often as it happened within an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    /// Start of the hour.
    pub hour: Timestamp,
    /// What, in one word.
    pub kind: String,
    /// Id of the person or key, where it is known.
    pub who: Option<Uuid>,
    /// From which network; no single machine's address.
    pub source: String,
    /// At which door: the shape of an address, without any id.
    pub place: String,
    /// How often.
    pub count: u64,
    /// The first time within the hour.
    pub first_at: Timestamp,
    /// The last time within the hour.
    pub last_at: Timestamp,
}

/// A row as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticedRow {
    /// Its number, in the order in which rows were begun.
    pub number: u64,
    /// What it says.
    pub noticed: Noticed,
}

/// Which rows are wanted; all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticedFilter {
    /// Of this person or key.
    pub who: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<String>,
    /// From this network.
    pub source: Option<String>,
    /// Of this hour or later.
    pub since: Option<Timestamp>,
}

/// What one person or key read within a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Who.
    pub who: Uuid,
    /// Reads of any kind.
    pub reads: u64,
    /// Reads of the kinds that were asked for.
    pub of_kinds: u64,
}

const COLUMNS: &str = "noticed_id, hour, kind, who, source, place, count, first_at, last_at";
/// The clock may have stepped back meanwhile: the last time is the latest of all.
const NOTICED: Insert = Insert {
    doing: "storing the security log",
    into: "security_log (hour, kind, who, source, place, count, first_at, last_at)",
    columns: 8,
    after: "on conflict (hour, kind, who, source, place) do update set \
            count = security_log.count + excluded.count, \
            last_at = case when excluded.last_at > security_log.last_at \
            then excluded.last_at else security_log.last_at end",
};

impl Store {
    /// Adds to the counts of what was noticed; returns when it is on the disk.
    pub async fn note_security(&self, rows: Vec<Noticed>) -> Result<(), AppendError> {
        limit("number of rows of the security log", rows.len(), NOTICED_ROWS_MAX)?;
        for row in &rows {
            for (what, said) in [("kind", &row.kind), ("source", &row.source)] {
                text(what, said, NAME_BYTES_MAX)?;
            }
            text("place", &row.place, NAME_BYTES_MAX)?;
        }
        if rows.is_empty() {
            return Ok(());
        }
        let size_kib = 1 + rows.len() / 4;
        self.other(size_kib, Other::Noticed(rows)).await.map(drop)
    }

    /// Erases rows of hours before a time, at most so many; says how many. The store itself keeps
    /// those of the 90 days before the newest row.
    pub async fn erase_security(&self, before: Timestamp) -> Result<u64, AppendError> {
        self.other(1, Other::EraseNoticed { before: before.as_microsecond() }).await
    }
}

/// Writes counts, on the writer's connection.
pub(crate) async fn write(connection: &mut Connection, rows: &[Noticed]) -> Result<u64, DbError> {
    let values = rows.iter().flat_map(|row| {
        [
            row.hour.as_microsecond().into(),
            row.kind.as_str().into(),
            who_bytes(row.who).into(),
            row.source.as_str().into(),
            row.place.as_str().into(),
            row.count.into(),
            row.first_at.as_microsecond().into(),
            row.last_at.as_microsecond().into(),
        ]
    });
    connection.insert(&NOTICED, values.collect()).await?;
    Ok(rows.len() as u64)
}

/// Erases old rows, on the writer's connection.
pub(crate) async fn erase(connection: &mut Connection, before: i64) -> Result<u64, DbError> {
    // The trigger refuses to delete what is younger, and the whole group with it.
    let sql = "delete from security_log where noticed_id in \
               (select noticed_id from security_log where hour < $1 \
               and hour <= (select max(hour) from security_log) - 7776000000000 \
               order by noticed_id limit $2)";
    let values = vec![before.into(), (NOTICED_ROWS_MAX as u64).into()];
    connection.execute("erasing old rows of the security log", sql, values).await
}

impl Reader {
    /// A page of the security log, the newest row first: those before a number.
    pub async fn noticed(
        &self,
        filter: &NoticedFilter,
        before: Option<u64>,
        rows_max: usize,
    ) -> Result<Vec<NoticedRow>, ReadError> {
        let mut sql = format!("select {COLUMNS} from security_log where noticed_id < $1");
        let rows_max = rows_max.min(PAGE_ROWS_MAX) as u64;
        let mut values: Vec<Value> =
            vec![before.unwrap_or(i64::MAX as u64).into(), rows_max.into()];
        let wanted = [
            ("who =", filter.who.map(|who| who_bytes(Some(who)).into())),
            ("kind =", filter.kind.as_deref().map(Value::from)),
            ("source =", filter.source.as_deref().map(Value::from)),
            ("hour >=", filter.since.map(|since| since.as_microsecond().into())),
        ];
        for (condition, value) in wanted {
            if let Some(value) = value {
                values.push(value);
                sql.push_str(&format!(" and {condition} ${}", values.len()));
            }
        }
        sql.push_str(" order by noticed_id desc limit $2");
        let rows = self.db.query("reading the security log", AssertSqlSafe(sql), values).await?;
        rows.iter().map(|row| Ok(read_row(row)?)).collect()
    }

    /// Everything noticed in the hours of a span, its end not included, in the order of its rows.
    pub async fn noticed_in(
        &self,
        hours: Range<Timestamp>,
        rows_max: usize,
    ) -> Result<Vec<NoticedRow>, ReadError> {
        let (mut found, mut after) = (Vec::new(), 0);
        while found.len() < rows_max {
            let rows = self.noticed_page(&hours, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            found.extend(rows);
        }
        found.truncate(rows_max);
        Ok(found)
    }

    /// Digest over the rows of hours that have ended, and how many there are: SHA-256 over one line
    /// of text for each (docs/formats/store.md).
    pub async fn noticed_digest(&self, hours: Range<Timestamp>) -> Result<(u64, Hash), ReadError> {
        let (mut digest, mut count, mut after) = (Sha256::new(), 0, 0);
        loop {
            let rows = self.noticed_page(&hours, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            for row in &rows {
                digest.update(line(row));
                count += 1;
            }
        }
        Ok((count, Hash(digest.finalize().into())))
    }

    /// Who read how much within a span of time, the busiest first; reads of `kinds` are counted
    /// apart. The company's own jobs are not people.
    pub async fn readings(
        &self,
        span: Range<Timestamp>,
        kinds: [&str; 2],
        rows_max: usize,
    ) -> Result<Vec<Reading>, ReadError> {
        let sql = "select actor, count(*), count(case when action in ($3, $4) then 1 end) \
                   from read_audit where at >= $1 and at < $2 and actor <> $5 \
                   group by actor order by 2 desc, actor limit $6";
        let values = vec![
            span.start.as_microsecond().into(),
            span.end.as_microsecond().into(),
            kinds[0].into(),
            kinds[1].into(),
            Uuid::nil().into(),
            (rows_max.min(PAGE_ROWS_MAX) as u64).into(),
        ];
        let rows = self.db.query("counting reads", sql, values).await?;
        let read = |row: &Row| {
            let who = Uuid::from_bytes(row.array(0)?);
            Ok(Reading { who, reads: row.count(1)?, of_kinds: row.count(2)? })
        };
        rows.iter().map(read).collect()
    }

    async fn noticed_page(
        &self,
        hours: &Range<Timestamp>,
        after: u64,
    ) -> Result<Vec<NoticedRow>, ReadError> {
        let sql = AssertSqlSafe(format!(
            "select {COLUMNS} from security_log where hour >= $1 and hour < $2 \
             and noticed_id > $3 order by noticed_id limit $4"
        ));
        let values = vec![
            hours.start.as_microsecond().into(),
            hours.end.as_microsecond().into(),
            after.into(),
            (CHECK_ROWS_MAX as u64).into(),
        ];
        let rows = self.db.query("reading the security log", sql, values).await?;
        rows.iter().map(|row| Ok(read_row(row)?)).collect()
    }
}

/// Nobody known is no bytes, so that such rows are counted together.
fn who_bytes(who: Option<Uuid>) -> Vec<u8> {
    who.map(|who| who.as_bytes().to_vec()).unwrap_or_default()
}

fn read_row(row: &Row) -> Result<NoticedRow, DbError> {
    let who: &[u8] = row.get(3)?;
    let who = match who {
        [] => None,
        bytes => {
            let id = Uuid::from_slice(bytes);
            Some(id.map_err(|error| crate::db::unreadable(error.to_string()))?)
        }
    };
    let noticed = Noticed {
        hour: time(row.get(1)?),
        kind: row.get(2)?,
        who,
        source: row.get(4)?,
        place: row.get(5)?,
        count: row.count(6)?,
        first_at: time(row.get(7)?),
        last_at: time(row.get(8)?),
    };
    Ok(NoticedRow { number: row.count(0)?, noticed })
}

/// One row as it is hashed: number, hour, kind, who or `-`, source, place, count, first and last
/// time, each after a tab.
fn line(row: &NoticedRow) -> String {
    let NoticedRow { number, noticed } = row;
    let Noticed { hour, kind, who, source, place, count, first_at, last_at } = noticed;
    let who = who.map_or_else(|| "-".to_owned(), |who| who.to_string());
    format!(
        "{number}\t{hour:.6}\t{kind}\t{who}\t{source}\t{place}\t{count}\t{first_at:.6}\t\
         {last_at:.6}\n"
    )
}
