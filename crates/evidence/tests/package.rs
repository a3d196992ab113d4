//! The package as files and as a zip, judged by sha256sum, unzip, bagit and case_validate.

mod support;

use std::io::{Cursor, Read};
use std::sync::Arc;

use evidence::archive::write_zip;
use evidence::bag::Bag;
use evidence::cms::signature::SignatureAlgorithm;
use evidence::digest::{Digests, Sha256};
use evidence::package::*;
use evidence::seal::{Seal, SealParts, sealed_json};
use expect_test::{Expect, expect, expect_file};
use proptest::prelude::*;
use support::*;

fn any_seal() -> Seal {
    Seal {
        parts: SealParts {
            p7s: b"signature".to_vec(),
            tsr: Some(b"time-stamp".to_vec()),
            chain_pem: "chain\n".into(),
        },
        sealed_json: sealed_json("{\"v\":1,\"stream\":\"\\u00e9\"}", &[7; 32], &["w1".into()]),
        proof: "c2sp.org/tlog-proof@v1\nindex 0\n\n".into(),
    }
}

fn zipped(input: PackageInput<'_>, seal: &Seal) -> Vec<u8> {
    let bag = Bag::build(input).unwrap();
    write_zip(&bag, seal, Cursor::new(Vec::new())).unwrap().into_inner()
}

fn file(bag: &Bag<'_>, path: &str) -> String {
    let file = bag.files().find(|file| file.path == path).unwrap();
    String::from_utf8(file.content.in_memory().unwrap().to_vec()).unwrap()
}

#[test]
fn the_text_files_are_as_written_up() {
    let bag = Bag::build(sample(3)).unwrap();
    expect_file!["golden/bag-info.txt"].assert_eq(&file(&bag, "bag-info.txt"));
    expect_file!["golden/VERIFY.txt"].assert_eq(&file(&bag, "VERIFY.txt"));
    expect_file!["golden/tagmanifest-sha256.txt"].assert_eq(&file(&bag, "tagmanifest-sha256.txt"));
    expect_file!["golden/manifest-sha256.txt"].assert_eq(&file(&bag, "manifest-sha256.txt"));
    expect_file!["golden/case.jsonld"].assert_eq(&file(&bag, "data/case.jsonld"));
    let negative = Bag::build(negative()).unwrap();
    let info = file(&negative, "bag-info.txt");
    let answer = info.lines().find(|line| line.starts_with("Comity-Answer")).unwrap();
    expect!["Comity-Answer: ask 1 (disclose): nothing held: no such account as of 2027-01-05T09:00:00Z; searched login and address"].assert_eq(answer);
}

#[test]
fn the_zip_has_its_entries_in_order_with_fixed_times() {
    let zip = zipped(sample(3), &any_seal());
    let mut archive = zip::ZipArchive::new(Cursor::new(&zip[..])).unwrap();
    let mut listing = String::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).unwrap();
        let time = entry.last_modified().unwrap();
        assert_eq!((time.datepart(), time.timepart()), (0x21, 0));
        listing += &format!("{:?} {}\n", entry.compression(), entry.name().unwrap());
    }
    expect![[r#"
        Stored 5e8d3a37-1/bagit.txt
        Stored 5e8d3a37-1/bag-info.txt
        Stored 5e8d3a37-1/VERIFY.txt
        Stored 5e8d3a37-1/manifest-sha256.txt
        Stored 5e8d3a37-1/manifest-sha512.txt
        Stored 5e8d3a37-1/tagmanifest-sha256.txt
        Deflated 5e8d3a37-1/data/case.jsonld
        Stored 5e8d3a37-1/data/order/message.json
        Stored 5e8d3a37-1/data/records/exhibit-0001.csv
        Stored 5e8d3a37-1/data/records/exhibit-0001.json
        Stored 5e8d3a37-1/data/records/exhibit-0002.csv
        Stored 5e8d3a37-1/data/records/exhibit-0002.json
        Stored 5e8d3a37-1/data/records/exhibit-0003.csv
        Stored 5e8d3a37-1/data/records/exhibit-0003.json
        Stored 5e8d3a37-1/data/trace/exhibit-0004.json
        Stored 5e8d3a37-1/data/trace/exhibit-0004.svg
        Stored 5e8d3a37-1/seal/tagmanifest-sha256.txt.p7s
        Stored 5e8d3a37-1/seal/tagmanifest-sha256.txt.p7s.tsr
        Stored 5e8d3a37-1/seal/sealed.json
        Stored 5e8d3a37-1/seal/sealed.json.tlog-proof
        Stored 5e8d3a37-1/seal/chain.pem
    "#]]
    .assert_eq(&listing);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert!(zipped(sample(20), &any_seal()) == zipped(sample(20), &any_seal()));
    assert_ne!(
        Bag::build(sample(20)).unwrap().tagmanifest_sha256(),
        Bag::build(sample(21)).unwrap().tagmanifest_sha256()
    );
}

#[test]
fn sealed_json_keeps_the_record_byte_for_byte() {
    let record = "{\"v\":1,\"text\":\"a \\\"b\\\" \\\\ \u{e9}\u{1f600}\"}";
    let json = sealed_json(record, &[0xab; 32], &["example.org/w".into(), "b\"".into()]);
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["record"].as_str().unwrap(), record);
    assert_eq!(read["salt"].as_str().unwrap(), "ab".repeat(32));
    assert_eq!(read["witnesses"], serde_json::json!(["example.org/w", "b\""]));
    assert_eq!(read["v"], 1);
}

