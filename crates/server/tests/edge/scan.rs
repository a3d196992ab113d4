//! A real scanner on this machine: Debian's clamd, with one signature of our own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use evidence::digest::Sha256;
use server::config::Scan;
use server::hi1::Answer;
use server::scan::{Address, ScanError, Scanner, Unreachable, Verdict};

use crate::post::until;
use crate::story::disclose;
use crate::support::{House, Plans};

const CLAMD: &str = "/usr/sbin/clamd";
/// How long one file may take.
const WAIT_SECONDS: u32 = 30;
/// The longest stream that the test's daemon takes.
const STREAM_BYTES_MAX: usize = 1024 * 1024;

/// The test file of the European Institute for Computer Antivirus Research, in two halves, so that
/// no scanner takes this source for it.
fn eicar() -> Vec<u8> {
    let halves = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];
    halves.concat().into_bytes()
}

/// A daemon of the test's own, with its socket and its port.
struct Clamd {
    dir: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

impl Clamd {
    async fn open() -> Option<Self> {
        if !Path::new(CLAMD).exists() {
            println!("SKIPPED: scanning needs {CLAMD} (Debian package clamav-daemon)");
            return None;
        }
        let dir = tempfile::tempdir().expect("a folder for the test");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path(), mode).expect("permissions");
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("an address").port();
        drop(socket);
        let clamd = Self { dir, port, running: None };
        std::fs::create_dir(clamd.path("db")).expect("a folder");
        // One signature: the digest of the whole file and its length.
        let eicar = eicar();
        let signature = format!("{}:{}:Comity.Eicar\n", Sha256::of(&eicar), eicar.len());
        std::fs::write(clamd.path("db/own.hsb"), signature).expect("written");
        let path = |name: &str| clamd.path(name).display().to_string();
        let config = format!(
            "Foreground yes\nDatabaseDirectory {}\nLogFile {}\nTemporaryDirectory {}\n\
             LocalSocket {}\nLocalSocketMode 600\nTCPSocket {port}\nTCPAddr 127.0.0.1\n\
             StreamMaxLength {STREAM_BYTES_MAX}\nUser root\n",
            path("db"),
            path("log"),
            dir_of(&clamd),
            path("clamd.ctl"),
        );
        std::fs::write(clamd.path("clamd.conf"), config).expect("written");
        let mut clamd = clamd;
        clamd.start().await;
        Some(clamd)
    }

