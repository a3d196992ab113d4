//! Files mapped into memory for reading. Knows nothing of what is in them. The only unsafe code of
//! this crate.
//!
//! Why it is sound: a mapped range is read only through `&[u8]` when no one ever writes it again
//! (columns are append-only and mapped up to what is sealed, index runs are never changed), and
//! through atomic loads when a writer in this or another process may (spender words). The store
//! shrinks no file below what is mapped. Somebody else who truncates a file of an open store makes
//! the process end with SIGBUS, as with every mapped file; who overwrites one breaks the promise
//! that `comity chain check` then finds broken.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use memmap2::{Mmap, MmapOptions};

/// The first bytes of a file that nobody changes any more.
#[derive(Debug, Default)]
pub(crate) struct Map {
    map: Option<Mmap>,
}

/// Little-endian words of 32 bits that a writer may change while they are read.
#[derive(Debug, Default)]
pub(crate) struct SharedWords {
    map: Option<Mmap>,
    words: usize,
    header_bytes: usize,
}

impl Map {
    /// Maps the first `length` bytes; the caller has seen that the file is as long.
    pub(crate) fn of(file: &File, length: u64) -> io::Result<Map> {
        map(file, length).map(|map| Map { map })
    }

    /// The bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or(&[])
    }
}

impl SharedWords {
    /// Maps `words` words that follow `header_bytes` bytes, a multiple of 4.
    pub(crate) fn of(file: &File, header_bytes: usize, words: usize) -> io::Result<SharedWords> {
        assert!(header_bytes.is_multiple_of(4), "words are aligned");
        let length = header_bytes as u64 + 4 * words as u64;
        map(file, length).map(|map| SharedWords { map, words, header_bytes })
    }

    /// One word. Panics beyond the end.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> u32 {
        assert!(index < self.words, "word {index} of {}", self.words);
        let Some(map) = &self.map else { return 0 };
        // SAFETY: the word lies in the mapping (asserted above against the length mapped), a
        // mapping starts at a page, so the word is aligned; all access to these bytes by this
        // process is by this atomic load (writes go through the file).
        let word = unsafe {
            let word = map.as_ptr().add(self.header_bytes + 4 * index).cast::<u32>();
            AtomicU32::from_ptr(word.cast_mut()).load(Ordering::Relaxed)
        };
        u32::from_le(word)
    }
}

fn map(file: &File, length: u64) -> io::Result<Option<Mmap>> {
    if length == 0 {
        return Ok(None);
    }
    if file.metadata()?.len() < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than that"));
    }
    let length = usize::try_from(length)
        .map_err(|_| io::Error::new(io::ErrorKind::OutOfMemory, "no address space for it"))?;
    // SAFETY: see the head of this file.
    unsafe { MmapOptions::new().len(length).map(file) }.map(Some)
}
