//! Whether the node's folders lie on encrypted volumes, as far as Linux shows it: dm-crypt (LUKS
//! and alike), found from a folder's mount down to its disks.
//!
//! Knows no key, and nothing that the kernel does not show: a database on another machine, object
//! stores, ZFS's own encryption, disks that encrypt by themselves, a cloud that encrypts below the
//! machine. Those an operator states, and what is stated is shown as that. Nor does it see a
//! mapping whose cipher is null, or where the volume's key lies.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Devices on the way from a volume down to its disks; a chain is a few long.
const DEPTH_MAX: usize = 16;
/// Devices looked at for one folder.
const DEVICES_MAX: usize = 256;
/// Kinds of dm-crypt mapping that encrypt, as cryptsetup names them in a device's UUID after
/// `CRYPT-`. `VERITY`, `INTEGRITY` and `SUBDEV` do not.
const ENCRYPTING: [&str; 7] =
    ["LUKS1-", "LUKS2-", "PLAIN-", "LOOPAES-", "TCRYPT-", "BITLK-", "FVAULT2-"];

/// What the operator says of the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncryptedDisk {
    /// Nothing: the node looks, and says what it sees.
    #[default]
    Looked,
    /// It must be: a node whose folders are not seen to be encrypted does not start. Of a database
    /// server there must be a statement.
    Required,
    /// It is, in a way that a program cannot see; the statement says how, and who vouches for it.
    Stated,
}

impl EncryptedDisk {
    /// What is wrong with it, if anything.
    pub(crate) fn fault(self, statement: Option<&str>) -> Option<String> {
        let is_empty = statement.is_none_or(|words| words.trim().is_empty());
        (is_empty && (self == Self::Stated || statement.is_some())).then(|| {
            "node.encrypted_disk_statement says nothing: say there how it is encrypted, and who \
             vouches for it"
                .to_owned()
        })
    }
}

/// A folder or database in which the node keeps what people told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The SQLite database, or the server of PostgreSQL.
    Database,
    /// The folder of large files.
    Data,
    /// The folder of keys.
    Keys,
}

impl What {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Data => "data",
            Self::Keys => "keys",
        }
    }
}

/// What was seen of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Every way down to a disk goes through an encrypting mapping.
    Encrypted,
    /// These devices are reached without one.
    Open(Vec<String>),
    /// It cannot be seen: the kind of its file system.
    Unseen(String),
    /// A database server keeps it, wherever that has it.
    Server,
}

impl Seen {
    /// Its word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Open(_) => "open",
            Self::Unseen(_) => "unseen",
            Self::Server => "server",
        }
    }

    /// The devices, or the kind of what cannot be seen through.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Encrypted | Self::Server => String::new(),
            Self::Open(devices) => devices.join(", "),
            Self::Unseen(kind) => kind.clone(),
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Encrypted => f.write_str("on an encrypted volume (dm-crypt)"),
            Self::Open(devices) => {
                write!(f, "not seen to be encrypted: no dm-crypt above {}", devices.join(", "))
            }
            Self::Unseen(kind) => write!(f, "cannot be seen from here ({kind})"),
            Self::Server => f.write_str("kept by a database server, cannot be seen from here"),
        }
    }
}

/// Where a kernel shows its mounts and devices.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The text of `/proc/self/mountinfo` (proc(5)).
    pub mounts: &'a str,
    /// `/sys`, or a folder that looks like it.
    pub sys: &'a Path,
    /// `/dev`, or a folder that looks like it.
    pub dev: &'a Path,
}

/// What this machine shows of a folder.
#[must_use]
pub fn look(folder: &Path) -> Seen {
    let Ok(folder) = existing(folder).canonicalize() else { return unseen("no folder") };
    match std::fs::read_to_string("/proc/self/mountinfo") {
        Ok(mounts) => {
            let (sys, dev) = (Path::new("/sys"), Path::new("/dev"));
            look_on(Machine { mounts: &mounts, sys, dev }, &folder)
        }
        Err(_) => unseen("not Linux"),
    }
}

