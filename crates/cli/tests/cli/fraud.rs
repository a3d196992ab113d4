//! `comity fraud`: marks for other desks and from them, decoys.

use crate::support::{comity, shared, text};

/// A key in the name of the demo's log that is not its key (RFC 8032, section 7.1, test 1).
const OTHER_KEY: &str =
    "log.lantern.example/desk+dbef1b66+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

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
    comity(&["fraud", "trust", "--config", &config, key, "--reason", "called them"])
        .exits(1)
        .complains("trusted for that desk already");
    comity(&["fraud", "trust", "--config", &config, OTHER_KEY, "--reason", " "])
        .exits(1)
        .complains("say with whom at the other desk you compared it");
    comity(&["fraud", "trust", "--config", &config, OTHER_KEY, "--reason", "called Ms Roe"])
        .exits(0)
        .tells("log.lantern.example/desk: trusted from now on is ")
        .tells("no longer ");
    let again = comity(&["fraud", "export", "--config", &config]).exits(0);
    std::fs::write(&file, &again.out).expect("written");
    comity(&import)
        .exits(1)
        .complains("THE KEY OF log.lantern.example/desk HAS CHANGED")
        .complains("comity fraud trust");
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

#[test]
fn a_list_of_networks_is_checked_before_it_is_used() {
    let copy = shared().copy();
    let dir = copy.path();
    let file = text(dir.join("networks.csv"));
    std::fs::write(
        &file,
        "start,end,country\n192.0.2.0,192.0.2.255,JP\n2001:db8::,2001:db8::ff,FR\n",
    )
    .expect("written");
    let check = ["fraud", "networks", "check", &file];
    comity(&check).exits(0).tells("1 ranges of IPv4 (256 addresses), 1 of IPv6\n2 countries\n");
    comity(&[&check[..], &["--address", "192.0.2.7"]].concat()).exits(0).tells("192.0.2.7: JP\n");
    comity(&[&check[..], &["--address", "192.0.3.7", "--json"]].concat())
        .exits(0)
        .tells("\"found\": \"not listed\"");
    std::fs::write(&file, "# exits\n192.0.2.0/24\n").expect("written");
    comity(&check).exits(1).complains("networks.csv:2: 1 fields; expected start,end,country");
    let exits = [&check[..], &["--anonymisers", "--address", "192.0.2.7"]].concat();
    comity(&exits).exits(0).tells("192.0.2.7: listed\n");
    // What the check refuses, the node refuses when it starts.
    let config = dir.join("comity.toml");
    let known = std::fs::read_to_string(&config).expect("the configuration");
    let lists = "[fraud]\nnetworks = \"networks.csv\"\n";
    let changed = if known.contains("[fraud]\n") {
        known.replace("[fraud]\n", lists)
    } else {
        format!("{known}\n{lists}")
    };
    std::fs::write(&config, changed).expect("written");
    comity(&["serve", "--config", &text(config), "--check"])
        .exits(1)
        .complains("networks.csv:2: 1 fields; expected start,end,country");
}
