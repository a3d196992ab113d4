//! Content-addressed bytes, written once: small ones in a table, large ones as files. Knows
//! nothing of what they are. A blob is on the disk before or with the act that names it, so that
//! no event can name one that is not there (docs/decisions/050), and stays as long as somebody
//! names it or is about to (docs/decisions/180).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::act::{BlobDigest, NewBlob, NewBytes};
use crate::db::{Row, tuples};
use crate::error::{BlobError, OpenError};
use crate::files;
use crate::limits::{BLOB_BYTES_MAX, BLOB_INLINE_BYTES_MAX};
use crate::pins::Pins;
use crate::read::Reader;
use crate::store::Store;
use crate::writer::{FILE_GIVEN_UP, Other, file_of, time};

/// What is read from a source and written to a file at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// Blobs that one query asks for.
const BLOBS_A_QUERY_MAX: usize = 64;
/// Names of files that an earlier release had not finished begin so.
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
    /// Makes bytes ready for the act that names them: large ones are on the disk when this returns,
    /// small ones go with the act. A blob that no act comes to name is gone when the value is.
    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<NewBlob, BlobError> {
        self.put_blob_from(&mut bytes.as_slice()).await.map(|(blob, _)| blob)
    }

    /// The same for what a source gives, without holding it in memory. Says its size too.
    pub async fn put_blob_from(
        &self,
        source: &mut (dyn AsyncRead + Unpin + Send),
    ) -> Result<(NewBlob, u64), BlobError> {
        let first = read_up_to(source, BLOB_INLINE_BYTES_MAX + 1).await?;
        if first.len() <= BLOB_INLINE_BYTES_MAX {
            let length = first.len() as u64;
            return Ok((NewBlob::new(first), length));
        }
        let folder =
            self.blob_folder.clone().ok_or(BlobError::NoFolder { max: BLOB_INLINE_BYTES_MAX })?;
        let name = new_name()?;
        self.other(1, Other::NewFile(name.clone())).await?;
        let mut unfinished = Unfinished::begin(&folder, name, self.pins.clone()).await?;
        let mut chunk = first;
        while !chunk.is_empty() {
            unfinished = unfinished.write(chunk).await?;
            chunk = read_up_to(source, CHUNK_BYTES).await?;
        }
        let (finished, digest) = unfinished.finish(folder).await?;
        let (pin, length) = (Arc::new(self.pins.pin(digest)), finished.length);
        let file = finished.name.clone();
        // From here on the writer knows whether the file is a blob's.
        let taken = self.other(1, Other::FileBlob { pin: Arc::clone(&pin), length, file }).await?;
        if taken == FILE_GIVEN_UP {
            let error = io::Error::other("it was given up while it was made");
            return Err(blob_error(error, finished.path.clone()));
        }
        Ok((NewBlob { digest, bytes: NewBytes::Kept(pin) }, length))
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
                "select digest, length, bytes, erased_at, file from blob where digest in {}",
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
        let path = match &source.place {
            BlobPlace::File(path) => path.clone(),
            BlobPlace::Memory(_) => PathBuf::new(),
        };
        let read = move || {
            let mut bytes = Vec::new();
            source.open()?.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
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
        let sql = "select length, bytes, erased_at, file from blob where digest = $1";
        let rows =
            self.db.query("looking for a blob", sql, vec![digest.0.as_slice().into()]).await?;
        self.source_of(digest, rows.first().ok_or(BlobError::Missing(digest))?, 0)
    }

    /// Reads length, bytes, time of erasure and file from four columns of a row.
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
                BlobPlace::File(path_of(folder, &file_of(digest, row.get(first + 3)?)))
            }
        };
        Ok(BlobSource { digest, length, place })
    }
}

/// Where the file of this name is.
pub(crate) fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

/// A name that no file has had: 128 random bits, in a folder named by the first two digits.
fn new_name() -> Result<String, BlobError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| blob_error(io::Error::other(error.to_string()), PathBuf::new()))?;
    let name = hex::encode(random);
    Ok(format!("{}/{name}", &name[..2]))
}

/// Removes what a killed process of an earlier release has left half-written.
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

/// A file that is being written. Whatever ends before a blob has it leaves it to the writer, which
/// removes it; so it must not end while a thread still works on the file.
struct Unfinished {
    name: String,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
    pins: Pins,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The writer asks the store whether a blob has it.
        self.pins.abandon(std::mem::take(&mut self.name));
    }
}

impl Unfinished {
    async fn begin(folder: &Path, name: String, pins: Pins) -> Result<Unfinished, BlobError> {
        let path = path_of(folder, &name);
        let error_path = path.clone();
        let make = move || {
            files::make_private_folder(files::parent(&path))?;
            let file = files::make_private_file(&path)?;
            Ok(Unfinished { name, path, file, hasher: Sha256::new(), length: 0, pins })
        };
        blocking(make).await.map_err(|error| blob_error(error, error_path))
    }

    async fn write(mut self, chunk: Vec<u8>) -> Result<Unfinished, BlobError> {
        self.length += chunk.len() as u64;
        if self.length > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { max: BLOB_BYTES_MAX });
        }
        let path = self.path.clone();
        let write = move || {
            self.hasher.update(&chunk);
            self.file.write_all(&chunk)?;
            Ok(self)
        };
        blocking(write).await.map_err(|error| blob_error(error, path))
    }

    /// Syncs the bytes and the name.
    async fn finish(self, folder: PathBuf) -> Result<(Unfinished, BlobDigest), BlobError> {
        let error_path = self.path.clone();
        let finish = move || {
            self.file.sync_all()?;
            files::sync_folder(files::parent(&self.path))?;
            files::sync_folder(&folder)?;
            files::sync_folder(files::parent(&folder))?;
            let digest = BlobDigest(self.hasher.clone().finalize().into());
            Ok((self, digest))
        };
        blocking(finish).await.map_err(|error| blob_error(error, error_path))
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
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(io::Error::other(error)),
    }
}

pub(crate) fn blob_error(error: io::Error, path: PathBuf) -> BlobError {
    let damaged = error.get_ref().and_then(|inner| inner.downcast_ref::<BlobError>());
    if let Some(BlobError::Damaged { expected, found }) = damaged {
        return BlobError::Damaged { expected: *expected, found: *found };
    }
    BlobError::File { path, source: error }
}
