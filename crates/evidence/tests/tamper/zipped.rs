//! Defects of the zip itself.

use super::Bench;
use super::kit::pack::{Item, Tail, zip};
use super::kit::{Files, TOP, items};

const P: &str = "req-2026-000417-1/";

/// Index of a file among the entries.
fn at(items: &[Item], path: &str) -> usize {
    let name = format!("{P}{path}");
    items.iter().position(|item| item.name == name.as_bytes()).expect("the file")
}

pub fn add(bench: &mut Bench) {
    let sound = bench.sound.clone();
    whole(bench, &sound);
    names(bench, &sound);
    headers(bench, &sound);
    data(bench, &sound);
}

fn edit(
    bench: &mut Bench,
    sound: &Files,
    name: &'static str,
    expected: &'static [&'static str],
    change: impl FnOnce(&mut Vec<Item>, &mut Tail),
) {
    let mut items = items(sound);
    let mut tail = Tail::default();
    change(&mut items, &mut tail);
    bench.bytes(name, zip(&items, &tail), expected);
}

fn whole(bench: &mut Bench, sound: &Files) {
    let bytes = zip(&items(sound), &Tail::default());
    let no_package: &[&str] = &["package: not an evidence package; "];
    bench.bytes("a zip cut off in the middle", bytes[..bytes.len() / 2].to_vec(), no_package);
    bench.bytes("a zip without its last byte", bytes[..bytes.len() - 1].to_vec(), no_package);
    bench.bytes("no zip at all", b"%PDF-1.7 not a zip".to_vec(), no_package);
    edit(
        bench,
        sound,
        "bytes before the zip",
        &["req-2026-000417-1/bagit.txt: the zip entry does not start where"],
        |items, _| items[0].gap = b"#!/bin/sh\n".to_vec(),
    );
    edit(bench, sound, "bytes after the zip", &["package: bytes after the end record"], |_, t| {
        t.after = b"more".to_vec();
    });
    edit(bench, sound, "a zip comment", &["package: the zip has a comment"], |_, t| {
        // Its length counts as bytes after the record too: there is one thing there.
        t.comment = b"hello".to_vec();
    });
    edit(
        bench,
        sound,
        "bytes between two files",
        &["req-2026-000417-1/data/case.jsonld: the zip entry does not start where"],
        |items, _| {
            let index = at(items, "data/case.jsonld");
            items[index].gap = b"hidden".to_vec();
        },
    );
    edit(
        bench,
        sound,
        "bytes before the central directory",
        &["package: bytes that belong to no file stand before"],
        |_, tail| tail.gap = b"hidden".to_vec(),
    );
    edit(
        bench,
        sound,
        "an end record that counts one more",
        &["package: the end record counts other files"],
        |_, tail| tail.count_more = 1,
    );
    edit(bench, sound, "several disks", &["package: the zip claims several disks"], |_, tail| {
        tail.disk = 1;
    });
    edit(
        bench,
        sound,
        "files out of order",
        &["bagit.txt: the file stands out of order"],
        |items, _| items.swap(0, 1),
    );
}

