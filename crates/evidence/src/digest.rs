//! Digests by type, so that a SHA-256 cannot be taken for a salt or a SHA-512.
//! Knows nothing of what was hashed.

use std::fmt;
use std::io::{self, Write};

use aws_lc_rs::digest::{self, Context, SHA256, SHA512};

/// A SHA-256 digest. Displays as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

/// A SHA-512 digest. Displays as 128 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha512(pub [u8; 64]);

/// Length and both digests of one file: what a manifest says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Length in bytes.
    pub bytes: u64,
    /// For `manifest-sha256.txt`.
    pub sha256: Sha256,
    /// For `manifest-sha512.txt`.
    pub sha512: Sha512,
}

impl Sha256 {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(copied(digest::digest(&SHA256, bytes).as_ref()))
    }
}

impl Sha512 {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(copied(digest::digest(&SHA512, bytes).as_ref()))
    }
}

impl Digests {
    /// The digests of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: Sha256::of(bytes), sha512: Sha512::of(bytes) }
    }
}

/// A writer that passes bytes on and digests them on the way.
pub struct DigestWriter<W> {
    inner: W,
    bytes: u64,
    sha256: Context,
    sha512: Context,
}

impl<W: Write> DigestWriter<W> {
    /// Digests what is written to `inner` through it.
    pub fn new(inner: W) -> Self {
        Self { inner, bytes: 0, sha256: Context::new(&SHA256), sha512: Context::new(&SHA512) }
    }

    /// The inner writer and the digests of what went through.
    pub fn finish(self) -> (W, Digests) {
        let digests = Digests {
            bytes: self.bytes,
            sha256: Sha256(copied(self.sha256.finish().as_ref())),
            sha512: Sha512(copied(self.sha512.finish().as_ref())),
        };
        (self.inner, digests)
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.bytes += taken as u64;
        self.sha256.update(&bytes[..taken]);
        self.sha512.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex::<64>(f, &self.0)
    }
}

impl fmt::Display for Sha512 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex::<128>(f, &self.0)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl fmt::Debug for Sha512 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha512({self})")
    }
}

/// Hex without an allocation: a package prints some eighty digests.
fn write_hex<const DIGITS: usize>(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let mut digits = [0; DIGITS];
    hex::encode_to_slice(bytes, &mut digits).map_err(|_| fmt::Error)?;
    f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
}

fn copied<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(digest);
    bytes
}
