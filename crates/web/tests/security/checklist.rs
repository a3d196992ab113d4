//! docs/asvs.md names a test for every line, or says why there is none; this holds it to that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Lines of OWASP ASVS 4.0.3 that level 2 asks for.
const LINES_LEVEL_2: usize = 260;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_line_has_a_test_that_is_there_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/asvs.md")).expect("the checklist");
    let mut files = Vec::new();
    rust_files(&root.join("crates"), &mut files);
    rust_files(&root.join("xtask"), &mut files);
    let sources: Vec<String> =
        files.iter().map(|file| std::fs::read_to_string(file).expect("a source")).collect();
    let is_there = |name: &str| {
        let wanted = format!("fn {name}(");
        sources.iter().any(|source| source.contains(&wanted))
    };
    let (mut ids, mut faults) = (BTreeSet::new(), Vec::new());
    for line in text.lines().filter(|line| line.starts_with("| ") && line.contains('.')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, id, holds, proof, _] = cells[..] else {
            faults.push(format!("not three columns: {line}"));
            continue;
        };
        if !id.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        if !ids.insert(id.to_owned()) {
            faults.push(format!("{id} is there twice"));
        }
        if holds.is_empty() || proof.is_empty() {
            faults.push(format!("{id} says nothing"));
        }
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        let has_reason =
            ["no test:", "not met:", "does not apply:"].iter().any(|reason| proof.contains(reason));
        if named.is_empty() && !has_reason {
            faults.push(format!("{id} names no test and no reason"));
        }
        let missing =
            named.iter().filter(|name| !name.contains([' ', '/', '.']) && !is_there(name));
        faults.extend(missing.map(|name| format!("{id}: there is no test `{name}`")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(ids.len(), LINES_LEVEL_2, "every line of level 2, once");
}
