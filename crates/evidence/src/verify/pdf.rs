//! The report's outer form. Knows nothing of its pages: the manifest vouches for its bytes; this
//! only sees whether a program saved it again after it was made.

use std::io::{Read, Seek};

use super::bag::{Files, note_unreadable};
use super::finding::Findings;
use super::zip::Archive;
use crate::format::REPORT_PATH;

/// A report is written once: one `startxref`, one `%%EOF`, nothing after it. Editors and
/// signers append a second of each (ISO 32000-1 7.5.6).
pub fn check<R: Read + Seek>(archive: &Archive<R>, files: &Files<'_>, findings: &mut Findings) {
    let Some(entry) = files.by_path.get(REPORT_PATH) else { return };
    let mut scan = Scan::default();
    if let Err(error) = archive.each_piece(entry, |piece| scan.take(piece)) {
        return note_unreadable(REPORT_PATH, error, findings);
    }
    if !scan.head.starts_with(b"%PDF-1.7") {
        let found = String::from_utf8_lossy(&scan.head).into_owned();
        findings.defect(REPORT_PATH, "not a PDF 1.7", "%PDF-1.7", found);
    }
    if scan.ends != 1 {
        let what = "the report was saved again after it was made";
        findings.defect(REPORT_PATH, what, "one end mark", scan.ends);
    } else if !scan.tail.trim_ascii_end().ends_with(END_MARK) {
        findings.defect(REPORT_PATH, "bytes follow the report's end", "none", "some");
    }
}

const END_MARK: &[u8] = b"%%EOF";
const START_MARK: &[u8] = b"startxref";

#[derive(Default)]
struct Scan {
    head: Vec<u8>,
    tail: Vec<u8>,
    ends: u32,
}

impl Scan {
    fn take(&mut self, piece: &[u8]) {
        let room = 8usize.saturating_sub(self.head.len());
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        // The tail of the piece before may hold the start of a mark.
        let overlap = self.tail.len();
        self.tail.extend_from_slice(piece);
        let from = overlap.saturating_sub(START_MARK.len() - 1);
        let marks = self.tail[from..].windows(START_MARK.len()).filter(|w| *w == START_MARK);
        self.ends += marks.count() as u32;
        let keep = self.tail.len().saturating_sub(16);
        self.tail.drain(..keep);
    }
}
