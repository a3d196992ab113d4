//! The writes that are not rows of an act: jobs claimed and failed, erasures, settings, the list
//! rebuilt. Each is answered with what the database says of it. Knows the tables of those.

use sqlx::AssertSqlSafe;

use super::commit::{VIEWS, WORDS, view_row};
use super::plan::Plan;
use super::{Claim, Erase, JobChange, Other, Reply, Writer};
use crate::act::{BlobDigest, ErasedCount, Job, JobId, JobLease, Overwritten};
use crate::db::{Connection, Insert, Row, Value, tuples};
use crate::error::DbError;
use crate::words::Question;

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
        // An answer leaves its list only when it is known, so that a failure finds it there.
        // They are taken from the end: turned round, they run in the order they came.
        plan.others.reverse();
        plan.claims.reverse();
        plan.erases.reverse();
        while let Some((other, _)) = plan.others.last() {
            let rows = write_other(connection, other, plan.at).await?;
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
            let payloads = erase_payloads(connection, erase, plan.at).await?;
            if let Some((_, answer)) = plan.erases.pop() {
                let count = ErasedCount { payloads, overwritten: Overwritten::Yes };
                plan.replies.push(Reply::Erased(answer, count));
            }
        }
        Ok(())
    }
}

async fn claim_jobs(
    connection: &mut Connection,
    claim: &Claim,
    token: [u8; 16],
    now: i64,
) -> Result<Vec<Job>, DbError> {
    let kinds = || claim.kinds.iter().map(|kind| kind.as_str().into());
    // A job whose last lease ran out without a word has used up its attempts too.
    let sql = format!(
        "update job set state = 'dead', lease_token = null, failed_at = $1, \
         last_error = 'the lease of its last attempt ran out' \
         where state = 'ready' and run_at <= $1 and attempts >= attempts_max and kind in {}",
        tuples(claim.kinds.len(), 1, 2)
    );
    let values = std::iter::once(now.into()).chain(kinds()).collect();
    connection.execute("giving up jobs", AssertSqlSafe(sql), values).await?;
    // The outer condition is asked again on PostgreSQL when a row was changed meanwhile, so that
    // no "for update skip locked" is needed, which SQLite does not know.
    let sql = format!(
        "update job set run_at = $1, attempts = attempts + 1, lease_token = $2 \
         where state = 'ready' and run_at <= $3 and job_id in \
         (select job_id from job where state = 'ready' and run_at <= $3 and kind in {} \
         order by run_at, job_id limit $4) \
         returning job_id, kind, job_key, stream, body, attempts, attempts_max",
        tuples(claim.kinds.len(), 1, 5)
    );
    let lease_micros = i64::try_from(claim.lease.as_micros()).unwrap_or(i64::MAX / 2);
    let until = now.saturating_add(lease_micros);
    let values =
        [until.into(), token.as_slice().into(), now.into(), (claim.jobs_max as u64).into()];
    let values = values.into_iter().chain(kinds()).collect();
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

async fn erase_payloads(
    connection: &mut Connection,
    erase: &Erase,
    now: i64,
) -> Result<u64, DbError> {
    let (count, ids): (usize, Vec<Value>) = match erase {
        Erase::Streams(streams) => (streams.len(), streams.iter().map(|id| (*id).into()).collect()),
        Erase::Events(leaves) => (leaves.len(), leaves.iter().map(|leaf| (*leaf).into()).collect()),
    };
    if count == 0 {
        return Ok(0);
    }
    let wanted = |first| match erase {
        Erase::Streams(_) => {
            format!("(select leaf_index from event where stream in {})", tuples(count, 1, first))
        }
        Erase::Events(_) => tuples(count, 1, first),
    };
    let (wanted_words, wanted) = (wanted(1), wanted(2));
    // An event without a payload keeps its salt: there is nothing in it to guess.
    let sql = format!(
        "update payload set body = null, salt = null, erased_at = $1 \
         where has_body = 1 and erased_at is null and payload_id in {wanted}"
    );
    let found_by =
        AssertSqlSafe(format!("delete from request_words where rowid in {wanted_words}"));
    connection.execute("erasing words", found_by, ids.clone()).await?;
    let values = std::iter::once(now.into()).chain(ids).collect();
    connection.execute("erasing payloads", AssertSqlSafe(sql), values).await
}

async fn write_other(connection: &mut Connection, other: &Other, now: i64) -> Result<u64, DbError> {
    match other {
        Other::Job(change) => change_job(connection, change, now).await,
        Other::FileBlob { digest, length } => {
            let sql = "insert into blob (digest, length) values ($1, $2) \
                       on conflict (digest) do update set erased_at = null \
                       where blob.erased_at is not null";
            let values = vec![digest.0.as_slice().into(), (*length).into()];
            connection.execute("storing a blob's row", sql, values).await
        }
        Other::EraseBlobs(digests) => erase_blobs(connection, digests, now).await,
        Other::EraseUnusedBlobs(digests) => {
            let mut unused = Vec::new();
            for digest in digests {
                // No payload that names it can come between this look and the erasure: there is
                // one writer.
                if !is_named(connection, *digest).await? {
                    unused.push(*digest);
                }
            }
            erase_blobs(connection, &unused, now).await
        }
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
            connection.execute("clearing the words", "delete from request_words", vec![]).await?;
            connection.execute("clearing the list", "delete from request_view", Vec::new()).await
        }
        Other::Words(words) => {
            let values =
                words.iter().flat_map(|(leaf, words)| [leaf.0.into(), words.text().into()]);
            connection.insert(&WORDS, values.collect()).await?;
            Ok(words.len() as u64)
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
        JobChange::Fail { lease, dead, wait, error } => {
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
            let sql = "update job set run_at = $1, attempts = attempts - 1, lease_token = null \
                       where job_id = $2 and lease_token = $3 and state = 'ready'";
            let (id, token) = (lease.id.0.into(), lease.token.as_slice().into());
            ("postponing a job", sql, vec![until.as_microsecond().into(), id, token])
        }
        JobChange::Revive(job) => {
            let sql = "update job set state = 'ready', run_at = $1, attempts = 0 \
                       where job_id = $2 and state = 'dead'";
            ("reviving a job", sql, vec![now.into(), job.0.into()])
        }
        JobChange::GiveUp(job) => {
            let sql = "delete from job where job_id = $1 and state = 'dead'";
            ("giving up a job", sql, vec![job.0.into()])
        }
    };
    connection.execute(doing, sql, values).await
}

async fn is_named(connection: &mut Connection, digest: BlobDigest) -> Result<bool, DbError> {
    let question = Question::of_digest(digest);
    let (condition, asked) = question.on(connection);
    let sql = AssertSqlSafe(format!("select rowid from request_words where {condition} limit 1"));
    let rows = connection.query("looking for users of a blob", sql, vec![asked.into()]).await?;
    Ok(!rows.is_empty())
}

async fn erase_blobs(
    connection: &mut Connection,
    digests: &[BlobDigest],
    now: i64,
) -> Result<u64, DbError> {
    if digests.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "update blob set bytes = null, erased_at = $1 where erased_at is null and digest in {}",
        tuples(digests.len(), 1, 2)
    );
    let ids = digests.iter().map(|digest| digest.0.as_slice().into());
    let values = std::iter::once(now.into()).chain(ids).collect();
    connection.execute("erasing blobs", AssertSqlSafe(sql), values).await
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
