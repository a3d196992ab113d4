//! `comity evidence`: the exit codes that scripts rely on, and keys that do not fit.

use serde_json::Value;

use crate::support::{comity, scratch, shared, text};

#[test]
fn exit_codes_say_sound_intact_unsound_and_no_package() {
    let demo = shared();
    let (package, root) = (demo.path("agency/package.zip"), demo.path("keys/root.pem"));
    let policy = demo.path("keys/policy.txt");
    let verify = ["evidence", "verify", package.as_str()];
    let anchored = [&verify[..], &["--root", &root, "--policy", &policy]].concat();
    comity(&anchored).exits(0).tells("sound: integrity and origin both hold");
    comity(&verify).exits(3).tells("intact; origin not checked: seal certificate, log proof");
    let rooted = [&verify[..], &["--root", &root]].concat();
    comity(&rooted).exits(3).tells("origin not checked: log proof");
    // Another root than the seal's: the server's own certificate.
    let other = demo.path("keys/server.pem");
    let foreign = [&verify[..], &["--root", &other]].concat();
    assert_ne!(comity(&foreign).code, 0);

    let no_package = demo.path("comity.toml");
    comity(&["evidence", "verify", &no_package]).exits(2).tells("not an evidence package");
    // What cannot be read is not called unsound.
    comity(&["evidence", "verify", "absent.zip"]).exits(2).complains("absent.zip: No such file");
    let absent_root = [&verify[..], &["--root", "absent.pem"]].concat();
    comity(&absent_root).exits(2).complains("absent.pem: No such file");
}

#[test]
fn a_flipped_byte_is_named_in_words_and_json() {
    let folder = scratch();
    let mut bytes = std::fs::read(shared().path("agency/package.zip")).expect("a package");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let path = text(folder.path().join("flipped.zip"));
    std::fs::write(&path, &bytes).expect("written");
    comity(&["evidence", "verify", &path]).exits(1).tells("defect: ").tells("UNSOUND: ");
    let said = comity(&["evidence", "verify", "--json", &path]).exits(1);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(report["verdict"], "unsound");
    for member in ["file", "what", "expected", "found"] {
        assert!(report["defects"][0][member].is_string(), "{member}: {report}");
    }
}

#[test]
fn json_has_the_documented_members() {
    let package = shared().path("agency/package.zip");
    let said = comity(&["evidence", "verify", "--json", &package]).exits(3);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    let members: Vec<_> = report.as_object().expect("an object").keys().cloned().collect();
    for member in ["package", "verdict", "defects", "checks", "facts"] {
        assert!(members.iter().any(|found| found == member), "{member} in {members:?}");
    }
    assert_eq!(report["verdict"], "intact");
    assert_eq!(report["defects"].as_array().map(Vec::len), Some(0));
    let checks = report["checks"].as_array().expect("a list");
    let outcomes = |outcome: &str| {
        let of: Vec<_> = checks.iter().filter(|check| check["outcome"] == outcome).collect();
        of.iter().map(|check| check["what"].as_str().expect("a word")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(outcomes("not_checked"), "approval time_stamp certificate log_proof");
    assert_eq!(outcomes("fails"), "");
}

#[test]
fn a_wrong_key_opens_nothing_and_leaves_nothing() {
    let (demo, folder) = (shared(), scratch());
    let sent = demo.path("agency/package.zip.p7m");
    let out = text(folder.path().join("package.zip"));
    let agency = |name: &str| demo.path(&format!("agency/{name}"));
    let open = |certificate: &str, key: &str| {
        let (certificate, key) = (agency(certificate), agency(key));
        let arguments = ["evidence", "open", &sent, "--certificate", &certificate, "--key", &key];
        comity(&[&arguments[..], &["--out", &out]].concat())
    };
    open("recipient.pem", "client.key").exits(1).complains("does not belong to the certificate");
    open("client.pem", "client.key").exits(1).complains("not encrypted to this certificate");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    open("recipient.pem", "recipient.key").exits(0);
    let opened = std::fs::read(&out).expect("opened");
    assert!(opened == std::fs::read(agency("package.zip")).expect("the demo's"));
    // Nor is anything overwritten.
    open("recipient.pem", "recipient.key").exits(1).complains("package.zip");
}
