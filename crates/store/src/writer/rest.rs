//! The writes that are not rows of an act: jobs claimed and failed, erasures, settings, the list
//! rebuilt. Each is answered with what the database says of it. Knows the tables of those.

use sqlx::AssertSqlSafe;

use super::blobs;
use super::commit::{OWNERS, VIEWS, view_row};
use super::found::{self, PAYLOAD_WORDS};
use super::plan::Plan;
use super::{Claim, Erase, HASTENED, JobChange, Other, Reply, Writer};
use crate::act::{ErasedCount, Job, JobId, JobLease, Overwritten, back_off};
use crate::db::{Connection, Insert, Row, Value, tuples};
use crate::error::{AppendError, DbError};

const COSIGNATURES: Insert = Insert {
    doing: "storing cosignatures",
    into: "cosignature (size, name, line)",
    columns: 3,
    after: "on conflict (size, name) do update set line = excluded.line",
};

impl Writer {
    /// What is answered with what the database says of it.
    pub(super) async fn write_rest(
        &mut self,
        connection: &mut Connection,
        plan: &mut Plan,
    ) -> Result<(), DbError> {
        blobs::forget_files(connection, &self.removed_files).await?;
        // An answer leaves its list only when it is known, so that a failure finds it there.
        // They are taken from the end: turned round, they run in the order they came.
        plan.others.reverse();
        plan.claims.reverse();
        plan.erases.reverse();
        while let Some((other, _)) = plan.others.last() {
            let rows = match other {
                Other::NewFile(name) => blobs::new_file(connection, name).await?,
                Other::FileBlob { pin, length, file } => {
                    let digest = pin.digest();
                    blobs::take_file(connection, &mut plan.looked_at, digest, *length, file).await?
                }
                Other::StrayFiles(names) => {
                    blobs::give_up_strays(connection, &mut plan.looked_at, names).await?
                }
                _ => write_other(connection, other, plan.at).await?,
            };
            if let Some((_, answer)) = plan.others.pop() {
                plan.replies.push(Reply::Rows(answer, rows));
            }
        }
        while let Some((claim, token, _)) = plan.claims.last() {
            let jobs = claim_jobs(connection, claim, *token, plan.at).await?;
            if let Some((_, _, answer)) = plan.claims.pop() {
                plan.replies.push(Reply::Jobs(answer, jobs));
            }
        }
        while let Some((erase, _)) = plan.erases.last() {
            if let Some(conflict) = has_moved_on(connection, erase).await? {
                if let Some((_, answer)) = plan.erases.pop() {
                    let none = ErasedCount { payloads: 0, blobs: 0, overwritten: Overwritten::Yes };
                    plan.refused.push((Reply::Erased(answer, none), conflict));
                }
                continue;
            }
            let (looked_at, pins) = (&mut plan.looked_at, &self.pins);
            let erasure = blobs::Erasure { pins, now: plan.at };
            let (payloads, blobs) = erase_payloads(connection, erase, erasure, looked_at).await?;
            if let Some((_, answer)) = plan.erases.pop() {
                let count = ErasedCount { payloads, blobs, overwritten: Overwritten::Yes };
                plan.replies.push(Reply::Erased(answer, count));
            }
        }
        self.look_at_blobs(connection, plan).await
    }
}

async fn claim_jobs(
    connection: &mut Connection,
    claim: &Claim,
    token: [u8; 16],
    now: i64,
) -> Result<Vec<Job>, DbError> {
    let kinds = || claim.kinds.iter().map(|kind| kind.as_str().into());
    let running = || claim.running.iter().map(|job| job.0.into());
    // What is being done here is nobody else's, however long it takes.
    let others = |first| match claim.running.len() {
        0 => String::new(),
        count => format!("and job_id not in {}", tuples(count, 1, first)),
    };
    // A job whose last lease ran out without a word has used up its attempts too.
    let sql = format!(
        "update job set state = 'dead', lease_token = null, failed_at = $1, \
         last_error = 'the lease of its last attempt ran out' \
         where state = 'ready' and run_at <= $1 and attempts >= attempts_max and kind in {} {}",
        tuples(claim.kinds.len(), 1, 2),
        others(2 + claim.kinds.len())
    );
    let values = std::iter::once(now.into()).chain(kinds()).chain(running()).collect();
    connection.execute("giving up jobs", AssertSqlSafe(sql), values).await?;
    // The outer condition is asked again on PostgreSQL when a row was changed meanwhile, so that
    // no "for update skip locked" is needed, which SQLite does not know.
    let sql = format!(
        "update job set run_at = $1, attempts = attempts + 1, lease_token = $2 \
         where state = 'ready' and run_at <= $3 and job_id in \
         (select job_id from job where state = 'ready' and run_at <= $3 and kind in {} {} \
         order by run_at, job_id limit $4) \
         returning job_id, kind, job_key, stream, body, attempts, attempts_max",
        tuples(claim.kinds.len(), 1, 5),
        others(5 + claim.kinds.len())
    );
    let lease_micros = i64::try_from(claim.lease.as_micros()).unwrap_or(i64::MAX / 2);
    let until = now.saturating_add(lease_micros);
    let values =
        [until.into(), token.as_slice().into(), now.into(), (claim.jobs_max as u64).into()];
    let values = values.into_iter().chain(kinds()).chain(running()).collect();
    let rows = connection.query("claiming jobs", AssertSqlSafe(sql), values).await?;
    let mut jobs: Vec<Job> =
        rows.iter().map(|row| read_job(row, token, until)).collect::<Result<_, _>>()?;
    jobs.sort_by_key(|job| job.lease.id);
    Ok(jobs)
}

