//! Replays `fuzz/corpus/records_selectors` on a stable compiler, as it is and with changed bytes.

#[path = "../../../fuzz/src/selectors.rs"]
mod checks;

/// Fewest inputs that must be there, so that a lost folder does not pass.
const INPUTS_MIN: usize = 7;

#[test]
fn corpus_passes_as_it_is_and_changed() {
    let (name, run) = checks::TARGETS[0];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    let files = std::fs::read_dir(std::path::Path::new(folder).join(name)).expect("the corpus");
    let mut count = 0;
    for file in files {
        let input = std::fs::read(file.expect("a file").path()).expect("an input");
        run(&input);
        for place in 0..input.len() {
            let mut changed = input.clone();
            changed[place] = changed[place].wrapping_add(1);
            run(&changed);
            run(&input[..place]);
        }
        count += 1;
    }
    assert!(count >= INPUTS_MIN, "only {count} inputs");
}