/// What a machine shows of a folder, which is absolute and without links.
#[must_use]
pub fn look_on(machine: Machine<'_>, folder: &Path) -> Seen {
    let Some(mount) =
        machine.mounts.lines().filter_map(Mount::parse).fold(None, |best: Option<Mount>, mount| {
            // Of two mounts at the same place the later one counts.
            let deep = best.as_ref().map_or(0, |best| best.point.components().count());
            let fits = folder.starts_with(&mount.point) && mount.point.components().count() >= deep;
            if fits { Some(mount) } else { best }
        })
    else {
        return unseen("no mount");
    };
    // File systems of several devices, as btrfs, have a number of their own; their source is one of
    // the devices, and the others stand beside it where the kernel shows them.
    let device = match mount.device.as_str() {
        number if !number.starts_with("0:") => machine.sys.join("dev/block").join(number),
        _ => match source(machine, &mount.source) {
            Some(_) if mount.kind == "btrfs" => return btrfs(machine, &mount),
            Some(device) => device,
            None => return unseen(&mount.kind),
        },
    };
    judge(vec![device], &mount.kind)
}

struct Mount {
    device: String,
    point: PathBuf,
    kind: String,
    source: String,
}

impl Mount {
    /// `36 35 98:0 /root /point options [fields] - kind source options`.
    fn parse(line: &str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(2);
        let (device, point) = (left.next()?.to_owned(), left.nth(1)?);
        let mut right = right.split(' ');
        let (kind, source) = (right.next()?.to_owned(), unescaped(right.next()?));
        Some(Self { device, point: unescaped(point).into(), kind, source })
    }
}

/// Blanks and alike are written as octal numbers.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The device in `sys` that a path below `/dev` names, through links as `/dev/mapper/home`.
fn source(machine: Machine<'_>, source: &str) -> Option<PathBuf> {
    let inside = Path::new(source).strip_prefix("/dev").ok()?;
    let path = machine.dev.join(inside).canonicalize().ok()?;
    let name = path.file_name()?;
    let device = machine.sys.join("class/block").join(name);
    device.exists().then_some(device)
}

/// Every device of a btrfs that one of its devices is of.
fn btrfs(machine: Machine<'_>, mount: &Mount) -> Seen {
    let Some(own) = source(machine, &mount.source).and_then(|it| it.canonicalize().ok()) else {
        return unseen(&mount.kind);
    };
    let Ok(entries) = std::fs::read_dir(machine.sys.join("fs/btrfs")) else {
        return unseen(&mount.kind);
    };
    for entry in entries.flatten().take(DEVICES_MAX) {
        let Ok(devices) = std::fs::read_dir(entry.path().join("devices")) else { continue };
        let devices: Vec<PathBuf> = devices.flatten().map(|it| it.path()).collect();
        if devices.iter().filter_map(|it| it.canonicalize().ok()).any(|it| it == own) {
            return judge(devices, &mount.kind);
        }
    }
    unseen(&mount.kind)
}

/// Goes down from these devices until each way ends in an encrypting mapping or a disk.
fn judge(devices: Vec<PathBuf>, kind: &str) -> Seen {
    let (mut open, mut seen) = (BTreeSet::new(), 0);
    let mut level = devices;
    for _ in 0..DEPTH_MAX {
        let mut below = Vec::new();
        for device in level {
            seen += 1;
            let Ok(device) = device.canonicalize() else { return unseen(kind) };
            if seen > DEVICES_MAX {
                return unseen(kind);
            }
            if is_encrypting(&device) {
                continue;
            }
            // A partition lies within its disk.
            let parts = std::fs::read_dir(device.join("slaves"));
            let parts: Vec<PathBuf> =
                parts.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            match device.parent().filter(|_| device.join("partition").exists()) {
                Some(disk) => below.push(disk.to_owned()),
                None if parts.is_empty() => {
                    let name = device.file_name().unwrap_or_default();
                    open.insert(name.to_string_lossy().into_owned());
                }
                None => below.extend(parts),
            }
        }
        if below.is_empty() {
            let open: Vec<String> = open.into_iter().collect();
            return if open.is_empty() { Seen::Encrypted } else { Seen::Open(open) };
        }
        level = below;
    }
    unseen(kind)
}

fn is_encrypting(device: &Path) -> bool {
    let uuid = std::fs::read_to_string(device.join("dm/uuid")).unwrap_or_default();
    let kind = uuid.strip_prefix("CRYPT-").unwrap_or_default();
    ENCRYPTING.iter().any(|known| kind.starts_with(known))
}

fn unseen(kind: &str) -> Seen {
    Seen::Unseen(kind.to_owned())
}

/// A folder, or the nearest one above it that is there already.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|path| path.exists()).unwrap_or(folder)
}

#[cfg(test)]
mod tests;
