//! Files in the folder of blobs that no row names. Knows no rule of erasure.
//!
//! Since files have names of their own, each is entered before it is made and taken out after it is
//! gone (docs/decisions/180), so that none is left. Before that, an erasure that was interrupted
//! between its commit and the removal left its file, and nothing has named it since.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::act::BlobDigest;
use crate::blob::{blob_error, path_of};
use crate::db::{Connection, Value, tuples};
use crate::error::{AppendError, BlobError, DbError};
use crate::read::Reader;
use crate::store::Store;
use crate::writer::{Other, file_of};

/// Files whose rows one query asks for.
const AT_A_TIME_MAX: usize = 500;
/// Files that one call lists or removes; the next call goes on.
pub const STRAY_FILES_MAX: usize = 5_000;
/// Digits of a name of its own, and of a digest, which was the name before.
const NAME_DIGITS: [usize; 2] = [32, 64];

impl Reader {
    /// Names of files that no row names and that were last written before a moment, at most
    /// [`STRAY_FILES_MAX`]. It may run beside a process that serves the store: a file that is being
    /// made is named before it is there.
    ///
    /// # Errors
    /// When the folder or the database cannot be read.
    pub async fn stray_files(&self, before: Timestamp) -> Result<Vec<String>, BlobError> {
        let Some(folder) = self.blob_folder.clone() else { return Ok(Vec::new()) };
        let mut stray = Vec::new();
        for shelf in in_folder(&folder, |name| is_digits(name, &[2])).await? {
            let path = folder.join(&shelf);
            let names = in_folder(&path, |name| is_digits(name, &NAME_DIGITS)).await?;
            let names: Vec<String> = names.iter().map(|name| format!("{shelf}/{name}")).collect();
            for names in names.chunks(AT_A_TIME_MAX) {
                let mut connection = self.db.connection().await?;
                for name in unnamed(&mut connection, names).await? {
                    if is_older(&path_of(&folder, &name), before) {
                        stray.push(name);
                    }
                    if stray.len() == STRAY_FILES_MAX {
                        return Ok(stray);
                    }
                }
            }
        }
        Ok(stray)
    }
}

impl Store {
    /// Removes files that no row names and that were last written before a moment, at most
    /// [`STRAY_FILES_MAX`]; says how many.
    ///
    /// # Errors
    /// As [`Reader::stray_files`]; [`AppendError::FileLeft`] when one could not be removed: it is
    /// entered as a file to be removed, and tried again with the next erasure and the next start.
    pub async fn remove_stray_files(&self, before: Timestamp) -> Result<u64, BlobError> {
        let stray = self.reader().stray_files(before).await?;
        let Some(folder) = self.blob_folder.clone().filter(|_| !stray.is_empty()) else {
            return Ok(0);
        };
        let size_kib = 1 + stray.len() / 8;
        let removed = self.other(size_kib, Other::StrayFiles(stray.clone())).await?;
        let paths = stray.iter().map(|name| path_of(&folder, name));
        match paths.filter(|path| path.exists()).min() {
            None => Ok(removed),
            Some(left) => {
                let why = format!("{}, which belongs to no blob", left.display()).into();
                Err(AppendError::FileLeft { why }.into())
            }
        }
    }
}

/// Those of these files that no row names. In this order: a file goes from the unused ones to a
/// blob, and back only to be removed.
pub(crate) async fn unnamed(
    connection: &mut Connection,
    names: &[String],
) -> Result<Vec<String>, DbError> {
    let wanted = tuples(names.len(), 1, 1);
    let values = || names.iter().map(|name| name.as_str().into()).collect::<Vec<Value>>();
    let mut named: HashSet<String> = HashSet::new();
    for sql in [
        format!("select name from blob_file_unused where name in {wanted}"),
        format!("select file from blob where file in {wanted}"),
    ] {
        for row in connection.query("looking for files", AssertSqlSafe(sql), values()).await? {
            named.insert(row.get(0)?);
        }
    }
    let digests: Vec<Value> = names
        .iter()
        .filter_map(|name| digest_of(name))
        .map(|digest| digest.as_slice().into())
        .collect();
    if !digests.is_empty() {
        let sql = format!(
            "select digest from blob where file is null and bytes is null and erased_at is null \
             and digest in {}",
            tuples(digests.len(), 1, 1)
        );
        for row in connection.query("looking for files", AssertSqlSafe(sql), digests).await? {
            named.insert(file_of(BlobDigest(row.array(0)?), None));
        }
    }
    Ok(names.iter().filter(|name| !named.contains(*name)).cloned().collect())
}

/// The digest that a file of an earlier release is named by.
fn digest_of(name: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(name.split_once('/')?.1, &mut digest).ok()?;
    Some(digest)
}

/// Names in a folder, in order, that a blob's file or its shelf could have. What else lies there is
/// left alone.
async fn in_folder(
    folder: &Path,
    could_be: impl Fn(&str) -> bool + Send + 'static,
) -> Result<Vec<String>, BlobError> {
    let path = folder.to_owned();
    let list = move || {
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            names.extend(name.to_str().filter(|name| could_be(name)).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    };
    let listed = crate::blob::blocking(list).await;
    listed.map_err(|error| blob_error(error, PathBuf::from(folder)))
}

fn is_digits(name: &str, lengths: &[usize]) -> bool {
    lengths.contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a file is there and was last written before a moment.
fn is_older(path: &Path, before: Timestamp) -> bool {
    let written = std::fs::symlink_metadata(path).and_then(|facts| facts.modified());
    let written = written.ok().and_then(|at| Timestamp::try_from(at).ok());
    written.is_some_and(|written| written < before)
}
