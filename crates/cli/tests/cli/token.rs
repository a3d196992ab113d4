//! Keys in a token: SoftHSM2, which is one in software, through its real PKCS#11 module.

use std::path::{Path, PathBuf};

use crate::support::{Said, command, present, said, scratch, shared, shell, text};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "four and twenty";

/// A node's folder, with an empty token beside it.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    /// A desk with a seal and a log in a token, none of them made yet.
    fn new() -> Option<Self> {
        if !present("softhsm2-util", "no key was kept in a token")
            || !present("openssl", "no key in a token was certified")
        {
            return None;
        }
        let dir = shared().copy();
        let desk = Self { dir };
        let forget = "rm -rf desk.sqlite* data keys/seal.* keys/log.* keys/policy.txt \
                      && mkdir tokens";
        shell(desk.dir.path(), forget).exits(0);
        let tokens = format!("directories.tokendir = {}\n", text(desk.path("tokens")));
        std::fs::write(desk.path("softhsm2.conf"), tokens).expect("written");
        desk.init("desk");
        desk.pin(PIN);
        let plain = std::fs::read_to_string(desk.path("comity.toml")).expect("a configuration");
        std::fs::write(desk.path("plain.toml"), plain).expect("written");
        desk.names("pkcs11:token=desk;object=seal", "pkcs11:token=desk;object=log");
        Some(desk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn init(&self, label: &str) {
        let mut init = std::process::Command::new("softhsm2-util");
        init.args(["--init-token", "--free", "--label", label, "--so-pin", "so pin", "--pin", PIN]);
        said(init.env("SOFTHSM2_CONF", self.path("softhsm2.conf"))).exits(0);
    }

    fn pin(&self, pin: &str) {
        shell(self.dir.path(), &format!("umask 077; printf '%s\\n' '{pin}' > keys/token.pin"))
            .exits(0);
    }

    /// Writes the configuration with these keys.
    fn names(&self, seal: &str, log: &str) {
        let plain = std::fs::read_to_string(self.path("plain.toml")).expect("a configuration");
        let token = format!(
            "\n[token]\nmodule = \"{MODULE}\"\npin_file = \"keys/token.pin\"\n\
             seal = \"{seal}\"\nlog = \"{log}\"\n"
        );
        std::fs::write(self.path("comity.toml"), plain + &token).expect("written");
    }

    #[track_caller]
    fn comity(&self, arguments: &[&str]) -> Said {
        let config = text(self.path("comity.toml"));
        let mut command = command();
        command.args(arguments).args(["--config", &config]);
        said(command.env("SOFTHSM2_CONF", self.path("softhsm2.conf")))
    }

    #[track_caller]
    fn check(&self) -> Said {
        self.comity(&["serve", "--check", "--create"])
    }

    /// Has the development root certify the seal key.
    fn certify(&self) {
        let out = text(self.path("seal.csr"));
        self.comity(&["key", "request", "--out", &out]).exits(0).complains("have it certified");
        let sign = "openssl req -verify -noout -in seal.csr
            printf 'basicConstraints=critical,CA:false\\nkeyUsage=critical,digitalSignature,nonRepudiation\\n' > ext
            openssl x509 -req -in seal.csr -CA keys/root.pem -CAkey keys/root.key -set_serial 77 \
                -days 30 -sha256 -extfile ext -out keys/seal.pem
            openssl x509 -in keys/seal.pem -noout -subject";
        shell(self.dir.path(), sign).exits(0).tells("CN = Lantern Exchange seal");
    }
}

#[test]
fn keys_are_made_in_a_token_and_stay_there() {
    let Some(desk) = Desk::new() else { return };
    desk.comity(&["key", "show"])
        .exits(1)
        .tells("seal  pkcs11:token=desk;object=seal  pkcs11:token=desk;object=seal: 0 private keys")
        .tells("`comity key make` makes a pair");
    desk.comity(&["key", "make", "seal"]).exits(0).complains("made pkcs11:token=desk;object=seal");
    desk.comity(&["key", "make", "seal"]).exits(1).complains("keys are never overwritten");
    desk.comity(&["key", "make", "log", "--rsa"]).exits(1).complains("Ed25519");
    desk.comity(&["key", "make", "log"]).exits(0).complains("log.");
    desk.comity(&["key", "make", "log"]).exits(1).complains("already holds log.vkey");
    desk.check().exits(1).complains("seal.pem: No such file");
    desk.certify();
    let shown = desk.comity(&["key", "show"]).exits(0).tells("ECDSA P-256 with SHA-256");
    let vkey = std::fs::read_to_string(desk.path("keys/log.vkey")).expect("a public key");
    let shown = shown.tells(vkey.trim());
    assert!(!shown.out.contains(PIN), "{}", shown.out);
    let json = desk.comity(&["key", "show", "--json"]).exits(0).out;
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{json}");
    assert_eq!((lines[1]["is"].as_str(), lines[1]["fault"].as_str()), (Some(vkey.trim()), None));
    desk.check().exits(0).complains("is sound");
    // The log that began is that of the token's key.
    let dir = text(desk.dir.path());
    said(command().args(["ledger", "check", "--dir", &dir])).exits(0);
    for name in ["seal.key", "log.key"] {
        assert!(!desk.path("keys").join(name).exists(), "{name}");
    }
    // The secret cannot be had: not by us, and not by the maker's own program.
    assert!(private_keys_in(desk.dir.path()).is_empty());
}

/// Files of the folder in which a key lies that anybody could read.
fn private_keys_in(dir: &Path) -> Vec<String> {
    let found =
        "grep -rlE 'BEGIN (EC |RSA |ENCRYPTED )?PRIVATE KEY|PRIVATE\\+KEY' keys tokens || true";
    let named = |line: &&str| !line.ends_with("root.key") && !line.ends_with("server.key");
    shell(dir, found).exits(0).out.lines().filter(named).map(str::to_owned).collect()
}

#[test]
fn an_rsa_seal_may_lie_in_a_token() {
    let Some(desk) = Desk::new() else { return };
    desk.comity(&["key", "make", "--rsa", "seal"]).exits(0);
    desk.comity(&["key", "make", "log"]).exits(0);
    desk.certify();
    desk.comity(&["key", "show"]).exits(0).tells("RSA PKCS#1 v1.5 with SHA-256");
    desk.check().exits(0).complains("is sound");
}

#[test]
fn what_is_wrong_with_a_token_is_said() {
    let Some(desk) = Desk::new() else { return };
    desk.comity(&["key", "make", "seal"]).exits(0);
    desk.comity(&["key", "make", "log"]).exits(0);
    desk.certify();
    desk.check().exits(0);
    let (seal, log) = ("pkcs11:token=desk;object=seal", "pkcs11:token=desk;object=log");

    // The PIN: wrong, open to others, missing. It is never said.
    desk.pin("nobody knows");
    let refused = desk.check().exits(1).complains("the token refused the PIN");
    assert!(!refused.err.contains("nobody knows"), "{}", refused.err);
    desk.comity(&["key", "show"]).exits(1).tells("the token refused the PIN");
    desk.pin(PIN);
    shell(desk.dir.path(), "chmod 644 keys/token.pin").exits(0);
    desk.check().exits(1).complains("the PIN: ").complains("chmod 600");
    shell(desk.dir.path(), "rm keys/token.pin").exits(0);
    desk.check().exits(1).complains("the PIN: ").complains("token.pin: No such file");
    desk.pin(PIN);

    // The key: not there, there twice, of another kind, of another log.
    desk.names("pkcs11:token=desk;object=seel", log);
    desk.check().exits(1).complains("object=seel: 0 private keys are named so in the token");
    desk.names(log, log);
    desk.check().exits(1).complains("a seal is signed with ECDSA on P-256 or RSA");
    desk.names(seal, seal);
    desk.check().exits(1).complains("a log is signed with Ed25519");
    desk.names(seal, log);
    shell(desk.dir.path(), "cp keys/log.vkey kept; sed -i 's/./x/' keys/log.vkey").exits(0);
    desk.check().exits(1).complains("log.vkey: the token's key is ");
    shell(desk.dir.path(), "rm keys/log.vkey").exits(0);
    desk.check().exits(1).complains("log.vkey: it is not there; the token's key is log.");
    shell(desk.dir.path(), "cp kept keys/log.vkey").exits(0);
    let import = "umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 \
                  -out p384.key && SOFTHSM2_CONF=softhsm2.conf softhsm2-util --import p384.key \
                  --token desk --label large --id 77 --pin 'four and twenty'";
    shell(desk.dir.path(), import).exits(0);
    desk.names("pkcs11:token=desk;id=%77", log);
    desk.check().exits(1).complains("neither ECDSA on P-256, nor RSA of 2048 bits or more");

    // The token: not there, there twice, no module.
    desk.names("pkcs11:token=disk;object=seal", log);
    desk.check().exits(1).complains("0 tokens are named so; there are: desk (serial ");
    desk.init("desk");
    desk.names(seal, log);
    desk.check().exits(1).complains("2 tokens are named so");
    let empty = scratch();
    std::fs::rename(desk.path("tokens"), empty.path().join("tokens")).expect("moved");
    std::fs::create_dir(desk.path("tokens")).expect("a folder");
    desk.check().exits(1).complains("0 tokens are named so; there are: none. Is it plugged in");
    desk.names(&format!("{seal}?module-path=/absent.so"), log);
    desk.check().exits(1).complains("/absent.so cannot be used as a PKCS#11 module");
    desk.names(&format!("{seal}?module-path=/lib/x86_64-linux-gnu/libc.so.6"), log);
    desk.check().exits(1).complains("libc.so.6 cannot be used as a PKCS#11 module");
}
