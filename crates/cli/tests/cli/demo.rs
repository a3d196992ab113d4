//! `comity demo`: what it prints, what it leaves, and what it refuses to touch.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use expect_test::expect;

use crate::support::{Served, comity, command, said, scratch, shared, text};

#[test]
fn json_is_one_object_of_six_members() {
    let folder = scratch();
    let dir = folder.path().join("d");
    let said = comity(&["demo", "--json", "--dir", &text(&dir)]).exits(0);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    let shown: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let members: Vec<_> = shown.as_object().expect("an object").keys().cloned().collect();
    expect!["elapsed_ms hops leaves package policy root"].assert_eq(&{
        let mut members = members;
        members.sort();
        members.join(" ")
    });
    assert_eq!(shown["hops"], 16);
    assert!(shown["leaves"].as_u64().expect("a count") >= 20, "{shown}");
    assert!(shown["elapsed_ms"].is_u64(), "{shown}");
    for member in ["package", "root", "policy"] {
        let path = shown[member].as_str().expect("a path");
        assert!(Path::new(path).is_file(), "{member}: {path}");
    }
    private(&dir);
    // Again in its own folder: made anew, nothing of the first left.
    let first = std::fs::read(dir.join("agency/package.zip")).expect("the first package");
    std::fs::write(dir.join("agency/left.txt"), "x").expect("written");
    let words = comity(&["demo", "--dir", &text(&dir)]).exits(0).out;
    assert_ne!(std::fs::read(dir.join("agency/package.zip")).expect("the second"), first);
    assert!(!dir.join("agency/left.txt").exists());
    assert!(words.contains("Every step held"), "{words}");
}

/// Private keys are their owner's, and so are the folders that hold them.
fn private(dir: &Path) {
    let mode =
        |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let mut keys = 0;
    assert_eq!(mode(dir), 0o700);
    for folder in ["keys", "staff", "agency"] {
        let folder = dir.join(folder);
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "key") {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                keys += 1;
            }
        }
    }
    assert_eq!(keys, 5 + 4 + 2, "keys of the node, its staff, the agency");
    for file in ["desk.sqlite", "agency/package.zip", "keys/log.checkpoint"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
}

#[test]
fn words_are_a_dozen_timed_lines_and_the_commands() {
    let words = &shared().words;
    let (story, commands) = words.split_once("\n\n").expect("an empty line between the two");
    let lines: Vec<_> = story.lines().collect();
    assert!((12..=14).contains(&lines.len()), "{words}");
    for line in &lines {
        assert!(line.contains(" s ") && line.contains(" ms "), "{line}");
    }
    assert!(words.contains("money followed 16 hops"), "{words}");
    assert!(words.contains("2.54121928 BTC held"), "{words}");
    for program in ["unzip", "sha256sum -c", "openssl cms -verify", "evidence verify"] {
        assert!(commands.contains(program), "{commands}");
    }
}

#[test]
fn a_foreign_folder_is_refused_and_untouched() {
    let folder = scratch();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").expect("written");
    let dir = text(folder.path());
    let said =
        comity(&["demo", "--dir", &dir]).exits(1).complains("give another folder with --dir");
    assert!(said.out.is_empty(), "{}", said.out);
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1);
    let kept = std::fs::read_to_string(folder.path().join("thesis.txt")).expect("still there");
    assert_eq!(kept, "years of work");
}

#[test]
fn a_served_folder_is_refused_and_still_served() {
    let copy = shared().copy();
    let served = Served::start(copy.path());
    comity(&["demo", "--dir", &text(copy.path())]).exits(1).complains("is served right now");
    assert!(copy.path().join("desk.sqlite").exists());
    drop(served);
}

#[test]
fn half_a_time_stamp_authority_is_refused_before_anything_is_deleted() {
    let copy = shared().copy();
    let dir = text(copy.path());
    comity(&["demo", "--dir", &dir, "--tsa", "http://127.0.0.1:1"])
        .exits(2)
        .complains("--tsa-root <FILE>");
    let absent = text(copy.path().join("absent.pem"));
    comity(&["demo", "--dir", &dir, "--tsa", "http://127.0.0.1:1", "--tsa-root", &absent])
        .exits(1)
        .complains("absent.pem: No such file");
    assert!(copy.path().join("agency/package.zip").exists());
}

#[test]
fn errors_have_no_colour_when_nobody_watches() {
    let dir = scratch();
    std::fs::write(dir.path().join("x"), "").expect("written");
    let said =
        said(command().args(["demo", "--dir", &text(dir.path())]).env("COMITY_LOG", "trace"));
    assert!(!said.err.contains('\u{1b}'), "{}", said.err);
}