/// The commands of VERIFY.txt and two BagIt readers, on the unpacked package.
#[test]
fn outside_tools_accept_the_package() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("seal", "EC:prime256v1", "seal");
    for input in [sample(5), negative()] {
        let bag = Bag::build(input).unwrap();
        let seal = keys.seal(&bag, "seal", SignatureAlgorithm::EcdsaP256Sha256);
        let zip = write_zip(&bag, &seal, Cursor::new(Vec::new())).unwrap().into_inner();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("p.zip"), zip).unwrap();
        if tool("unzip").is_some() {
            let tested = run(dir.path(), "unzip", &["-t", "p.zip"]);
            assert!(words(&tested).contains("No errors detected"), "{}", words(&tested));
            assert!(run(dir.path(), "unzip", &["-q", "p.zip"]).status.success());
        } else {
            unpacked(&bag, &seal, dir.path());
        }
        let top = dir.path().join(bag.name().as_str());
        for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
            let sums = run(&top, "sha256sum", &["--strict", "-c", manifest]);
            assert!(sums.status.success(), "{}", words(&sums));
        }
        let sums = run(&top, "sha512sum", &["--strict", "-c", "manifest-sha512.txt"]);
        assert!(sums.status.success(), "{}", words(&sums));
        let root = keys.path("root.pem");
        let verify = ["cms", "-verify", "-cades", "-purpose", "any", "-binary", "-inform", "DER"];
        let files = ["-in", "seal/tagmanifest-sha256.txt.p7s", "-content"];
        let rest = ["tagmanifest-sha256.txt", "-CAfile", root.to_str().unwrap()];
        let out = ["-out", "/dev/null"];
        let all = [&verify[..], &files[..], &rest[..], &out[..]].concat();
        let verified = run(&top, "openssl", &all);
        assert!(verified.status.success(), "{}", words(&verified));
        if let Some(bagit) = tool("bagit.py") {
            let checked = run(&top, bagit, &["--validate", "."]);
            assert!(checked.status.success(), "{}", words(&checked));
        }
    }
}

#[test]
fn the_graph_conforms_to_case() {
    let given = std::env::var_os("COMITY_CASE_VALIDATE").map(std::path::PathBuf::from);
    let Some(case_validate) = given.or_else(|| tool("case_validate")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let bag = Bag::build(sample(2)).unwrap();
    let empty = Bag::build(negative()).unwrap();
    std::fs::write(dir.path().join("full.jsonld"), file(&bag, "data/case.jsonld")).unwrap();
    std::fs::write(dir.path().join("none.jsonld"), file(&empty, "data/case.jsonld")).unwrap();
    let checked = run(dir.path(), case_validate, &["full.jsonld", "none.jsonld"]);
    assert!(checked.status.success(), "{}", words(&checked));
    assert!(words(&checked).contains("Conforms: True"), "{}", words(&checked));
}

/// A file of `bytes` bytes that is nowhere in memory.
struct Zeros {
    bytes: u64,
}

impl Reopen for Zeros {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(std::io::repeat(0).take(self.bytes)))
    }
}

fn digests_of_zeros(bytes: u64) -> Digests {
    let mut writer = evidence::digest::DigestWriter::new(std::io::sink());
    std::io::copy(&mut std::io::repeat(0).take(bytes), &mut writer).unwrap();
    writer.finish().1
}

