//! Content-addressed bytes, written once: small ones in a table, large ones as files. Knows
//! nothing of what they are. A blob is on the disk before its name is given out, so that no event
//! can name one that is not there (docs/decisions/050).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use uuid::Uuid;

use crate::act::{Append, BlobDigest, ExpectedSeq, NewBlob};
use crate::db::{Row, tuples};
use crate::error::{BlobError, OpenError};
use crate::files;
use crate::limits::{BLOB_BYTES_MAX, BLOB_INLINE_BYTES_MAX, ERASE_STREAMS_MAX};
use crate::read::Reader;
use crate::store::Store;
use crate::writer::{Other, time};

/// What is read from a source and written to a file at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// Blobs that one query asks for.
const BLOBS_A_QUERY_MAX: usize = 64;
/// Names of files that are not finished begin so.
const UNFINISHED: &str = "unfinished-";

/// A blob that is there. It can be opened any number of times.
#[derive(Clone, Debug)]
pub struct BlobSource {
    digest: BlobDigest,
    length: u64,
    place: BlobPlace,
}

#[derive(Clone, Debug)]
enum BlobPlace {
    Memory(Arc<[u8]>),
    File(PathBuf),
}

impl BlobSource {
    /// Its name.
    pub fn digest(&self) -> BlobDigest {
        self.digest
    }

    /// Its size in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Opens it for reading from its beginning. The last read fails if the bytes do not have the
    /// digest that is the blob's name.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let (expected, hasher) = (self.digest, Sha256::new());
        Ok(match &self.place {
            BlobPlace::Memory(bytes) => {
                let inner = Cursor::new(Arc::clone(bytes));
                Box::new(Checked { inner, expected, hasher })
            }
            BlobPlace::File(path) => {
                Box::new(Checked { inner: File::open(path)?, expected, hasher })
            }
        })
    }
}

/// A reader that compares the digest when it comes to the end.
struct Checked<R> {
    inner: R,
    expected: BlobDigest,
    hasher: Sha256,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.hasher.update(&into[..count]);
        if count == 0 && !into.is_empty() {
            let found = BlobDigest(self.hasher.clone().finalize().into());
            if found != self.expected {
                let error = BlobError::Damaged { expected: self.expected, found };
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        Ok(count)
    }
}

impl Store {
    /// Stores bytes under their digest and returns when they are on the disk. Storing the same
    /// bytes again changes nothing.
    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<BlobDigest, BlobError> {
        if bytes.len() > BLOB_INLINE_BYTES_MAX {
            return self.put_blob_from(&mut bytes.as_slice()).await.map(|(digest, _)| digest);
        }
        let blob = NewBlob::new(bytes);
        let digest = blob.digest();
        let mut append = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
        append.blobs.push(blob);
        self.append(append).await?;
        Ok(digest)
    }

    /// Stores what a source gives, without holding it in memory. Says its name and its size.
    pub async fn put_blob_from(
        &self,
        source: &mut (dyn AsyncRead + Unpin + Send),
    ) -> Result<(BlobDigest, u64), BlobError> {
        let first = read_up_to(source, BLOB_INLINE_BYTES_MAX + 1).await?;
        if first.len() <= BLOB_INLINE_BYTES_MAX {
            let length = first.len() as u64;
            return Box::pin(self.put_blob(first)).await.map(|digest| (digest, length));
        }
        let folder =
            self.blob_folder.clone().ok_or(BlobError::NoFolder { max: BLOB_INLINE_BYTES_MAX })?;
        let mut unfinished = Unfinished::begin(&folder).await?;
        let mut chunk = first;
        while !chunk.is_empty() {
            unfinished = unfinished.write(chunk).await?;
            chunk = read_up_to(source, CHUNK_BYTES).await?;
        }
        let (digest, length) = unfinished.finish(folder).await?;
        self.put_blob_row(digest, length).await?;
        Ok((digest, length))
    }

    /// Erases blobs; their names stay known as erased. Says how many were there.
    pub async fn erase_blobs(&self, digests: &[BlobDigest]) -> Result<u64, BlobError> {
        self.erase_them(digests, Other::EraseBlobs(digests.to_vec())).await
    }

    /// Erases those of these blobs that no payload names any more: none has the digest in
    /// hexadecimal among its words.
    pub async fn erase_unused_blobs(&self, digests: &[BlobDigest]) -> Result<u64, BlobError> {
        self.erase_them(digests, Other::EraseUnusedBlobs(digests.to_vec())).await
    }

