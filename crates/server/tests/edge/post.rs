//! A real mail server on loopback: Debian's exim4 with STARTTLS, a password, and one box for all.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use server::config::{Mail, MailLanguage, MailTls};

const EXIM: &str = "/usr/sbin/exim4";
/// A step of the mail server that takes longer has failed.
const WAIT_SECONDS_MAX: u64 = 30;
const USER: &str = "desk";
const PASSWORD: &str = "a long secret";

/// A mail server with one box.
pub(crate) struct PostOffice {
    dir: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

impl PostOffice {
    /// Opens one; none, and a line that says SKIPPED, where exim4 cannot be run.
    pub(crate) async fn open() -> Option<Self> {
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
        if !Path::new(EXIM).exists() || !is_root {
            println!("SKIPPED: mail needs {EXIM} (Debian package exim4-daemon-light) and root");
            return None;
        }
        let dir = tempfile::tempdir().expect("a folder for the test");
        // The server gives up root's rights before it writes.
        let everybody = |path: &Path, mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path, mode).expect("permissions");
        };
        everybody(dir.path(), 0o777);
        for name in ["spool", "box"] {
            std::fs::create_dir(dir.path().join(name)).expect("a folder");
            everybody(&dir.path().join(name), 0o777);
        }
        let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
        let issued = issued.expect("a certificate");
        let write = |name: &str, text: &str, mode| {
            std::fs::write(dir.path().join(name), text).expect("written");
            everybody(&dir.path().join(name), mode);
        };
        write("cert.pem", &issued.cert.pem(), 0o644);
        write("key.pem", &issued.signing_key.serialize_pem(), 0o644);
        write("password", &format!("{PASSWORD}\n"), 0o600);
        write("wrong-password", "12345", 0o600);
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("an address").port();
        write("exim.conf", &configuration(dir.path(), port), 0o644);
        drop(socket);
        let mut office = Self { dir, port, running: None };
        office.start().await;
        Some(office)
    }

    pub(crate) async fn start(&mut self) {
        let child = Command::new(EXIM)
            .arg("-bdf")
            .arg("-C")
            .arg(self.path("exim.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("exim4 starts");
        self.running = Some(child);
        let port = self.port;
        let there = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        until("the mail server answers", there).await;
    }

    /// Nobody answers any more.
    pub(crate) fn shut(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().expect("ended");
            child.wait().expect("ended");
        }
    }

    /// The settings of a node that uses it.
    pub(crate) fn settings(&self) -> Mail {
        Mail {
            host: "localhost".to_owned(),
            port: Some(self.port),
            from: "Lantern Desk <desk@lantern.example>".to_owned(),
            tls: MailTls::Starttls,
            roots: Some(self.path("cert.pem")),
            user: Some(USER.to_owned()),
            password_file: Some(self.path("password")),
            language: MailLanguage::En,
        }
    }

    /// The mails in the box once there are so many, oldest first.
    pub(crate) async fn mails(&self, count: usize) -> Vec<String> {
        until("so many mails came", async || self.arrived().len() >= count).await;
        self.arrived()
    }

    /// Empties the box once so many mails are in it.
    pub(crate) async fn clear(&self, count: usize) {
        assert_eq!(self.mails(count).await.len(), count);
        for entry in std::fs::read_dir(self.path("box/new")).expect("the box") {
            std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
        }
    }

    fn arrived(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("box/new")) else { return Vec::new() };
        let mut mails: Vec<(PathBuf, String)> = entries
            .map(|entry| entry.expect("an entry").path())
            .map(|path| (path.clone(), std::fs::read_to_string(path).expect("a mail")))
            .collect();
        // Names in a maildir begin with the second and microsecond of the arrival.
        mails.sort_by_key(|(path, _)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let mut parts = name.split(['.', 'M', 'P']).filter(|part| !part.is_empty());
            let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
            (number(), number())
        });
        mails.into_iter().map(|(_, text)| text).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Looks again and again until it is so.
pub(crate) async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let looking = async {
        while !done().await {
            pace.tick().await;
        }
    };
    let limit = Duration::from_secs(WAIT_SECONDS_MAX);
    assert!(tokio::time::timeout(limit, looking).await.is_ok(), "never: {what}");
}

fn configuration(dir: &Path, port: u16) -> String {
    let dir = dir.display();
    format!(
        r"primary_hostname = localhost
deliver_drop_privilege = true
keep_environment =
spool_directory = {dir}/spool
log_file_path = {dir}/spool/%slog
pid_file_path = {dir}/spool/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = {dir}/cert.pem
tls_privatekey = {dir}/key.pem
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny !authenticated = *
  deny !encrypted = *
  accept domains = harbour.example : lantern.example
  deny message = relay not permitted
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  directory = {dir}/box
  create_directory
  envelope_to_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_advertise_condition = ${{if def:tls_in_cipher}}
"
    )
}