#[test]
fn a_file_too_large_for_memory_is_read_again_and_compared() {
    const BYTES: u64 = 3_000_000;
    let with = |bytes| {
        let mut input = sample(1);
        let source = Arc::new(Zeros { bytes });
        input.exhibits[0].csv = Content::source(source, digests_of_zeros(BYTES));
        let bag = Bag::build(input).unwrap();
        write_zip(&bag, &any_seal(), Cursor::new(Vec::new()))
            .map(|zip| zip.into_inner().len())
            .map_err(|error| error.to_string())
    };
    assert!(with(BYTES).unwrap() < 100_000);
    let longer = with(BYTES + 10).unwrap_err();
    assert!(longer.contains("exhibit-0001.csv has 3000001 bytes"), "{longer}");
    assert!(with(BYTES - 1).unwrap_err().contains("it changed since"));
}

fn check_refused(change: impl FnOnce(&mut PackageInput<'static>), expected: Expect) {
    let mut input = sample(1);
    change(&mut input);
    expected.assert_eq(&Bag::build(input).err().unwrap().to_string());
}

#[test]
fn inputs_that_contradict_themselves_are_refused() {
    check_refused(|i| i.answers.clear(), expect!["a package needs at least one answer"]);
    check_refused(|i| i.order.clear(), expect!["a package needs at least one order file"]);
    check_refused(
        |i| i.exhibits.swap(0, 1),
        expect!["exhibit `1` stands twice or out of order; give each its own, ascending"],
    );
    check_refused(
        |i| i.traces[0].number = 2,
        expect!["exhibit `2` stands twice or out of order; give each its own, ascending"],
    );
    check_refused(
        |i| i.traces[0].number = 10_000,
        expect!["exhibit number 10000 does not fit; number exhibits from 1 to 9999"],
    );
    check_refused(
        |i| i.answers[0].exhibits.push(9),
        expect!["ask 1 names exhibit 9, which is not in the package"],
    );
    check_refused(
        |i| i.answers[0].outcome = Outcome::Negative { statement: "nothing".into() },
        expect!["ask 1 is answered negatively, yet its exhibit 1 has 1 rows"],
    );
    check_refused(
        |i| i.exhibits[0].facts.query_sha256 = Sha256([0; 32]),
        expect![
            "exhibit 1: the query digest is not that of the query text (7e4e2f191e48dca9114ae143b62431007f7c641ef90c08a3727c55f955a9f83e)"
        ],
    );
    check_refused(
        |i| drop(i.entities.remove(0)),
        expect![
            "address `bc1qexampleaddressxxxxxxxxxxxxxxxxxxxxxxx` names account `UID-31337`, which is not among the entities"
        ],
    );
    let twin = |i: &mut PackageInput<'static>| {
        i.order.push(OrderFile {
            name: Name::new("message.json").unwrap(),
            original_name: None,
            media_type: "application/json".into(),
            content: Content::bytes(b"{}".as_slice()),
        });
    };
    check_refused(
        twin,
        expect![
            "order file `message.json` stands twice or out of order; give each its own, ascending"
        ],
    );
}

#[test]
fn a_value_cannot_add_a_line_to_bag_info() {
    let mut input = sample(1);
    input.request.agency_reference = "1\nComity-Request: forged\r\n\u{85}x".into();
    let bag = Bag::build(input).unwrap();
    let info = file(&bag, "bag-info.txt");
    assert!(!info.contains('\r'));
    assert_eq!(info.lines().filter(|line| line.starts_with("Comity-Request:")).count(), 1);
}

proptest! {
    // A name is safe in a path, a shell command and a manifest line, on any file system.
    #[test]
    fn names_hold_nothing_but_their_alphabet(text in "[ -~éA-Z]{0,12}|[a-z0-9._-]{0,120}") {
        let allowed = |char: char| matches!(char, 'a'..='z' | '0'..='9' | '.' | '_' | '-');
        let good = (1..=100).contains(&text.len())
            && text.chars().all(allowed)
            && !text.starts_with(['.', '-']);
        prop_assert_eq!(Name::new(text.clone()).is_ok(), good);
    }

    // Whatever people write in text fields, manifests hold and the graph is JSON.
    #[test]
    fn any_text_makes_a_sound_bag(texts in prop::collection::vec(any::<String>(), 6)) {
        let mut input = sample(1);
        input.request.company_name = texts[0].clone();
        input.request.legal_basis = texts[1].clone();
        input.exhibits[0].facts.title = texts[2].clone();
        input.order[0].original_name = Some(texts[3].clone());
        input.custody[0].act = texts[4].clone();
        input.tool_version = texts[5].clone();
        let bag = Bag::build(input).unwrap();
        let graph: serde_json::Value =
            serde_json::from_str(&file(&bag, "data/case.jsonld")).unwrap();
        prop_assert!(graph["@graph"].as_array().unwrap().len() > 15);
        for line in file(&bag, "bag-info.txt").lines() {
            prop_assert!(line.contains(": "), "{:?}", line);
        }
    }
}
