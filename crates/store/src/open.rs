//! Opening a store: nobody else writes, the tables are of this release, the tree agrees with the
//! head and with the checkpoint kept beside the key. Only then does the writer begin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::note::VerifierKey;
use ledger::tree::Frontier;
use ledger::{Hash, TreeSize};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::act::BlobDigest;
use crate::blob;
use crate::config::{Config, KeptMissing, Published, WriterState};
use crate::db::{Connection, Db};
use crate::error::{DbError, OpenError, ReadError};
use crate::kept::KeptFile;
use crate::limits::{PAGE_ROWS_MAX, QUEUE_ACTS_MAX, QUEUE_KIB_MAX};
use crate::pins::Pins;
use crate::place::{self, Place, WhenMissing, lock_session};
use crate::read::Reader;
use crate::store::Store;
use crate::tree::fetch_nodes;
use crate::writer::{
    Erasure, Head, Keeper, LookedAt, SeqCache, Writer, erase_unowned, forget_files, read_head,
    remove_files, sign,
};

impl Store {
    /// Opens a store that exists: `sqlite://PATH` or `postgres://...`. A wrong path cannot begin a
    /// second history.
    pub async fn open(url: &str, config: Config) -> Result<Store, OpenError> {
        open(url, config, WhenMissing::Refuse).await
    }

    /// Opens a store and makes it first when there is none.
    pub async fn open_or_create(url: &str, config: Config) -> Result<Store, OpenError> {
        open(url, config, WhenMissing::Create).await
    }
}

async fn open(url: &str, config: Config, missing: WhenMissing) -> Result<Store, OpenError> {
    let place = Place::parse(url)?;
    let lock = place.lock(missing)?;
    let db = place.writer(missing, &config)?;
    let mut connection = db.connection().await?;
    if !lock_session(&mut connection).await? {
        return Err(OpenError::Locked { place: place.shown() });
    }
    if missing == WhenMissing::Refuse && !place::has_tables(&mut connection).await? {
        return Err(OpenError::Missing { place: place.shown() });
    }
    place::migrate(&mut connection).await?;

    let mut token = [0; 16];
    getrandom::fill(&mut token).map_err(|error| OpenError::Random(error.to_string()))?;
    let head = take_head(&mut connection, &token).await?;
    let frontier = read_frontier(&mut connection, TreeSize(head.size)).await?;
    if frontier.root() != head.root {
        return Err(OpenError::Damaged(format!(
            "the nodes give root {} at {} leaves, the head says {}",
            frontier.root(),
            head.size,
            head.root
        )));
    }
    let published = sign(&config.signers, TreeSize(head.size), head.root).await?;
    let kept = open_kept(&mut connection, &config, &head, &published).await?;
    let blob_folder = config.blob_folder.clone().or_else(|| place.blob_folder());
    if let Some(folder) = &blob_folder {
        blob::remove_unfinished(folder)?;
    }
    let now = (config.clock)().as_microsecond();
    let unused_files = sweep_blobs(&mut connection, blob_folder.as_deref(), now).await?;
    let reader = Reader {
        db: place.readers(config.url_again.clone()),
        blob_folder: blob_folder.clone(),
        clock: Arc::clone(&config.clock),
    };
    let found = Found { token, head, frontier, published, kept, unused_files };
    Ok(start(db, connection, lock, found, config, reader))
}

/// What opening found.
struct Found {
    token: [u8; 16],
    head: Head,
    frontier: Frontier,
    published: Arc<Published>,
    kept: Option<KeptFile>,
    unused_files: BTreeSet<String>,
}

/// Starts the writer and hands out the store.
fn start(
    db: Db,
    connection: Connection,
    lock: place::Lock,
    found: Found,
    config: Config,
    reader: Reader,
) -> Store {
    let Found { token, head, frontier, published, kept, unused_files } = found;
    let pins = Pins::default();
    let (queue, waiting) = mpsc::channel(QUEUE_ACTS_MAX);
    let (publish, published_receiver) = watch::channel(Arc::clone(&published));
    let (state, state_receiver) = watch::channel(WriterState::Serving);
    let (jobs_changed, jobs) = watch::channel(0);
    let (publish, state) = (Arc::new(publish), Arc::new(state));
    let writer = Writer {
        db,
        connection: Some(connection),
        token,
        head,
        frontier,
        seqs: SeqCache::default(),
        clock: config.clock,
        signers: config.signers,
        published,
        keeper: Keeper::start(kept, publish, Arc::clone(&state), config.faults.clone()),
        state,
        jobs_changed: Arc::new(jobs_changed),
        faults: config.faults,
        pins: pins.clone(),
        blob_folder: reader.blob_folder.clone(),
        unused_files,
        removed_files: Vec::new(),
        _lock: lock,
    };
    tokio::spawn(writer.run(waiting));
    Store {
        queue,
        room: Arc::new(Semaphore::new(QUEUE_KIB_MAX)),
        blob_folder: reader.blob_folder.clone(),
        reader,
        published: published_receiver,
        state: state_receiver,
        jobs,
        pins,
        running: Arc::default(),
    }
}

