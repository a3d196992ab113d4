//! Files missing, added or changed; manifests that lie.

use super::Bench;
use super::kit::{Files, Kit};

use evidence::format as f;

/// Flips one bit in the middle of a file.
fn flip(files: &mut Files, path: &str) {
    let bytes = files.get_mut(path).expect("the file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

/// Changes the text of a file.
fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[path].clone()).expect("UTF-8");
    assert!(text.contains(from), "{path} has no {from}");
    files.insert(path.into(), text.replacen(from, to, 1).into_bytes());
}

pub fn add(bench: &mut Bench) {
    changed(bench);
    there_or_not(bench);
    manifests(bench);
    tag_manifest(bench);
    info(bench);
}

fn changed(bench: &mut Bench) {
    let both: [(&'static str, &'static str, &'static [&'static str]); 7] = [
        (
            "a changed byte in the instrument",
            "data/order/epoc.json",
            &["data/order/epoc.json: the content is not what both manifests name"],
        ),
        (
            "a changed byte in a CSV",
            "data/records/exhibit-0001.csv",
            &["data/records/exhibit-0001.csv: the content is not what both manifests name"],
        ),
        (
            "a changed byte in a JSON",
            "data/records/exhibit-0001.json",
            &["data/records/exhibit-0001.json: the content is not what both manifests name"],
        ),
        (
            "a changed byte in a trace",
            "data/trace/exhibit-0003.json",
            &["data/trace/exhibit-0003.json: the content is not what both manifests name"],
        ),
        (
            "a changed byte in a picture",
            "data/trace/exhibit-0003.svg",
            &["data/trace/exhibit-0003.svg: the content is not what both manifests name"],
        ),
        (
            "a changed byte in the report",
            "data/report.pdf",
            &["data/report.pdf: the content is not what both manifests name"],
        ),
        (
            "a changed byte in the graph",
            "data/case.jsonld",
            &["data/case.jsonld: the content is not what both manifests name"],
        ),
    ];
    for (name, path, expected) in both {
        bench.files(name, expected, |_, files| flip(files, path));
    }
    bench.files(
        "a changed byte in bagit.txt",
        &["bagit.txt: not BagIt 1.0", "bagit.txt: the content is not what tagmanifest"],
        |_, files| flip(files, f::BAGIT_TXT_PATH),
    );
    bench.files(
        "a changed word in bag-info.txt",
        &["bag-info.txt: the content is not what tagmanifest"],
        |_, files| replace(files, f::BAG_INFO_PATH, "Landeskriminalamt", "Landesamt"),
    );
    bench.files(
        "a changed word in VERIFY.txt",
        &["VERIFY.txt: the content is not what tagmanifest"],
        |_, files| replace(files, f::VERIFY_TXT_PATH, "Proves", "Shows"),
    );
}

