//! Replays `fuzz/corpus/evidence_*` on a stable compiler, as it is and with changed bytes.
//! `UPDATE_CORPUS=1` makes the corpus again, with new keys.

#[path = "../../../fuzz/src/evidence.rs"]
mod checks;
mod kit;

use std::path::{Path, PathBuf};

use evidence::package::ReportWanted;

/// Fewest inputs that must be there, so that a lost folder does not pass.
const INPUTS_MIN: usize = 5;
/// Places changed in each input.
const PLACES_COUNT: usize = 40;

fn inputs(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(name);
    let files = std::fs::read_dir(&folder).expect("the corpus");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("an input");
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn corpus_passes_as_it_is_and_changed() {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        write_corpus();
        return;
    }
    for (name, run) in checks::TARGETS {
        replay(name, *run);
    }
}

fn replay(name: &str, run: fn(&[u8])) {
    let inputs = inputs(name);
    assert!(inputs.len() >= INPUTS_MIN, "only {} inputs of {name}", inputs.len());
    for (path, input) in &inputs {
        let passed = std::panic::catch_unwind(|| run(input));
        assert!(passed.is_ok(), "{} fails", path.display());
        let step = (input.len() / PLACES_COUNT).max(1);
        for place in (0..input.len()).step_by(step) {
            let mut changed = input.clone();
            changed[place] = changed[place].wrapping_add(1);
            run(&changed);
            run(&input[..place]);
        }
    }
}

/// A small sound package and some with their layers made again around a defect.
fn write_corpus() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz"));
    let write = |path: &str, bytes: &[u8]| {
        std::fs::write(root.join(path), bytes).expect("written");
    };
    let kit = kit::Kit::new();
    write("src/evidence/root.der", &kit.root.der);
    write("src/evidence/time-root.der", &kit.tsa_root.der);
    write("src/evidence/policy.txt", &kit.policy().to_bytes());
    let sound = kit.sound_zip(kit::sample::answer(2, ReportWanted::None));
    let files = kit::unzip(&sound);
    write("corpus/evidence_verify/sound", &sound);
    write("corpus/evidence_verify/stored", &kit::zipped(&files));
    let mut other = files.clone();
    kit.reseal(&mut other, |plan| plan.key = kit.other_seal.key.clone());
    write("corpus/evidence_verify/other-key", &kit::zipped(&other));
    let mut bare = files.clone();
    kit.reseal(&mut bare, |plan| plan.tsr = kit::TokenPlan::None);
    write("corpus/evidence_verify/no-time-stamp", &kit::zipped(&bare));
    let mut odd = files.clone();
    odd.insert("data/records/exhibit-0001.csv".into(), b"a,b\r\n\"x\r\n".to_vec());
    kit.relist(&mut odd);
    write("corpus/evidence_verify/odd-table", &kit::zipped(&odd));
    let key = kit::officer::Passkey::new("ES256");
    let approval = |change: fn(&mut kit::officer::Plan)| {
        let files = kit::officer::approval(&kit, &key, change);
        [files.request, files.assertion, files.enrolment].join(checks::MARK)
    };
    write("corpus/evidence_approval/sound", &approval(|_| {}));
    write(
        "corpus/evidence_approval/corrected",
        &approval(|plan| {
            plan.request.act = kit::officer::correction();
        }),
    );
    write("corpus/evidence_approval/other-site", &approval(|plan| plan.origin = "https://x"));
    write("corpus/evidence_approval/unverified", &approval(|plan| plan.flags = 1));
    write(
        "corpus/evidence_approval/no-key",
        &approval(|plan| {
            plan.leaves[1].1["passkey"]["cose_key"] = "oA".into();
        }),
    );
}
