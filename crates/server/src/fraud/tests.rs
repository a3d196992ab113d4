//! Decoys that cannot be read, and documents that nobody can change.

use std::path::Path;

use desk::suspicion::MarkReason;
use expect_test::{Expect, expect, expect_file};
use jiff::{SignedDuration, Timestamp};
use ledger::note::SigningKey;
use records::SelectorKind;

use super::canary::Canaries;
use super::marks::*;

fn key() -> SigningKey {
    SigningKey::from_seed("log.example/desk", [7; 32]).expect("a key")
}
fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}
fn issued() -> Timestamp {
    at("2026-11-29T10:00:00Z")
}
fn mark() -> SharedMark {
    let identifier = |kind, digit: &str| Identifier { kind, sha256: digit.repeat(64) };
    SharedMark {
        agency: "Harbour Police".to_owned(),
        country: desk::ids::Country::parse("XX").expect("a country"),
        domains: vec!["harbour.example".to_owned()],
        identifiers: vec![
            identifier(IdentifierKind::Certificate, "a"),
            identifier(IdentifierKind::SignatureKey, "b"),
            identifier(IdentifierKind::OfficerEmail, "c"),
        ],
        reason: MarkReason::StolenKey,
        marked_at: at("2026-11-28T23:59:59Z"),
    }
}
fn document() -> MarksDocument {
    MarksDocument::new("log.example/desk", "Lantern Exchange", vec![mark()], issued())
        .expect("sound")
}

