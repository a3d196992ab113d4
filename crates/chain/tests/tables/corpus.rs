//! Inputs of the fuzzer, replayed on a stable compiler, and each with bytes changed and cut off.

use super::checks;

/// Of longer inputs only every so many bytes are changed.
const CHANGES_MAX: usize = 300;

#[test]
fn every_input_of_the_corpus_is_read_without_a_panic() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    for (name, read) in checks::TARGETS {
        let mut count = 0;
        for entry in std::fs::read_dir(format!("{root}/{name}")).expect("inputs") {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            read(&input);
            count += 1;
            for at in (0..input.len()).step_by(1 + input.len() / CHANGES_MAX) {
                let mut changed = input.clone();
                changed[at] ^= 1 << (at % 8);
                read(&changed);
                read(&input[..at]);
            }
        }
        assert!(count > 0, "{name}");
    }
}
