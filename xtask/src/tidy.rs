//! Checks the house: what the compiler cannot forbid and a reviewer would miss.
//!
//! It reads text, so it can be fooled; it is a fence against accidents, not against malice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand};
use clap::CommandFactory;

/// Lines of code in one file, its test module apart.
const FILE_LINES_MAX: usize = 500;
/// Lines of one function, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Characters in one line of Rust.
const LINE_CHARACTERS_MAX: usize = 100;
/// Lines of ARCHITECTURE.md.
const ARCHITECTURE_LINES_MAX: usize = 250;

/// The floors of the house. A room may use rooms of lower floors only.
const FLOORS: [(&str, u8); 11] = [
    ("desk", 1),
    ("ledger", 1),
    ("evidence", 1),
    ("chain", 1),
    ("trace", 1),
    ("store", 2),
    ("records", 2),
    ("feed", 2),
    ("server", 3),
    ("web", 4),
    ("cli", 5),
];

/// The two doors between rooms of the first floor.
const DOORS: [(&str, &str); 2] = [("trace", "chain"), ("evidence", "ledger")];

/// Crates that no pure room may use outside its tests.
const IMPURE_CRATES: [&str; 9] =
    ["tokio", "sqlx", "axum", "reqwest", "rand", "getrandom", "hyper", "rustls", "tracing"];

/// Calls that no pure room may make outside its tests.
const IMPURE_CALLS: [&str; 9] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "new_v4()",
    "now_v7()",
    "std::fs::",
    "std::net::",
    "std::env::var",
];

/// Parts of a pure room that keep files: the chain store is larger than memory.
const FILE_KEEPERS: [&str; 3] =
    ["crates/chain/src/store.rs", "crates/chain/src/store/", "crates/chain/src/map.rs"];

/// Runs every check and reports all findings at once.
///
/// # Errors
/// When there is any finding.
pub fn tidy(root: &Path) -> Result<()> {
    let mut findings = Vec::new();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()?;
    layers(&metadata, &mut findings);
    examples(&metadata, &mut findings);
    for file in rust_files(root)? {
        let text = std::fs::read_to_string(&file)?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        sizes(&name, &text, &mut findings);
        purity(&name, &text, &mut findings);
    }
    migrations(root, &mut findings)?;
    let read = |path: &str| std::fs::read_to_string(root.join(path));
    locks(&read("Cargo.lock")?, &read("fuzz/Cargo.lock")?, &needs(&metadata), &mut findings)?;
    documents(root, &mut findings)?;
    if findings.is_empty() {
        println!("tidy: the house is in order");
        return Ok(());
    }
    for finding in &findings {
        println!("tidy: {finding}");
    }
    bail!("tidy: {} findings", findings.len());
}

/// Examples of one name overwrite each other in `target/`.
fn examples(metadata: &Metadata, findings: &mut Vec<String>) {
    let targets = metadata.packages.iter().flat_map(|package| &package.targets);
    let mut names: Vec<&str> =
        targets.filter(|target| target.is_example()).map(|target| target.name.as_str()).collect();
    names.sort_unstable();
    for same in names.chunk_by(PartialEq::eq).filter(|same| same.len() > 1) {
        findings.push(format!("{} examples are called {}; one name each", same.len(), same[0]));
    }
}

fn needs(metadata: &Metadata) -> Needs {
    let normal = |d: &&Dependency| d.kind == DependencyKind::Normal && !d.optional;
    let packages = metadata.packages.iter();
    packages
        .map(|package| {
            let needs = package.dependencies.iter().filter(normal).map(|d| d.name.clone());
            (package.name.to_string(), needs.collect())
        })
        .collect()
}

fn layers(metadata: &Metadata, findings: &mut Vec<String>) {
    let floors: BTreeMap<&str, u8> = FLOORS.into_iter().collect();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if name == "xtask" {
            continue;
        }
        let Some(floor) = floors.get(name) else {
            findings.push(format!("{name}: no floor; give it one in xtask/src/tidy.rs"));
            continue;
        };
        let used = package.dependencies.iter();
        for dependency in used.filter(|d| d.kind != DependencyKind::Development) {
            let used = dependency.name.as_str();
            let below = floors.get(used).is_none_or(|used_floor| used_floor < floor);
            if !below && !DOORS.contains(&(name, used)) {
                findings.push(format!("{name} uses {used}: arrows only point down"));
            }
            if *floor == 1 && IMPURE_CRATES.contains(&used) {
                findings.push(format!("{name} is pure and may not use the crate {used}"));
            }
        }
    }
}

