//! Replays `fuzz/corpus/hi1_parse` and `fraud_*` on a stable compiler, as it is and with bytes changed.

use std::path::Path;

#[path = "../../../../fuzz/src/fraud.rs"]
mod fraud;
#[path = "../../../../fuzz/src/hi1.rs"]
mod target;

#[test]
fn every_input_is_taken() {
    for (name, check) in target::TARGETS.iter().chain(fraud::TARGETS) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
        let folder = Path::new(folder).join(name);
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).expect("the corpus is there") {
            let input = std::fs::read(entry.expect("it can be listed").path()).expect("and read");
            check(&input);
            // Every 13th byte, by turns to a digit, a bracket, a letter: quick, and repeatable.
            for index in (0..input.len()).step_by(13) {
                let mut changed = input.clone();
                changed[index] = [b'0', b'}', b'a', b'"'][index % 4];
                check(&changed);
            }
            count += 1;
        }
        assert!(count >= 3, "{name} has {count} inputs");
    }
}