fn opened(bytes: &[u8], now: Timestamp) -> String {
    match MarksDocument::open(bytes, &key().verifier(), now) {
        Ok(document) => format!("{} marks of {}", document.marks.len(), document.desk),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_bytes_of_a_document_are_golden_and_open_again() {
    let note = document().sign(&key()).expect("signed").to_string();
    expect_file!["../../tests/golden/fraud-marks.note"].assert_eq(&note);
    let back = MarksDocument::open(note.as_bytes(), &key().verifier(), issued());
    assert_eq!(back.expect("our own"), document());
}

#[test]
fn the_text_is_as_the_schema_says() {
    let schema = include_str!("../../../../docs/formats/fraud-marks.schema.json");
    let schema = serde_json::from_str(schema).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a sound schema");
    let sound = serde_json::to_value(document()).expect("JSON");
    assert!(validator.is_valid(&sound));
    for (place, wrong) in [
        ("/format", serde_json::json!("comity fraud marks 2")),
        ("/marks/0/reason", serde_json::json!("bad feeling")),
        ("/marks/0/identifiers", serde_json::json!([])),
        ("/marks/0/identifiers/0/sha256", serde_json::json!("AA")),
        ("/marks/0/identifiers/0/kind", serde_json::json!("name")),
        ("/marks/0/country", serde_json::json!("xx")),
    ] {
        let mut document = sound.clone();
        *document.pointer_mut(place).expect("a place") = wrong;
        assert!(!validator.is_valid(&document), "{place}");
        let text = document.to_string();
        let is_read = serde_json::from_str::<MarksDocument>(&text).is_ok();
        let note = is_read.then(|| {
            let text = format!("{text}\n");
            let signature = key().sign(&text).expect("signed");
            ledger::note::Note::new(text, vec![signature]).expect("a note").to_string()
        });
        let told = note.map_or_else(String::new, |note| opened(note.as_bytes(), issued()));
        assert!(!told.contains("marks of"), "{place}: {told}");
    }
}

#[test]
fn any_changed_byte_is_noticed() {
    let note = document().sign(&key()).expect("signed").to_string();
    let sound = opened(note.as_bytes(), issued());
    expect!["1 marks of log.example/desk"].assert_eq(&sound);
    for index in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[index] ^= 1;
        assert_ne!(opened(&bytes, issued()), sound, "byte {index}");
    }
}

#[test]
fn each_thing_that_is_wrong_is_said() {
    let check = |document: &MarksDocument, signer: &SigningKey, now: &str, then: Expect| {
        let note = document.sign(signer).expect("signed").to_string();
        then.assert_eq(&opened(note.as_bytes(), at(now)));
    };
    let (now, own) = ("2026-11-29T10:00:00Z", key());
    let stranger = SigningKey::from_seed("log.example/desk", [8; 32]).expect("a key");
    check(
        &document(),
        &stranger,
        now,
        expect!["it is not signed by the key you name: no signature is by a known key"],
    );
    check(
        &document(),
        &own,
        "2026-12-29T10:00:00Z",
        expect![
            "it is valid from 2026-11-29T10:00:00Z to 2026-12-29T10:00:00Z, not now (2026-12-29T10:00:00Z); ask for a newer one"
        ],
    );
    check(&document(), &own, "2026-11-29T09:50:00Z", expect!["1 marks of log.example/desk"]);
    check(
        &document(),
        &own,
        "2026-11-29T09:49:59Z",
        expect![
            "it is valid from 2026-11-29T10:00:00Z to 2026-12-29T10:00:00Z, not now (2026-11-29T09:49:59Z); ask for a newer one"
        ],
    );
    check(
        &MarksDocument { desk: "log.example/other".to_owned(), ..document() },
        &own,
        now,
        expect!["it speaks for log.example/other, but log.example/desk signed it"],
    );
    let long = issued().checked_add(SignedDuration::from_hours(24 * 91)).expect("a time");
    check(
        &MarksDocument { expires_at: long, ..document() },
        &own,
        now,
        expect![
            "its text is not a document of fraud marks: it would be valid for PT2184H; at most 90 days"
        ],
    );
    let mut nameless = document();
    nameless.marks[0].identifiers.clear();
    check(
        &nameless,
        &own,
        now,
        expect!["its text is not a document of fraud marks: marks[0] has 0 identifiers; 1 to 32"],
    );
    let many = vec![mark(); MARKS_COUNT_MAX + 1];
    let error = MarksDocument::new("log.example/desk", "", many, issued()).expect_err("too many");
    expect!["its text is not a document of fraud marks: 1001 marks; at most 1000"]
        .assert_eq(&error.to_string());
    let checkpoint =
        "log.example/desk\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n".to_owned();
    let signature = own.sign(&checkpoint).expect("signed");
    let note = ledger::note::Note::new(checkpoint, vec![signature]).expect("a note");
    expect!["its text is not a document of fraud marks: expected value at line 1 column 1"]
        .assert_eq(&opened(note.to_string().as_bytes(), issued()));
}

fn keys(dir: &Path) -> std::path::PathBuf {
    let keys = dir.join("keys");
    std::fs::create_dir_all(&keys).expect("a folder");
    keys
}

#[test]
fn a_decoy_is_known_in_every_spelling_and_stands_nowhere() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let (keys, list) = (keys(dir.path()), dir.path().join("canaries.txt"));
    let add = |kind, value: &str| Canaries::add(&keys, &list, kind, value).expect("added");
    assert!(add(SelectorKind::AccountId, "LX-900017"));
    assert!(add(SelectorKind::Email, "nobody@lantern.example"));
    assert!(!add(SelectorKind::AccountId, " LX-900017 "), "it was there already");
    let known = Canaries::read(&keys, &list).expect("a list");
    assert_eq!(known.len(), 2);
    assert!(known.has("account_id", "LX-900017"));
    assert!(!known.has("email", "LX-900017"), "another kind is another identifier");
    assert!(!known.has("account_id", "LX-900018"));
    let text = std::fs::read_to_string(&list).expect("a list");
    assert!(!text.contains("900017") && !text.contains("nobody"), "{text}");
    // With another key the same list says nothing, so the digests cannot be tried without it.
    let other = dir.path().join("other");
    std::fs::create_dir(&other).expect("a folder");
    let foreign = dir.path().join("foreign.txt");
    Canaries::add(&other, &foreign, SelectorKind::AccountId, "LX-1").expect("added");
    assert!(!Canaries::read(&other, &list).expect("a list").has("account_id", "LX-900017"));
}

#[test]
fn a_list_that_cannot_be_read_is_told_with_its_line() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let (keys, list) = (keys(dir.path()), dir.path().join("canaries.txt"));
    assert!(Canaries::read(&keys, &list).expect("none yet").is_empty());
    std::fs::write(&list, "# decoys\nLX-900017\n").expect("written");
    let Err(error) = Canaries::read(&keys, &list) else { panic!("it was read") };
    let told = error.to_string().replace(&dir.path().display().to_string(), "");
    expect!["/canaries.txt:2: not 64 hexadecimal digits; use `comity fraud canary`"]
        .assert_eq(&told);
}
