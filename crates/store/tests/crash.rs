//! SIGKILL at random moments, by a driver that is a process of its own; and what the kernel was
//! asked to do before an act was acknowledged.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use store::testing::{skipped, sqlite_url};

#[test]
fn three_rounds_of_sigkill_on_sqlite() {
    rounds(&[]);
}

#[test]
fn three_rounds_of_sigkill_on_postgres() {
    rounds(&["--postgres"]);
}

fn rounds(more: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(example("crash_driver"))
        .args(["--rounds", "3", "--seed", "3"])
        .args(more)
        .current_dir(folder.path())
        .output()
        .expect("the driver starts");
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{error}");
    if !said.starts_with("SKIPPED:") {
        assert_eq!(said.matches("all held").count(), 3, "{said}");
    }
}

/// Every acknowledgement is written to a pipe. Between the last write to SQLite's log before it
/// and the acknowledgement itself there must be a sync of that log.
#[test]
fn a_sync_stands_before_every_acknowledgement() {
    let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    if !strace.is_ok_and(|status| status.success()) {
        return skipped("strace is not installed (Debian: apt install strace)");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("strace");
    let calls = "trace=openat,close,write,pwrite64,fdatasync,fsync,rename,ftruncate";
    let script = format!(
        "exec strace -f -s 96 -e {calls} -o {} {} {} {} 6 1 | head -n 400 > {}",
        log.display(),
        example("crash_worker").display(),
        sqlite_url(folder.path()),
        folder.path().join("kept").display(),
        folder.path().join("acks").display(),
    );
    let status = Command::new("sh").args(["-c", &script]).status().expect("a shell");
    assert!(status.success());
    let trace = std::fs::read_to_string(&log).expect("a trace");
    let seen = read_trace(&trace);
    println!("{seen:?}");
    assert!(seen.acknowledgements >= 100, "{seen:?}");
    assert!(seen.groups >= 10 && seen.log_writes > seen.groups, "{seen:?}");
    assert!(seen.log_syncs >= seen.groups && seen.kept_syncs > 0, "{seen:?}");
}

/// What was found in one line of the trace.
#[derive(Debug, PartialEq)]
enum Call {
    /// The worker has opened the store and begins.
    Opened,
    /// A write to the log began.
    LogWrite,
    /// A sync of the log returned.
    LogSynced,
    /// A checkpoint of this size began to be written beside the key.
    KeptWrite(u64),
    /// A sync of that file returned.
    KeptSynced,
    /// An act was acknowledged with a checkpoint of this size.
    Acknowledged(u64),
}

#[derive(Debug, Default)]
struct Seen {
    acknowledgements: usize,
    groups: usize,
    log_writes: usize,
    log_syncs: usize,
    kept_syncs: usize,
}

/// Walks the trace and asserts the order. Writes count where they begin and syncs where they
/// return, so that an overlap is read to our disadvantage.
///
/// A group's writes are followed by a sync of its own, and groups are written one after another;
/// so when a member of the k-th group is acknowledged, k syncs must have returned. A group that
/// was acknowledged without one would leave the count behind for ever.
fn read_trace(trace: &str) -> Seen {
    let calls = Trace::default().calls(trace);
    let begin = calls.iter().position(|call| *call == Call::Opened).expect("it was opened");
    let sizes: std::collections::BTreeSet<u64> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Acknowledged(size) => Some(*size),
            _ => None,
        })
        .collect();
    let mut seen = Seen { groups: sizes.len(), ..Seen::default() };
    let (mut keeping, mut kept) = (0, 0);
    let mut written_since_sync = 0;
    for call in &calls[begin..] {
        match call {
            Call::Opened => (),
            Call::LogWrite => {
                seen.log_writes += 1;
                written_since_sync += 1;
            }
            Call::LogSynced => {
                // A sync of nothing, as when the store is closed, must not spoil the count.
                seen.log_syncs += usize::from(written_since_sync > 0);
                written_since_sync = 0;
            }
            Call::KeptWrite(size) => keeping = *size,
            Call::KeptSynced => {
                seen.kept_syncs += 1;
                kept = keeping;
            }
            Call::Acknowledged(size) => {
                seen.acknowledgements += 1;
                assert!(*size <= kept, "{size} leaves acknowledged, {kept} kept");
                let groups = sizes.range(..=size).count();
                let syncs = seen.log_syncs;
                assert!(groups <= syncs, "group {groups} acknowledged after {syncs} syncs");
            }
        }
    }
    seen
}

