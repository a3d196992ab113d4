//! Replays the corpora of chains of accounts on a stable compiler, and each small input with bytes
//! changed.

#[path = "../../../fuzz/src/account.rs"]
#[allow(dead_code)]
mod checks;

use std::path::PathBuf;

/// Of longer inputs only every so many bytes are changed.
const CHANGES_MAX: usize = 1_500;

#[test]
fn every_input_of_the_corpus_is_read_without_a_panic() {
    for (name, check) in checks::TARGETS {
        let folder =
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(name);
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            check(&input);
            count += 1;
            for at in (0..input.len()).step_by(1 + input.len() / CHANGES_MAX) {
                let mut changed = input.clone();
                changed[at] ^= 1 << (at % 8);
                check(&changed);
                check(&input[..at]);
            }
        }
        assert!(count > 0, "{} holds no inputs", folder.display());
    }
}
