use std::os::unix::fs::symlink;

use expect_test::{Expect, expect};

use super::*;

/// A machine made of files, as `/sys` and `/dev` show one.
struct Made(tempfile::TempDir);

impl Made {
    fn new() -> Self {
        let made = Self(tempfile::tempdir().expect("a folder for the test"));
        for name in ["sys/dev/block", "sys/class/block", "dev/mapper"] {
            std::fs::create_dir_all(made.path(name)).expect("a folder");
        }
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A device, below `on` when it is a partition of it; over `slaves`.
    fn device(&self, name: &str, number: &str, on: Option<&str>, slaves: &[&str]) {
        let parent = on.map_or_else(|| "sys/devices".to_owned(), |on| format!("sys/devices/{on}"));
        let device = self.path(&format!("{parent}/{name}"));
        std::fs::create_dir_all(device.join("slaves")).expect("a folder");
        if on.is_some() {
            std::fs::write(device.join("partition"), "1\n").expect("written");
        }
        for slave in slaves {
            let target = self.path("sys/class/block").join(slave).canonicalize().expect("known");
            symlink(target, device.join("slaves").join(slave)).expect("a link");
        }
        symlink(&device, self.path("sys/dev/block").join(number)).expect("a link");
        symlink(&device, self.path("sys/class/block").join(name)).expect("a link");
        std::fs::write(self.path("dev").join(name), "").expect("written");
    }

    /// A mapping of the device mapper.
    fn mapping(&self, name: &str, number: &str, uuid: &str, slaves: &[&str]) {
        self.device(name, number, None, slaves);
        let dm = self.path("sys/devices").join(name).join("dm");
        std::fs::create_dir(&dm).expect("a folder");
        std::fs::write(dm.join("uuid"), format!("{uuid}\n")).expect("written");
    }

    fn check(&self, mounts: &str, folder: &str, expected: Expect) {
        let (sys, dev) = (self.path("sys"), self.path("dev"));
        let machine = Machine { mounts, sys: &sys, dev: &dev };
        expected.assert_eq(&look_on(machine, Path::new(folder)).to_string());
    }
}

/// Two disks: one plain with two partitions, one with LUKS and volumes within.
fn machine() -> Made {
    let made = Made::new();
    made.device("sda", "8:0", None, &[]);
    made.device("sda1", "8:1", Some("sda"), &[]);
    made.device("sda2", "8:2", Some("sda"), &[]);
    made.device("sdb", "8:16", None, &[]);
    made.mapping("dm-0", "253:0", "CRYPT-LUKS2-0123-home", &["sda2"]);
    made.mapping("dm-1", "253:1", "LVM-abcd", &["dm-0"]);
    made.mapping("dm-2", "253:2", "LVM-efgh", &["dm-0", "sdb"]);
    made.mapping("dm-3", "253:3", "CRYPT-VERITY-0123-usr", &["sda1"]);
    made.mapping("dm-4", "253:4", "CRYPT-INTEGRITY-data", &["sda1"]);
    made.mapping("dm-5", "253:5", "CRYPT-PLAIN-swap", &["dm-4"]);
    made
}

const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 253:0 / /home rw - ext4 /dev/mapper/home rw
24 22 253:1 / /srv/desk rw master:1 - xfs /dev/mapper/vg-desk rw
25 24 253:2 / /srv/desk/data\\040of\\040ours rw - xfs /dev/mapper/vg-data rw
26 22 253:3 / /usr ro - ext4 /dev/mapper/usr ro
27 22 253:5 / /plain rw - ext4 /dev/mapper/plain rw
28 22 0:21 / /run rw - tmpfs tmpfs rw
29 22 0:40 / /pool rw - zfs tank/desk rw
30 22 0:41 / /container rw - overlay overlay rw,lowerdir=/a
31 22 8:99 / /gone rw - ext4 /dev/sdz rw
";

#[test]
fn a_folder_is_followed_down_to_its_disks() {
    let made = machine();
    let check = |folder: &str, expected: Expect| made.check(MOUNTS, folder, expected);
    check("/home/desk", expect!["on an encrypted volume (dm-crypt)"]);
    // Volumes within LUKS; and one that another disk has a part of.
    check("/srv/desk", expect!["on an encrypted volume (dm-crypt)"]);
    check(
        "/srv/desk/data of ours/blobs",
        expect!["not seen to be encrypted: no dm-crypt above sdb"],
    );
    check("/srv/deskette", expect!["not seen to be encrypted: no dm-crypt above sda"]);
    check("/", expect!["not seen to be encrypted: no dm-crypt above sda"]);
    check("/plain/x", expect!["on an encrypted volume (dm-crypt)"]);
    // Mappings of cryptsetup that protect from change and hide nothing.
    check("/usr/lib", expect!["not seen to be encrypted: no dm-crypt above sda"]);
}

#[test]
fn what_cannot_be_seen_is_not_said_to_be_encrypted() {
    let made = machine();
    let check = |folder: &str, expected: Expect| made.check(MOUNTS, folder, expected);
    check("/run/desk", expect!["cannot be seen from here (tmpfs)"]);
    check("/pool/desk", expect!["cannot be seen from here (zfs)"]);
    check("/container/desk", expect!["cannot be seen from here (overlay)"]);
    check("/gone", expect!["cannot be seen from here (ext4)"]);
    made.check("", "/home", expect!["cannot be seen from here (no mount)"]);
    made.check("nonsense\n\n", "/home", expect!["cannot be seen from here (no mount)"]);
    // Devices that name each other in a ring.
    made.mapping("dm-8", "253:8", "LVM-ring", &[]);
    let ring = made.path("sys/devices/dm-8");
    symlink(&ring, ring.join("slaves/dm-8")).expect("a link");
    let mounts = "22 1 253:8 / / rw - ext4 /dev/mapper/ring rw";
    made.check(mounts, "/", expect!["cannot be seen from here (ext4)"]);
}

#[test]
fn every_device_of_a_btrfs_counts() {
    let made = machine();
    made.mapping("dm-6", "253:6", "CRYPT-LUKS1-0123-one", &["sdb"]);
    symlink(made.path("dev/dm-6"), made.path("dev/mapper/one")).expect("a link");
    let mounts = "22 1 0:33 /@desk / rw - btrfs /dev/mapper/one rw,subvol=/@desk";
    made.check(mounts, "/x", expect!["cannot be seen from here (btrfs)"]);
    let devices = made.path("sys/fs/btrfs/0123/devices");
    std::fs::create_dir_all(&devices).expect("a folder");
    symlink(made.path("sys/devices/dm-6"), devices.join("dm-6")).expect("a link");
    made.check(mounts, "/x", expect!["on an encrypted volume (dm-crypt)"]);
    symlink(made.path("sys/devices/sda/sda1"), devices.join("sda1")).expect("a link");
    made.check(mounts, "/x", expect!["not seen to be encrypted: no dm-crypt above sda"]);
}

#[test]
fn this_machine_can_be_looked_at() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let (there, absent) = (look(dir.path()), look(&dir.path().join("absent/folder")));
    assert_eq!(there, absent, "a folder that is still to be made lies where its parent does");
    assert_ne!(there, Seen::Unseen("no mount".to_owned()));
}