    async fn erase_them(&self, digests: &[BlobDigest], how: Other) -> Result<u64, BlobError> {
        let (size, max) = (digests.len(), ERASE_STREAMS_MAX);
        if size > max {
            let what = "number of blobs to erase";
            return Err(crate::error::AppendError::TooLarge { what, size, max }.into());
        }
        if digests.is_empty() {
            return Ok(0);
        }
        let erased = self.other(16, how).await?;
        if let Some(folder) = &self.blob_folder {
            let sql = AssertSqlSafe(format!(
                "select digest from blob where erased_at is not null and digest in {}",
                tuples(size, 1, 1)
            ));
            let values = digests.iter().map(|digest| digest.0.as_slice().into()).collect();
            for row in self.reader.db.query("looking for erased blobs", sql, values).await? {
                let path = path_of(folder, BlobDigest(row.array(0)?));
                match std::fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(BlobError::File { path, source: error });
                    }
                    _ => (),
                }
            }
        }
        // The row's old bytes may stand in the log of the database: an empty erasure empties it.
        self.erase_events(&[]).await?;
        Ok(erased)
    }
}

impl Reader {
    /// A whole blob in memory; its digest was compared.
    pub async fn blob(&self, digest: BlobDigest) -> Result<Vec<u8>, BlobError> {
        self.read_through(self.blob_source(digest).await?).await
    }

    /// Several blobs whole in memory, the small ones with one query. Their digests were compared.
    pub async fn blobs(
        &self,
        digests: &[BlobDigest],
    ) -> Result<HashMap<BlobDigest, Vec<u8>>, BlobError> {
        let mut blobs = HashMap::with_capacity(digests.len());
        for some in digests.chunks(BLOBS_A_QUERY_MAX) {
            let sql = AssertSqlSafe(format!(
                "select digest, length, bytes, erased_at from blob where digest in {}",
                tuples(some.len(), 1, 1)
            ));
            let values = some.iter().map(|digest| digest.0.as_slice().into()).collect();
            let rows = self.db.query("looking for blobs", sql, values).await?;
            for row in &rows {
                let source = self.source_of(BlobDigest(row.array(0)?), row, 1)?;
                blobs.insert(source.digest, self.read_through(source).await?);
            }
        }
        match digests.iter().find(|digest| !blobs.contains_key(digest)) {
            Some(missing) => Err(BlobError::Missing(*missing)),
            None => Ok(blobs),
        }
    }

    async fn read_through(&self, source: BlobSource) -> Result<Vec<u8>, BlobError> {
        let digest = source.digest;
        if let BlobPlace::Memory(bytes) = &source.place {
            let found = BlobDigest::of(bytes);
            let same = || bytes.to_vec();
            let damaged = BlobError::Damaged { expected: digest, found };
            return (found == digest).then(same).ok_or(damaged);
        }
        let path = self.blob_folder.as_deref().map(|folder| path_of(folder, digest));
        let read = move || {
            let mut bytes = Vec::new();
            source.open()?.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let path = path.unwrap_or_default();
        blocking(read).await.map_err(|error: io::Error| blob_error(error, path))
    }

    /// Reads a blob through and compares its digest and length, without holding it in memory.
    pub(crate) async fn check_blob(&self, digest: BlobDigest) -> Result<(), BlobError> {
        let source = self.blob_source(digest).await?;
        let length = source.length();
        let path = match &source.place {
            BlobPlace::File(path) => path.clone(),
            BlobPlace::Memory(_) => PathBuf::new(),
        };
        let read = move || io::copy(&mut source.open()?, &mut io::sink());
        let found = blocking(read).await.map_err(|error| blob_error(error, path.clone()))?;
        if found == length {
            return Ok(());
        }
        let error = io::Error::other(format!("it has {found} bytes, {length} were stored"));
        Err(blob_error(error, path))
    }

    /// A blob to be read as a stream, any number of times.
    pub async fn blob_source(&self, digest: BlobDigest) -> Result<BlobSource, BlobError> {
        let sql = "select length, bytes, erased_at from blob where digest = $1";
        let rows =
            self.db.query("looking for a blob", sql, vec![digest.0.as_slice().into()]).await?;
        self.source_of(digest, rows.first().ok_or(BlobError::Missing(digest))?, 0)
    }

    /// Reads length, bytes and time of erasure from three columns of a row.
    fn source_of(
        &self,
        digest: BlobDigest,
        row: &Row,
        first: usize,
    ) -> Result<BlobSource, BlobError> {
        if let Some(at) = row.get::<Option<i64>>(first + 2)? {
            return Err(BlobError::Erased { digest, at: time(at) });
        }
        let length = row.count(first)?;
        let place = match row.get::<Option<Vec<u8>>>(first + 1)? {
            Some(bytes) => BlobPlace::Memory(bytes.into()),
            None => {
                let folder = self.blob_folder.as_deref();
                let folder = folder.ok_or(BlobError::NoFolder { max: BLOB_INLINE_BYTES_MAX })?;
                BlobPlace::File(path_of(folder, digest))
            }
        };
        Ok(BlobSource { digest, length, place })
    }
}

/// Where a large blob is: its digest in hex, in a folder named by the first two digits.
pub(crate) fn path_of(folder: &Path, digest: BlobDigest) -> PathBuf {
    let name = digest.to_string();
    folder.join(&name[..2]).join(name)
}

/// Removes what a killed process has left half-written.
pub(crate) fn remove_unfinished(folder: &Path) -> Result<(), OpenError> {
    let file_error = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::File { path, source }
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error(folder)(error)),
    };
    for entry in entries {
        let path = entry.map_err(file_error(folder))?.path();
        let unfinished =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED));
        if unfinished {
            std::fs::remove_file(&path).map_err(file_error(&path))?;
        }
    }
    Ok(())
}

