//! Replays `fuzz/corpus` on a stable compiler: every input that was ever of interest is read again
//! on each test run. The checks are those of the fuzzer.

#[path = "../../../fuzz/src/ledger.rs"]
mod checks;

use std::path::PathBuf;

use proptest::prelude::*;

/// Fewest inputs that must be there for each target, so that a lost folder does not pass.
const INPUTS_MIN: usize = 3;

#[test]
fn corpus_passes() {
    for (name, run) in checks::TARGETS {
        let folder =
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(name);
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        assert!(files.len() >= INPUTS_MIN, "{} holds {} inputs", folder.display(), files.len());
        for file in files {
            let input = std::fs::read(&file).unwrap();
            let passed = std::panic::catch_unwind(|| run(&input));
            assert!(passed.is_ok(), "{} fails", file.display());
        }
    }
}

/// The inputs with one or two bytes changed: a poor man's fuzzer that runs everywhere.
#[test]
fn corpus_with_changed_bytes_passes() {
    for (name, run) in checks::TARGETS {
        let folder =
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(name);
        for file in std::fs::read_dir(&folder).unwrap() {
            let input = std::fs::read(file.unwrap().path()).unwrap();
            for place in 0..input.len().min(2_000) {
                for byte in [b'\n', b' ', b'0', b'=', 0, 0xff, input[place] ^ 1] {
                    let mut changed = input.clone();
                    changed[place] = byte;
                    run(&changed);
                }
                run(&input[..place]);
                let mut shorter = input.clone();
                shorter.remove(place);
                run(&shorter);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(input in prop::collection::vec(any::<u8>(), 0..300)) {
        for (_, run) in checks::TARGETS {
            run(&input);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(input in "([ -~—\n]|\n\n|old |log |group |quorum |index ){0,60}") {
        for (_, run) in checks::TARGETS {
            run(input.as_bytes());
        }
    }
}
