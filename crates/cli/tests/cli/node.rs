//! `comity serve --check`, `staff`, `agency`, `key` and `check`.

use std::path::Path;

use crate::support::{Said, Served, comity, command, present, said, scratch, shared, shell, text};

fn serve_check(dir: &Path, passphrase: Option<&str>) -> Said {
    let mut command = command();
    command.args(["serve", "--check", "--config", &text(dir.join("comity.toml"))]);
    if let Some(passphrase) = passphrase {
        command.env("COMITY_SEAL_PASSPHRASE", passphrase);
    }
    said(&mut command)
}

#[test]
fn staff_and_agencies_are_added_and_listed() {
    let copy = shared().copy();
    let dir = copy.path();
    let config = text(dir.join("comity.toml"));
    let list = |who: &str| comity(&[who, "list", "--config", &config]).exits(0).out;
    assert_eq!(list("staff").lines().count(), 4);
    assert_eq!(list("agency").lines().count(), 1);

    let add = ["staff", "add", "--config", &config, "--name", "Nils Oke"];
    let out = text(dir.join("staff/nils"));
    comity(&[&add[..], &["--role", "king", "--out", &out]].concat())
        .exits(2)
        .complains("no such role; one of verifier, counsel, analyst");
    // The node's own role is nobody's to give.
    comity(&[&add[..], &["--role", "system", "--out", &out]].concat()).exits(2);
    comity(&[&add[..], &["--role", "auditor", "--out", &out]].concat()).exits(0);
    assert!(list("staff").contains("Nils Oke  auditor"));
    let again = ["--role", "intake", "--certificate", &format!("{out}.pem")];
    let said = comity(&[&add[..], &again].concat());
    assert_ne!(said.code, 0, "one certificate, two people: {}", said.out);

    let certificate = text(dir.join("agency/second"));
    let keys = text(dir.join("keys"));
    let issue = ["key", "issue", "--dir", &keys, "--name", "Westhaven", "--purpose", "client"];
    comity(&[&issue[..], &["--out", &certificate]].concat()).exits(0);
    let add = ["agency", "add", "--config", &config, "--name", "Westhaven Police", "--country"];
    let rest = ["XX", "--hi1-identifier", "WESTHAVEN", "--regime", "generic"];
    let pem = format!("{certificate}.pem");
    let recipient = text(dir.join("agency/recipient.pem"));
    let with = ["--certificate", &pem, "--recipient", &recipient];
    comity(&[&add[..], &rest, &with].concat()).exits(0).tells(" key ");
    assert!(list("agency").contains("Westhaven Police"));
    serve_check(dir, None).exits(0);
}

#[test]
fn a_served_store_is_not_opened_twice() {
    let copy = shared().copy();
    let served = Served::start(copy.path());
    let config = text(copy.path().join("comity.toml"));
    comity(&["staff", "list", "--config", &config])
        .exits(1)
        .complains("/api/v1/staff")
        .complains("another process has the store");
    serve_check(copy.path(), None).exits(1).complains("another process has the store");
    // Reading is not refused.
    comity(&["ledger", "check", "--dir", &text(copy.path())]).exits(0);
    drop(served);
    let said = comity(&["staff", "list", "--config", "absent/comity.toml"]).exits(1);
    assert!(!said.err.contains("served node"), "{}", said.err);
}

/// What would keep people and machines from being told is found before anything is served.
#[test]
fn a_check_tells_what_is_wrong_with_mail_and_webhooks() {
    let copy = shared().copy();
    let dir = copy.path();
    let config = dir.join("comity.toml");
    let plain = std::fs::read_to_string(&config).expect("a configuration");
    let with = |lines: &str| {
        std::fs::write(&config, format!("{plain}\n{lines}")).expect("written");
        serve_check(dir, None)
    };
    // Nobody listens on the discard port.
    let mail = "[mail]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\n";
    with(&format!("{mail}from = \"desk@lantern.example\""))
        .exits(1)
        .complains("[mail]: no mail server was there: Connection refused");
    with(&format!("{mail}from = \"desk\"")).exits(1).complains("mail.from is \"desk\"");
    let hook = "[[webhook]]\nname = \"siem\"\nurl = \"https://siem.example/\"\n\
                events = [\"received\"]\nsecret_file = \"siem.secret\"";
    with(hook).exits(1).complains("webhook \"siem\", secret_file").complains("siem.secret");
    std::fs::write(dir.join("siem.secret"), "whsec_c2hvcnQ=").expect("written");
    with(hook).exits(1).complains("chmod");
    private(&dir.join("siem.secret"));
    with(hook).exits(1).complains("5 bytes; a secret has 24 to 64");
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
    std::fs::write(dir.join("siem.secret"), secret).expect("written");
    with(hook).exits(0);
}

