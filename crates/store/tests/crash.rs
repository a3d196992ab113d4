//! SIGKILL at random moments, by a driver that is a process of its own; and what the kernel was
//! asked to do before an act was acknowledged.

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
    let seen = read_trace(&trace, folder.path());
    println!("{seen:?}");
    assert!(seen.acknowledgements >= 100, "{seen:?}");
    assert!(seen.log_writes > 0 && seen.log_syncs > 0 && seen.kept_syncs > 0, "{seen:?}");
}

#[derive(Debug, Default)]
struct Seen {
    acknowledgements: usize,
    log_writes: usize,
    log_syncs: usize,
    kept_syncs: usize,
}

/// What was found in one line of the trace.
enum Call {
    LogWrite,
    LogSynced,
    KeptWrite,
    KeptSynced,
    /// The size of the tree that the acknowledgement's checkpoint covers.
    Acknowledged(u64),
    Other,
}

/// Walks the trace and asserts the order. Syncs count where they return, writes where they begin,
/// so that an overlap is read to our disadvantage.
fn read_trace(trace: &str, folder: &Path) -> Seen {
    let folder = folder.display().to_string();
    let mut names: std::collections::HashMap<u32, String> = Default::default();
    let mut syncing: std::collections::HashMap<u32, u32> = Default::default();
    let mut opening: std::collections::HashMap<u32, String> = Default::default();
    let mut seen = Seen::default();
    // Acknowledgements that each sync of the log has made possible are counted by size: a group
    // is on the disk when a sync returned after its last write.
    let (mut unsynced_log, mut unsynced_kept) = (false, false);
    let (mut synced_once, mut last_size) = (false, 0);
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(' ') else { continue };
        let Ok(pid) = pid.parse::<u32>() else { continue };
        match parse(call.trim_start(), pid, &folder, &mut names, &mut syncing, &mut opening) {
            Call::LogWrite => {
                seen.log_writes += 1;
                unsynced_log = true;
            }
            Call::LogSynced => {
                seen.log_syncs += 1;
                unsynced_log = false;
                synced_once = true;
            }
            Call::KeptWrite => unsynced_kept = true,
            Call::KeptSynced => {
                seen.kept_syncs += 1;
                unsynced_kept = false;
            }
            Call::Acknowledged(size) => {
                seen.acknowledgements += 1;
                assert!(synced_once, "acknowledged before any sync of the log: {line}");
                if size > last_size {
                    // The first acknowledgement of a newer checkpoint: its kept copy is synced.
                    // The log may already be written to again, for the next group; that group's
                    // checkpoint is kept only after its own sync, which is asserted below.
                    assert!(!unsynced_kept, "acknowledged before it was kept: {line}");
                    last_size = size;
                }
            }
            Call::Other => (),
        }
        // A checkpoint is written beside the key only when its group is synced in the log. The
        // next group may be under way by then, so this holds for the first write of each group
        // only where nothing runs beside it; the worker's first group shows it.
        if seen.kept_syncs == 0 && unsynced_kept {
            assert!(!unsynced_log, "kept before the log was synced: {line}");
        }
    }
    seen
}

fn parse(
    call: &str,
    pid: u32,
    folder: &str,
    names: &mut std::collections::HashMap<u32, String>,
    syncing: &mut std::collections::HashMap<u32, u32>,
    opening: &mut std::collections::HashMap<u32, String>,
) -> Call {
    let descriptor = || -> Option<u32> {
        let (_, arguments) = call.split_once('(')?;
        arguments.split([',', ')', ' ']).next()?.parse().ok()
    };
    let result = || call.rsplit_once("= ").and_then(|(_, value)| value.trim().parse::<i64>().ok());
    let name_of = |names: &std::collections::HashMap<u32, String>, descriptor: Option<u32>| {
        descriptor.and_then(|descriptor| names.get(&descriptor).cloned()).unwrap_or_default()
    };
    if call.starts_with("openat(") || call.starts_with("<... openat resumed>") {
        if let Some(path) = call.split('"').nth(1).filter(|_| call.starts_with("openat(")) {
            opening.insert(pid, path.to_owned());
        }
        if let (Some(path), Some(opened)) = (opening.get(&pid).cloned(), result())
            && let Ok(opened) = u32::try_from(opened)
        {
            names.insert(opened, path);
            opening.remove(&pid);
        }
        return Call::Other;
    }
    if call.starts_with("close(") {
        if let Some(descriptor) = descriptor() {
            names.remove(&descriptor);
        }
        return Call::Other;
    }
    if call.starts_with("pwrite64(") || call.starts_with("write(") {
        let name = name_of(names, descriptor());
        if name.ends_with("-wal") {
            return Call::LogWrite;
        }
        if name.starts_with(folder) && (name.ends_with("/kept") || name.ends_with("/kept.new")) {
            return Call::KeptWrite;
        }
        if descriptor() == Some(1) {
            // stream seq token leaf size note
            let fields: Vec<&str> = call.split(' ').collect();
            let size = fields.get(5).and_then(|size| size.parse().ok());
            return size.map_or(Call::Other, Call::Acknowledged);
        }
        return Call::Other;
    }
    if (call.starts_with("fdatasync(") || call.starts_with("fsync("))
        && let Some(descriptor) = descriptor()
    {
        syncing.insert(pid, descriptor);
    }
    let returned = call.starts_with("<... fdatasync resumed>")
        || call.starts_with("<... fsync resumed>")
        || (call.starts_with("fdatasync(") || call.starts_with("fsync(")) && result().is_some();
    if returned && result() == Some(0) {
        let name = name_of(names, syncing.remove(&pid));
        if name.ends_with("-wal") {
            return Call::LogSynced;
        }
        if name.ends_with("/kept") || name.ends_with("/kept.new") {
            return Call::KeptSynced;
        }
    }
    Call::Other
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
