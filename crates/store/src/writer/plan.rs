//! Decides which acts of a group are stored and works out every row of them. Asks the database for
//! a few facts first, and then computes without it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use ledger::tree::Frontier;
use ledger::{LeafIndex, TreeSize, leaf_hash};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::blobs::LookedAt;
use super::found;
use super::{Answer, Claim, Erase, Head, Other, Reply, SeqCache, Work, time};
use crate::act::{
    Append, Appended, ErasedCount, ExpectedSeq, Job, JobId, JobLease, NewBytes, NewEvent, NewJob,
    NewView, Overwritten, ReadAudit, Verdict,
};
use crate::db::{Connection, Value};
use crate::error::{AppendError, DbError};
use crate::limits::BOUND_VALUES_MAX;
use crate::pins::Pin;
use crate::record;

/// What the database says about the acts of a group.
#[derive(Default)]
pub(super) struct Facts {
    /// Newest sequence numbers; a stream that is missing has no event.
    seqs: HashMap<Uuid, u64>,
    /// Used transaction identifiers: the stream and the reference of the answer.
    seen: HashMap<(Uuid, String), (Uuid, String)>,
    /// Tokens of leased jobs.
    leases: HashMap<u64, [u8; 16]>,
    /// Those dead jobs that are decided about.
    dead: HashSet<u64>,
}

/// Everything that one transaction writes, and whom it is answered to.
pub(super) struct Plan {
    pub at: i64,
    pub head: Head,
    pub frontier: Frontier,
    pub seqs: HashMap<Uuid, u64>,
    pub rows: Rows,
    pub completes: Vec<Value>,
    pub verdicts: Vec<(JobId, Verdict)>,
    /// Blobs and files that were looked at, whether somebody still needs them.
    pub looked_at: LookedAt,
    /// Large blobs that are named now; held until the group is answered.
    pub pinned: Vec<Arc<Pin>>,
    pub claims: Vec<(Claim, [u8; 16], Answer<Vec<Job>>)>,
    pub erases: Vec<(Erase, Answer<ErasedCount>)>,
    pub others: Vec<(Other, Answer<u64>)>,
    /// Answers of what is already worked out.
    pub replies: Vec<Reply>,
    /// Acts that are not stored.
    pub refused: Vec<(Reply, AppendError)>,
}

/// Values of rows to insert, one after another.
#[derive(Default)]
pub(super) struct Rows {
    pub events: Vec<Value>,
    pub payloads: Vec<Value>,
    pub words: Vec<Value>,
    /// Requests whose words are others than before.
    pub worded: Vec<Uuid>,
    pub leaves: Vec<Value>,
    pub nodes: Vec<Value>,
    pub owners: Vec<Value>,
    pub jobs: Vec<Value>,
    pub job_keys: HashSet<String>,
    /// Keys of jobs that are to be done at once.
    pub at_once: BTreeSet<String>,
    pub views: HashMap<Uuid, NewView>,
    pub seen: Vec<Value>,
    pub blobs: HashMap<[u8; 32], Vec<u8>>,
    pub audits: Vec<Value>,
}