fn names(bench: &mut Bench, sound: &Files) {
    edit(
        bench,
        sound,
        "one name twice",
        &["data/case.jsonld: two files with this name"],
        |items, _| {
            let index = at(items, "data/case.jsonld");
            let twin = items[index].clone();
            items.insert(index, twin);
        },
    );
    edit(
        bench,
        sound,
        "a name in the wrong case",
        &["Bag-Info.txt: a path that could lead elsewhere", "bag-info.txt: the file is missing"],
        |items, _| {
            let index = at(items, "bag-info.txt");
            items[index].name = format!("{P}Bag-Info.txt").into_bytes();
        },
    );
    let strange: [(&'static str, &str, &'static [&'static str]); 5] = [
        (
            "a path that climbs out",
            "req-2026-000417-1/../evil.txt",
            &["../evil.txt: a path that could lead elsewhere"],
        ),
        ("an absolute path", "/etc/passwd", &["/etc/passwd: a file outside the top folder"]),
        (
            "a path with a backslash",
            "req-2026-000417-1/data\\x.txt",
            &["data\\x.txt: a path that could lead elsewhere"],
        ),
        (
            "a second top folder",
            "other-1/data/x.txt",
            &["other-1/data/x.txt: a file outside the top folder"],
        ),
        (
            "a name with a hidden letter",
            "req-2026-000417-1/data/\u{202e}txt.exe",
            &["data/\\u{202e}txt.exe: a path that could lead elsewhere"],
        ),
    ];
    for (name, path, expected) in strange {
        edit(bench, sound, name, expected, |items, _| items.push(Item::stored(path, b"x")));
    }
    edit(
        bench,
        sound,
        "a name that is not UTF-8",
        &["package: a name is not UTF-8", "data/x\u{fffd}.txt: a path that could lead elsewhere"],
        |items, _| {
            let mut item = Item::stored("x", b"x");
            item.name = [TOP.as_bytes(), b"/data/x\xff.txt"].concat();
            // The local header is compared with what was read: the replacement character.
            item.local_name = Some(format!("{P}data/x\u{fffd}.txt").into_bytes());
            items.push(item);
        },
    );
    edit(
        bench,
        sound,
        "two names for one file",
        &["req-2026-000417-1/data/case.jsonld: local header and directory disagree on the name"],
        |items, _| {
            let index = at(items, "data/case.jsonld");
            items[index].local_name = Some(format!("{P}data/cash.jsonld").into_bytes());
        },
    );
}

fn headers(bench: &mut Bench, sound: &Files) {
    let mut one = |name, expected: &'static [&'static str], change: fn(&mut Item)| {
        edit(bench, sound, name, expected, |items, _| {
            let index = at(items, "data/order/epoc.json");
            change(&mut items[index]);
        });
    };
    one(
        "a symbolic link",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry is a symbolic link"],
        |item| item.outer = 0o120_777 << 16,
    );
    one(
        "an executable file",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry has other attributes"],
        |item| item.outer = 0o100_755 << 16,
    );
    one(
        "another internal attribute",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry has other attributes"],
        |item| item.inner = 1,
    );
    one(
        "made by another system",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry has other versions"],
        |item| item.made_by = 20,
    );
    one(
        "a time in the zip",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry has a time of its own"],
        |item| item.time = 0x5c75_6000,
    );
    one(
        "an encrypted entry",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry is encrypted"],
        |item| item.flags = 1,
    );
    one(
        "a data descriptor",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry has flags"],
        |item| item.flags = 8,
    );
    one(
        "an unknown packing method",
        &[
            "req-2026-000417-1/data/order/epoc.json: the zip entry has other versions",
            "req-2026-000417-1/data/order/epoc.json: unknown packing method",
        ],
        |item| item.method = 12,
    );
    one(
        "an extra field in the directory",
        &[
            "req-2026-000417-1/data/order/epoc.json: the zip entry has an extra field",
            "req-2026-000417-1/data/order/epoc.json: the zip entry has other versions",
        ],
        |item| item.extra = b"UT\x01\x00x".to_vec(),
    );
    one(
        "an extra field in the local header",
        &["req-2026-000417-1/data/order/epoc.json: the local header has an extra field"],
        |item| item.local_extra = b"UT\x01\x00x".to_vec(),
    );
    one(
        "a comment on a file",
        &["req-2026-000417-1/data/order/epoc.json: the zip entry has a comment"],
        |item| item.comment = b"psst".to_vec(),
    );
    one(
        "two sizes for one file",
        &[
            "req-2026-000417-1/data/order/epoc.json: local header and directory disagree on the size",
        ],
        |item| item.local_size = Some(item.size + 1),
    );
    one(
        "two checksums for one file",
        &["req-2026-000417-1/data/order/epoc.json: local header and directory disagree on the CRC"],
        |item| item.local_crc = Some(!item.crc),
    );
    one("a wrong checksum", &["data/order/epoc.json: the CRC-32 is wrong"], |item| {
        item.crc ^= 1;
    });
    edit(
        bench,
        sound,
        "a folder as an entry",
        &[
            "req-2026-000417-1/data/: the zip entry is a folder",
            "data/: a path that could lead elsewhere",
        ],
        |items, _| {
            let mut item = Item::stored(&format!("{P}data/"), b"");
            item.outer = 0o040_755 << 16 | 0x10;
            items.push(item);
        },
    );
}

fn data(bench: &mut Bench, sound: &Files) {
    let mut packed = |name, expected: &'static [&'static str], change: fn(&mut Item)| {
        let content = sound["data/case.jsonld"].clone();
        edit(bench, sound, name, expected, |items, _| {
            let index = at(items, "data/case.jsonld");
            items[index] = Item::deflated(&format!("{P}data/case.jsonld"), &content);
            change(&mut items[index]);
        });
    };
    packed(
        "bytes after the packed data",
        &["data/case.jsonld: bytes follow the packed data"],
        |item| {
            item.data.extend(b"x");
            item.packed += 1;
        },
    );
    packed(
        "a file that unpacks to less",
        &["data/case.jsonld: the unpacked size is not the declared one"],
        |item| item.size += 1,
    );
    packed(
        "a file that unpacks to more",
        &["data/case.jsonld: the file unpacks to more than the declared size"],
        |item| item.size -= 1,
    );
    packed("damaged packed data", &["data/case.jsonld: the packed bytes are damaged"], |item| {
        item.data[0] = 0x07
    });
    bench.files("a zip bomb", &[], |_, _| {});
    let case = bench.cases.pop().expect("just added");
    let mut files = sound.clone();
    files.insert("data/order/bomb.json".into(), b"[]".to_vec());
    let zeros = vec![b' '; 64 << 20];
    let mut list = items(&files);
    let index = at(&list, "data/order/bomb.json");
    list[index] = Item::deflated(&format!("{P}data/order/bomb.json"), &zeros);
    bench.bytes(
        case.name,
        zip(&list, &Tail::default()),
        &[
            "req-2026-000417-1/data/order/bomb.json: the zip entry is a bomb",
            "data/order/bomb.json: the file is in no manifest",
        ],
    );
}
