//! A strict zip reader. Knows nothing of bags or seals: only which bytes of the file belong to
//! which entry, and that no byte belongs to none.
//!
//! Two programs that read one zip differently are how a file is hidden from a verifier (central
//! directory against local headers, duplicate names, stray bytes). So everything is read twice
//! and must agree, entries lie back to back from byte 0, and the file ends with its end record
//! (APPNOTE.TXT 4.3, 4.4, 4.5.3).

mod headers;

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::DeflateDecoder;

use headers::{check_bodies, find_end, read_at, read_directory};

use super::finding::Findings;
use crate::format::FILES_COUNT_MAX;

/// Largest central directory that is read.
pub const DIRECTORY_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Largest sum of all files unpacked: a terabyte, so that a declared size cannot overflow a sum.
pub const UNPACKED_BYTES_MAX: u64 = 1 << 40;
/// A file above [`RATIO_FREE_BYTES`] that unpacks to more than this many times its size is a
/// bomb. Our CSV of one repeated row reaches about 250.
pub const RATIO_MAX: u64 = 400;
/// Files up to this size unpacked may have any ratio.
pub const RATIO_FREE_BYTES: u64 = 16 * 1024 * 1024;
/// Longest name that is read; ours have at most 100 bytes per part.
pub const PATH_BYTES_MAX: usize = 512;

const PIECE_BYTES: usize = 64 * 1024;

/// One entry, as central directory and local header agree on it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Path as written, top folder included.
    pub path: String,
    /// Size unpacked.
    pub size: u64,
    packed: u64,
    deflated: bool,
    crc: u32,
    data_at: u64,
    /// Its headers are so wrong that it is not read; that was named.
    broken: bool,
}

/// The entries and the bytes they lie in.
pub struct Archive<R> {
    source: RefCell<R>,
    /// In the order of the central directory. Names may repeat; that was reported.
    pub entries: Vec<Entry>,
}

/// Why there is nothing to look into.
#[derive(Debug)]
pub enum OpenError {
    /// No zip, or a zip whose list of files cannot be read.
    NotAZip(String),
    /// The bytes cannot be read.
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Why one file cannot be read out.
#[derive(Debug)]
pub enum ReadError {
    /// Packed bytes are damaged, or do not come to the size and CRC-32 declared.
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// What the headers say.
        expected: String,
        /// What the bytes are.
        found: String,
    },
    /// The entry's headers are wrong; that was named when the zip was opened.
    Named,
    /// The source failed.
    Io(io::Error),
}

impl<R: Read + Seek> Archive<R> {
    /// Reads directory and local headers; what is out of order goes to `findings`.
    ///
    /// # Errors
    /// When there is no directory to go by.
    pub fn open(mut source: R, findings: &mut Findings) -> Result<Self, OpenError> {
        let length = source.seek(SeekFrom::End(0))?;
        let end = find_end(&mut source, length, findings)?;
        if end.directory_at.checked_add(end.directory_bytes) != Some(end.at) {
            findings.defect(
                "package",
                "the central directory does not lie right before its end record",
                format!("{} bytes at {}", end.directory_bytes, end.directory_at),
                format!("end record at {}", end.at),
            );
        }
        if end.count > FILES_COUNT_MAX as u64 || end.directory_bytes > DIRECTORY_BYTES_MAX {
            findings.defect(
                "package",
                "too many files",
                format!("at most {FILES_COUNT_MAX}"),
                end.count,
            );
            return Ok(Self { source: RefCell::new(source), entries: Vec::new() });
        }
        let directory = read_at(&mut source, end.directory_at, end.directory_bytes)?
            .ok_or_else(|| OpenError::NotAZip("the central directory is cut off".into()))?;
        let mut centrals = read_directory(&directory, end.count, findings)?;
        check_bodies(&mut source, &mut centrals, end.directory_at, findings)?;
        let entries = centrals.into_iter().map(|central| central.entry).collect();
        Ok(Self { source: RefCell::new(source), entries })
    }

    /// A reader over the unpacked bytes. Size and CRC-32 are checked when it comes to its end.
    pub fn reader<'a>(&'a self, entry: &'a Entry) -> EntryReader<'a, R> {
        let window = Window { source: &self.source, at: entry.data_at, left: entry.packed };
        let buffered = BufReader::with_capacity(PIECE_BYTES, window);
        let unpacker = if entry.deflated {
            Unpacker::Deflated(DeflateDecoder::new(buffered))
        } else {
            Unpacker::Stored(buffered)
        };
        EntryReader { unpacker, entry, crc: flate2::Crc::new(), count: 0, ended: false }
    }

