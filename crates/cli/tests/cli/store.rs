//! `comity ledger check`, `backup` and `restore`.

use std::path::Path;

use serde_json::Value;

use crate::support::{Said, comity, copy_into, present, scratch, shared, shell, text};

fn check(dir: &Path) -> Said {
    comity(&["ledger", "check", "--dir", &text(dir)])
}

#[test]
fn the_demos_log_is_sound_in_words_and_json() {
    let dir = &shared().dir;
    check(dir).exits(0).tells("\n0 defects\n");
    let said = comity(&["ledger", "check", "--json", "--dir", &text(dir)]).exits(0);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(report["findings_count"], 0);
    assert_eq!(report["derived"], report["size"]);
    assert!(report["size"].as_u64().expect("a count") >= 20, "{report}");
}

#[test]
fn an_older_backup_is_restored_but_not_served() {
    let copy = shared().copy();
    let dir = copy.path();
    let elsewhere = scratch();
    let backup = text(elsewhere.path().join("backup"));
    comity(&["backup", "--dir", &text(dir), "--to", &backup])
        .exits(0)
        .complains("the keys are not in it");
    comity(&["backup", "--dir", &text(dir), "--to", &backup])
        .exits(1)
        .complains("never overwrites");

    // Of the same size: restored beside the same keys, checked and ready to serve.
    let same = scratch();
    copy_into(dir, same.path());
    let restore = |to: &Path| comity(&["restore", "--dir", &text(to), "--from", &backup]);
    restore(same.path()).exits(1).complains("never overwrites");
    shell(same.path(), "rm desk.sqlite*").exits(0);
    restore(same.path()).exits(0);
    let serve_check =
        |at: &Path| comity(&["serve", "--check", "--config", &text(at.join("comity.toml"))]);
    serve_check(same.path()).exits(0).complains("is sound");
    check(same.path()).exits(0);

    // One act later the log key has signed a larger tree than the backup holds.
    let config = text(dir.join("comity.toml"));
    let out = text(dir.join("staff/later"));
    let add = ["staff", "add", "--config", &config, "--name", "Nils Oke", "--role", "auditor"];
    comity(&[&add[..], &["--out", &out]].concat()).exits(0);
    check(dir).exits(0);
    shell(dir, "rm desk.sqlite*").exits(0);
    restore(dir).exits(0);
    serve_check(dir)
        .exits(1)
        .complains("log.checkpoint holds a signed checkpoint")
        .complains("serving it would fork the log")
        .complains("Bring the newer store back, or begin a new log with a new key");
}

#[test]
fn a_row_changed_behind_the_triggers_is_found() {
    if !present("python3", "no row was changed behind the store's back") {
        return;
    }
    let copy = shared().copy();
    let tamper = |sql: &str| {
        let script = format!(
            "import sqlite3\nstore = sqlite3.connect('desk.sqlite')\n\
             store.executescript(\"\"\"{sql}\"\"\")\nstore.commit()\n"
        );
        std::fs::write(copy.path().join("tamper.py"), script).expect("written");
        shell(copy.path(), "python3 tamper.py")
    };
    let change = "update event set event = replace(event, '278621928', '178621928');";
    // Their trigger refuses it ...
    tamper(change).complains("never updated");
    check(copy.path()).exits(0);
    // ... and who removes the trigger is found out.
    tamper(&format!("drop trigger event_update; {change}")).exits(0);
    let said = check(copy.path()).exits(1).tells("defect: ");
    assert!(!said.out.contains("\n0 defects"), "{}", said.out);
    let said = comity(&["ledger", "check", "--json", "--dir", &text(copy.path())]).exits(1);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(report["findings_count"].as_u64() > Some(0), "{report}");
}
