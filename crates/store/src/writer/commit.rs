//! Writes one group in one transaction. Knows all tables that the writer fills.

use std::sync::Arc;

use ledger::TreeSize;
use ledger::checkpoint::Checkpoint;
use sqlx::AssertSqlSafe;
use tokio::sync::OwnedSemaphorePermit;

use super::keep::Committed;
use super::plan::{Facts, Plan, random_bytes_needed};
use super::{Claim, Erase, Other, Reply, Work, Writer};
use crate::act::{ErasedCount, Job, JobId, JobLease, Overwritten};
use crate::config::Published;
use crate::db::{Connection, Insert, Row, Value, tuples};
use crate::error::{AppendError, CommitOutcome, DbError};
use crate::faults::Point;

const EVENTS: Insert = Insert {
    doing: "storing events",
    into: "event (leaf_index, stream, seq, at, event)",
    columns: 5,
    after: "",
};
const PAYLOADS: Insert = Insert {
    doing: "storing payloads",
    into: "payload (payload_id, has_body, body, salt)",
    columns: 4,
    after: "",
};
const LEAVES: Insert = Insert {
    doing: "storing leaves",
    into: "leaf (leaf_index, hash, entry)",
    columns: 3,
    after: "",
};
const NODES: Insert = Insert {
    doing: "storing nodes",
    into: "node (level, node_index, hash)",
    columns: 3,
    after: "",
};
const CHECKPOINT: Insert = Insert {
    doing: "storing the checkpoint",
    into: "checkpoint (size, root, note)",
    columns: 3,
    after: "",
};
const JOBS: Insert = Insert {
    doing: "storing jobs",
    into: "job (kind, job_key, stream, body, run_at, attempts, attempts_max, state)",
    columns: 8,
    after: "on conflict (job_key) do nothing",
};
const VIEWS: Insert = Insert {
    doing: "storing rows of the list",
    into: "request_view (stream, agency, state, summary, next_due, updated_at)",
    columns: 6,
    after: "on conflict (stream) do update set state = excluded.state, \
            summary = excluded.summary, next_due = excluded.next_due, \
            updated_at = excluded.updated_at",
};
const SEEN: Insert = Insert {
    doing: "storing transaction identifiers",
    into: "transaction_seen (agency, transaction_id, stream, reference, at)",
    columns: 5,
    after: "",
};
const BLOBS: Insert = Insert {
    doing: "storing small blobs",
    into: "blob (digest, length, bytes)",
    columns: 3,
    // Written once; only one that was erased comes back when it is put again.
    after: "on conflict (digest) do update set bytes = excluded.bytes, erased_at = null \
            where blob.erased_at is not null",
};
const AUDITS: Insert = Insert {
    doing: "storing the read audit",
    into: "read_audit (at, actor, stream, action)",
    columns: 4,
    after: "",
};
const COSIGNATURES: Insert = Insert {
    doing: "storing cosignatures",
    into: "cosignature (size, name, line)",
    columns: 3,
    after: "on conflict (size, name) do update set line = excluded.line",
};

/// Why a transaction did not come to its end.
pub(super) enum Failure {
    /// The head is not as we left it: another process writes.
    Fenced,
    Db(DbError),
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Failure {
        Failure::Db(error)
    }
}

/// Runs a write with the failures that a test may have planned for it.
macro_rules! step {
    ($writer:expr, $point:ident, $write:expr) => {{
        let fault = $writer.faults.at(Point::$point);
        fault.before()?;
        let done = $write;
        fault.after()?;
        done
    }};
}

impl Writer {
    /// Stores what can be stored of a group and answers all of it.
    pub(super) async fn commit_group(&mut self, group: Vec<(Work, OwnedSemaphorePermit)>) {
        let (works, permits): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        if let Some(error) = self.stopped() {
            return refuse(works, &error);
        }
        let at = match self.now().await {
            Ok(at) => at,
            Err(error) => return refuse(works, &error),
        };
        let mut random = vec![0; random_bytes_needed(&works)];
        if let Err(error) = getrandom::fill(&mut random) {
            let reason = format!("the system gives no random bytes: {error}").into();
            return refuse(works, &AppendError::Stopped { reason });
        }
        let (mut connection, facts) = match self.begin(&works).await {
            Ok(begun) => begun,
            Err(error) => return refuse(works, &error),
        };
        let mut plan = Plan::new(works, facts, &self.head, &self.frontier, at, &random);
        let refused = std::mem::take(&mut plan.refused);
        if plan.is_empty() {
            match connection.rollback().await {
                Ok(()) => self.connection = Some(connection),
                Err(_) => connection.discard().await,
            }
        } else {
            match self.write(&mut connection, &mut plan).await {
                Ok(published) => self.committed(connection, plan, published, permits).await,
                Err(failure) => self.recover(connection, plan, failure).await,
            }
        }
        // Told last: whoever is told of a conflict may load and find what it conflicts with.
        refused.into_iter().for_each(|(reply, error)| reply.refuse(error));
    }

