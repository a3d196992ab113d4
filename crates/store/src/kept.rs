//! The newest signed checkpoint, kept in a file beside the log key, so that an older copy of the
//! store cannot be served without anybody noticing. Knows no SQL.
//!
//! The file has two slots of [`SLOT_BYTES`], each a signed note followed by line feeds. They are
//! written in turn and in place, so that a checkpoint costs one data sync and no rename, and a
//! write that was torn by power loss leaves the other slot whole (docs/decisions/052).

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ledger::checkpoint::SignedCheckpoint;
use ledger::note::VerifierKey;

use crate::error::OpenError;
use crate::files;

/// Size of each of the two slots; a note with two log signatures has about 400 bytes.
pub const SLOT_BYTES: usize = 4096;

/// The open file, ready for the next checkpoint.
#[derive(Debug)]
pub(crate) struct KeptFile {
    file: File,
    /// 0 or 1: the slot that is not the newest.
    next_slot: u64,
}

impl KeptFile {
    /// Reads the newest checkpoint of the file; `None` when there is no file.
    pub fn read(path: &Path, keys: &[VerifierKey]) -> Result<Option<SignedCheckpoint>, OpenError> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(file) => file
                .take(2 * SLOT_BYTES as u64)
                .read_to_end(&mut bytes)
                .map_err(|source| OpenError::File { path: path.to_owned(), source })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(OpenError::File { path: path.to_owned(), source }),
        };
        let slots: Vec<_> = bytes.chunks(SLOT_BYTES).map(|slot| read_slot(slot, keys)).collect();
        let newest = slots.iter().flatten().max_by_key(|kept| kept.checkpoint().size());
        if let Some(newest) = newest {
            return Ok(Some(newest.clone()));
        }
        let why = match slots.into_iter().find_map(Result::err) {
            Some(why) => why,
            None => "the file is empty".to_owned(),
        };
        Err(OpenError::Kept { path: path.to_owned(), why })
    }

    /// Makes the file anew with this note in both slots, and opens it.
    pub fn create(path: &Path, note: &str) -> Result<KeptFile, OpenError> {
        let file_error = |source| OpenError::File { path: path.to_owned(), source };
        let slot = slot(note).ok_or_else(|| OpenError::Kept {
            path: path.to_owned(),
            why: format!("a note of {} bytes does not fit", note.len()),
        })?;
        files::make_private_folder(files::parent(path)).map_err(file_error)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new_path = PathBuf::from(name);
        let mut file = files::open_private_file(&new_path).map_err(file_error)?;
        file.set_len(0).map_err(file_error)?;
        file.write_all(&slot).map_err(file_error)?;
        file.write_all(&slot).map_err(file_error)?;
        file.sync_all().map_err(file_error)?;
        std::fs::rename(&new_path, path).map_err(file_error)?;
        files::sync_folder(files::parent(path)).map_err(file_error)?;
        Ok(KeptFile { file, next_slot: 0 })
    }

    /// Keeps a newer checkpoint. When this returns, it is on the disk.
    pub fn write(&mut self, note: &str) -> std::io::Result<()> {
        let slot = slot(note)
            .ok_or_else(|| std::io::Error::other("the checkpoint is too long to be kept"))?;
        self.file.seek(SeekFrom::Start(self.next_slot * SLOT_BYTES as u64))?;
        self.file.write_all(&slot)?;
        // The size does not change, so data alone is enough.
        self.file.sync_data()?;
        self.next_slot = 1 - self.next_slot;
        Ok(())
    }
}

fn slot(note: &str) -> Option<Vec<u8>> {
    let mut slot = note.as_bytes().to_vec();
    (slot.len() <= SLOT_BYTES).then(|| {
        slot.resize(SLOT_BYTES, b'\n');
        slot
    })
}

fn read_slot(slot: &[u8], keys: &[VerifierKey]) -> Result<SignedCheckpoint, String> {
    let end = slot.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 2);
    let note = slot.get(..end).ok_or("a slot is cut off")?;
    let kept = SignedCheckpoint::parse(note).map_err(|error| error.to_string())?;
    let verified = keys.iter().any(|key| kept.verify(key).is_ok());
    if !verified {
        return Err(format!(
            "it holds a checkpoint of {:?} that is not signed by this log's key",
            kept.checkpoint().origin()
        ));
    }
    Ok(kept)
}