/// Which file each descriptor stands for, and which calls have not returned yet.
#[derive(Default)]
struct Trace {
    names: HashMap<u32, String>,
    opening: HashMap<u32, String>,
    syncing: HashMap<u32, u32>,
}

impl Trace {
    fn calls(mut self, trace: &str) -> Vec<Call> {
        trace
            .lines()
            .filter_map(|line| {
                let (process, call) = line.split_once(' ')?;
                self.read(process.parse().ok()?, call.trim_start())
            })
            .collect()
    }

    fn read(&mut self, process: u32, call: &str) -> Option<Call> {
        if call.starts_with("openat(") || call.starts_with("<... openat resumed>") {
            self.open(process, call);
            return None;
        }
        let begins = call.split_once('(').map(|(name, _)| name);
        match begins {
            Some("close") => {
                self.names.remove(&descriptor(call)?);
                None
            }
            Some("pwrite64" | "write") => self.write(call),
            Some("fdatasync" | "fsync") => {
                self.syncing.insert(process, descriptor(call)?);
                self.synced(process, call)
            }
            _ if call.contains("sync resumed>") => self.synced(process, call),
            _ => None,
        }
    }

    fn open(&mut self, process: u32, call: &str) {
        if let Some(path) = call.split('"').nth(1) {
            self.opening.insert(process, path.to_owned());
        }
        if let Some(opened) = result(call)
            && let Some(path) = self.opening.remove(&process)
            && let Ok(opened) = u32::try_from(opened)
        {
            self.names.insert(opened, path);
        }
    }

    fn write(&self, call: &str) -> Option<Call> {
        let descriptor = descriptor(call)?;
        let text = call.split('"').nth(1)?;
        if descriptor == 1 {
            if text.starts_with("open ") {
                return Some(Call::Opened);
            }
            // stream seq token leaf size note
            return text.split(' ').nth(4)?.parse().ok().map(Call::Acknowledged);
        }
        let name = self.names.get(&descriptor)?;
        if name.ends_with("-wal") {
            return Some(Call::LogWrite);
        }
        if name.ends_with("/kept.new") {
            // The file is opened under this name and then renamed.
            return text.split("\\n").nth(1)?.parse().ok().map(Call::KeptWrite);
        }
        None
    }

    fn synced(&mut self, process: u32, call: &str) -> Option<Call> {
        if result(call) != Some(0) {
            return None;
        }
        let name = self.names.get(&self.syncing.remove(&process)?)?;
        if name.ends_with("-wal") {
            return Some(Call::LogSynced);
        }
        name.ends_with("/kept.new").then_some(Call::KeptSynced)
    }
}

fn descriptor(call: &str) -> Option<u32> {
    let (_, arguments) = call.split_once('(')?;
    arguments.split([',', ')', ' ']).next()?.parse().ok()
}

fn result(call: &str) -> Option<i64> {
    let (_, value) = call.rsplit_once("= ")?;
    value.split(' ').next()?.trim().parse().ok()
}

/// Path of an example of this crate, which `cargo test` has built; built here when one test file
/// is run alone.
fn example(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a path");
    let folder = me.parent().and_then(Path::parent).expect("a target folder");
    let path = folder.join("examples").join(name);
    if !path.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let built = Command::new(cargo).args(["build", "-q", "-p", "store", "--examples"]).status();
        assert!(built.expect("cargo").success());
    }
    path
}