    /// Begins the transaction and asks what the plan depends on.
    async fn begin(&mut self, works: &[Work]) -> Result<(Connection, Facts), AppendError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.reconnect().await?,
        };
        let asked = async {
            step!(self, Begin, connection.begin_writing().await?);
            Facts::ask(&mut connection, works, &self.seqs).await
        };
        match asked.await {
            Ok(facts) => Ok((connection, facts)),
            Err(source) => {
                connection.discard().await;
                Err(AppendError::Commit { outcome: CommitOutcome::NotStored, source })
            }
        }
    }

    async fn write(
        &mut self,
        connection: &mut Connection,
        plan: &mut Plan,
    ) -> Result<Arc<Published>, Failure> {
        step!(self, Head, self.swap_head(connection, plan).await?);
        let rows = std::mem::take(&mut plan.rows);
        let grows = !rows.leaves.is_empty();
        let published = if grows { self.sign(plan)? } else { Arc::clone(&self.published) };
        if grows {
            step!(self, Event, connection.insert(&EVENTS, rows.events).await?);
            step!(self, Payload, connection.insert(&PAYLOADS, rows.payloads).await?);
            step!(self, Leaf, connection.insert(&LEAVES, rows.leaves).await?);
            step!(self, Node, connection.insert(&NODES, rows.nodes).await?);
            let row = vec![
                plan.head.size.into(),
                plan.head.root.0.as_slice().into(),
                (*published.note).into(),
            ];
            step!(self, Checkpoint, connection.insert(&CHECKPOINT, row).await?);
        }
        if !plan.completes.is_empty() || !rows.jobs.is_empty() {
            step!(self, Job, {
                complete(connection, std::mem::take(&mut plan.completes)).await?;
                connection.insert(&JOBS, rows.jobs).await?;
            });
        }
        if !rows.views.is_empty() {
            let at = plan.at;
            let values = rows.views.into_iter().flat_map(|(stream, view)| view_row(stream, view, at));
            step!(self, View, connection.insert(&VIEWS, values.collect()).await?);
        }
        if !rows.seen.is_empty() {
            step!(self, Seen, connection.insert(&SEEN, rows.seen).await?);
        }
        if !rows.blobs.is_empty() {
            let values = rows.blobs.into_iter().flat_map(|(digest, bytes)| {
                [digest.as_slice().into(), (bytes.len() as u64).into(), bytes.into()]
            });
            step!(self, Blob, connection.insert(&BLOBS, values.collect()).await?);
        }
        connection.insert(&AUDITS, rows.audits).await?;
        self.write_rest(connection, plan).await?;
        step!(self, Commit, connection.commit().await?);
        for reply in &mut plan.replies {
            if let Reply::Appended(_, appended) = reply {
                appended.checkpoint = Arc::clone(&published.note);
                appended.size = published.size;
            }
        }
        Ok(published)
    }

    /// What is answered with what the database says of it.
    async fn write_rest(
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

    /// Invariant 5: whoever finds another head than it left has been taken over.
    async fn swap_head(&self, connection: &mut Connection, plan: &Plan) -> Result<(), Failure> {
        let values = vec![
            plan.head.commits.into(),
            plan.head.size.into(),
            plan.head.root.0.as_slice().into(),
            plan.head.newest_at.into(),
            self.head.commits.into(),
            self.head.size.into(),
            self.head.root.0.as_slice().into(),
            self.token.as_slice().into(),
        ];
        let sql = "update head set commits = $1, size = $2, root = $3, newest_at = $4 \
                   where id = 1 and commits = $5 and size = $6 and root = $7 and writer = $8";
        match connection.execute("swapping the head", sql, values).await? {
            1 => Ok(()),
            _ => Err(Failure::Fenced),
        }
    }

    fn sign(&self, plan: &Plan) -> Result<Arc<Published>, DbError> {
        sign(&self.signers, TreeSize(plan.head.size), plan.head.root)
    }

    async fn committed(
        &mut self,
        mut connection: Connection,
        mut plan: Plan,
        published: Arc<Published>,
        permits: Vec<OwnedSemaphorePermit>,
    ) {
        let erased = plan.replies.iter().any(|reply| matches!(reply, Reply::Erased(..)));
        if erased {
            let overwritten = overwrite_log(&mut connection).await;
            for reply in &mut plan.replies {
                if let Reply::Erased(_, count) = reply {
                    count.overwritten = overwritten;
                }
            }
        }
        self.connection = Some(connection);
        let replies = std::mem::take(&mut plan.replies);
        self.advance(plan, &published);
        let refused = Vec::new();
        self.keeper.take(Committed { published, replies, refused, _permits: permits }).await;
    }

    /// What was planned is now so.
    pub(super) fn advance(&mut self, plan: Plan, published: &Arc<Published>) {
        self.head = plan.head;
        self.frontier = plan.frontier;
        for (stream, seq) in plan.seqs {
            self.seqs.put(stream, seq);
        }
        self.published = Arc::clone(published);
        self.jobs_changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Signs a checkpoint with every key of the log.
pub(crate) fn sign(
    signers: &[ledger::note::SigningKey],
    size: TreeSize,
    root: ledger::Hash,
) -> Result<Arc<Published>, DbError> {
    let failed = |why: String| crate::db::failed("signing the checkpoint")(sqlx::Error::Protocol(why));
    let Some((first, further)) = signers.split_first() else {
        return Err(failed("the log has no key".to_owned()));
    };
    let checkpoint = Checkpoint::new(first.name(), size, root);
    let text = checkpoint.to_string();
    let mut signed = checkpoint.sign(first).map_err(|error| failed(error.to_string()))?;
    for key in further {
        signed.add(key.sign(&text)).map_err(|error| failed(error.to_string()))?;
    }
    Ok(Arc::new(Published { size, root, note: signed.to_string().into() }))
}

fn refuse(works: Vec<Work>, error: &AppendError) {
    works.into_iter().for_each(|work| work.refuse(error.clone()));
}

fn view_row(stream: uuid::Uuid, view: crate::act::NewView, at: i64) -> [Value; 6] {
    [
        stream.into(),
        view.agency.into(),
        view.state.into(),
        view.summary_json.into(),
        view.next_due.map(|due| due.as_microsecond()).into(),
        at.into(),
    ]
}

async fn complete(connection: &mut Connection, jobs: Vec<Value>) -> Result<(), DbError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let sql = format!("delete from job where job_id in {}", tuples(jobs.len(), 1, 1));
    connection.execute("completing jobs", AssertSqlSafe(sql), jobs).await.map(drop)
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
        "update job set state = 'dead', lease_token = null, \
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
    let values = [
        until.into(),
        token.as_slice().into(),
        now.into(),
        (claim.jobs_max as u64).into(),
    ];
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
    let wanted = match erase {
        Erase::Streams(_) => {
            format!("(select leaf_index from event where stream in {})", tuples(count, 1, 2))
        }
        Erase::Events(_) => tuples(count, 1, 2),
    };
    // An event without a payload keeps its salt: there is nothing in it to guess.
    let sql = format!(
        "update payload set body = null, salt = null, erased_at = $1 \
         where has_body = 1 and erased_at is null and payload_id in {wanted}"
    );
    let values = std::iter::once(now.into()).chain(ids).collect();
    connection.execute("erasing payloads", AssertSqlSafe(sql), values).await
}

async fn write_other(
    connection: &mut Connection,
    other: &Other,
    now: i64,
) -> Result<u64, DbError> {
    let (doing, sql, values): (_, &'static str, Vec<Value>) = match other {
        Other::FailJob { lease, dead, wait, error } => {
            let wait_micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX / 2);
            let state = if *dead { "dead" } else { "ready" };
            (
                "failing a job",
                "update job set state = $1, run_at = $2, last_error = $3, lease_token = null \
                 where job_id = $4 and lease_token = $5 and state = 'ready'",
                vec![
                    state.into(),
                    now.saturating_add(wait_micros).into(),
                    error.as_str().into(),
                    lease.id.0.into(),
                    lease.token.as_slice().into(),
                ],
            )
        }
        Other::PostponeJob { lease, until } => (
            "postponing a job",
            "update job set run_at = $1, attempts = attempts - 1, lease_token = null \
             where job_id = $2 and lease_token = $3 and state = 'ready'",
            vec![
                until.as_microsecond().into(),
                lease.id.0.into(),
                lease.token.as_slice().into(),
            ],
        ),
        Other::ReviveJob(job) => (
            "reviving a job",
            "update job set state = 'ready', run_at = $1, attempts = 0 \
             where job_id = $2 and state = 'dead'",
            vec![now.into(), job.0.into()],
        ),
        Other::FileBlob { digest, length } => (
            "storing a blob's row",
            "insert into blob (digest, length) values ($1, $2) \
             on conflict (digest) do update set erased_at = null \
             where blob.erased_at is not null",
            vec![digest.0.as_slice().into(), (*length).into()],
        ),
        Other::Setting { name, value } => (
            "storing a setting",
            "insert into setting (name, value) values ($1, $2) \
             on conflict (name) do update set value = excluded.value",
            vec![name.as_str().into(), value.as_str().into()],
        ),
        Other::ClearViews => ("clearing the list", "delete from request_view", Vec::new()),
        Other::EraseBlobs(digests) => return erase_blobs(connection, digests, now).await,
        Other::Cosignatures { size, lines } => {
            let values = lines
                .iter()
                .flat_map(|(name, line)| [size.0.into(), name.as_str().into(), line.as_str().into()]);
            connection.insert(&COSIGNATURES, values.collect()).await?;
            return Ok(lines.len() as u64);
        }
        Other::Views(views) => {
            let values =
                views.iter().flat_map(|(stream, view, at)| view_row(*stream, view.clone(), *at));
            connection.insert(&VIEWS, values.collect()).await?;
            return Ok(views.len() as u64);
        }
    };
    connection.execute(doing, sql, values).await
}

async fn erase_blobs(
    connection: &mut Connection,
    digests: &[crate::act::BlobDigest],
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
async fn overwrite_log(connection: &mut Connection) -> Overwritten {
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
