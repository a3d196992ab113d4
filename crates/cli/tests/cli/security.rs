//! `comity security`, and what the log on standard error never says.

use serde_json::Value;

use crate::support::{comity, command, said, scratch, shared, text};

/// Our own rooms at their most talkative.
const EVERYTHING: &str =
    "comity=trace,server=trace,store=trace,web=trace,records=trace,desk=trace,evidence=trace";

#[test]
fn the_security_log_is_listed_and_agrees_with_its_digests() {
    let folder = shared().copy();
    let config = text(folder.path().join("comity.toml"));
    let rows = comity(&["security", "log", "--config", &config, "--json"]).exits(0).out;
    let rows: Vec<Value> =
        rows.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!rows.is_empty(), "the demo's callers came with certificates");
    for row in &rows {
        let mut names: Vec<&String> = row.as_object().expect("an object").keys().collect();
        names.sort();
        let mut expected =
            ["count", "first_at", "kind", "last_at", "network", "number", "outcome"].to_vec();
        expected.extend(["place", "who"]);
        assert_eq!(names, expected);
        assert_eq!(row["network"], "127.0.0.0/24");
    }
    assert!(rows.iter().any(|row| row["kind"] == "certificate" && row["who"].is_string()));
    let words = comity(&["security", "log", "--config", &config, "--kind", "certificate"]);
    words.exits(0).tells("certificate");
    comity(&["security", "log", "--config", &config, "--kind", "case"]).complains("no such kind");
    let alarms = comity(&["security", "alarms", "--config", &config, "--json"]).exits(0);
    assert_eq!(alarms.out, "");
    comity(&["security", "check", "--config", &config]).exits(0).tells("rows agree");
}

#[test]
fn no_log_line_names_a_person_an_account_or_a_secret() {
    let folder = scratch();
    let dir = folder.path().join("d");
    let mut demo = command();
    demo.args(["demo", "--json", "--dir", &text(&dir)]);
    demo.env("COMITY_LOG", EVERYTHING).env("COMITY_LOG_FORMAT", "json");
    let said = said(&mut demo).exits(0);
    // Log lines are JSON for machines; what the command says to people is not.
    let lines: Vec<&str> = said.err.lines().filter(|line| line.starts_with('{')).collect();
    assert!(!lines.is_empty(), "{}", said.err);
    for line in &lines {
        let read: Value = serde_json::from_str(line).expect("one JSON object a line");
        for member in ["timestamp", "level", "target", "fields"] {
            assert!(!read[member].is_null(), "{member}: {line}");
        }
    }
    assert!(lines.iter().any(|line| line.contains("comity::security")), "{lines:?}");
    let mut forbidden = vec!["LX-004711".to_owned()];
    for table in std::fs::read_dir(dir.join("records")).expect("the example's records") {
        let table = std::fs::read_to_string(table.expect("an entry").path()).expect("a table");
        let own = table.lines().filter(|line| line.contains("LX-004711"));
        let cells = own.flat_map(|line| line.split(',')).map(|cell| cell.trim_matches('"'));
        // Shorter cells, and plain dates and numbers, may stand anywhere.
        let telling = cells.filter(|cell| {
            cell.len() >= 8 && cell.chars().any(char::is_alphabetic) && !cell.starts_with("20")
        });
        forbidden.extend(telling.map(str::to_owned));
    }
    assert!(forbidden.len() > 5, "{forbidden:?}");
    for key in ["seal.key", "log.key", "server.key"] {
        let secret = std::fs::read_to_string(dir.join("keys").join(key)).expect("a key");
        forbidden.extend(secret.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    }
    let log = lines.join("\n");
    for secret in forbidden.iter().filter(|secret| secret.len() >= 8) {
        assert!(!log.contains(secret.as_str()), "{secret:?} is in the log");
    }
}