/// A file that is being written.
struct Unfinished {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
}

impl Unfinished {
    async fn begin(folder: &Path) -> Result<Unfinished, BlobError> {
        let folder = folder.to_owned();
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| blob_error(io::Error::other(error.to_string()), folder.clone()))?;
        let path = folder.join(format!("{UNFINISHED}{}", hex::encode(random)));
        let file_path = path.clone();
        let make = move || {
            files::make_private_folder(&folder)?;
            files::make_private_file(&file_path)
        };
        let file = blocking(make).await.map_err(|error| blob_error(error, path.clone()))?;
        Ok(Unfinished { path, file, hasher: Sha256::new(), length: 0 })
    }

    async fn write(mut self, chunk: Vec<u8>) -> Result<Unfinished, BlobError> {
        self.length += chunk.len() as u64;
        if self.length > BLOB_BYTES_MAX {
            let _ = std::fs::remove_file(&self.path);
            return Err(BlobError::TooLarge { max: BLOB_BYTES_MAX });
        }
        let path = self.path.clone();
        let write = move || {
            self.hasher.update(&chunk);
            match self.file.write_all(&chunk) {
                Ok(()) => Ok(self),
                Err(error) => {
                    let _ = std::fs::remove_file(&self.path);
                    Err(error)
                }
            }
        };
        blocking(write).await.map_err(|error| blob_error(error, path))
    }

    /// Syncs the bytes, gives the file its name, syncs the name.
    async fn finish(self, folder: PathBuf) -> Result<(BlobDigest, u64), BlobError> {
        let Unfinished { path, file, hasher, length } = self;
        let digest = BlobDigest(hasher.finalize().into());
        let named = path_of(&folder, digest);
        let error_path = named.clone();
        let finish = move || {
            file.sync_all()?;
            let shelf = files::parent(&named);
            files::make_private_folder(shelf)?;
            std::fs::rename(&path, &named)?;
            files::sync_folder(shelf)?;
            files::sync_folder(&folder)?;
            files::sync_folder(files::parent(&folder))
        };
        blocking(finish).await.map_err(|error| blob_error(error, error_path))?;
        Ok((digest, length))
    }
}

async fn read_up_to(
    source: &mut (dyn AsyncRead + Unpin + Send),
    bytes_max: usize,
) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    let read = source.take(bytes_max as u64).read_to_end(&mut bytes).await;
    read.map_err(|error| blob_error(error, PathBuf::from("(its source)")))?;
    Ok(bytes)
}

/// File work on a thread where it may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(io::Error::other(error)),
    }
}

fn blob_error(error: io::Error, path: PathBuf) -> BlobError {
    let damaged = error.get_ref().and_then(|inner| inner.downcast_ref::<BlobError>());
    if let Some(BlobError::Damaged { expected, found }) = damaged {
        return BlobError::Damaged { expected: *expected, found: *found };
    }
    BlobError::File { path, source: error }
}
