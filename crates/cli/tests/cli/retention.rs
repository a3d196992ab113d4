//! `comity retention`, and `comity evidence receipt` of what staff did.

use std::path::Path;
use std::sync::Arc;

use desk::ids::ActorId;
use desk::policy::{Actor, Role};
use serde_json::{Value, json};
use server::app::intake::ManualOrder;
use server::app::{Node, Opening};
use server::config::Config;

use crate::support::{Said, comity, shared, text};

fn retention(dir: &Path, arguments: &[&str]) -> Said {
    let config = text(dir.join("comity.toml"));
    comity(&[&["retention", "--config", &config], arguments].concat())
}

/// The times of comity.toml reach requests that are there, each change on its record, and back.
#[test]
fn the_times_of_the_company_are_given_to_requests_that_are_there() {
    let copy = shared().copy();
    let dir = copy.path();
    let path = dir.join("comity.toml");
    let plain = std::fs::read_to_string(&path).expect("a configuration");
    let size = || {
        let said = comity(&["ledger", "check", "--json", "--dir", &text(dir)]).exits(0);
        let report: Value = serde_json::from_str(&said.out).expect("JSON");
        report["size"].as_u64().expect("a count")
    };
    let before = size();
    retention(dir, &["--apply"]).exits(0).tells("0 requests are kept for another time");
    let own = "[retention]\ngeneric = { days_after_end = 30 }\n";
    std::fs::write(&path, format!("{plain}\n{own}")).expect("written");
    let said = retention(dir, &["--apply", "--json"]).exits(0);
    let changed: Value = serde_json::from_str(&said.out).expect("JSON");
    let changed = changed["changed"].as_u64().expect("a count");
    assert!(changed >= 1, "{}", said.out);
    assert_eq!(size(), before + changed, "each on its record");
    retention(dir, &["--apply"]).exits(0).tells("0 requests are kept for another time");
    retention(dir, &[]).exits(0).complains("0 requests whose personal data may be kept no longer");
    std::fs::write(&path, &plain).expect("written");
    let back = format!("{changed} requests are kept for another time from now on");
    retention(dir, &["--apply"]).exits(0).tells(&back);
    assert_eq!(size(), before + 2 * changed);
    let wrong = "[retention]\nnowhere = { days_after_end = 30 }\n";
    std::fs::write(&path, format!("{plain}\n{wrong}")).expect("written");
    retention(dir, &["--apply"]).exits(1).complains("no rule pack of this release");
}

/// What an interrupted erasure of an earlier release left is told by the check and by `retention`,
/// and goes with `--erase` once it is a day old.
#[test]
fn files_that_belong_to_nothing_are_told_and_removed() {
    let copy = shared().copy();
    let dir = copy.path();
    let digest = "5e".repeat(32);
    let shelf = dir.join("data/blobs/5e");
    let data = std::fs::read_to_string(dir.join("comity.toml")).expect("a configuration");
    assert!(data.contains("data = \"data\""), "{data}");
    std::fs::create_dir_all(&shelf).expect("a shelf");
    let left = shelf.join(&digest);
    std::fs::write(&left, "whom somebody asked about").expect("written");
    let check = || comity(&["ledger", "check", "--dir", &text(dir)]);
    check().exits(1).tells(&format!("the file 5e/{digest} in the folder of blobs belongs to no"));
    // Of today: whoever has just copied files there finds them again.
    let said = retention(dir, &["--json"]).exits(0);
    let listed: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(listed["stray_files"], json!([]));
    retention(dir, &["--erase"]).exits(0);
    assert!(left.exists());
    let file = std::fs::File::options().write(true).open(&left).expect("opened");
    let day = std::time::Duration::from_secs(25 * 3_600);
    file.set_modified(std::time::SystemTime::now() - day).expect("its time");
    retention(dir, &[]).exits(0).complains("1 files that belong to nothing");
    retention(dir, &["--erase"]).exits(0).tells("1 files that belonged to nothing removed");
    assert!(!left.exists());
    check().exits(0).tells("\n0 defects\n");
}

