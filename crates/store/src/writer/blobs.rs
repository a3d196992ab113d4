//! Which blobs go, and which files. Knows the tables of blobs and their owners.
//!
//! A blob goes when it has no owner and no pin. Only this task erases, and in one transaction with
//! what takes the last owner away, so that no act can come between the look and the erasure. A file
//! has a name that is used once: whoever removes it later cannot meet another blob's bytes, not
//! even from a process that has been taken over (docs/decisions/180).

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::AssertSqlSafe;

use super::Writer;
use super::plan::Plan;
use crate::act::BlobDigest;
use crate::blob::path_of;
use crate::db::{Connection, Value, tuples};
use crate::error::{AppendError, DbError};
use crate::files;
use crate::pins::{Pin, Pins};

/// Blobs or files of one statement.
const AT_A_TIME_MAX: usize = 500;
/// The file was made, but has been given up meanwhile.
pub(crate) const FILE_GIVEN_UP: u64 = 0;

/// What an erasure asks besides the tables.
#[derive(Clone, Copy)]
pub(crate) struct Erasure<'a> {
    pub pins: &'a Pins,
    /// Microseconds since 1970.
    pub now: i64,
}

/// What a transaction has looked at, to be put away once it is stored.
#[derive(Default)]
pub(crate) struct LookedAt {
    dropped: Vec<BlobDigest>,
    abandoned: Vec<String>,
    /// Files that nobody has any more.
    unused: Vec<String>,
}

impl LookedAt {
    /// Whether there are files to remove.
    pub fn has_unused(&self) -> bool {
        !self.unused.is_empty()
    }
}

impl Writer {
    /// Looks at blobs whose pins are gone, and at files that were given up.
    pub(super) async fn look_at_blobs(
        &self,
        connection: &mut Connection,
        plan: &mut Plan,
    ) -> Result<(), DbError> {
        let mut dropped = self.pins.dropped(AT_A_TIME_MAX);
        // One that is pinned again will be dropped again.
        dropped.retain(|digest| !self.pins.is_pinned(digest));
        if !dropped.is_empty() {
            let sql = format!(
                "select digest from blob where loose = 1 and digest in {}",
                tuples(dropped.len(), 1, 1)
            );
            let rows =
                connection.query("looking for loose blobs", AssertSqlSafe(sql), keys(&dropped));
            let loose = digests(&rows.await?)?;
            let erasure = Erasure { pins: &self.pins, now: plan.at };
            erase_unowned(connection, &loose, erasure, &mut plan.looked_at).await?;
            plan.looked_at.dropped = dropped;
        }
        let abandoned = self.pins.abandoned(AT_A_TIME_MAX);
        if !abandoned.is_empty() {
            // One that a blob took after all is not among them.
            let sql = format!(
                "select name from blob_file_unused where name in {}",
                tuples(abandoned.len(), 1, 1)
            );
            let values = abandoned.iter().map(|name| name.as_str().into()).collect();
            for row in connection.query("looking for files", AssertSqlSafe(sql), values).await? {
                plan.looked_at.unused.push(row.get(0)?);
            }
            plan.looked_at.abandoned = abandoned;
        }
        Ok(())
    }

    /// What was looked at is stored.
    pub(super) fn blobs_committed(&mut self, looked_at: LookedAt) {
        self.removed_files.clear();
        self.pins.forget(&looked_at.dropped);
        self.pins.forget_files(&looked_at.abandoned);
        self.unused_files.extend(looked_at.unused);
    }

    /// Removes the files that nobody has; says what is left, if anything.
    pub(super) fn remove_files(&mut self) -> Option<AppendError> {
        let folder = self.blob_folder.as_deref()?;
        let (removed, left) = remove_files(folder, &mut self.unused_files);
        self.removed_files.extend(removed);
        left
    }
}