fn there_or_not(bench: &mut Bench) {
    bench.files(
        "a missing payload file",
        &["data/order/epoc.json: the file is missing"],
        |_, files| {
            files.remove("data/order/epoc.json");
        },
    );
    bench.files("a missing VERIFY.txt", &["VERIFY.txt: the file is missing"], |_, files| {
        files.remove(f::VERIFY_TXT_PATH);
    });
    for (name, path, expected) in [
        (
            "a missing signature",
            f::SEAL_P7S_PATH,
            &["seal/tagmanifest-sha256.txt.p7s: the file is missing"],
        ),
        ("a missing chain", f::CHAIN_PEM_PATH, &["seal/chain.pem: the file is missing"]),
        ("a missing log record", f::SEALED_JSON_PATH, &["seal/sealed.json: the file is missing"]),
        (
            "a missing log proof",
            f::SEALED_PROOF_PATH,
            &["seal/sealed.json.tlog-proof: the file is missing"],
        ),
    ] {
        bench.files(name, expected, |_, files| {
            files.remove(path);
        });
    }
    bench.files(
        "a missing time-stamp that the log names",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the file that the log record names is missing"],
        |_, files| {
            files.remove(f::SEAL_TSR_PATH);
        },
    );
    let stray: [(&'static str, &str, &'static [&'static str]); 3] = [
        ("a stray file in the root", "notes.txt", &["notes.txt: a file that the format does not"]),
        (
            "a stray file in the seal",
            "seal/extra.p7s",
            &["seal/extra.p7s: a file that the format does not have"],
        ),
        (
            "a stray file in the payload",
            "data/order/extra.json",
            &["data/order/extra.json: the file is in no manifest"],
        ),
    ];
    for (name, path, expected) in stray {
        bench.files(name, expected, |_, files| {
            files.insert(path.into(), b"{}".to_vec());
        });
    }
    bench.files(
        "a listed file for which the format has no place",
        &[
            "data/virus.exe: the format has no such file",
            "data/case.jsonld: the graph does not name data/virus.exe",
        ],
        |kit, files| {
            files.insert("data/virus.exe".into(), b"MZ".to_vec());
            kit.relist(files);
        },
    );
}

/// Changes a manifest and makes everything above it again.
fn relied(
    bench: &mut Bench,
    name: &'static str,
    path: &'static str,
    expected: &'static [&'static str],
    change: impl Fn(String) -> String,
) {
    bench.files(name, expected, |kit: &Kit, files| {
        let text = String::from_utf8(files[path].clone()).expect("UTF-8");
        let changed = change(text.clone());
        assert_ne!(text, changed, "{path} did not change");
        files.insert(path.into(), changed.into_bytes());
        if path == f::TAGMANIFEST_PATH {
            kit.reseal(files, |_| {});
        } else {
            kit.retag(files);
        }
    });
}

/// Another digest in one line.
fn lie(text: &str, path: &str) -> String {
    let line = text.lines().find(|line| line.ends_with(path)).expect("its line");
    let wrong = if line.starts_with('0') { "1" } else { "0" };
    text.replacen(line, &format!("{wrong}{}", &line[1..]), 1)
}

fn manifests(bench: &mut Bench) {
    const SHORT: &str = f::MANIFEST_SHA256_PATH;
    const LONG: &str = f::MANIFEST_SHA512_PATH;
    relied(
        bench,
        "a wrong SHA-512",
        LONG,
        &["data/order/epoc.json: the content is not what manifest-sha512.txt names"],
        |text| lie(&text, "epoc.json"),
    );
    relied(
        bench,
        "a wrong SHA-256",
        SHORT,
        &[
            "data/order/epoc.json: the content is not what manifest-sha256.txt names",
            "data/case.jsonld: the graph's SHA-256 of data/order/epoc.json",
        ],
        |text| lie(&text, "epoc.json"),
    );
    relied(
        bench,
        "a line missing in one manifest",
        LONG,
        &["manifest-sha512.txt: no line for data/case.jsonld"],
        |text| text.lines().skip(1).map(|line| format!("{line}\n")).collect(),
    );
    relied(
        bench,
        "two lines swapped",
        SHORT,
        &["manifest-sha256.txt: line 2 is out of order"],
        |text| {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.swap(0, 1);
            lines.concat()
        },
    );
    relied(
        bench,
        "one line twice",
        SHORT,
        &["manifest-sha256.txt: line 2 is out of order or twice"],
        |text| {
            let first = text.split_inclusive('\n').next().expect("a line").to_owned();
            first + &text
        },
    );
    relied(
        bench,
        "a manifest with CR LF",
        SHORT,
        &[
            "manifest-sha256.txt: line 1 is not one of a manifest",
            "manifest-sha256.txt: no line for data/case.jsonld",
        ],
        |text| text.replacen('\n', "\r\n", 1),
    );
    relied(
        bench,
        "a manifest in capitals",
        LONG,
        &["manifest-sha512.txt: line 1 is not one", "manifest-sha512.txt: no line for data/case"],
        |text| {
            let (line, rest) = text.split_once('\n').expect("lines");
            let (digest, path) = line.split_once("  ").expect("two parts");
            format!("{}  {path}\n{rest}", digest.to_uppercase())
        },
    );
    bench.files(
        "a manifest that lists a missing file",
        &["data/order/z.json: the file is missing"],
        |kit, files| {
            for (path, digits) in [(SHORT, 64), (LONG, 128)] {
                let text = String::from_utf8(files[path].clone()).expect("UTF-8");
                let ghost = format!("{}  data/order/z.json\n", "0".repeat(digits));
                let at = text.find("data/records/exhibit-0001.csv").expect("a line");
                let at = text[..at].rfind('\n').expect("a line before") + 1;
                let text = format!("{}{ghost}{}", &text[..at], &text[at..]);
                files.insert(path.into(), text.into_bytes());
            }
            kit.retag(files);
        },
    );
}

fn tag_manifest(bench: &mut Bench) {
    const TAG: &str = f::TAGMANIFEST_PATH;
    relied(
        bench,
        "a tag manifest without a line",
        TAG,
        &["tagmanifest-sha256.txt: no line for manifest-sha512.txt"],
        |text| text.split_inclusive('\n').take(4).collect(),
    );
    relied(
        bench,
        "a tag manifest that lists more",
        TAG,
        &["tagmanifest-sha256.txt: a line for seal/chain.pem"],
        |text| format!("{text}{}  seal/chain.pem\n", "0".repeat(64)),
    );
    relied(
        bench,
        "a tag manifest out of order",
        TAG,
        &[
            "tagmanifest-sha256.txt: line 1 is out of order",
            "tagmanifest-sha256.txt: line 2 is out of order",
        ],
        |text| {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.swap(0, 1);
            lines.concat()
        },
    );
    relied(
        bench,
        "a tag manifest with a wrong digest",
        TAG,
        &["VERIFY.txt: the content is not what tagmanifest-sha256.txt names"],
        |text| lie(&text, "VERIFY.txt"),
    );
    bench.files("another bag version", &["bagit.txt: not BagIt 1.0"], |kit, files| {
        replace(files, f::BAGIT_TXT_PATH, "1.0", "0.97");
        kit.retag(files);
    });
}

fn info(bench: &mut Bench) {
    let mut told = |name, expected: &'static [&'static str], from: &str, to: &str| {
        bench.files(name, expected, |kit: &Kit, files: &mut Files| {
            replace(files, f::BAG_INFO_PATH, from, to);
            kit.retag(files);
        });
    };
    told(
        "a wrong payload count",
        &["bag-info.txt: Payload-Oxum does not agree"],
        "Payload-Oxum: ",
        "Payload-Oxum: 1",
    );
    told(
        "another package's name inside",
        &["bag-info.txt: External-Identifier does not agree"],
        "External-Identifier: req-2026-000417-1",
        "External-Identifier: req-2026-000417-2",
    );
    told(
        "a wrong row count",
        &["bag-info.txt: exhibit-0001: the row count is not that of the tables"],
        "; rows 12;",
        "; rows 11;",
    );
    told(
        "an exhibit not listed",
        &["bag-info.txt: the exhibits listed are not those in the package"],
        "Comity-Exhibit: exhibit-0003",
        "Comity-Remark: exhibit-0003",
    );
    told(
        "a line that is no label",
        &["bag-info.txt: line 2 is not a label and a value"],
        "Source-Organization: ",
        "no label ",
    );
    told(
        "the seal of another request",
        &["seal/sealed.json: the record is of another request"],
        "Comity-Request: 0",
        "Comity-Request: 1",
    );
}