fn sizes(name: &str, text: &str, findings: &mut Vec<String>) {
    let code = without_tests(text);
    let is_test =
        name.contains("/tests/") || name.contains("/examples/") || name.ends_with("tests.rs");
    if !is_test && code.lines().count() > FILE_LINES_MAX {
        let lines = code.lines().count();
        findings.push(format!("{name}: {lines} lines, at most {FILE_LINES_MAX}; split it"));
    }
    for (index, line) in code.lines().enumerate() {
        if !is_test && line.chars().count() > LINE_CHARACTERS_MAX {
            findings.push(format!("{name}:{}: line too long", index + 1));
        }
    }
    if is_test {
        return;
    }
    for (line, function, length) in functions(code) {
        if length > FUNCTION_LINES_MAX {
            findings.push(format!("{name}:{line}: fn {function} has {length} lines"));
        }
    }
}

/// Functions of rustfmt'd code: the closing brace stands alone, as deep as `fn` does.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let Some(at) = words.find("fn ") else { continue };
        let before_is_modifiers = words[..at].split_whitespace().all(|word| {
            matches!(word, "pub" | "async" | "const" | "unsafe") || word.starts_with("pub(")
        });
        if !before_is_modifiers {
            continue;
        }
        let name = words[at + 3..].split(['(', '<']).next().unwrap_or_default().to_owned();
        let closing = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[start..].iter().position(|line| *line == closing) {
            found.push((start + 1, name, length + 1));
        }
    }
    found
}

fn purity(name: &str, text: &str, findings: &mut Vec<String>) {
    let pure = FLOORS
        .iter()
        .any(|(room, floor)| *floor == 1 && name.starts_with(&format!("crates/{room}/src/")));
    if !pure {
        return;
    }
    let keeper = FILE_KEEPERS.iter().any(|kept| name.starts_with(kept));
    for (index, line) in without_tests(text).lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let calls = IMPURE_CALLS.iter().filter(|call| code.contains(**call));
        for call in calls.filter(|call| !keeper || **call != "std::fs::") {
            findings.push(format!("{name}:{}: {call} in a pure room", index + 1));
        }
    }
}

fn migrations(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    let folder = root.join("crates/store/migrations");
    let names = |engine: &str| -> Result<BTreeSet<String>> {
        Ok(std::fs::read_dir(folder.join(engine))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect())
    };
    let (sqlite, postgres) = (names("sqlite")?, names("postgres")?);
    for name in sqlite.symmetric_difference(&postgres) {
        findings.push(format!("migration {name} is there for one engine only"));
    }
    Ok(())
}

/// What each room needs besides its tests, by the names of packages.
type Needs = BTreeMap<String, BTreeSet<String>>;

/// The fuzz targets are built with what the product is built with: `fuzz/Cargo.lock` knows what the
/// rooms need now, and no other version of a crate than `Cargo.lock`.
fn locks(house: &str, fuzz: &str, rooms: &Needs, findings: &mut Vec<String>) -> Result<()> {
    let (house, fuzz) = (locked(house)?, locked(fuzz)?);
    let mut add = |found: String| findings.push(format!("fuzz/Cargo.lock: {found}"));
    for (name, versions) in &fuzz {
        let Some(known) = house.get(name) else { continue };
        for (version, needs) in versions {
            if !known.contains_key(version) {
                let known = known.keys().cloned().collect::<Vec<_>>().join(" or ");
                add(format!("{name} {version}; cd fuzz && cargo update {name} --precise {known}"));
            }
            let missing = rooms.get(name).into_iter().flatten().find(|need| !needs.contains(*need));
            if let Some(missing) = missing {
                add(format!("{name} uses {missing}; cd fuzz && cargo metadata > /dev/null"));
            }
        }
    }
    Ok(())
}