/// Blobs that an act names are no longer loose.
pub(super) async fn hold_named(
    connection: &mut Connection,
    pinned: &[Arc<Pin>],
) -> Result<(), DbError> {
    let named: Vec<BlobDigest> = pinned.iter().map(|pin| pin.digest()).collect();
    for part in named.chunks(AT_A_TIME_MAX) {
        let sql = format!(
            "update blob set loose = 0 where loose = 1 and digest in {}",
            tuples(part.len(), 1, 1)
        );
        connection.execute("holding named blobs", AssertSqlSafe(sql), keys(part)).await?;
    }
    Ok(())
}

/// Enters a file before it is made.
pub(super) async fn new_file(connection: &mut Connection, name: &str) -> Result<u64, DbError> {
    let sql = "insert into blob_file_unused (name) values ($1)";
    connection.execute("entering a file", sql, vec![name.into()]).await
}

/// Gives a file to its blob, unless the blob has one. [`FILE_GIVEN_UP`] when it is not to be used.
pub(super) async fn take_file(
    connection: &mut Connection,
    looked_at: &mut LookedAt,
    digest: BlobDigest,
    length: u64,
    file: &str,
) -> Result<u64, DbError> {
    let sql = "delete from blob_file_unused where name = $1";
    if connection.execute("taking a file", sql, vec![file.into()]).await? == 0 {
        return Ok(FILE_GIVEN_UP);
    }
    let sql = "insert into blob (digest, length, file, loose) values ($1, $2, $3, 1) \
               on conflict (digest) do update set file = excluded.file, bytes = null, \
               erased_at = null, loose = 1 where blob.erased_at is not null";
    let values = vec![digest.0.as_slice().into(), length.into(), file.into()];
    if connection.execute("storing a blob's row", sql, values).await? == 0 {
        // The same bytes are there already.
        new_file(connection, file).await?;
        looked_at.unused.push(file.to_owned());
    }
    Ok(1)
}

/// Enters files that no row names as files to be removed; says how many there still are.
pub(super) async fn give_up_strays(
    connection: &mut Connection,
    looked_at: &mut LookedAt,
    names: &[String],
) -> Result<u64, DbError> {
    let mut count = 0;
    for part in names.chunks(AT_A_TIME_MAX) {
        for name in crate::stray::unnamed(connection, part).await? {
            new_file(connection, &name).await?;
            looked_at.unused.push(name);
            count += 1;
        }
    }
    Ok(count)
}

/// Takes from payloads the blobs that they own, and says which those were. `wanted` is the
/// condition on leaves, its placeholders counted from 1.
pub(super) async fn disown(
    connection: &mut Connection,
    wanted: String,
    values: Vec<Value>,
) -> Result<Vec<BlobDigest>, DbError> {
    let condition = format!("lasting = 0 and leaf_index in {wanted}");
    let sql = AssertSqlSafe(format!("select distinct digest from blob_owner where {condition}"));
    let rows = connection.query("looking for owned blobs", sql, values.clone()).await?;
    let sql = AssertSqlSafe(format!("delete from blob_owner where {condition}"));
    connection.execute("taking owners away", sql, values).await?;
    digests(&rows)
}

/// Erases those of these blobs that nobody owns and nobody holds; says how many.
pub(crate) async fn erase_unowned(
    connection: &mut Connection,
    blobs: &[BlobDigest],
    erasure: Erasure<'_>,
    looked_at: &mut LookedAt,
) -> Result<u64, DbError> {
    let mut erased = 0;
    for part in blobs.chunks(AT_A_TIME_MAX) {
        let sql = format!(
            "select distinct digest from blob_owner where digest in {}",
            tuples(part.len(), 1, 1)
        );
        let rows = connection.query("looking for owners", AssertSqlSafe(sql), keys(part)).await?;
        let owned: HashSet<BlobDigest> = digests(&rows)?.into_iter().collect();
        let (owned, free): (Vec<_>, Vec<_>) =
            part.iter().copied().partition(|digest| owned.contains(digest));
        let (held, gone): (Vec<_>, Vec<_>) =
            free.into_iter().partition(|digest| erasure.pins.is_pinned(digest));
        set_loose(connection, &owned, 0).await?;
        // Whoever holds it may yet name it; if not, it is looked at when it is let go.
        set_loose(connection, &held, 1).await?;
        erased += erase(connection, &gone, erasure.now, looked_at).await?;
    }
    Ok(erased)
}

