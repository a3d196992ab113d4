//! Reads events, jobs, settings and the read audit. Never waits for the
//! writer. Knows no rule: who may read what is decided before.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use ledger::{Entry, Hash, LeafIndex};
use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::act::{
    DeadJob, JobId, Payload, ReadAudit, ReadAuditDigest, ReadRow, Record, SeenTransaction,
    StoredEvent,
};
use crate::config::Clock;
use crate::db::{Connection, Db, Row, Value, tuples};
use crate::error::{DbError, OpenError, ReadError};
use crate::limits::{CHECK_ROWS_MAX, LOAD_STREAMS_MAX, PAGE_ROWS_MAX, STREAM_EVENTS_MAX};
use crate::place::{Place, has_tables};
use crate::record;
use crate::writer::time;

/// Reads a store, whether or not a process writes to it. Cloning is cheap.
#[derive(Clone)]
pub struct Reader {
    pub(crate) db: Db,
    pub(crate) blob_folder: Option<PathBuf>,
    pub(crate) clock: Clock,
}

/// Transaction identifiers that one query asks for.
const TRANSACTIONS_A_QUERY_MAX: usize = 64;

const EVENT_COLUMNS: &str = "event.stream, event.seq, event.at, event.event, event.leaf_index, \
     payload.has_body, payload.body, payload.erased_at \
     from event join payload on payload.payload_id = event.leaf_index";

impl Reader {
    /// Opens a store for reading only: no lock, no key, no migration.
    pub async fn open(url: &str, blob_folder: Option<PathBuf>) -> Result<Reader, OpenError> {
        let place = Place::parse(url)?;
        let missing = || OpenError::Missing { place: place.shown() };
        if let Place::Sqlite(path) = &place
            && !path.exists()
        {
            return Err(missing());
        }
        let db = place.readers(None);
        if !has_tables(&mut db.connection().await?).await? {
            return Err(missing());
        }
        let blob_folder = blob_folder.or_else(|| place.blob_folder());
        Ok(Reader { db, blob_folder, clock: Arc::new(Timestamp::now) })
    }

    /// All events of a stream, in their order; empty when it has none.
    pub async fn load(&self, stream: Uuid) -> Result<Vec<StoredEvent>, ReadError> {
        self.load_after(stream, 0).await
    }

    /// The events of a stream after one that the caller has.
    pub async fn load_after(&self, stream: Uuid, seq: u64) -> Result<Vec<StoredEvent>, ReadError> {
        load_on(&mut self.db.connection().await?, stream, seq).await
    }

    /// At most so many events of a stream after one: for histories that grow without end, such as
    /// the read audit's, which [`Reader::load`] refuses beyond [`STREAM_EVENTS_MAX`].
    pub async fn load_page(
        &self,
        stream: Uuid,
        after_seq: u64,
        events_max: usize,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        let limit = events_max.min(PAGE_ROWS_MAX) as u64;
        page_on(&mut self.db.connection().await?, stream, after_seq, limit).await
    }