/// What each version of each package needs.
type Locked = BTreeMap<String, Needs>;

fn locked(text: &str) -> Result<Locked> {
    let mut locked = Locked::new();
    let lock: toml::Table = text.parse()?;
    for package in lock["package"].as_array().into_iter().flatten() {
        let word = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let needs = package.get("dependencies").and_then(toml::Value::as_array);
        let needs = needs.into_iter().flatten().filter_map(|one| one.as_str());
        let names = needs.map(|one| one.split(' ').next().unwrap_or_default().to_owned());
        locked.entry(word("name")).or_default().insert(word("version"), names.collect());
    }
    Ok(locked)
}

/// README's xtask commands exist (its `comity` commands are tried by the tests of `cli`), and
/// ARCHITECTURE.md stays short enough to be read.
fn documents(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let command = crate::Arguments::command();
    for line in readme.lines() {
        let Some(rest) = line.trim().strip_prefix("cargo xtask ") else { continue };
        let mut here = &command;
        for word in rest.split_whitespace().take_while(|word| !word.starts_with(['-', '#'])) {
            match here.find_subcommand(word) {
                Some(next) => here = next,
                None if here.has_subcommands() => {
                    findings.push(format!("README.md names `cargo xtask {rest}`: no such command"));
                    break;
                }
                None => break,
            }
        }
    }
    let lines = std::fs::read_to_string(root.join("ARCHITECTURE.md"))?.lines().count();
    if lines > ARCHITECTURE_LINES_MAX {
        findings.push(format!("ARCHITECTURE.md: {lines} lines, at most {ARCHITECTURE_LINES_MAX}"));
    }
    Ok(())
}

/// The text above the file's test module, which by custom stands last.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.join("crates"), root.join("xtask")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{Needs, functions, locks, purity, sizes};

    #[test]
    fn the_lock_of_the_fuzz_targets_does_not_go_its_own_way() {
        let room = "[[package]]\nname = \"chain\"\nversion = \"0.1.0\"\ndependencies = [\"hex\"]\n";
        let hex = |version: &str| format!("[[package]]\nname = \"hex\"\nversion = \"{version}\"\n");
        let (house, other) = (room.to_owned() + &hex("0.4.3"), room.to_owned() + &hex("0.4.2"));
        let found = |fuzz: &str, needs: &[&str]| {
            let needs = needs.iter().map(|need| (*need).to_owned()).collect();
            let (rooms, mut findings) = (Needs::from([("chain".to_owned(), needs)]), Vec::new());
            locks(&house, fuzz, &rooms, &mut findings).expect("two locks");
            findings
        };
        assert_eq!(found(&house, &["hex"]), [""; 0]);
        assert_eq!(
            found(&other, &["hex"]),
            ["fuzz/Cargo.lock: hex 0.4.2; cd fuzz && cargo update hex --precise 0.4.3"]
        );
        assert_eq!(
            found(&house, &["hex", "zeroize"]),
            ["fuzz/Cargo.lock: chain uses zeroize; cd fuzz && cargo metadata > /dev/null"]
        );
    }

    #[test]
    fn a_long_function_is_found() {
        let body = "    let x = 1;\n".repeat(80);
        let code = format!("pub async fn long(a: u8) {{\n{body}}}\n");
        assert_eq!(functions(&code), [(1, "long".to_owned(), 82)]);
        let mut findings = Vec::new();
        sizes("crates/desk/src/lib.rs", &code, &mut findings);
        assert_eq!(findings, ["crates/desk/src/lib.rs:1: fn long has 82 lines"]);
    }

    #[test]
    fn a_clock_in_a_pure_room_is_found_and_in_its_tests_is_not() {
        let code = "fn f() { Timestamp::now(); }\n\n#[cfg(test)]\nmod tests { Timestamp::now() }";
        let mut findings = Vec::new();
        purity("crates/desk/src/clock.rs", code, &mut findings);
        purity("crates/server/src/clock.rs", code, &mut findings);
        assert_eq!(findings, ["crates/desk/src/clock.rs:1: Timestamp::now in a pure room"]);
    }
}