/// A folder in memory is never seen to be on an encrypted volume, wherever the tests run.
#[test]
fn what_is_required_is_looked_at_before_anything_is_opened() {
    let copy = shared().copy();
    let config = copy.path().join("comity.toml");
    let plain = std::fs::read_to_string(&config).expect("a configuration");
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        println!("SKIPPED: there is no /dev/shm: no folder that is surely not on dm-crypt");
        return;
    }
    let memory = tempfile::tempdir_in(memory).expect("a folder");
    let folder = "data = \"data\"";
    assert!(plain.contains(folder), "{plain}");
    let with = |lines: &str| {
        let data = format!("data = \"{}\"\n{lines}", text(memory.path()));
        std::fs::write(&config, plain.replacen(folder, &data, 1)).expect("written");
        serve_check(copy.path(), None)
    };
    with("").exits(0).complains("data cannot be seen from here (tmpfs)").complains("is sound");
    with("encrypted_disk = \"required\"")
        .exits(1)
        .complains("node.encrypted_disk is \"required\", and not everything is seen")
        .complains("data cannot be seen from here (tmpfs)");
    let stated = "encrypted_disk = \"stated\"\nencrypted_disk_statement =";
    with(&format!("{stated} \"swap is off; Bo Lind\""))
        .exits(0)
        .complains("the operator states: swap is off; Bo Lind");
    with(&format!("{stated} \" \"")).exits(1).complains("encrypted_disk_statement says nothing");
    with("encrypted_disk = \"stated\"").exits(1).complains("says nothing");
    with("encrypted_disk = \"yes\"").exits(1).complains("unknown variant `yes`");
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("permissions");
}

#[test]
fn keys_are_made_once() {
    let folder = scratch();
    let dir = text(folder.path().join("keys"));
    comity(&["key", "new", "--dir", &dir]).exits(0).complains("not for production");
    let root = std::fs::read(folder.path().join("keys/root.key")).expect("a key");
    comity(&["key", "new", "--dir", &dir]).exits(1).complains("keys are never overwritten");
    assert!(std::fs::read(folder.path().join("keys/root.key")).expect("still there") == root);
}

#[test]
fn a_seal_key_may_have_a_passphrase() {
    if !present("openssl", "no seal key was given a passphrase") {
        return;
    }
    let copy = shared().copy();
    let keys = copy.path().join("keys");
    let protect = "umask 077; mv seal.key plain.key; openssl pkcs8 -topk8 -v2 aes-256-cbc \
                   -passout 'pass:open sesame' -in plain.key -out seal.key";
    shell(&keys, protect).exits(0);
    serve_check(copy.path(), Some("open sesame")).exits(0).complains("is sound");
    serve_check(copy.path(), None)
        .exits(1)
        .complains("seal.key: needs a passphrase: set COMITY_SEAL_PASSPHRASE");
    serve_check(copy.path(), Some("wrong")).exits(1).complains("does not open this key");
    shell(&keys, "mv plain.key seal.key; chmod 644 seal.key").exits(0);
    serve_check(copy.path(), None).exits(1).complains("run: chmod 600");
}

#[test]
fn a_seal_key_may_be_rsa_and_must_fit_its_certificate() {
    if !present("openssl", "no RSA seal was made") {
        return;
    }
    let copy = shared().copy();
    let keys = copy.path().join("keys");
    let make = "umask 077
        openssl req -new -newkey rsa:3072 -nodes -keyout rsa.key -out rsa.csr \
            -subj '/C=XX/O=Lantern Exchange/CN=Lantern Exchange RSA seal'
        printf 'basicConstraints=critical,CA:false\\nkeyUsage=critical,digitalSignature,nonRepudiation\\n' > ext
        openssl x509 -req -in rsa.csr -CA root.pem -CAkey root.key -set_serial 77 -days 30 \
            -sha256 -extfile ext -out rsa.pem
        openssl verify -CAfile root.pem rsa.pem
        cp rsa.key seal.key";
    shell(&keys, make).exits(0);
    serve_check(copy.path(), None)
        .exits(1)
        .complains("seal.pem: the first certificate is of another key than seal.key");
    shell(&keys, "cp rsa.pem seal.pem").exits(0);
    serve_check(copy.path(), None).exits(0).complains("is sound");
}

#[test]
fn an_order_is_judged_before_it_is_sent() {
    let demo = shared();
    let order = demo.path("orders/production-order.json");
    let judge = |rest: &[&str]| comity(&[&["check", order.as_str()][..], rest].concat());
    let at = ["--at", "2026-01-05T00:00:00Z"];
    judge(&at)
        .exits(0)
        .tells("ask 1 (disclose): accepted")
        .tells("ask 3 (freeze): accepted")
        .tells("produce: due_by 2026-02-0");
    judge(&[&at[..], &["--regime", "sg-cpc-2010"]].concat())
        .exits(1)
        .tells("ask 1 (disclose): not accepted")
        .tells("no_legal_basis: the instrument `production_order` cannot ask to `disclose`")
        .tells("[Criminal Procedure Code 2010 (Singapore), ss 20");
    let said = judge(&[&at[..], &["--json"]].concat()).exits(0);
    let shown: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(shown["asks"].as_array().is_some_and(|asks| asks.len() == 3), "{shown}");
    judge(&["--regime", "moon"]).exits(2).complains("known: ").complains("eu-e-evidence-2023-1543");
    comity(&["check", &demo.path("comity.toml")])
        .exits(2)
        .complains("comity.toml: ")
        .complains("docs/formats/record.md");
    comity(&["check", "absent.json"]).exits(2).complains("absent.json: No such file");
}
