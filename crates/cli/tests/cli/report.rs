//! `comity report`: beside a store at rest, beside a served node, and checked by whoever likes.

use std::path::Path;

use serde_json::Value;

use crate::support::{Said, Served, comity, scratch, shared, text};

const PERIOD: [&str; 4] = ["--from", "2020-01-01", "--to", "2099-12-31"];
const NAME: &str = "transparency-2020-01-01--2099-12-31";

fn report(dir: &Path, more: &[&str]) -> Said {
    let dir = text(dir);
    comity(&[&["report", "transparency", "--dir", &dir], &PERIOD[..], more].concat())
}

fn verify(folder: &Path, more: &[&str]) -> Said {
    let file = text(folder.join(format!("{NAME}.json")));
    comity(&[&["report", "verify", &file], more].concat())
}

/// The demo has one request, so everything is withheld; the counts are other tests' matter.
#[test]
fn a_report_is_written_recorded_and_checked() {
    let copy = shared().copy();
    let out = scratch();
    let folder = text(out.path());
    let said = report(copy.path(), &["--out", &folder, "--language", "de"]).exits(0);
    said.tells("requests: withheld\n").tells("disclose: fewer than 5\n").complains(".proof.json");
    let page = std::fs::read_to_string(out.path().join(format!("{NAME}.html"))).expect("a page");
    assert!(page.contains("<html lang=\"de\">") && !page.contains("<script"), "{page}");

    let policy = text(copy.path().join("keys/policy.txt"));
    verify(out.path(), &["--policy", &policy]).exits(0).tells("was recorded at");
    verify(out.path(), &[]).exits(3).tells("give --policy");
    let said = verify(out.path(), &["--policy", &policy, "--json"]).exits(0);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(told["holds"], true);
    assert_eq!(told["csv_checked"], true);
    comity(&["ledger", "check", "--dir", &text(copy.path())]).exits(0).tells("\n0 defects\n");

    let csv = out.path().join(format!("{NAME}.csv"));
    std::fs::write(&csv, "period_from\n").expect("written");
    verify(out.path(), &["--policy", &policy]).exits(1).tells("not the file that was recorded");
    std::fs::remove_file(&csv).expect("removed");
    verify(out.path(), &["--policy", &policy]).exits(0);
    std::fs::remove_file(out.path().join(format!("{NAME}.proof.json"))).expect("removed");
    verify(out.path(), &["--policy", &policy]).exits(2).complains("proof.json");
    let json = text(out.path().join(format!("{NAME}.json")));
    comity(&["report", "prove", &json, "--dir", &text(copy.path())]).exits(0);
    verify(out.path(), &["--policy", &policy]).exits(0);
}

#[test]
fn a_served_node_records_it_for_us() {
    let copy = shared().copy();
    let served = Served::start(copy.path());
    let out = scratch();
    report(copy.path(), &["--out", &text(out.path())]).exits(0).complains(".proof.json");
    let policy = text(copy.path().join("keys/policy.txt"));
    verify(out.path(), &["--policy", &policy]).exits(0);
    drop(served);
}

/// The same requests at another moment, or a part of them: nobody gets the difference.
#[test]
fn a_report_that_could_be_subtracted_from_an_earlier_one_is_refused() {
    let copy = shared().copy();
    let out = scratch();
    let folder = text(out.path());
    report(copy.path(), &["--out", &folder]).exits(0);
    let later = report(copy.path(), &["--out", &folder, "--agency-countries", "XX"]).exits(1);
    later.complains("counts some of the same requests").complains("withdraw it first");
    report(copy.path(), &["--agency-countries", "XX"]).exits(0).complains("for your eyes only");
}

#[test]
fn a_look_leaves_nothing_behind() {
    let dir = &shared().dir;
    let said = report(dir, &["--json", "--agency-countries", "XX,YY"]).exits(0);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(told["agency_countries"], serde_json::json!(["XX", "YY"]));
    assert_eq!(told["small_cell_below"], 5);
    let size = |said: Said| serde_json::from_str::<Value>(&said.out).expect("JSON")["log"].clone();
    assert_eq!(size(report(dir, &["--json"]).exits(0)), told["log"], "the log did not grow");
}

#[test]
fn what_makes_no_sense_is_named() {
    let dir = text(&shared().dir);
    let run = |more: &[&str]| comity(&[&["report", "transparency", "--dir", &dir], more].concat());
    run(&["--from", "2026-02-01", "--to", "2026-01-01"]).exits(1).complains("before it begins");
    run(&["--from", "2026-02-30", "--to", "2026-03-01"]).exits(2);
    run(&["--from", "2026-01-01", "--to", "2026-03-01", "--agency-countries", "de"])
        .exits(2)
        .complains("two capital letters");
}
