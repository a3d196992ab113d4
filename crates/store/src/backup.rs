//! A copy of a store in a folder, and a store out of such a copy. Knows no table but the head.
//!
//! SQLite only: `vacuum into` copies one unchanging state while the store is served. PostgreSQL
//! has `pg_dump` and `pg_restore`, which do it better than we could (docs/decisions/054).
//!
//! A restored copy that is older than the checkpoint kept beside the log key is refused when it is
//! opened for serving; restoring itself does not ask.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use ledger::TreeSize;

use crate::act::BlobDigest;
use crate::blob::path_of;
use crate::db::{Db, Value};
use crate::error::{BackupError, OpenError, ReadError};
use crate::files;
use crate::limits::PAGE_ROWS_MAX;
use crate::place::Place;
use crate::read::Reader;
use crate::writer::file_of;

/// The database file of a backup.
const DATABASE_NAME: &str = "comity.sqlite";
/// The folder of large blobs of a backup.
const BLOBS_NAME: &str = "blobs";

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Leaves of the copied store.
    pub size: TreeSize,
    /// Large blobs copied.
    pub blobs: u64,
}

/// Copies a store, also while it is served, into a folder that must not exist yet. When this
/// returns, the copy is on the disk and was read back.
pub async fn backup(reader: &Reader, folder: &Path) -> Result<Copied, BackupError> {
    let Db::Sqlite(_) = reader.db else { return Err(BackupError::UsePgDump) };
    if folder.exists() {
        return Err(BackupError::Exists(folder.to_owned()));
    }
    let file_error = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::File { path, source }
    };
    files::make_private_folder(folder).map_err(file_error(folder))?;
    let database = folder.join(DATABASE_NAME);
    // SQLite fills a file that is there and empty, so it is ours alone from the start.
    files::make_private_file(&database).map_err(file_error(&database))?;
    let name = Value::Text(database.display().to_string());
    let mut connection = reader.db.connection().await?;
    // The one statement of a reader that writes, into another file.
    let allowed = "pragma query_only = off";
    connection.query("allowing the copy", allowed, Vec::new()).await?;
    let copied = connection.execute("copying the database", "vacuum into $1", vec![name]).await;
    connection.discard().await;
    copied?;
    sync(&database).map_err(file_error(&database))?;
    finish(reader.blob_folder.as_deref(), folder, &database).await
}

/// Makes a store out of a backup. The place must be empty.
pub async fn restore(folder: &Path, url: &str) -> Result<Copied, BackupError> {
    let Place::Sqlite(target) = Place::parse(url)? else { return Err(BackupError::UsePgDump) };
    let source = folder.join(DATABASE_NAME);
    let beside = files::parent(&target).to_owned();
    for taken in [target.clone(), beside.join(BLOBS_NAME)] {
        if taken.exists() {
            return Err(BackupError::Exists(taken));
        }
    }
    if !source.exists() {
        let why = format!("it has no {DATABASE_NAME}");
        return Err(BackupError::Unsound { path: folder.to_owned(), why });
    }
    let file_error = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::File { path, source }
    };
    read_size(&source).await?;
    files::make_private_folder(&beside).map_err(file_error(&beside))?;
    copy(&source, &target).map_err(file_error(&target))?;
    finish(Some(&folder.join(BLOBS_NAME)), &beside, &target).await
}

/// Copies the large blobs that the copied database names, and syncs the folder.
async fn finish(
    blobs: Option<&Path>,
    folder: &Path,
    database: &Path,
) -> Result<Copied, BackupError> {
    let size = read_size(database).await?;
    let reader = open_copy(database).await?;
    let mut copied = Copied { size, blobs: 0 };
    let sql = "select digest, file from blob where bytes is null and erased_at is null \
               and digest > $1 order by digest limit $2";
    let mut after: Vec<u8> = Vec::new();
    loop {
        let values = vec![after.clone().into(), (PAGE_ROWS_MAX as u64).into()];
        let rows = reader.db.query("listing large blobs", sql, values).await?;
        let Some(last) = rows.last() else { break };
        after = last.get(0)?;
        for row in &rows {
            let digest = BlobDigest(row.array(0)?);
            let name = file_of(digest, row.get(1)?);
            let from = blobs.map(|blobs| path_of(blobs, &name)).unwrap_or_default();
            let to = path_of(&folder.join(BLOBS_NAME), &name);
            let file_error = |source| BackupError::File { path: from.clone(), source };
            files::make_private_folder(files::parent(&to)).map_err(file_error)?;
            copy(&from, &to).map_err(file_error)?;
            reader.check_blob(digest).await?;
            copied.blobs += 1;
        }
    }
    reader.db.close().await;
    files::sync_folder(folder)
        .map_err(|source| BackupError::File { path: folder.to_owned(), source })?;
    Ok(copied)
}

/// Asks SQLite whether the file is whole, and the head for its size.
async fn read_size(database: &Path) -> Result<TreeSize, BackupError> {
    let unsound = |why: String| BackupError::Unsound { path: database.to_owned(), why };
    let reader = open_copy(database).await.map_err(|error| match error {
        BackupError::Open(OpenError::Missing { .. }) => unsound("it holds no store".to_owned()),
        BackupError::Open(OpenError::Db(error)) => unsound(error.to_string()),
        other => other,
    })?;
    let rows = reader
        .db
        .query("checking the copy", "pragma integrity_check(10)", Vec::new())
        .await
        .map_err(|error| unsound(error.to_string()))?;
    let said: Vec<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    if said != ["ok"] {
        return Err(unsound(said.join("; ")));
    }
    let mut connection = reader.db.connection().await?;
    let head = crate::writer::read_head(&mut connection).await?;
    drop(connection);
    reader.db.close().await;
    Ok(TreeSize(head.size))
}

async fn open_copy(database: &Path) -> Result<Reader, BackupError> {
    Ok(Reader::open(&format!("sqlite://{}", database.display()), None).await?)
}

/// Copies a file into a new one that only its owner may read, and syncs both.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = files::make_private_file(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()?;
    files::sync_folder(files::parent(to))
}

fn sync(path: &PathBuf) -> io::Result<()> {
    File::open(path)?.sync_all()
}

impl From<ReadError> for BackupError {
    fn from(error: ReadError) -> BackupError {
        match error {
            ReadError::Db(error) => BackupError::Db(error),
            other => BackupError::Unsound { path: PathBuf::new(), why: other.to_string() },
        }
    }
}