fn read_job(row: &Row, token: [u8; 16], until: i64) -> Result<Job, DbError> {
    let small = |column| row.count(column).map(|count| u16::try_from(count).unwrap_or(u16::MAX));
    Ok(Job {
        lease: JobLease { id: JobId(row.count(0)?), token },
        kind: row.get(1)?,
        key: row.get(2)?,
        stream: uuid::Uuid::from_bytes(row.array(3)?),
        body: row.get(4)?,
        attempt: small(5)?,
        attempts_max: small(6)?,
        leased_until: super::time(until),
    })
}

/// Whether something has happened to a stream since it was judged.
async fn has_moved_on(
    connection: &mut Connection,
    erase: &Erase,
) -> Result<Option<AppendError>, DbError> {
    let Erase::Stream { stream, seq } = erase else { return Ok(None) };
    let sql = "select coalesce(max(seq), 0) from event where stream = $1";
    let rows = connection.query("looking for the end of a stream", sql, vec![(*stream).into()]);
    let current = rows.await?.first().map(|row| row.count(0)).transpose()?.unwrap_or(0);
    let (stream, expected) = (*stream, *seq);
    Ok((current != expected).then_some(AppendError::Conflict { stream, expected, current }))
}

/// Erases payloads, their words, and the blobs that nobody else owns. Says how many of each.
async fn erase_payloads(
    connection: &mut Connection,
    erase: &Erase,
    erasure: blobs::Erasure<'_>,
    looked_at: &mut blobs::LookedAt,
) -> Result<(u64, u64), DbError> {
    let (count, ids): (usize, Vec<Value>) = match erase {
        Erase::Stream { stream, .. } => (1, vec![(*stream).into()]),
        Erase::Events(leaves) => (leaves.len(), leaves.iter().map(|leaf| (*leaf).into()).collect()),
    };
    if count == 0 {
        return Ok((0, 0));
    }
    let wanted = |first| match erase {
        Erase::Stream { .. } => {
            format!("(select leaf_index from event where stream in {})", tuples(count, 1, first))
        }
        Erase::Events(_) => tuples(count, 1, first),
    };
    found::erase(connection, &wanted(1), &ids).await?;
    let named = blobs::disown(connection, wanted(1), ids.clone()).await?;
    let wanted = wanted(2);
    // An event without a payload keeps its salt: there is nothing in it to guess.
    let sql = format!(
        "update payload set body = null, salt = null, erased_at = $1 \
         where has_body = 1 and erased_at is null and payload_id in {wanted}"
    );
    let values = std::iter::once(erasure.now.into()).chain(ids).collect();
    let payloads = connection.execute("erasing payloads", AssertSqlSafe(sql), values).await?;
    let blobs = blobs::erase_unowned(connection, &named, erasure, looked_at).await?;
    Ok((payloads, blobs))
}

async fn write_other(connection: &mut Connection, other: &Other, now: i64) -> Result<u64, DbError> {
    match other {
        Other::Job(change) => change_job(connection, change, now).await,
        // Their handlers are asked before.
        Other::NewFile(_) | Other::FileBlob { .. } | Other::StrayFiles(_) => Ok(0),
        Other::Setting { name, value } => {
            let sql = "insert into setting (name, value) values ($1, $2) \
                       on conflict (name) do update set value = excluded.value";
            let values = vec![name.as_str().into(), value.as_str().into()];
            connection.execute("storing a setting", sql, values).await
        }
        Other::Draft(change) => crate::draft::write(connection, change).await,
        Other::Cosignatures { size, lines } => {
            let values = lines.iter().flat_map(|(name, line)| {
                [size.0.into(), name.as_str().into(), line.as_str().into()]
            });
            connection.insert(&COSIGNATURES, values.collect()).await?;
            Ok(lines.len() as u64)
        }
        Other::ClearDerived => {
            for sql in ["delete from request_words", "delete from payload_words"] {
                connection.execute("clearing the words", sql, Vec::new()).await?;
            }
            connection.execute("clearing the list", "delete from request_view", Vec::new()).await
        }
        Other::Noticed(rows) => crate::security::write(connection, rows).await,
        Other::EraseNoticed { before } => crate::security::erase(connection, *before).await,
        Other::Words(words) => {
            let row = |(stream, leaf, words): &(_, _, _)| found::payload_row(*leaf, *stream, words);
            let values = words.iter().flat_map(row);
            connection.insert(&PAYLOAD_WORDS, values.collect()).await?;
            let mut streams: Vec<_> = words.iter().map(|(stream, ..)| *stream).collect();
            streams.dedup();
            found::refresh(connection, &streams).await?;
            Ok(words.len() as u64)
        }
        Other::Owners(names) => {
            let owned = names.iter().flat_map(|(leaf, names)| {
                let owned = names.owned().into_iter();
                owned.map(|(digest, lasts)| (digest, *leaf, lasts))
            });
            let values = owned.flat_map(|(digest, leaf, lasts)| {
                [digest.0.as_slice().into(), leaf.0.into(), i64::from(lasts).into()]
            });
            connection.insert(&OWNERS, values.collect()).await?;
            Ok(names.len() as u64)
        }
        Other::Views(views) => {
            let values =
                views.iter().flat_map(|(stream, view, at)| view_row(*stream, view.clone(), *at));
            connection.insert(&VIEWS, values.collect()).await?;
            Ok(views.len() as u64)
        }
    }
}