/// The receipt of an order that staff filed from paper: the agency that sent it has a proof that
/// the log has it, and none of the words that staff wrote.
#[test]
fn a_receipt_of_an_act_of_staff_holds_by_hashes_alone() {
    let copy = shared().copy();
    let dir = copy.path();
    let config = text(dir.join("comity.toml"));
    let out = text(dir.join("staff/ines"));
    let add = ["staff", "add", "--config", &config, "--name", "Ines Roth", "--role", "intake"];
    comity(&[&add[..], &["--out", &out]].concat()).exits(0);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (id, receipt) = runtime.block_on(filed_from_paper(dir));
    let (file, policy) = (dir.join("receipt.json"), text(dir.join("keys/policy.txt")));
    std::fs::write(&file, &receipt).expect("written");
    let file = text(file);
    assert!(receipt.starts_with("{\"v\":2,") && !receipt.contains("HP 2026/7"), "{receipt}");
    let check = |more: &[&str]| comity(&[&["evidence", "receipt", &file], more].concat());
    check(&["--policy", &policy])
        .exits(0)
        .tells(&format!("request {id}: received, by the company's word"))
        .tells("its record is not in the receipt, only its hash");
    let said = check(&["--policy", &policy, "--json"]).exits(0);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    let expected = json!({ "holds": true, "request": id, "act": "received", "ask": null,
        "recorded_at": null, "has_record": false, "leaf": told["leaf"],
        "tree_size": told["tree_size"], "origin": told["origin"], "head_trusted": true });
    assert_eq!(told, expected);
    assert_ne!(check(&[]).code, 0, "whose log it is was not checked");
    // Another act, another request, another leaf: none of it holds.
    for (old, new) in [
        ("\"kind\":\"received\"", "\"kind\":\"withdrawn\""),
        ("\"seq\":1,", "\"seq\":7,"),
        ("\"entry\":\"", "\"entry\":\"0"),
    ] {
        let changed = receipt.replacen(old, new, 1);
        assert_ne!(changed, receipt, "{old}");
        std::fs::write(dir.join("receipt.json"), changed).expect("written");
        check(&["--policy", &policy]).exits(1).tells("defect: ");
    }
}

/// Files an order that came by post; its id, and the receipt that the agency's key is given.
async fn filed_from_paper(dir: &Path) -> (String, String) {
    let config = Config::read(&dir.join("comity.toml")).expect("a sound configuration");
    let clock = Arc::new(jiff::Timestamp::now);
    let node = Node::open(config, clock, Opening::Existing).await.expect("opens");
    let directory = node.directory();
    let ines = directory.staff().find(|one| one.name == "Ines Roth").expect("added").id;
    let ines = directory.person(ActorId::Staff(ines), node.now()).expect("of the staff");
    let agency = directory.agencies().next().expect("the demo's agency");
    let order: ManualOrder = serde_json::from_value(json!({
        "agency": agency.id.0, "reference": "HP 2026/7", "legal_basis": "s 94",
        "order": {
            "instrument": "production_order", "issuing_country": "XX", "issuer": "judge",
            "offence": { "sentence_max_months": 120 }, "channel": "manual",
            "authentication": "none", "format": "pdf", "issued_on": "2021-10-04",
            "service": "exchange",
            "asks": [{ "demand": { "kind": "disclose", "scope": {
                "selectors": { "account_id": 1 }, "categories": ["subscriber"],
                "range": { "from": "2021-09-01T00:00:00Z", "to": "2021-11-01T00:00:00Z" } } } }],
        },
        "selectors": [{ "ask": 1, "kind": "account_id", "value": "LX-004711" }],
        "files": [{ "name": "order.pdf", "media_type": "application/pdf",
                    "contents": "JVBERi0xLjcK" }],
    }))
    .expect("an order");
    let done = node.file(&ines, order).await.expect("filed");
    let id = desk::ids::RequestId(done.appended.stream);
    let key = directory.keys_of(agency).next().expect("the agency's key");
    let roles = [Role::AgencyKeyHolder].into();
    let reader = Actor { id: ActorId::Key(key), roles, agency: Some(agency.id) };
    let receipt = node.receipt(&reader, id, None).await.expect("a receipt");
    node.store.close().await;
    (id.to_string(), receipt)
}