    /// Several streams with one query each way; streams without events are missing.
    pub async fn load_many(
        &self,
        streams: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<StoredEvent>>, ReadError> {
        let (size, max) = (streams.len(), LOAD_STREAMS_MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of streams to load", size, max });
        }
        let mut loaded: HashMap<Uuid, Vec<StoredEvent>> = HashMap::new();
        if streams.is_empty() {
            return Ok(loaded);
        }
        let sql = AssertSqlSafe(format!(
            "select {EVENT_COLUMNS} where event.stream in {} order by event.stream, event.seq \
             limit {}",
            tuples(size, 1, 1),
            LOAD_STREAMS_MAX * STREAM_EVENTS_MAX
        ));
        let values = streams.iter().map(|stream| (*stream).into()).collect();
        for row in self.db.query("loading streams", sql, values).await? {
            let event = read_event(&row)?;
            loaded.entry(event.stream).or_default().push(event);
        }
        Ok(loaded)
    }

    /// The hashed bytes of a leaf and their salt; `None` when there is no such leaf or its payload
    /// was erased.
    pub async fn record(&self, leaf: LeafIndex) -> Result<Option<Record>, ReadError> {
        let sql = "select event.stream, event.seq, event.at, event.event, payload.body, \
                   payload.salt from event \
                   join payload on payload.payload_id = event.leaf_index \
                   where event.leaf_index = $1 and payload.erased_at is null";
        let rows = self.db.query("reading a record", sql, vec![leaf.0.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let body: Option<&str> = row.get(4)?;
        let json = record::record_json(
            Uuid::from_bytes(row.array(0)?),
            row.count(1)?,
            time(row.get(2)?),
            row.get(3)?,
            body,
        );
        Ok(Some(Record { leaf, json, salt: row.array(5)? }))
    }

    /// The entry of a leaf: what is left of its record after an erasure.
    pub async fn entry(&self, leaf: LeafIndex) -> Result<Option<Entry>, ReadError> {
        let sql = "select entry from leaf where leaf_index = $1";
        let rows = self.db.query("reading an entry", sql, vec![leaf.0.into()]).await?;
        let entry = |row: &Row| Ok::<_, DbError>(Entry(row.array(0)?));
        Ok(rows.first().map(entry).transpose()?)
    }

    /// The answer that was given to a transaction identifier, if it was used.
    pub async fn transaction(
        &self,
        agency: Uuid,
        transaction: &str,
    ) -> Result<Option<(Uuid, SeenTransaction)>, ReadError> {
        let sql = "select stream, reference from transaction_seen \
                   where agency = $1 and transaction_id = $2";
        let values = vec![agency.into(), transaction.into()];
        let rows = self.db.query("looking for a transaction identifier", sql, values).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (transaction, reference) = (transaction.to_owned(), row.get(1)?);
        let seen = SeenTransaction { agency, transaction, reference };
        Ok(Some((Uuid::from_bytes(row.array(0)?), seen)))
    }

    /// Those of an agency's identifiers that were used, with the streams that used them.
    pub async fn transactions(
        &self,
        agency: Uuid,
        transactions: &[String],
    ) -> Result<Vec<(Uuid, SeenTransaction)>, ReadError> {
        let mut seen = Vec::new();
        for some in transactions.chunks(TRANSACTIONS_A_QUERY_MAX) {
            let sql = AssertSqlSafe(format!(
                "select stream, reference, transaction_id from transaction_seen \
                 where agency = $1 and transaction_id in {}",
                tuples(some.len(), 1, 2)
            ));
            let identifiers = some.iter().map(|transaction| transaction.as_str().into());
            let values = std::iter::once(agency.into()).chain(identifiers).collect();
            for row in self.db.query("looking for transaction identifiers", sql, values).await? {
                let (transaction, reference) = (row.get(2)?, row.get(1)?);
                let known = SeenTransaction { agency, transaction, reference };
                seen.push((Uuid::from_bytes(row.array(0)?), known));
            }
        }
        Ok(seen)
    }

    /// Jobs of these kinds that wait for a person, oldest first, after the one where the page
    /// before ended.
    pub async fn dead_jobs(
        &self,
        kinds: &[&str],
        after: Option<JobId>,
        rows_max: usize,
    ) -> Result<Vec<DeadJob>, ReadError> {
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let sql = AssertSqlSafe(format!(
            "select job_id, kind, job_key, stream, body, attempts, last_error, failed_at \
             from job where state = 'dead' and job_id > $1 and kind in {} order by job_id limit $2",
            tuples(kinds.len(), 1, 3)
        ));
        let (after, rows_max) = (after.map_or(0, |job| job.0), rows_max.min(PAGE_ROWS_MAX) as u64);
        let kinds = kinds.iter().map(|kind| (*kind).into());
        let values = [after.into(), rows_max.into()].into_iter().chain(kinds).collect();
        let rows = self.db.query("listing dead jobs", sql, values).await?;
        Ok(rows.iter().map(dead_job).collect::<Result<_, _>>()?)
    }

    /// A job that waits for a person.
    pub async fn dead_job(&self, job: JobId) -> Result<Option<DeadJob>, ReadError> {
        let sql = "select job_id, kind, job_key, stream, body, attempts, last_error, failed_at \
                   from job where state = 'dead' and job_id = $1";
        let rows = self.db.query("looking for a dead job", sql, vec![job.0.into()]).await?;
        Ok(rows.first().map(dead_job).transpose()?)
    }

    /// How many jobs wait or run, and how many are dead.
    pub async fn job_counts(&self) -> Result<(u64, u64), ReadError> {
        let sql = "select count(case when state = 'ready' then 1 end), \
                   count(case when state = 'dead' then 1 end) from job";
        let rows = self.db.query("counting jobs", sql, Vec::new()).await?;
        let Some(row) = rows.first() else { return Ok((0, 0)) };
        Ok((row.count(0)?, row.count(1)?))
    }

    /// The same of these kinds only.
    pub async fn job_counts_of(&self, kinds: &[&str]) -> Result<(u64, u64), ReadError> {
        if kinds.is_empty() {
            return Ok((0, 0));
        }
        let sql = AssertSqlSafe(format!(
            "select count(case when state = 'ready' then 1 end), \
             count(case when state = 'dead' then 1 end) from job where kind in {}",
            tuples(kinds.len(), 1, 1)
        ));
        let values = kinds.iter().map(|kind| (*kind).into()).collect();
        let rows = self.db.query("counting jobs", sql, values).await?;
        let Some(row) = rows.first() else { return Ok((0, 0)) };
        Ok((row.count(0)?, row.count(1)?))
    }

    pub(crate) async fn has_due_jobs(
        &self,
        kinds: &[&str],
        now: Timestamp,
        running: &[JobId],
    ) -> Result<bool, DbError> {
        if kinds.is_empty() {
            return Ok(false);
        }
        let others = match running.len() {
            0 => String::new(),
            count => format!("and job_id not in {}", tuples(count, 1, 2 + kinds.len())),
        };
        let sql = AssertSqlSafe(format!(
            "select job_id from job where state = 'ready' and run_at <= $1 and kind in {} {others} \
             limit 1",
            tuples(kinds.len(), 1, 2)
        ));
        let kinds = kinds.iter().map(|kind| (*kind).into());
        let running = running.iter().map(|job| job.0.into());
        let values = std::iter::once(now.as_microsecond().into());
        let values = values.chain(kinds).chain(running).collect();
        Ok(!self.db.query("looking for jobs", sql, values).await?.is_empty())
    }

    /// A small text that was kept under a name.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, ReadError> {
        let sql = "select value from setting where name = $1";
        let rows = self.db.query("reading a setting", sql, vec![name.into()]).await?;
        Ok(rows.first().map(|row| row.get(0)).transpose()?)
    }

    /// All settings whose names begin so, by name.
    pub async fn settings(&self, prefix: &str) -> Result<Vec<(String, String)>, ReadError> {
        // PostgreSQL's substr takes 32-bit integers; the cast does no harm on SQLite.
        let sql = "select name, value from setting \
                   where substr(name, 1, cast($1 as integer)) = $2 order by name limit $3";
        let characters = prefix.chars().count() as u64;
        let limit = CHECK_ROWS_MAX as u64 + 1;
        let values = vec![characters.into(), prefix.into(), limit.into()];
        let rows = self.db.query("reading settings", sql, values).await?;
        if rows.len() > CHECK_ROWS_MAX {
            let (size, max) = (rows.len(), CHECK_ROWS_MAX);
            return Err(ReadError::TooLarge { what: "number of settings", size, max });
        }
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    /// The reads that were noted, newest first: those before a number, of one person or of one
    /// stream where they are given.
    pub async fn reads(
        &self,
        before: Option<u64>,
        actor: Option<Uuid>,
        stream: Option<Uuid>,
        rows_max: usize,
    ) -> Result<Vec<ReadRow>, ReadError> {
        let mut sql =
            "select read_id, at, actor, stream, action from read_audit where read_id < $1"
                .to_owned();
        let rows_max = rows_max.min(PAGE_ROWS_MAX) as u64;
        let mut values: Vec<Value> =
            vec![before.unwrap_or(i64::MAX as u64).into(), rows_max.into()];
        for (column, wanted) in [("actor", actor), ("stream", stream)] {
            if let Some(wanted) = wanted {
                values.push(wanted.into());
                sql.push_str(&format!(" and {column} = ${}", values.len()));
            }
        }
        sql.push_str(" order by read_id desc limit $2");
        let rows = self.db.query("reading the read audit", AssertSqlSafe(sql), values).await?;
        rows.iter().map(|row| Ok(read_row(row)?)).collect()
    }

    /// Digest over the reads of a span of time (its end not included). Take a span that has ended,
    /// so that no read can be added to it.
    pub async fn read_audit_digest(
        &self,
        span: Range<Timestamp>,
    ) -> Result<ReadAuditDigest, ReadError> {
        let sql = "select read_id, at, actor, stream, action from read_audit \
                   where at >= $1 and at < $2 and read_id > $3 order by read_id limit $4";
        let (mut digest, mut count, mut after) = (Sha256::new(), 0, 0u64);
        loop {
            let values = vec![
                span.start.as_microsecond().into(),
                span.end.as_microsecond().into(),
                after.into(),
                (CHECK_ROWS_MAX as u64).into(),
            ];
            let rows = self.db.query("reading the read audit", sql, values).await?;
            let Some(last) = rows.last() else { break };
            after = last.count(0)?;
            for row in &rows {
                digest.update(audit_line(row)?);
                count += 1;
            }
        }
        Ok(ReadAuditDigest { count, sha256: Hash(digest.finalize().into()) })
    }
}

fn dead_job(row: &Row) -> Result<DeadJob, DbError> {
    Ok(DeadJob {
        id: JobId(row.count(0)?),
        kind: row.get(1)?,
        key: row.get(2)?,
        stream: Uuid::from_bytes(row.array(3)?),
        body: row.get(4)?,
        attempts: u16::try_from(row.count(5)?).unwrap_or(u16::MAX),
        error: row.get::<Option<String>>(6)?.unwrap_or_default(),
        failed_at: row.get::<Option<i64>>(7)?.map(crate::writer::time),
    })
}

/// Loads a stream on a connection of the caller's.
async fn load_on(
    connection: &mut Connection,
    stream: Uuid,
    seq: u64,
) -> Result<Vec<StoredEvent>, ReadError> {
    let events = page_on(connection, stream, seq, STREAM_EVENTS_MAX as u64 + 1).await?;
    if events.len() > STREAM_EVENTS_MAX {
        let (size, max) = (events.len(), STREAM_EVENTS_MAX);
        return Err(ReadError::TooLarge { what: "number of events of a stream", size, max });
    }
    Ok(events)
}

/// A page of a stream on a connection of the caller's.
pub(crate) async fn page_on(
    connection: &mut Connection,
    stream: Uuid,
    after_seq: u64,
    limit: u64,
) -> Result<Vec<StoredEvent>, ReadError> {
    let sql = AssertSqlSafe(format!(
        "select {EVENT_COLUMNS} where event.stream = $1 and event.seq > $2 \
         order by event.seq limit $3"
    ));
    let values = vec![stream.into(), after_seq.into(), limit.into()];
    let rows = connection.query("loading a stream", sql, values).await?;
    rows.iter().map(|row| Ok(read_event(row)?)).collect()
}

/// Streams in the order of their first events, with those events' leaves, after one of them.
pub(crate) async fn streams_from(
    connection: &mut Connection,
    after: Option<u64>,
    rows_max: usize,
) -> Result<Vec<(Uuid, u64)>, DbError> {
    let sql = "select stream, leaf_index from event where seq = 1 and leaf_index > $1 \
               order by leaf_index limit $2";
    // Leaves are counted from 0, and "after none" must include it.
    let after = after.map_or(-1, |leaf| i64::try_from(leaf).unwrap_or(i64::MAX));
    let values = vec![after.into(), (rows_max as u64).into()];
    let rows = connection.query("listing streams", sql, values).await?;
    rows.iter().map(|row| Ok((Uuid::from_bytes(row.array(0)?), row.count(1)?))).collect()
}

/// A page of events by leaf with all that is hashed of them, on a connection of the caller's.
pub(crate) async fn events_from(
    connection: &mut Connection,
    leaf: u64,
) -> Result<Vec<Row>, DbError> {
    let sql = "select event.leaf_index, event.stream, event.seq, event.at, event.event, \
               payload.has_body, payload.body, payload.salt, payload.erased_at, \
               leaf.hash, leaf.entry \
               from event left join payload on payload.payload_id = event.leaf_index \
               left join leaf on leaf.leaf_index = event.leaf_index \
               where event.leaf_index >= $1 order by event.leaf_index limit $2";
    let values = vec![leaf.into(), (CHECK_ROWS_MAX as u64).into()];
    connection.query("reading events", sql, values).await
}

fn read_event(row: &Row) -> Result<StoredEvent, DbError> {
    let payload = match (row.get::<i64>(5)?, row.get::<Option<String>>(6)?, row.get(7)?) {
        (_, _, Some(erased_at)) => Payload::Erased(time(erased_at)),
        (0, ..) => Payload::None,
        (_, Some(body), None) => Payload::Kept(body),
        (_, None, None) => {
            let leaf = row.count(4)?;
            return Err(crate::db::unreadable(format!("the payload of leaf {leaf} is missing")));
        }
    };
    Ok(StoredEvent {
        stream: Uuid::from_bytes(row.array(0)?),
        seq: row.count(1)?,
        at: time(row.get(2)?),
        event_json: row.get(3)?,
        payload,
        leaf: LeafIndex(row.count(4)?),
    })
}

pub(crate) fn read_uuid_or_null(row: &Row, column: usize) -> Result<Option<Uuid>, DbError> {
    let bytes: Option<&[u8]> = row.get(column)?;
    let id = bytes.map(Uuid::from_slice).transpose();
    id.map_err(|error| crate::db::unreadable(error.to_string()))
}

fn read_row(row: &Row) -> Result<ReadRow, DbError> {
    let read = ReadAudit {
        actor: Uuid::from_bytes(row.array(2)?),
        stream: read_uuid_or_null(row, 3)?,
        action: row.get(4)?,
    };
    Ok(ReadRow { number: row.count(0)?, at: time(row.get(1)?), read })
}

/// One read as it is hashed: number, time, actor, stream or `-`, action.
fn audit_line(row: &Row) -> Result<String, DbError> {
    let ReadRow { number, at, read: ReadAudit { actor, stream, action } } = read_row(row)?;
    let stream = stream.map_or_else(|| "-".to_owned(), |stream| stream.to_string());
    Ok(format!("{number}\t{at:.6}\t{actor}\t{stream}\t{action}\n"))
}