impl Facts {
    /// Four queries at most, each left out when nothing depends on it.
    pub async fn ask(
        connection: &mut Connection,
        works: &[Work],
        known: &SeqCache,
    ) -> Result<Facts, DbError> {
        let mut facts = Facts::default();
        let appends = || {
            works.iter().filter_map(|work| match work {
                Work::Append(append, _) => Some(append),
                _ => None,
            })
        };
        let mut unknown = Vec::new();
        for append in appends() {
            match known.get(&append.stream) {
                Some(seq) => drop(facts.seqs.insert(append.stream, seq)),
                None => unknown.push(append.stream),
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        facts.ask_seqs(connection, &unknown).await?;
        let seen: Vec<_> = appends().flat_map(|append| &append.seen).collect();
        for part in seen.chunks(BOUND_VALUES_MAX / 2) {
            let sql = format!(
                "select agency, transaction_id, stream, reference from transaction_seen \
                 where (agency, transaction_id) in (values {})",
                connection.row_list(2, part.len())
            );
            let values = part
                .iter()
                .flat_map(|seen| [seen.agency.into(), seen.transaction.as_str().into()])
                .collect();
            let doing = "looking for transaction identifiers";
            for row in connection.query(doing, AssertSqlSafe(sql), values).await? {
                let key = (Uuid::from_bytes(row.array(0)?), row.get(1)?);
                facts.seen.insert(key, (Uuid::from_bytes(row.array(2)?), row.get(3)?));
            }
        }
        let leases: Vec<_> = appends().filter_map(|append| append.completes).collect();
        for part in leases.chunks(BOUND_VALUES_MAX) {
            let sql = format!(
                "select job_id, lease_token from job \
                 where lease_token is not null and state = 'ready' and job_id in {}",
                connection.row_list(part.len(), 1)
            );
            let values = part.iter().map(|lease| lease.id.0.into()).collect();
            let doing = "looking for the leases of jobs";
            for row in connection.query(doing, AssertSqlSafe(sql), values).await? {
                facts.leases.insert(row.count(0)?, row.array(1)?);
            }
        }
        let decided: Vec<_> = appends().filter_map(|append| append.decides).collect();
        for part in decided.chunks(BOUND_VALUES_MAX) {
            let sql = format!(
                "select job_id from job where state = 'dead' and job_id in {}",
                connection.row_list(part.len(), 1)
            );
            let values = part.iter().map(|(job, _)| job.0.into()).collect();
            for row in connection.query("looking for dead jobs", AssertSqlSafe(sql), values).await?
            {
                facts.dead.insert(row.count(0)?);
            }
        }
        Ok(facts)
    }

    async fn ask_seqs(
        &mut self,
        connection: &mut Connection,
        streams: &[Uuid],
    ) -> Result<(), DbError> {
        for part in streams.chunks(BOUND_VALUES_MAX) {
            let sql = format!(
                "select stream, max(seq) from event where stream in {} group by stream",
                connection.row_list(part.len(), 1)
            );
            let values = part.iter().map(|stream| (*stream).into()).collect();
            let doing = "looking for the ends of streams";
            for row in connection.query(doing, AssertSqlSafe(sql), values).await? {
                self.seqs.insert(Uuid::from_bytes(row.array(0)?), row.count(1)?);
            }
        }
        Ok(())
    }

    /// Why this act is not stored, if so.
    fn refusal(&self, append: &Append) -> Option<AppendError> {
        let current = self.seqs.get(&append.stream).copied().unwrap_or(0);
        for seen in &append.seen {
            let key = (seen.agency, seen.transaction.clone());
            if let Some((stream, reference)) = self.seen.get(&key) {
                let (stream, reference) = (*stream, reference.clone());
                let (agency, transaction) = key;
                return Some(AppendError::Duplicate { agency, transaction, stream, reference });
            }
        }
        if let ExpectedSeq::Exactly(expected) = append.expected_seq
            && expected != current
        {
            return Some(AppendError::Conflict { stream: append.stream, expected, current });
        }
        if let Some((job, _)) = append.decides
            && !self.dead.contains(&job.0)
        {
            return Some(AppendError::NotDead { job });
        }
        let lease = append.completes?;
        let held = self.leases.get(&lease.id.0) == Some(&lease.token);
        (!held).then_some(AppendError::LeaseLost { job: lease.id })
    }
}

impl Plan {
    /// `random` gives 32 bytes for each event and 16 for each claim of `works`.
    pub fn new(
        works: Vec<Work>,
        mut facts: Facts,
        head: &Head,
        frontier: &Frontier,
        at: i64,
        random: &[u8],
    ) -> Plan {
        let mut plan = Plan {
            at,
            head: Head { commits: head.commits + 1, newest_at: at, ..head.clone() },
            frontier: frontier.clone(),
            seqs: HashMap::new(),
            rows: Rows::default(),
            completes: Vec::new(),
            verdicts: Vec::new(),
            looked_at: LookedAt::default(),
            pinned: Vec::new(),
            claims: Vec::new(),
            erases: Vec::new(),
            others: Vec::new(),
            replies: Vec::new(),
            refused: Vec::new(),
        };
        let mut random = random;
        for work in works {
            match work {
                Work::Append(append, answer) => {
                    plan.append(*append, answer, &mut facts, &mut random);
                }
                Work::Audit(audit, answer) => plan.audit(&audit, answer),
                Work::Claim(claim, answer) => {
                    plan.claims.push((claim, take(&mut random), answer));
                }
                Work::Erase(erase, answer) => plan.erases.push((erase, answer)),
                Work::Other(other, answer) => plan.others.push((other, answer)),
                // The writer's loop takes these out.
                Work::Close(answer) => plan.replies.push(Reply::Rows(answer, 0)),
            }
        }
        plan.head.size = plan.frontier.size().0;
        plan.head.root = plan.frontier.root();
        plan
    }

    /// Whether nothing of the group is to be written.
    pub fn is_empty(&self) -> bool {
        self.replies.is_empty()
            && self.claims.is_empty()
            && self.erases.is_empty()
            && self.others.is_empty()
    }

    fn append(
        &mut self,
        append: Append,
        answer: Answer<Appended>,
        facts: &mut Facts,
        random: &mut &[u8],
    ) {
        let first_seq = facts.seqs.get(&append.stream).copied().unwrap_or(0) + 1;
        let first_leaf = self.frontier.size().0;
        let mut appended = Appended {
            stream: append.stream,
            first_seq,
            at: time(self.at),
            leaves: first_leaf..first_leaf,
            size: TreeSize(first_leaf),
            checkpoint: "".into(),
        };
        if let Some(refusal) = facts.refusal(&append) {
            self.refused.push((Reply::Appended(answer, appended), refusal));
            return;
        }
        let stream = append.stream;
        for (seq, event) in (first_seq..).zip(append.events) {
            self.event(stream, seq, event, take(random));
            facts.seqs.insert(stream, seq);
            self.seqs.insert(stream, seq);
        }
        appended.leaves.end = self.frontier.size().0;
        for job in append.jobs {
            self.job(job);
        }
        if let Some(JobLease { id, .. }) = append.completes {
            // A second completion of the same job in this group must find it gone.
            facts.leases.remove(&id.0);
            self.completes.push(id.0.into());
        }
        if let Some((job, verdict)) = append.decides {
            // Nor is a job decided about twice.
            facts.dead.remove(&job.0);
            self.verdicts.push((job, verdict));
        }
        if let Some(view) = append.view {
            self.rows.views.insert(stream, view);
        }
        for seen in append.seen {
            let key = (seen.agency, seen.transaction.clone());
            facts.seen.insert(key, (stream, seen.reference.clone()));
            self.rows.seen.extend([
                seen.agency.into(),
                seen.transaction.into(),
                stream.into(),
                seen.reference.into(),
                self.at.into(),
            ]);
        }
        for blob in append.blobs {
            match blob.bytes {
                NewBytes::Small(bytes) => drop(self.rows.blobs.insert(blob.digest.0, bytes)),
                NewBytes::Kept(pin) => self.pinned.push(pin),
            }
        }
        self.replies.push(Reply::Appended(answer, appended));
    }

    fn event(&mut self, stream: Uuid, seq: u64, event: NewEvent, salt: [u8; 32]) {
        let at: Timestamp = time(self.at);
        let NewEvent { event_json, payload_json, words, names } = event;
        let json = record::record_json(stream, seq, at, &event_json, payload_json.as_deref());
        let entry = record::entry(&salt, &json);
        let mut nodes = Vec::new();
        let leaf = self.frontier.append(leaf_hash(entry), &mut nodes).0;
        let has_body = i64::from(payload_json.is_some());
        let rows = &mut self.rows;
        rows.events.extend([
            leaf.into(),
            stream.into(),
            seq.into(),
            self.at.into(),
            event_json.into(),
        ]);
        if payload_json.is_some() && !words.is_empty() {
            rows.words.extend(found::payload_row(LeafIndex(leaf), stream, &words));
            rows.worded.push(stream);
        }
        for (digest, lasts) in names.owned() {
            // What is erased with a payload needs one.
            if lasts || payload_json.is_some() {
                let lasting = i64::from(lasts).into();
                rows.owners.extend([digest.0.as_slice().into(), leaf.into(), lasting]);
            }
        }
        rows.payloads.extend([
            leaf.into(),
            has_body.into(),
            payload_json.into(),
            salt.as_slice().into(),
        ]);
        for node in nodes {
            let hash = node.hash.0.as_slice().into();
            match node.id.level {
                0 => rows.leaves.extend([leaf.into(), hash, entry.0.as_slice().into()]),
                level => {
                    rows.nodes.extend([i64::from(level).into(), node.id.index.into(), hash]);
                }
            }
        }
    }

    fn job(&mut self, job: NewJob) {
        if let (None, Some(key)) = (job.run_at, &job.key) {
            self.rows.at_once.insert(key.clone());
        }
        // One statement may not meet the same key twice.
        if job.key.as_ref().is_some_and(|key| !self.rows.job_keys.insert(key.clone())) {
            return;
        }
        let run_at = job.run_at.map_or(self.at, |at| at.as_microsecond());
        self.rows.jobs.extend([
            job.kind.into(),
            job.key.into(),
            job.stream.into(),
            job.body.into(),
            run_at.into(),
            0i64.into(),
            i64::from(job.attempts_max).into(),
            "ready".into(),
        ]);
    }

    fn audit(&mut self, audit: &ReadAudit, answer: Answer<u64>) {
        let stream = audit.stream.map(|stream| stream.as_bytes().to_vec());
        self.rows.audits.extend([
            self.at.into(),
            audit.actor.into(),
            Value::BytesOrNull(stream),
            audit.action.as_str().into(),
        ]);
        self.replies.push(Reply::Rows(answer, 1));
    }

    /// All answers of the group, for one that failed as a whole.
    pub fn refuse_all(self, error: &AppendError) {
        let none = ErasedCount { payloads: 0, blobs: 0, overwritten: Overwritten::Yes };
        let claims = self.claims.into_iter().map(|(_, _, answer)| Reply::Jobs(answer, Vec::new()));
        let erases = self.erases.into_iter().map(|(_, answer)| Reply::Erased(answer, none));
        let others = self.others.into_iter().map(|(_, answer)| Reply::Rows(answer, 0));
        let refused = self.refused.into_iter().map(|(reply, _)| reply);
        let replies = self.replies.into_iter().chain(claims).chain(erases).chain(others);
        replies.chain(refused).for_each(|reply| reply.refuse(error.clone()));
    }
}

/// How many random bytes [`Plan::new`] may take for these works.
pub(super) fn random_bytes_needed(works: &[Work]) -> usize {
    works
        .iter()
        .map(|work| match work {
            Work::Append(append, _) => 32 * append.events.len(),
            Work::Claim(..) => 16,
            _ => 0,
        })
        .sum()
}

fn take<const N: usize>(random: &mut &[u8]) -> [u8; N] {
    let (first, rest) =
        random.split_first_chunk::<N>().expect("random_bytes_needed counted the same works");
    *random = rest;
    *first
}