/// Finishes what an earlier process left: blobs that no act came to name, files that nobody has.
/// No act of that process can come any more, its token is no longer in the head. Says which files
/// could not be removed.
async fn sweep_blobs(
    connection: &mut Connection,
    folder: Option<&Path>,
    now: i64,
) -> Result<BTreeSet<String>, OpenError> {
    let (pins, mut looked_at) = (Pins::default(), LookedAt::default());
    connection.begin_writing().await?;
    loop {
        let sql = "select digest from blob where loose = 1 limit $1";
        let values = vec![(PAGE_ROWS_MAX as u64).into()];
        let rows = connection.query("looking for loose blobs", sql, values).await?;
        let loose: Vec<BlobDigest> =
            rows.iter().map(|row| Ok(BlobDigest(row.array(0)?))).collect::<Result<_, DbError>>()?;
        if loose.is_empty() {
            break;
        }
        // Each of them is erased, or has an owner and is loose no longer.
        erase_unowned(connection, &loose, Erasure { pins: &pins, now }, &mut looked_at).await?;
    }
    let sql = "select name from blob_file_unused";
    let rows = connection.query("looking for files", sql, Vec::new()).await?;
    let mut names: BTreeSet<String> =
        rows.iter().map(|row| row.get(0)).collect::<Result<_, DbError>>()?;
    connection.commit().await?;
    if let Some(folder) = folder.filter(|_| !names.is_empty()) {
        let (removed, _) = remove_files(folder, &mut names);
        connection.begin_writing().await?;
        forget_files(connection, &removed).await?;
        connection.commit().await?;
    }
    Ok(names)
}

/// Puts our token into the head: from now on every other process that wrote here is fenced off.
async fn take_head(connection: &mut Connection, token: &[u8; 16]) -> Result<Head, OpenError> {
    connection.begin_writing().await?;
    let sql = "update head set writer = $1 where id = 1";
    connection.execute("taking the head", sql, vec![token.as_slice().into()]).await?;
    let head = read_head(connection).await?;
    connection.commit().await?;
    Ok(head)
}

async fn read_frontier(connection: &mut Connection, size: TreeSize) -> Result<Frontier, OpenError> {
    let damaged = |error: ledger::tree::TreeError| OpenError::Damaged(error.to_string());
    let needed = Frontier::nodes_needed(size).map_err(damaged)?;
    let nodes = fetch_nodes(connection, &needed).await.map_err(|error| match error {
        ReadError::Db(error) => OpenError::Db(error),
        other => OpenError::Damaged(other.to_string()),
    })?;
    Frontier::from_nodes(size, |id| nodes.get(&id).copied()).map_err(damaged)
}

/// Invariant 8: the store must have the tree that was signed last, and may have grown since.
async fn open_kept(
    connection: &mut Connection,
    config: &Config,
    head: &Head,
    published: &Published,
) -> Result<Option<KeptFile>, OpenError> {
    let Some(path) = &config.kept_checkpoint else { return Ok(None) };
    let keys: Vec<VerifierKey> = config.signers.iter().map(|key| key.verifier()).collect();
    match KeptFile::read(path, &keys)? {
        Some(kept) => {
            let kept = kept.checkpoint();
            let (size, root) = (kept.size(), kept.root());
            check_kept(connection, head, size, root, path).await?;
        }
        None if head.size > 0 && config.kept_missing == KeptMissing::Refuse => {
            let store = TreeSize(head.size);
            return Err(OpenError::KeptMissing { store, kept_path: path.clone() });
        }
        None => (),
    }
    KeptFile::create(path, &published.note).map(Some)
}

async fn check_kept(
    connection: &mut Connection,
    head: &Head,
    kept_size: TreeSize,
    kept_root: Hash,
    path: &Path,
) -> Result<(), OpenError> {
    let kept_path: PathBuf = path.to_owned();
    if head.size < kept_size.0 {
        let store = TreeSize(head.size);
        return Err(OpenError::OlderThanKept { store, kept: kept_size, kept_path });
    }
    let root = read_frontier(connection, kept_size).await?.root();
    if root != kept_root {
        return Err(OpenError::InconsistentWithKept {
            size: kept_size,
            store: root,
            kept: kept_root,
            kept_path,
        });
    }
    Ok(())
}