async fn change_job(
    connection: &mut Connection,
    change: &JobChange,
    now: i64,
) -> Result<u64, DbError> {
    let (doing, sql, values): (_, &'static str, Vec<Value>) = match change {
        JobChange::Progress { lease, body, until } => {
            let sql = "update job set body = $1, run_at = $2 \
                       where job_id = $3 and lease_token = $4 and state = 'ready'";
            let (id, token) = (lease.id.0.into(), lease.token.as_slice().into());
            let values = vec![body.as_str().into(), until.as_microsecond().into(), id, token];
            ("noting how far a job has come", sql, values)
        }
        JobChange::Fail { lease, dead, wait, error } => {
            if fail_hastened(connection, lease, error, now).await? > 0 {
                return Ok(HASTENED);
            }
            let wait_micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2);
            let state = if *dead { "dead" } else { "ready" };
            let sql = "update job set state = $1, run_at = $2, last_error = $3, failed_at = $6, \
                       lease_token = null \
                       where job_id = $4 and lease_token = $5 and state = 'ready'";
            let values = vec![
                state.into(),
                now.saturating_add(wait_micros).into(),
                error.as_str().into(),
                lease.id.0.into(),
                lease.token.as_slice().into(),
                now.into(),
            ];
            ("failing a job", sql, values)
        }
        JobChange::Postpone { lease, until } => {
            // One that was asked for anew while it was being done does not wait.
            let sql = "update job set run_at = case when hastened = 1 then $4 else $1 end, \
                       hastened = 0, attempts = attempts - 1, lease_token = null \
                       where job_id = $2 and lease_token = $3 and state = 'ready'";
            let (id, token) = (lease.id.0.into(), lease.token.as_slice().into());
            let values = vec![until.as_microsecond().into(), id, token, now.into()];
            ("postponing a job", sql, values)
        }
    };
    connection.execute(doing, sql, values).await
}

/// A job that was asked for anew while it was being done begins its attempts anew.
async fn fail_hastened(
    connection: &mut Connection,
    lease: &JobLease,
    error: &str,
    now: i64,
) -> Result<u64, DbError> {
    let wait = i64::try_from(back_off(1).as_micros()).unwrap_or(0);
    let sql = "update job set run_at = $1, attempts = 1, hastened = 0, last_error = $2, \
               failed_at = $3, lease_token = null where hastened = 1 and state = 'ready' \
               and job_id = $4 and lease_token = $5";
    let (id, token) = (lease.id.0.into(), lease.token.as_slice().into());
    let values = vec![now.saturating_add(wait).into(), error.into(), now.into(), id, token];
    connection.execute("failing a job", sql, values).await
}

/// Empties SQLite's write-ahead log, in which erased bytes may still stand.
pub(super) async fn overwrite_log(connection: &mut Connection) -> Overwritten {
    if matches!(connection, Connection::Postgres(_)) {
        return Overwritten::AfterVacuum;
    }
    // Readers are short; one that is not must not hold up the writer.
    let statements = ["pragma busy_timeout = 500", "pragma wal_checkpoint(truncate)"];
    let mut overwritten = Overwritten::AfterReaders;
    for sql in statements {
        let Ok(rows) = connection.query("emptying the log", sql, Vec::new()).await else {
            continue;
        };
        let busy = rows.first().and_then(|row| row.get::<i64>(0).ok());
        if sql.contains("checkpoint") && busy == Some(0) {
            overwritten = Overwritten::Yes;
        }
    }
    let sql = AssertSqlSafe(format!(
        "pragma busy_timeout = {}",
        crate::limits::BUSY_WAIT_MAX.as_millis()
    ));
    if let Err(error) = connection.query("setting the wait", sql, Vec::new()).await {
        tracing::warn!(%error, "The wait for locks stays short");
    }
    overwritten
}
