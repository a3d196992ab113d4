//! `comity fraud`: marks for other desks and from them, decoys.

use crate::support::{comity, shared, text};

#[test]
fn marks_are_written_checked_and_taken_in_once() {
    let copy = shared().copy();
    let dir = copy.path();
    let config = text(dir.join("comity.toml"));
    let export = comity(&["fraud", "export", "--config", &config]).exits(0);
    let file = text(dir.join("marks.note"));
    std::fs::write(&file, &export.out).expect("written");
    let key = std::fs::read_to_string(dir.join("keys/log.vkey")).expect("the log's key");
    let key = key.trim();
    comity(&["fraud", "verify", &file, "--key", key])
        .exits(0)
        .tells("log.lantern.example/desk (Lantern Exchange), ");
    comity(&["fraud", "verify", &file, "--key", key, "--json"]).exits(0).tells("\"marks\": []");
    let import = ["fraud", "import", "--config", &config, &file, "--key", key];
    comity(&import).exits(0).tells("0 marks of log.lantern.example/desk count until ");
    comity(&import).exits(1).complains("as new as this one was taken in");
    std::fs::write(&file, export.out.replace("Lantern", "Lanterm")).expect("written");
    comity(&["fraud", "verify", &file, "--key", key])
        .exits(1)
        .complains("it is not signed by the key you name");
    comity(&["fraud", "verify", &file, "--key", "nobody"]).exits(1).complains("--key");
    comity(&["ledger", "check", "--dir", &text(dir)]).exits(0).tells("\n0 defects\n");
}

#[test]
fn a_decoy_is_set_once_and_stands_in_no_file() {
    let copy = shared().copy();
    let dir = copy.path();
    let config = text(dir.join("comity.toml"));
    let canary = ["fraud", "canary", "--config", &config, "account_id", "LX-900017"];
    comity(&canary).exits(0).tells("added");
    comity(&canary).exits(0).tells("it was there already");
    let list = std::fs::read_to_string(dir.join("canaries.txt")).expect("the list");
    assert!(!list.contains("900017"), "{list}");
    comity(&["serve", "--config", &config, "--check"]).exits(0).complains("is sound");
    comity(&["fraud", "canary", "--config", &config, "shoe_size", "44"]).exits(1);
    std::fs::write(dir.join("canaries.txt"), "LX-900017\n").expect("written");
    comity(&["serve", "--config", &config, "--check"])
        .exits(1)
        .complains("not 64 hexadecimal digits; use `comity fraud canary`");
}
