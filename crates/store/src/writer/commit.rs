//! Writes one group in one transaction. Knows all tables that the writer fills.

use std::collections::BTreeSet;
use std::sync::Arc;

use ledger::TreeSize;
use ledger::checkpoint::Checkpoint;
use sqlx::AssertSqlSafe;
use tokio::sync::OwnedSemaphorePermit;

use super::blobs;
use super::found::{self, PAYLOAD_WORDS};
use super::keep::Committed;
use super::plan::{Facts, Plan, random_bytes_needed};
use super::rest::overwrite_log;
use super::{Reply, Work, Writer};
use crate::act::{JobId, Verdict};
use crate::config::Published;
use crate::db::{Connection, Insert, Value, tuples};
use crate::error::{AppendError, CommitOutcome, DbError};
use crate::faults::Point;
use crate::limits::BOUND_VALUES_MAX;

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
pub(super) const OWNERS: Insert = Insert {
    doing: "storing owners of blobs",
    into: "blob_owner (digest, leaf_index, lasting)",
    columns: 3,
    after: "on conflict do nothing",
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
    // A key whose job is dead is taken up again: there is something to do once more.
    after: "on conflict (job_key) do update set kind = excluded.kind, stream = excluded.stream, \
            body = excluded.body, run_at = excluded.run_at, attempts = excluded.attempts, \
            attempts_max = excluded.attempts_max, state = excluded.state, last_error = null, \
            hastened = 0, failed_at = null where job.state = 'dead'",
};
pub(super) const VIEWS: Insert = Insert {
    doing: "storing rows of the list",
    into: "request_view \
           (stream, agency, state, summary, next_due, labels, assignee, updated_at)",
    columns: 8,
    after: "on conflict (stream) do update set state = excluded.state, \
            summary = excluded.summary, next_due = excluded.next_due, \
            labels = excluded.labels, assignee = excluded.assignee, \
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
        let published = if grows { self.sign(plan).await? } else { Arc::clone(&self.published) };
        if grows {
            step!(self, Event, connection.insert(&EVENTS, rows.events).await?);
            step!(self, Payload, connection.insert(&PAYLOADS, rows.payloads).await?);
            connection.insert(&PAYLOAD_WORDS, rows.words).await?;
            found::refresh(connection, &rows.worded).await?;
            step!(self, Leaf, connection.insert(&LEAVES, rows.leaves).await?);
            step!(self, Node, connection.insert(&NODES, rows.nodes).await?);
            let row = vec![
                plan.head.size.into(),
                plan.head.root.0.as_slice().into(),
                (*published.note).into(),
            ];
            step!(self, Checkpoint, connection.insert(&CHECKPOINT, row).await?);
        }
        connection.insert(&OWNERS, rows.owners).await?;
        blobs::hold_named(connection, &plan.pinned).await?;
        if !plan.completes.is_empty() || !plan.verdicts.is_empty() || !rows.jobs.is_empty() {
            step!(self, Job, {
                complete(connection, std::mem::take(&mut plan.completes)).await?;
                decide(connection, &plan.verdicts, plan.at).await?;
                connection.insert(&JOBS, rows.jobs).await?;
                hasten(connection, rows.at_once, plan.at).await?;
            });
        }
        if !rows.views.is_empty() {
            let at = plan.at;
            let values =
                rows.views.into_iter().flat_map(|(stream, view)| view_row(stream, view, at));
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

    async fn sign(&self, plan: &Plan) -> Result<Arc<Published>, DbError> {
        sign(&self.signers, TreeSize(plan.head.size), plan.head.root).await
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
        let mut refused = std::mem::take(&mut plan.refused);
        let has_unused = plan.looked_at.has_unused();
        self.advance(plan, &published);
        // One that could not be removed is tried again with the next erasure, not all the time.
        let left = if erased || has_unused { self.remove_files() } else { None };
        // Nobody is told that something is erased while a file of it is left.
        let is_erasure = |reply: &Reply| matches!(reply, Reply::Erased(..));
        let (erased, mut replies) = replies.into_iter().partition::<Vec<_>, _>(is_erasure);
        match left {
            None => replies.extend(erased),
            Some(error) => refused.extend(erased.into_iter().map(|it| (it, error.clone()))),
        }
        self.keeper.take(Committed { published, replies, refused, _permits: permits }).await;
    }

    /// What was planned is now so.
    pub(super) fn advance(&mut self, plan: Plan, published: &Arc<Published>) {
        self.blobs_committed(plan.looked_at);
        self.head = plan.head;
        self.frontier = plan.frontier;
        for (stream, seq) in plan.seqs {
            self.seqs.put(stream, seq);
        }
        self.published = Arc::clone(published);
        self.jobs_changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Signs a checkpoint with every key of the log. A key that lies elsewhere may keep its thread
/// waiting; it is given one of its own.
pub(crate) async fn sign(
    signers: &[ledger::note::SigningKey],
    size: TreeSize,
    root: ledger::Hash,
) -> Result<Arc<Published>, DbError> {
    if !signers.iter().any(ledger::note::SigningKey::is_elsewhere) {
        return sign_now(signers, size, root);
    }
    let signers = signers.to_vec();
    let signed = tokio::task::spawn_blocking(move || sign_now(&signers, size, root)).await;
    signed.unwrap_or_else(|error| {
        Err(crate::db::failed("signing the checkpoint")(sqlx::Error::Protocol(error.to_string())))
    })
}

fn sign_now(
    signers: &[ledger::note::SigningKey],
    size: TreeSize,
    root: ledger::Hash,
) -> Result<Arc<Published>, DbError> {
    let failed =
        |why: String| crate::db::failed("signing the checkpoint")(sqlx::Error::Protocol(why));
    let Some((first, further)) = signers.split_first() else {
        return Err(failed("the log has no key".to_owned()));
    };
    let checkpoint = Checkpoint::new(first.name(), size, root);
    let text = checkpoint.to_string();
    let mut signed = checkpoint.sign(first).map_err(|error| failed(error.to_string()))?;
    for key in further {
        let signature = key.sign(&text).map_err(|error| failed(error.to_string()))?;
        signed.add(signature).map_err(|error| failed(error.to_string()))?;
    }
    Ok(Arc::new(Published { size, root, note: signed.to_string().into() }))
}

fn refuse(works: Vec<Work>, error: &AppendError) {
    works.into_iter().for_each(|work| work.refuse(error.clone()));
}

pub(super) fn view_row(stream: uuid::Uuid, view: crate::act::NewView, at: i64) -> [Value; 8] {
    [
        stream.into(),
        view.agency.into(),
        view.state.into(),
        view.summary_json.into(),
        view.next_due.map(|due| due.as_microsecond()).into(),
        view.labels.bits().into(),
        Value::BytesOrNull(view.assignee.map(|person| person.as_bytes().to_vec())),
        at.into(),
    ]
}

/// What people decided about dead jobs.
async fn decide(
    connection: &mut Connection,
    verdicts: &[(JobId, Verdict)],
    now: i64,
) -> Result<(), DbError> {
    for (job, verdict) in verdicts {
        match verdict {
            Verdict::Retry => {
                let sql = "update job set state = 'ready', run_at = $1, attempts = 0, \
                           hastened = 0 where job_id = $2 and state = 'dead'";
                connection.execute("reviving a job", sql, vec![now.into(), job.0.into()]).await?;
            }
            Verdict::GiveUp => {
                let sql = "delete from job where job_id = $1 and state = 'dead'";
                connection.execute("giving up a job", sql, vec![job.0.into()]).await?;
            }
        }
    }
    Ok(())
}

/// Brings forward what waits under a key of which something is to be done at once. One that is
/// being done has its lease in `run_at`, and may be done for longer than that: it is marked, so
/// that a failure waits for little.
async fn hasten(
    connection: &mut Connection,
    keys: BTreeSet<String>,
    now: i64,
) -> Result<(), DbError> {
    let keys: Vec<Value> = keys.into_iter().map(Value::from).collect();
    for part in keys.chunks(BOUND_VALUES_MAX / 2) {
        let sql = format!(
            "update job set hastened = case when lease_token is null then 0 else 1 end, \
             attempts = case when lease_token is null then 0 else attempts end, \
             run_at = case when lease_token is null then $1 else run_at end \
             where state = 'ready' and (run_at > $1 or lease_token is not null) \
             and job_key in {}",
            tuples(part.len(), 1, 2)
        );
        let values = std::iter::once(now.into()).chain(part.iter().cloned()).collect();
        connection.execute("bringing jobs forward", AssertSqlSafe(sql), values).await?;
    }
    Ok(())
}

async fn complete(connection: &mut Connection, jobs: Vec<Value>) -> Result<(), DbError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let sql = format!("delete from job where job_id in {}", connection.row_list(jobs.len(), 1));
    connection.execute("completing jobs", AssertSqlSafe(sql), jobs).await.map(drop)
}