async fn set_loose(
    connection: &mut Connection,
    blobs: &[BlobDigest],
    loose: i64,
) -> Result<(), DbError> {
    if blobs.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "update blob set loose = $1 where loose <> $1 and erased_at is null and digest in {}",
        tuples(blobs.len(), 1, 2)
    );
    let values = std::iter::once(loose.into()).chain(keys(blobs)).collect();
    connection.execute("marking blobs", AssertSqlSafe(sql), values).await.map(drop)
}

async fn erase(
    connection: &mut Connection,
    blobs: &[BlobDigest],
    now: i64,
    looked_at: &mut LookedAt,
) -> Result<u64, DbError> {
    if blobs.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "select digest, file from blob where bytes is null and erased_at is null and digest in {}",
        tuples(blobs.len(), 1, 1)
    );
    for row in connection.query("looking for files", AssertSqlSafe(sql), keys(blobs)).await? {
        let file = file_of(BlobDigest(row.array(0)?), row.get(1)?);
        new_file(connection, &file).await?;
        looked_at.unused.push(file);
    }
    let sql = format!(
        "update blob set bytes = null, file = null, loose = 0, erased_at = $1 \
         where erased_at is null and digest in {}",
        tuples(blobs.len(), 1, 2)
    );
    let values = std::iter::once(now.into()).chain(keys(blobs)).collect();
    connection.execute("erasing blobs", AssertSqlSafe(sql), values).await
}

/// Files that are removed need not be known any more.
pub(crate) async fn forget_files(
    connection: &mut Connection,
    names: &[String],
) -> Result<(), DbError> {
    for part in names.chunks(AT_A_TIME_MAX) {
        let sql =
            format!("delete from blob_file_unused where name in {}", tuples(part.len(), 1, 1));
        let values = part.iter().map(|name| name.as_str().into()).collect();
        connection.execute("forgetting removed files", AssertSqlSafe(sql), values).await?;
    }
    Ok(())
}

/// Removes files for good: a name in a folder outlives a power failure until the folder is synced.
/// Those removed leave the set and are given back, with why another was left.
pub(crate) fn remove_files(
    folder: &Path,
    names: &mut BTreeSet<String>,
) -> (Vec<String>, Option<AppendError>) {
    let mut left = None;
    let mut shelves = BTreeSet::<PathBuf>::new();
    let mut removed = Vec::new();
    for name in names.iter() {
        let path = path_of(folder, name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                left = Some(file_left(&path, &error));
                continue;
            }
            _ => drop(shelves.insert(files::parent(&path).to_owned())),
        }
        removed.push(name.clone());
    }
    for shelf in shelves {
        match files::sync_folder(&shelf) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                left = Some(file_left(&shelf, &error));
            }
            _ => continue,
        }
        removed.retain(|name| files::parent(&path_of(folder, name)) != shelf);
    }
    names.retain(|name| !removed.contains(name));
    (removed, left)
}

fn file_left(path: &Path, error: &io::Error) -> AppendError {
    let why = format!("{}: {error}", path.display()).into();
    tracing::error!("A file that is to be erased is left: {why}");
    AppendError::FileLeft { why }
}

/// The name of a blob's file; before files had names of their own it was the digest.
pub(crate) fn file_of(digest: BlobDigest, file: Option<String>) -> String {
    file.unwrap_or_else(|| {
        let name = digest.to_string();
        format!("{}/{name}", &name[..2])
    })
}

fn keys(blobs: &[BlobDigest]) -> Vec<Value> {
    blobs.iter().map(|digest| digest.0.as_slice().into()).collect()
}

fn digests(rows: &[crate::db::Row]) -> Result<Vec<BlobDigest>, DbError> {
    rows.iter().map(|row| Ok(BlobDigest(row.array(0)?))).collect()
}