    async fn start(&mut self) {
        let child = Command::new(CLAMD)
            .arg(format!("--config-file={}", self.path("clamd.conf").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("clamd starts");
        self.running = Some(child);
        let (socket, port) = (self.path("clamd.ctl"), self.port);
        let there = async || {
            tokio::net::UnixStream::connect(&socket).await.is_ok()
                && tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        };
        until("the scanner answers", there).await;
    }

    /// Nobody answers any more.
    fn shut(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().expect("ended");
            child.wait().expect("ended");
        }
        let _ = std::fs::remove_file(self.path("clamd.ctl"));
    }

    fn settings(&self, unreachable: Unreachable) -> Scan {
        let clamd = Address::Unix(self.path("clamd.ctl"));
        Scan { clamd, unreachable, wait_seconds: WAIT_SECONDS }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.shut();
    }
}

fn dir_of(clamd: &Clamd) -> String {
    clamd.dir.path().display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_scanner_says_what_it_finds() {
    let Some(mut clamd) = Clamd::open().await else { return };
    let unix = clamd.settings(Unreachable::Refuse);
    let address = format!("127.0.0.1:{}", clamd.port).parse().expect("an address");
    let tcp = Scan { clamd: address, ..unix.clone() };
    for config in [&unix, &tcp] {
        let scanner = Scanner::new(config);
        let found = scanner.scan(&eicar()).await.expect("a verdict");
        assert_eq!(found, Verdict::Found("Comity.Eicar.UNOFFICIAL".to_owned()));
        let clean = scanner.scan(b"It is ordered that records be produced.").await;
        let Ok(Verdict::Clean(version)) = clean else { panic!("{clean:?}") };
        assert!(version.starts_with("ClamAV "), "{version}");
        assert!(matches!(scanner.scan(b"").await, Ok(Verdict::Clean(_))), "an empty file");
        // Many chunks, and more than the daemon takes.
        let long = vec![b'a'; STREAM_BYTES_MAX / 2];
        assert!(matches!(scanner.scan(&long).await, Ok(Verdict::Clean(_))));
        let told = scanner.scan(&vec![b'a'; STREAM_BYTES_MAX * 4]).await;
        assert!(matches!(told, Err(ScanError::Failed(_) | ScanError::Silent(_))), "{told:?}");
    }
    clamd.shut();
    let told = Scanner::new(&unix).scan(b"anything").await;
    assert!(matches!(told, Err(ScanError::Silent(_))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_something_in_it_is_not_taken_in() {
    let Some(mut clamd) = Clamd::open().await else { return };
    let scan = Some(clamd.settings(Unreachable::Refuse));
    let house = House::with(Plans { scan, ..Plans::default() }).await;
    let mut order = disclose(&house.a);
    let Some((_, _, _, contents)) = &mut order.0.document else { panic!("a document") };
    *contents = eicar();
    let answers = house.a.send(&order.acts()).await;
    for answer in &answers {
        let Answer::Refused(information) = answer else { panic!("{answer:?}") };
        assert!(
            information.description.contains("the scanner found Comity.Eicar"),
            "{information:?}"
        );
    }
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    let request = desk::ids::RequestId(id.parse().expect("an id"));
    let case = house.node().case(request).await.expect("a case");
    let file = &case.received.as_ref().expect("received").files[0];
    assert!(file.scanned.as_deref().is_some_and(|version| version.starts_with("ClamAV ")));

    clamd.shut();
    let answers = house.a.send(&disclose(&house.a).acts()).await;
    let Answer::Refused(information) = &answers[0] else { panic!("{answers:?}") };
    assert!(information.description.contains("files cannot be scanned now"), "{information:?}");
    // What was scanned when it came can still be opened.
    house.node().instrument_file(file).await.expect("its bytes");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_waits_for_the_scanner_is_opened_by_nobody() {
    let Some(mut clamd) = Clamd::open().await else { return };
    let scan = Some(clamd.settings(Unreachable::Hold));
    let house = House::with(Plans { scan, ..Plans::default() }).await;
    clamd.shut();
    let mut order = disclose(&house.a);
    let Some((_, _, _, contents)) = &mut order.0.document else { panic!("a document") };
    *contents = eicar();
    house.a.create(&order.acts()).await;
    let bad = house.newest().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let good = house.newest().await;
    let file = async |id: &str| {
        let request = desk::ids::RequestId(id.parse().expect("an id"));
        let case = house.node().case(request).await.expect("a case");
        case.received.as_ref().expect("received").files[0].clone()
    };
    let (bad, good_file) = (file(&bad).await, file(&good).await);
    assert_eq!((&bad.scanned, &good_file.scanned), (&None, &None));
    let told = house.node().instrument_file(&good_file).await.expect_err("nobody answers");
    assert!(told.to_string().contains("files cannot be scanned now"), "{told}");
    house.accept(&good).await;
    let bo = house.staff("bo");
    bo.post(&format!("/api/v1/requests/{good}/asks/1/search"), &serde_json::json!({})).await;
    let answers = serde_json::json!({
        "answers": [{ "ask": 1, "outcome": "full", "statement": "what we hold follows" }],
    });
    let path = format!("/api/v1/requests/{good}/assemble");
    let told = bo.told("POST", &path, &answers).await;
    assert!(told.starts_with("503 "), "nothing travels on that was not scanned: {told}");

    clamd.start().await;
    house.node().instrument_file(&good_file).await.expect("its bytes");
    bo.post(&path, &answers).await;
    let told = house.node().instrument_file(&bad).await.expect_err("something is in it");
    assert!(told.to_string().contains("the scanner found Comity.Eicar"), "{told}");
    house.close().await;
}
