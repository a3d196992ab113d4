//! What the writer does after a failure: it finds out whether the group was stored, and goes on
//! only if it knows. Knows of tables nothing but the head.

use super::commit::Failure;
use super::keep::Committed;
use super::plan::Plan;
use super::{Head, Writer};
use crate::config::WriterState;
use crate::db::Connection;
use crate::error::{AppendError, CommitOutcome, DbError};
use crate::place::lock_session;

/// How often the head is tried to be read after a failure.
const REREAD_TRIES_MAX: u32 = 3;
/// Wait between two tries.
const REREAD_WAIT: std::time::Duration = std::time::Duration::from_millis(200);

/// SQLite's primary result codes after which what is on the disk cannot be told: an I/O error, a
/// damaged file. After a failed sync, the same pages may read back as if they had been written.
const SQLITE_UNTRUSTED: [&str; 3] = ["10", "11", "26"];

impl Writer {
    pub(super) async fn recover(&mut self, connection: Connection, plan: Plan, failure: Failure) {
        connection.discard().await;
        let source = match failure {
            Failure::Fenced => {
                self.stop(AppendError::Fenced);
                return plan.refuse_all(&AppendError::Fenced);
            }
            Failure::Db(source) => source,
        };
        tracing::error!(error = %source, "A group of acts failed; reading the head again");
        self.seqs.clear();
        let outcome = match self.reread().await {
            Ok(Some(head)) if head == self.head => CommitOutcome::NotStored,
            Ok(Some(head)) if head == plan.head => CommitOutcome::Stored,
            Ok(Some(_)) | Err(_) => CommitOutcome::Unknown,
            Ok(None) => {
                self.stop(AppendError::Fenced);
                return plan.refuse_all(&AppendError::Fenced);
            }
        };
        let error = AppendError::Commit { outcome, source: source.clone() };
        if outcome == CommitOutcome::Unknown || is_untrusted(&source) {
            let reason = format!("after a failure: {source}").into();
            self.stop(AppendError::Stopped { reason });
            return plan.refuse_all(&error);
        }
        if outcome == CommitOutcome::Stored {
            return self.adopt(plan, &error).await;
        }
        plan.refuse_all(&error);
    }

    /// Takes over what was stored although it failed. Nobody was told of its checkpoint yet.
    async fn adopt(&mut self, mut plan: Plan, error: &AppendError) {
        let size = ledger::TreeSize(plan.head.size);
        match super::commit::sign(&self.signers, size, plan.head.root).await {
            Ok(published) => {
                let replies = std::mem::take(&mut plan.replies);
                self.advance(plan, &published);
                // What is left stands in the log, and is tried again with the next group.
                let _ = self.remove_files();
                let refused = replies.into_iter().map(|reply| (reply, error.clone())).collect();
                let (replies, _permits) = (Vec::new(), Vec::new());
                self.keeper.take(Committed { published, replies, refused, _permits }).await;
            }
            Err(failure) => {
                self.stop(AppendError::Stopped { reason: failure.to_string().into() });
                plan.refuse_all(error);
            }
        }
    }

    /// The head as it is; `None` when it is no longer ours. Leaves a new connection behind.
    async fn reread(&mut self) -> Result<Option<Head>, DbError> {
        let mut tries = 1;
        loop {
            match self.try_reread().await {
                Err(error) if tries < REREAD_TRIES_MAX => {
                    tracing::warn!(%error, "The head cannot be read");
                    tries += 1;
                    tokio::time::sleep(REREAD_WAIT).await;
                }
                done => return done,
            }
        }
    }

    async fn try_reread(&mut self) -> Result<Option<Head>, DbError> {
        let mut connection = self.db.connection().await?;
        if !lock_session(&mut connection).await? {
            return Ok(None);
        }
        connection.begin_writing().await?;
        // On PostgreSQL a commit whose answer was lost may still be under way; this write waits
        // for it. Reading alone would see the state before it.
        let sql = "update head set writer = $1 where id = 1 and writer = $1";
        let ours =
            connection.execute("taking the head", sql, vec![self.token.as_slice().into()]).await?;
        let head = read_head(&mut connection).await?;
        connection.rollback().await?;
        self.connection = Some(connection);
        Ok((ours == 1).then_some(head))
    }

    /// A new connection, after one was thrown away.
    pub(super) async fn reconnect(&mut self) -> Result<Connection, AppendError> {
        let not_stored = |source| AppendError::Commit { outcome: CommitOutcome::NotStored, source };
        let mut connection = self.db.connection().await.map_err(not_stored)?;
        if lock_session(&mut connection).await.map_err(not_stored)? {
            return Ok(connection);
        }
        self.stop(AppendError::Fenced);
        Err(AppendError::Fenced)
    }

    fn stop(&self, error: AppendError) {
        tracing::error!(%error, "The store takes no more acts");
        self.set_state(WriterState::Stopped { error });
    }
}

/// Reads the head's row.
pub(crate) async fn read_head(connection: &mut Connection) -> Result<Head, DbError> {
    let sql = "select commits, size, root, newest_at from head where id = 1";
    let rows = connection.query("reading the head", sql, Vec::new()).await?;
    let row =
        rows.first().ok_or_else(|| crate::db::unreadable("the head has no row".to_owned()))?;
    Ok(Head {
        commits: row.get(0)?,
        size: row.count(1)?,
        root: ledger::Hash(row.array(2)?),
        newest_at: row.get(3)?,
    })
}

fn is_untrusted(error: &DbError) -> bool {
    let sqlx::Error::Database(database) = &*error.source else { return false };
    let Some(sqlite) = database.try_downcast_ref::<sqlx::sqlite::SqliteError>() else {
        return false;
    };
    use sqlx::error::DatabaseError as _;
    // The low byte of an extended result code is the primary one.
    let primary = sqlite.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    primary.is_some_and(|code| SQLITE_UNTRUSTED.contains(&code.to_string().as_str()))
}
