//! Inputs to the reader of pasted and uploaded selectors. Any text; no line may be lost.

use records::{SelectorKind, read_many};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[("records_selectors", many)];

/// Text as it comes from a form or a file.
pub fn many(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let kinds = SelectorKind::ALL.into_iter().map(Some).chain([None]);
    for given in kinds {
        let read = read_many(&text, given);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        let told = read.selectors.len() + read.duplicates.len() + read.unreadable.len();
        assert!(told <= lines && lines <= told + 1 + read.beyond_limit_count, "{read:?}");
        assert!(read.duplicates.iter().all(|repeat| repeat.first < repeat.line));
    }
}
