//! What the files of an instrument say that can be looked at without opening them as a reader
//! would: the words of text files, and what made the PDFs.
//!
//! Knows no decoy and no order. What stands on the pages of a PDF is not read.

use std::collections::BTreeSet;

use super::pdf;
use super::words::Candidates;

/// Bytes of one text file that are looked at.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// What was seen in the files that came with an act.
#[derive(Default)]
pub struct Papers {
    /// Identifiers that its text files may name.
    pub words: Candidates,
    /// Programs that wrote its PDFs.
    pub programs: BTreeSet<String>,
    /// Fonts of its PDFs.
    pub fonts: BTreeSet<String>,
}

impl Papers {
    /// Looks at files; at their words only where there is something to look for.
    pub fn of<'a>(files: impl Iterator<Item = &'a [u8]>, for_words: bool) -> Self {
        let mut papers = Self::default();
        for bytes in files {
            let makers = pdf::look(bytes);
            papers.programs.extend(makers.programs);
            papers.fonts.extend(makers.fonts);
            if for_words {
                let start = &bytes[..bytes.len().min(TEXT_BYTES_MAX)];
                // Cut within a character, the rest before it is still text.
                let text = match std::str::from_utf8(start) {
                    Ok(text) => text,
                    Err(error) if error.error_len().is_none() => {
                        std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
                    }
                    Err(_) => continue,
                };
                papers.words.take(text);
            }
        }
        papers
    }
}
