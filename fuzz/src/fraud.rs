//! Inputs to the looks for signs of fraud: files and words of a sender, who may be anybody. Nothing
//! may panic, nothing may grow beyond its limit.

use server::fraud::pdf;
use server::fraud::words::{Candidates, WORDS_MAX};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[("fraud_pdf", makers), ("fraud_words", named)];

/// A file that may be a PDF.
pub fn makers(input: &[u8]) {
    let makers = pdf::look(input);
    let all = makers.programs.iter().chain(&makers.fonts);
    assert!(all.clone().count() <= 128 && all.clone().all(|value| !value.is_empty()));
    assert!(input.starts_with(b"%PDF-") || all.count() == 0, "no PDF says nothing");
}

/// Words in which an identifier may stand.
pub fn named(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut candidates = Candidates::default();
    candidates.take(&text);
    // Seven kinds for a word, its parts and its groups.
    assert!(candidates.iter().count() <= WORDS_MAX * 7 * 16);
    for (kind, value) in candidates.iter() {
        let kind = kind.parse::<records::SelectorKind>().expect("a kind of ours");
        let again = records::Selector::read(kind, value).expect("a normal spelling is readable");
        assert_eq!(again.value(), value, "and normal already");
    }
}
