//! The fresh package, checked by programs that are not ours. Each test says whose word it is.

use std::path::{Path, PathBuf};

use crate::support::{command, present, said, scratch, shared, shell};

/// The shared package, unpacked where the demo says; its folder.
fn unpacked(into: &Path) -> PathBuf {
    let zip = shared().path("agency/package.zip");
    shell(into, &format!("unzip -q '{zip}'")).exits(0);
    let mut entries = std::fs::read_dir(into).expect("a folder");
    let only = entries.next().expect("a bag").expect("an entry").path();
    assert!(entries.next().is_none(), "more than one folder");
    only
}

/// Info-ZIP: the container is sound.
#[test]
fn unzip_tests_the_container() {
    if present("unzip", "did not test the package's container") {
        let zip = shared().path("agency/package.zip");
        shell(Path::new("/"), &format!("unzip -tq '{zip}'")).exits(0).tells("No errors detected");
    }
}

/// coreutils, OpenSSL and comity itself, by exactly the lines that the demo printed, pasted into a
/// shell, from the folder where the demo ran, in a folder whose name needs quoting.
#[test]
fn the_printed_commands_work_as_printed() {
    let what = "the commands that the demo prints were not tried";
    let tools = ["unzip", "sha256sum", "openssl"];
    if !tools.iter().all(|tool| present(tool, what)) {
        return;
    }
    let folder = scratch();
    let words = said(command().args(["demo", "--dir", "it's a demo"]).current_dir(folder.path()))
        .exits(0)
        .out;
    let (_, commands) = words.split_once("\n\n").expect("commands after an empty line");
    let script: String = commands
        .lines()
        .filter(|line| line.starts_with("  "))
        .map(|line| format!("{line}\n"))
        .collect();
    let said = shell(folder.path(), &script).exits(0);
    let manifests = said.out.matches(": OK\n").count();
    assert!(manifests >= 17 + 5, "17 payload files and the tag files: {}", said.out);
    assert!(said.err.contains("CAdES Verification successful"), "{}", said.err);
    assert!(said.out.contains("sound: integrity and origin both hold"), "{}", said.out);
    // A check that cannot fail is no check: the same lines after one byte was added.
    let spoiled = "for f in \"it's a demo\"/agency/*-1/data/order/*; do echo >> \"$f\"; done";
    shell(folder.path(), spoiled).exits(0);
    let again = script.replace("unzip -q -o package.zip && ", "");
    let said = shell(folder.path(), &again);
    assert!(said.out.contains("instrument-1.txt: FAILED\n"), "{}", said.out);
}

/// The Library of Congress's bagit: the bag is complete and valid under RFC 8493.
#[test]
fn python_bagit_validates_the_bag() {
    if present("unzip", "nothing to validate") && present("bagit.py", "did not validate the bag") {
        let folder = scratch();
        let bag = unpacked(folder.path());
        shell(&bag, "bagit.py --validate .").exits(0).complains("is valid");
        shell(&bag, "echo >> data/report.pdf").exits(0);
        assert_ne!(shell(&bag, "bagit.py --validate .").code, 0);
    }
}

/// CASE's own case_validate: the graph conforms to the ontology, with no warning about unknown
/// concepts.
#[test]
fn case_validate_validates_the_graph() {
    let what = "did not validate the CASE graph";
    if present("unzip", "nothing to validate") && present("case_validate", what) {
        let folder = scratch();
        let bag = unpacked(folder.path());
        let said = shell(&bag, "case_validate data/case.jsonld").exits(0).tells("Conforms: True");
        assert!(!said.err.contains("unknown"), "{}", said.err);
    }
}

/// qpdf: the report is a well-formed PDF. (That it is PDF/A-3 is the word of the library that
/// wrote it; no independent PDF/A checker was asked.)
#[test]
fn qpdf_checks_the_report() {
    if present("unzip", "nothing to check") && present("qpdf", "did not check the report") {
        let folder = scratch();
        let bag = unpacked(folder.path());
        shell(&bag, "qpdf --check data/report.pdf").exits(0).tells("No syntax or stream encoding");
    }
}

/// Poppler: the report says, as text, what a reader looks for.
#[test]
fn pdftotext_reads_the_report() {
    if present("unzip", "nothing to read") && present("pdftotext", "did not read the report") {
        let folder = scratch();
        let bag = unpacked(folder.path());
        let report = shell(&bag, "pdftotext -layout data/report.pdf -").exits(0).out;
        let name = bag.file_name().expect("a name").to_string_lossy().into_owned();
        let request = name.strip_suffix("-1").expect("the request and a number");
        let pages = report.matches('\u{c}').count();
        for words in [request, "Ines Castellan", "4 Gs 1187/21", &format!("Page 1 of {pages}")] {
            assert!(report.contains(words), "{words:?} is not in: {report}");
        }
        assert!(report.contains(&format!("Page {pages} of {pages}")), "{report}");
        assert_eq!(report.matches(&format!("Request {request} · made 2")).count(), pages);
    }
}

/// OpenSSL: the delivered file opens with the agency's key, to the same bytes as ours.
#[test]
fn openssl_decrypts_the_delivery() {
    if present("openssl", "did not decrypt the delivery") {
        let folder = scratch();
        let agency = shared().path("agency");
        let script = format!(
            "openssl cms -decrypt -binary -inform DER -in '{agency}/package.zip.p7m' \
             -recip '{agency}/recipient.pem' -inkey '{agency}/recipient.key' -out opened.zip"
        );
        shell(folder.path(), &script).exits(0);
        let opened = std::fs::read(folder.path().join("opened.zip")).expect("opened");
        let ours = std::fs::read(shared().path("agency/package.zip")).expect("ours");
        assert!(opened == ours, "{} bytes against our {}", opened.len(), ours.len());
    }
}
