//! The verifier against signatures and time-stamps that OpenSSL made: readers that share nothing.

mod kit;

use std::path::Path;
use std::process::Command;

use evidence::format as f;
use evidence::package::ReportWanted;
use evidence::verify::Anchors;
use kit::{Files, Identity, Kit, check, officer, sample, unzip, zipped};

/// Runs openssl in `folder`; false when it is not installed.
fn openssl(folder: &Path, arguments: &str) -> bool {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
    let Ok(output) = output else {
        println!("SKIPPED: openssl is not installed");
        return false;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
    true
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), content).expect("written");
}

fn write_identity(folder: &Path, name: &str, identity: &Identity) {
    use base64::Engine as _;
    let wrap = |label, der: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    write(folder, &format!("{name}.pem"), wrap("CERTIFICATE", &identity.der));
    write(folder, &format!("{name}.key"), wrap("PRIVATE KEY", &identity.key));
}

const TSA_CONFIG: &str = "\
[tsa]\nserial = serial\ncrypto_device = builtin\nsigner_cert = tsa.pem\nsigner_key = tsa.key\n\
signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n\
ordering = yes\ntsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n";

fn small(kit: &Kit) -> Files {
    unzip(&kit.sound_zip(sample::answer(2, ReportWanted::None)))
}

#[test]
fn a_time_stamp_by_openssl_holds() {
    let kit = Kit::new();
    let mut files = small(&kit);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_identity(folder, "tsa", &kit.tsa);
    write(folder, "tsa.cnf", TSA_CONFIG);
    write(folder, "serial", "01\n");
    write(folder, "p7s", &files[f::SEAL_P7S_PATH]);
    if !openssl(folder, "ts -query -data p7s -sha256 -cert -out query") {
        return;
    }
    openssl(folder, "ts -reply -config tsa.cnf -section tsa -queryfile query -out answer");
    let answer = std::fs::read(folder.join("answer")).expect("the answer");
    files.insert(f::SEAL_TSR_PATH.into(), answer);
    kit.rerecord(&mut files, |_| {});
    let report = check(&zipped(&files), &kit.anchors());
    assert_eq!(report.exit_code(), 0, "{report}");
}

/// RSA, CAdES, chain of two: what a company with another signing tool would have.
#[test]
fn an_rsa_signature_by_openssl_holds() {
    let kit = Kit::new();
    let mut files = small(&kit);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let make = "req -x509 -newkey rsa:2048 -nodes -days 30 -sha256 -keyout root.key -out root.pem \
                -subj /CN=RSA-Root -addext keyUsage=critical,keyCertSign";
    if !openssl(folder, make) {
        return;
    }
    write(folder, "leaf.ext", "keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n");
    openssl(
        folder,
        "req -new -newkey rsa:2048 -nodes -sha256 -keyout leaf.key -out leaf.csr -subj /CN=RSA-Seal",
    );
    openssl(
        folder,
        "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 20 -sha256 \
         -extfile leaf.ext -out leaf.pem",
    );
    write(folder, "list", &files[f::TAGMANIFEST_PATH]);
    openssl(
        folder,
        "cms -sign -cades -binary -nosmimecap -md sha256 -in list -signer leaf.pem -inkey leaf.key \
         -certfile root.pem -outform DER -out p7s",
    );
    let read = |name: &str| std::fs::read(folder.join(name)).expect(name);
    let chain = [read("leaf.pem"), read("root.pem")].concat();
    files.insert(f::SEAL_P7S_PATH.into(), read("p7s"));
    files.insert(f::CHAIN_PEM_PATH.into(), chain);
    files.remove(f::SEAL_TSR_PATH);
    kit.rerecord(&mut files, |_| {});
    let anchors = Anchors::none().with_roots(&read("root.pem")).expect("a root");
    let anchors = anchors.with_policy(kit.policy());
    let report = check(&zipped(&files), &anchors);
    assert_eq!(report.exit_code(), 0, "{report}");
}

#[test]
fn anchors_are_read_as_people_keep_them() {
    let kit = Kit::new();
    let text = format!("Our root:\r\n{}\r\n", pem("CERTIFICATE", &kit.root.der));
    assert!(Anchors::none().with_roots(text.as_bytes()).is_ok());
    assert!(Anchors::none().with_roots(&kit.root.der).is_ok());
    for (file, said) in [
        (&b""[..], "no certificate in the file"),
        (b"hello", "certificate 1 in the file cannot be read"),
        (b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", "is not base64"),
    ] {
        let error = Anchors::none().with_roots(file).expect_err("no anchor").to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// The commands of docs/formats/signed-request.md, as they stand there.
#[test]
fn an_approval_is_checked_by_hand_as_the_document_says() {
    let document = include_str!("../../../docs/formats/signed-request.md");
    let (_, rest) = document.split_once("```sh\n").expect("commands");
    let (commands, _) = rest.split_once("```").expect("their end");
    let kit = Kit::new();
    let files = officer::approval(&kit, &officer::Passkey::new("ES256"), |_| {});
    let run = |request: &[u8], assertion: &[u8]| {
        let folder = tempfile::tempdir().expect("a folder");
        let order = folder.path().join("data/order");
        std::fs::create_dir_all(&order).expect("folders");
        write(&order, "request.json", request);
        write(&order, "assertion.json", assertion);
        write(&order, "enrolment.json", &files.enrolment);
        let output = Command::new("sh").current_dir(folder.path()).args(["-c", commands]).output();
        let output = output.expect("a shell");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for tool in ["openssl version", "jq --version", "xxd --version"] {
        let words: Vec<&str> = tool.split(' ').collect();
        if Command::new(words[0]).args(&words[1..]).output().is_err() {
            println!("SKIPPED: {} is not installed", words[0]);
            return;
        }
    }
    let said = run(&files.request, &files.assertion);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((lines.len(), lines[0].len(), lines[2]), (3, 64, "Verified OK"), "{said}");
    assert_eq!(lines[0], lines[1], "the challenge");
    let altered = String::from_utf8(files.request.clone()).expect("UTF-8").replace("4711", "4712");
    let said = run(altered.as_bytes(), &files.assertion);
    let lines: Vec<&str> = said.lines().collect();
    assert_ne!(lines[0], lines[1], "another request, another challenge");
}
