//! Replays `fuzz/corpus` of the readers of tags on a stable compiler, and each small input with
//! bytes changed and cut off.

#[path = "../../../fuzz/src/tags.rs"]
#[allow(dead_code)]
mod checks;

use std::path::PathBuf;

/// Larger inputs are replayed as they are only.
const CHANGED_BYTES_MAX: usize = 4_096;

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
            if input.len() > CHANGED_BYTES_MAX {
                continue;
            }
            for at in 0..input.len() {
                let mut changed = input.clone();
                changed[at] ^= 1 << (at % 8);
                check(&changed);
                check(&input[..at]);
            }
        }
        assert!(count > 0, "{} holds no inputs", folder.display());
    }
}
