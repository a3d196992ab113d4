//! A time-stamp authority in the whole path: `openssl ts` behind a loopback HTTP server, asked by
//! the demo's node, checked by `openssl ts -verify` and by `comity evidence verify`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use crate::support::{comity, present, scratch, shell, text};

/// A query longer than this is none.
const QUERY_BYTES_MAX: usize = 64 * 1024;

const CONFIG: &str = "[req]
distinguished_name = dn
prompt = no
[dn]
CN = Example time-stamp authority
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[signer]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
certs = ./tsa-root.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

const MAKE: &str = "echo 01 > serial
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -config tsa.cnf \
    -extensions ca -keyout root.key -out tsa-root.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config tsa.cnf \
    -subj '/CN=Example time-stamp unit' -keyout tsa.key -out tsa.csr
openssl x509 -req -in tsa.csr -CA tsa-root.pem -CAkey root.key -set_serial 2 -days 30 -sha256 \
    -extfile tsa.cnf -extensions signer -out tsa.pem";

/// Answers time-stamp queries for as long as the test runs; its URL.
fn authority(dir: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            answer(stream, &dir);
        }
    });
    url
}

fn answer(mut stream: TcpStream, dir: &Path) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let (mut length, mut is_query) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header line");
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        is_query |= line == "content-type: application/timestamp-query";
        if line.is_empty() {
            break;
        }
    }
    assert!(is_query && length <= QUERY_BYTES_MAX, "not a query of {length} bytes");
    let mut query = vec![0; length];
    reader.read_exact(&mut query).expect("the query");
    std::fs::write(dir.join("query"), query).expect("written");
    let reply = "openssl ts -reply -config tsa.cnf -section tsa -queryfile query -out answer";
    shell(dir, reply).exits(0);
    let answer = std::fs::read(dir.join("answer")).expect("an answer");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).expect("head sent");
    stream.write_all(&answer).expect("answer sent");
}

#[test]
fn the_seal_carries_the_authoritys_word_and_openssl_agrees() {
    if !present("openssl", "no time-stamp was asked for") || !present("unzip", "nor looked at") {
        return;
    }
    let folder = scratch();
    let tsa = folder.path().join("tsa");
    std::fs::create_dir(&tsa).expect("a folder");
    std::fs::write(tsa.join("tsa.cnf"), CONFIG).expect("written");
    shell(&tsa, MAKE).exits(0);
    let (url, root) = (authority(tsa.clone()), text(tsa.join("tsa-root.pem")));
    let dir = folder.path().join("demo");
    let demo = ["demo", "--dir", &text(&dir), "--tsa", &url, "--tsa-root", &root];
    let said = comity(&demo).exits(0).tells("the time-stamp authority's word");

    // As printed: openssl cms -verify, openssl ts -verify, comity with --tsa-root.
    let (_, commands) = said.out.split_once("\n\n").expect("commands");
    let script: String = commands
        .lines()
        .filter(|line| line.starts_with("  "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(script.contains("openssl ts -verify"), "{script}");
    let said =
        shell(folder.path(), &script).exits(0).tells("sound: integrity and origin both hold");
    assert!(format!("{}{}", said.out, said.err).contains("Verification: OK"), "{}", said.out);
    assert!(said.out.contains("ok           time-stamp"), "{}", said.out);

    // Without its root nobody vouches for the time; with a foreign one the package is unsound.
    let path = |inside: &str| text(dir.join(inside));
    let (package, own) = (path("agency/package.zip"), path("keys/root.pem"));
    let policy = path("keys/policy.txt");
    let verify = ["evidence", "verify", &package, "--root", &own, "--policy", &policy];
    comity(&verify).tells("not checked  time-stamp");
    comity(&[&verify[..], &["--tsa-root", &own]].concat()).exits(1).tells("defect: ");
    // The deployment left behind asks the same authority.
    comity(&["serve", "--check", "--config", &path("comity.toml")]).exits(0);
}
