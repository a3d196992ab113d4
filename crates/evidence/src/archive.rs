//! The zip: bag and seal in one file, the same bytes every time.
//!
//! Knows nothing of what is inside; judges only that files too large for memory still have the
//! digests under which they were sealed. Order, times and permissions are fixed; text is deflated
//! lightly, what does not shrink is stored; Zip64 is used where sizes need it.

use std::io::{self, Read, Seek, Write};

use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, System};

use crate::bag::{Bag, BagFile};
use crate::digest::DigestWriter;
use crate::format;
use crate::seal::Seal;

/// Speed before size: packages are made by the ten thousand and encrypted afterwards.
const DEFLATE_LEVEL: i64 = 1;
/// From this size on an entry has Zip64 fields. Below 4 GiB by far more than deflate can add.
const LARGE_FILE_BYTES: u64 = 0xf000_0000;
/// Files of up to a page are stored: they would not take fewer pages, and setting up the
/// compressor for each costs more than compressing it.
const STORED_BYTES_MAX: u64 = 4_096;
const PERMISSIONS: u32 = 0o644;

/// Why no zip was written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file is not the one that was sealed.
    #[error("{path} has {found} now; {expected} was sealed; it changed since")]
    Changed {
        /// Path in the package.
        path: String,
        /// What is there now.
        found: String,
        /// What was sealed.
        expected: String,
    },
    /// A file could not be read.
    #[error("{path} cannot be read")]
    Read {
        /// Path in the package.
        path: String,
        /// What the source said.
        #[source]
        source: io::Error,
    },
    /// The zip could not be written.
    #[error("the zip cannot be written")]
    Write(#[from] ZipError),
    /// The zip could not be written.
    #[error("the zip cannot be written")]
    Output(#[from] io::Error),
}

/// Writes the package and returns the inner writer, positioned at the end of the zip. It must be
/// able to seek (a file, a cursor), because an entry's sizes stand before it.
pub fn write_zip<W: Write + Seek>(bag: &Bag<'_>, seal: &Seal, out: W) -> Result<W, ArchiveError> {
    let mut zip = ZipWriter::new(out);
    for file in bag.files() {
        start(&mut zip, bag, &file.path, file.content.digests().bytes)?;
        match file.content.in_memory() {
            Some(bytes) => zip.write_all(bytes)?,
            None => copy_checked(&mut zip, file)?,
        }
    }
    let tsr = seal.parts.tsr.as_deref();
    let parts: [(&str, Option<&[u8]>); 5] = [
        (format::SEAL_P7S_PATH, Some(&seal.parts.p7s)),
        (format::SEAL_TSR_PATH, tsr),
        (format::SEALED_JSON_PATH, Some(seal.sealed_json.as_bytes())),
        (format::SEALED_PROOF_PATH, Some(seal.proof.as_bytes())),
        (format::CHAIN_PEM_PATH, Some(seal.parts.chain_pem.as_bytes())),
    ];
    for (path, bytes) in parts {
        let Some(bytes) = bytes else { continue };
        start(&mut zip, bag, path, bytes.len() as u64)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?)
}

fn start<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    bag: &Bag<'_>,
    path: &str,
    bytes: u64,
) -> Result<(), ArchiveError> {
    let packed = [".pdf", ".p7s", ".tsr"].iter().any(|ending| path.ends_with(ending));
    let method = if packed || bytes <= STORED_BYTES_MAX {
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
    } else {
        SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(DEFLATE_LEVEL))
    };
    let options = method
        .system(System::Unix)
        .unix_permissions(PERMISSIONS)
        .last_modified_time(DateTime::DEFAULT)
        .large_file(bytes >= LARGE_FILE_BYTES);
    Ok(zip.start_file(format!("{}/{path}", bag.name()), options)?)
}

/// Copies a file too large for memory and compares it with its digests on the way.
fn copy_checked<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    file: &BagFile<'_>,
) -> Result<(), ArchiveError> {
    let read = |source| ArchiveError::Read { path: file.path.clone(), source };
    let expected = file.content.digests();
    // One byte more than expected is enough to see that there is more.
    let mut source = file.content.open().map_err(read)?.take(expected.bytes.saturating_add(1));
    let mut writer = DigestWriter::new(zip);
    io::copy(&mut source, &mut writer).map_err(read)?;
    let (_, found) = writer.finish();
    if found != *expected {
        return Err(ArchiveError::Changed {
            path: file.path.clone(),
            found: format!("{} bytes, SHA-256 {}", found.bytes, found.sha256),
            expected: format!("{} bytes, SHA-256 {}", expected.bytes, expected.sha256),
        });
    }
    Ok(())
}