    /// The whole file, at most `max` bytes.
    pub fn read(&self, entry: &Entry, max: u64) -> Result<Vec<u8>, ReadError> {
        if entry.broken {
            return Err(ReadError::Named);
        }
        if entry.size > max {
            return Err(damaged("the file is too large", format!("at most {max}"), entry.size));
        }
        let mut bytes = Vec::new();
        self.each_piece(entry, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// Hands the unpacked bytes to `take`, piece by piece.
    pub fn each_piece(&self, entry: &Entry, mut take: impl FnMut(&[u8])) -> Result<(), ReadError> {
        if entry.broken {
            return Err(ReadError::Named);
        }
        let mut reader = self.reader(entry);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => take(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(error)),
            }
        }
    }
}

/// Unpacked bytes of one entry.
pub struct EntryReader<'a, R> {
    unpacker: Unpacker<'a, R>,
    entry: &'a Entry,
    crc: flate2::Crc,
    count: u64,
    ended: bool,
}

enum Unpacker<'a, R> {
    Stored(BufReader<Window<'a, R>>),
    Deflated(DeflateDecoder<BufReader<Window<'a, R>>>),
}

struct Window<'a, R> {
    source: &'a RefCell<R>,
    at: u64,
    left: u64,
}

impl<R: Read + Seek> Read for Window<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let want = self.left.min(into.len() as u64) as usize;
        if want == 0 {
            return Ok(0);
        }
        let mut source = self.source.borrow_mut();
        source.seek(SeekFrom::Start(self.at))?;
        let count = source.read(&mut into[..want])?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> EntryReader<'_, R> {
    fn end(&mut self) -> io::Result<()> {
        self.ended = true;
        let entry = self.entry;
        if self.count != entry.size {
            return Err(carry(damaged(
                "the unpacked size is not the declared one",
                entry.size,
                self.count,
            )));
        }
        let left = match &mut self.unpacker {
            Unpacker::Stored(reader) => reader.fill_buf()?.len(),
            Unpacker::Deflated(reader) => reader.get_mut().fill_buf()?.len(),
        };
        if left != 0 {
            return Err(carry(damaged("bytes follow the packed data", "none", "some")));
        }
        if self.crc.sum() != entry.crc {
            return Err(carry(damaged(
                "the CRC-32 is wrong",
                format!("{:08x}", entry.crc),
                format!("{:08x}", self.crc.sum()),
            )));
        }
        Ok(())
    }
}

impl<R: Read + Seek> Read for EntryReader<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        let result = match &mut self.unpacker {
            Unpacker::Stored(reader) => reader.read(into),
            Unpacker::Deflated(reader) => reader.read(into),
        };
        let count = match result {
            Ok(count) => count,
            Err(error) if is_damage(error.kind()) => {
                let text = "a stream of the declared size";
                return Err(carry(damaged("the packed bytes are damaged", text, error)));
            }
            Err(error) => return Err(error),
        };
        if count == 0 {
            self.end()?;
            return Ok(0);
        }
        self.count += count as u64;
        if self.count > self.entry.size {
            return Err(carry(damaged(
                "the file unpacks to more than the declared size",
                self.entry.size,
                "more",
            )));
        }
        self.crc.update(&into[..count]);
        Ok(count)
    }
}

fn is_damage(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(kind, InvalidData | InvalidInput | UnexpectedEof)
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Damaged { what, expected, found } => {
                write!(f, "{what}; expected {expected}, found {found}")
            }
            Self::Named => f.write_str("the zip entry is damaged"),
            Self::Io(error) => write!(f, "cannot read: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

fn damaged(what: &'static str, expected: impl ToString, found: impl ToString) -> ReadError {
    ReadError::Damaged { what, expected: expected.to_string(), found: found.to_string() }
}

fn carry(error: ReadError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Gets our own error back out of an `io::Error`.
pub fn read_error(error: io::Error) -> ReadError {
    match error.downcast::<ReadError>() {
        Ok(ours) => ours,
        Err(other) => ReadError::Io(other),
    }
}
