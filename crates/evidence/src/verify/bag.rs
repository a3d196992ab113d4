//! The bag: which files must be there, and whether every byte is the one the manifests name.
//! Knows nothing of signatures or of what the files say (RFC 8493 sections 2 and 3).

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use aws_lc_rs::digest::{Context, Digest, SHA256, SHA512, digest};

use super::finding::Findings;
use super::zip::{Archive, Entry, ReadError};
use crate::format as f;

/// Largest root or seal file that is read whole.
pub const SMALL_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The files by their path below the top folder.
pub struct Files<'a> {
    /// The top folder's name.
    pub top: String,
    /// Path below the top folder to entry.
    pub by_path: BTreeMap<&'a str, &'a Entry>,
}

/// What the payload manifests say, and which payload files are as they say.
#[derive(Debug, Default)]
pub struct Payload {
    /// SHA-256 in hex by path, from `manifest-sha256.txt`.
    pub sha256: BTreeMap<String, String>,
    /// Unpacked sizes by path.
    pub sizes: BTreeMap<String, u64>,
    /// Paths whose bytes are those of both manifests.
    pub intact: Vec<String>,
}

/// Root and seal files that could be read.
pub type Small = BTreeMap<&'static str, Vec<u8>>;

/// Sorts entries under one top folder and names every path that has no business there. None when
/// nothing in the zip looks like a package.
pub fn lay_out<'a, R>(archive: &'a Archive<R>, findings: &mut Findings) -> Option<Files<'a>> {
    let entries = &archive.entries;
    let is_mark = |entry: &&Entry| {
        let below = entry.path.split_once('/').map(|(_, below)| below);
        below.is_some_and(|path| path == f::TAGMANIFEST_PATH || path == f::BAGIT_TXT_PATH)
    };
    let (top, _) = entries.iter().find(is_mark)?.path.split_once('/')?;
    if !is_name(top) {
        findings.defect("package", "the top folder's name is not one of ours", NAMES, top);
    }
    let prefix = format!("{top}/");
    let mut by_path = BTreeMap::new();
    for entry in entries {
        let Some(path) = entry.path.strip_prefix(&prefix) else {
            findings.defect(&entry.path, "a file outside the top folder", &prefix, &entry.path);
            continue;
        };
        if !path.split('/').all(is_name) && path != f::VERIFY_TXT_PATH {
            let what = "a path that could lead elsewhere or look like another";
            findings.defect(path, what, NAMES, &entry.path);
            continue;
        }
        if by_path.insert(path, entry).is_some() {
            findings.defect(path, "two files with this name", "one", "two");
        }
    }
    let files = Files { top: top.to_owned(), by_path };
    check_listed(&files, findings);
    check_order(entries, &prefix, &files, findings);
    Some(files)
}

const NAMES: &str = "names of a-z 0-9 . _ - only";

fn is_name(part: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = (1..=f::NAME_BYTES_MAX).contains(&part.len());
    let start = part.bytes().next().is_some_and(inside);
    fits && start && part.bytes().all(|byte| inside(byte) || byte == b'.' || byte == b'-')
}

/// Root and seal hold exactly the files of the format; the time-stamp alone may be absent.
fn check_listed(files: &Files<'_>, findings: &mut Findings) {
    for path in f::ROOT_PATHS.iter().chain(&f::SEAL_PATHS) {
        if !files.by_path.contains_key(path) && *path != f::SEAL_TSR_PATH {
            findings.defect(path, "the file is missing", "a file", "none");
        }
    }
    for path in files.by_path.keys() {
        let known = f::ROOT_PATHS.contains(path) || f::SEAL_PATHS.contains(path);
        if !known && !path.starts_with("data/") {
            findings.defect(path, "a file that the format does not have", "none", "a file");
        }
    }
}

/// Root files in the format's order, then the payload by path, then the seal.
fn check_order(entries: &[Entry], prefix: &str, files: &Files<'_>, findings: &mut Findings) {
    let rank = |path: &str| {
        let place = |list: &[&str]| list.iter().position(|known| *known == path);
        match (place(&f::ROOT_PATHS), place(&f::SEAL_PATHS)) {
            (Some(index), _) => Some((0, index)),
            (None, Some(index)) => Some((2, index)),
            (None, None) => path.starts_with("data/").then_some((1, 0)),
        }
    };
    let mut previous: Option<((i32, usize), &str)> = None;
    for entry in entries {
        let Some(path) = entry.path.strip_prefix(prefix) else { continue };
        // A path that has no business here was named for that.
        let Some(rank) = rank(path).filter(|_| files.by_path.contains_key(path)) else { continue };
        if let Some(before) = previous.filter(|before| *before > (rank, path)) {
            findings.defect(path, "the file stands out of order", "the format's order", before.1);
        }
        previous = Some((rank, path));
    }
}

/// Reads the files of root and seal.
pub fn read_small<R: Read + Seek>(
    archive: &Archive<R>,
    files: &Files<'_>,
    findings: &mut Findings,
) -> Small {
    let mut small = Small::new();
    for path in f::ROOT_PATHS.iter().chain(&f::SEAL_PATHS) {
        let Some(entry) = files.by_path.get(path) else { continue };
        match archive.read(entry, SMALL_FILE_BYTES_MAX) {
            Ok(bytes) => {
                small.insert(path, bytes);
            }
            Err(error) => note_unreadable(path, error, findings),
        }
    }
    small
}

/// Names a file that cannot be unpacked.
pub fn note_unreadable(path: &str, error: ReadError, findings: &mut Findings) {
    match error {
        ReadError::Damaged { what, expected, found } => {
            findings.defect(path, what, expected, found);
        }
        ReadError::Named => {}
        ReadError::Io(error) => findings.defect(path, "cannot be read", "bytes", error),
    }
}

/// Both payload manifests against each other and against every payload file.
pub fn check_payload<R: Read + Seek>(
    archive: &Archive<R>,
    files: &Files<'_>,
    small: &Small,
    findings: &mut Findings,
) -> Payload {
    let sha256 = manifest(f::MANIFEST_SHA256_PATH, 64, small, findings);
    let sha512 = manifest(f::MANIFEST_SHA512_PATH, 128, small, findings);
    if let (Some(short), Some(long)) = (&sha256, &sha512) {
        check_same_paths(short, long, findings);
    }
    let mut payload = Payload::default();
    let empty = BTreeMap::new();
    let (short, long) = (sha256.as_ref().unwrap_or(&empty), sha512.as_ref().unwrap_or(&empty));
    for (path, entry) in files.by_path.range("data/".."data0") {
        let path = (*path).to_owned();
        let wanted = (short.get(&path), long.get(&path));
        if sha256.is_some() && sha512.is_some() && wanted == (None, None) {
            let expected = "a line in both manifests";
            findings.defect(&path, "the file is in no manifest", expected, "none");
        }
        match digests(archive, entry) {
            Ok(found) => {
                if check_file(&path, wanted, &found, findings) {
                    payload.intact.push(path.clone());
                }
            }
            Err(error) => note_unreadable(&path, error, findings),
        }
        payload.sizes.insert(path, entry.size);
    }
    for path in short.keys() {
        if !files.by_path.contains_key(path.as_str()) {
            let expected = "the file that the manifest lists";
            findings.defect(path, "the file is missing", expected, "none");
        }
    }
    payload.sha256 = sha256.unwrap_or_default();
    payload
}

fn check_same_paths(
    short: &BTreeMap<String, String>,
    long: &BTreeMap<String, String>,
    findings: &mut Findings,
) {
    let pairs = [(short, long, f::MANIFEST_SHA512_PATH), (long, short, f::MANIFEST_SHA256_PATH)];
    for (one, other, other_path) in pairs {
        for path in one.keys().filter(|path| !other.contains_key(*path)) {
            let what = format!("no line for {path}, which the other manifest lists");
            findings.defect(other_path, what, "a line", "none");
        }
    }
}

/// One defect for one changed file, whether one manifest or both show it.
fn check_file(
    path: &str,
    wanted: (Option<&String>, Option<&String>),
    found: &(Digest, Digest),
    findings: &mut Findings,
) -> bool {
    let short = hex::encode(found.0.as_ref());
    let long = hex::encode(found.1.as_ref());
    let short_holds = wanted.0.is_none_or(|wanted| *wanted == short);
    let long_holds = wanted.1.is_none_or(|wanted| *wanted == long);
    match (short_holds, long_holds) {
        (true, true) => return wanted.0.is_some() && wanted.1.is_some(),
        (false, false) => {
            let what = "the content is not what both manifests name";
            findings.defect(path, what, text(wanted.0), short);
        }
        (false, true) => {
            let what = format!("the content is not what {} names", f::MANIFEST_SHA256_PATH);
            findings.defect(path, what, text(wanted.0), short);
        }
        (true, false) => {
            let what = format!("the content is not what {} names", f::MANIFEST_SHA512_PATH);
            findings.defect(path, what, text(wanted.1), long);
        }
    }
    false
}

fn text(digest: Option<&String>) -> &str {
    digest.map_or("", String::as_str)
}

fn digests<R: Read + Seek>(
    archive: &Archive<R>,
    entry: &Entry,
) -> Result<(Digest, Digest), ReadError> {
    let mut short = Context::new(&SHA256);
    let mut long = Context::new(&SHA512);
    archive.each_piece(entry, |piece| {
        short.update(piece);
        long.update(piece);
    })?;
    Ok((short.finish(), long.finish()))
}

/// `bagit.txt` to the byte, and the tag manifest against the files of the root.
pub fn check_tags(small: &Small, findings: &mut Findings) {
    if let Some(bytes) = small.get(f::BAGIT_TXT_PATH)
        && bytes != f::BAGIT_TXT.as_bytes()
    {
        let found = String::from_utf8_lossy(bytes);
        findings.defect(f::BAGIT_TXT_PATH, "not BagIt 1.0", f::BAGIT_TXT, found);
    }
    let Some(lines) = manifest(f::TAGMANIFEST_PATH, 64, small, findings) else { return };
    for path in f::TAGMANIFEST_LISTS {
        match (lines.get(path), small.get(path)) {
            (None, _) => {
                findings.defect(
                    f::TAGMANIFEST_PATH,
                    format!("no line for {path}"),
                    "a line",
                    "none",
                );
            }
            (Some(wanted), Some(bytes)) => {
                let found = hex::encode(digest(&SHA256, bytes));
                if *wanted != found {
                    let what = format!("the content is not what {} names", f::TAGMANIFEST_PATH);
                    findings.defect(path, what, wanted, found);
                }
            }
            (Some(_), None) => {}
        }
    }
    for path in lines.keys().filter(|path| !f::TAGMANIFEST_LISTS.contains(&path.as_str())) {
        let what = format!("a line for {path}, which is no tag file");
        findings.defect(f::TAGMANIFEST_PATH, what, "none", "a line");
    }
}

/// Lines `<hex>  <path>`, paths ascending, every line ended: one spelling for one set of files.
fn manifest(
    name: &'static str,
    digits: usize,
    small: &Small,
    findings: &mut Findings,
) -> Option<BTreeMap<String, String>> {
    let bytes = small.get(name)?;
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.defect(name, "not UTF-8", "UTF-8", "other bytes");
        return None;
    };
    let mut lines = BTreeMap::new();
    let mut previous: Option<&str> = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let Some((digest, path)) = manifest_line(line, digits) else {
            let what = format!("line {} is not one of a manifest", index + 1);
            let expected = format!("{digits} lower-case hex digits, two spaces, path, LF");
            findings.defect(name, what, expected, line);
            continue;
        };
        let in_order = match name {
            f::TAGMANIFEST_PATH => f::TAGMANIFEST_LISTS.get(index).is_none_or(|p| *p == path),
            _ => previous.is_none_or(|previous| previous < path),
        };
        if !in_order {
            let what = format!("line {} is out of order or twice", index + 1);
            findings.defect(name, what, "the format's order", path);
        }
        previous = Some(path);
        let is_tag = name == f::TAGMANIFEST_PATH;
        if !is_tag && !path.starts_with("data/") {
            let what = format!("line {} lists a file outside data/", index + 1);
            findings.defect(name, what, "data/...", path);
            continue;
        }
        lines.insert(path.to_owned(), digest.to_owned());
    }
    Some(lines)
}

fn manifest_line(line: &str, digits: usize) -> Option<(&str, &str)> {
    let line = line.strip_suffix('\n')?;
    let (digest, path) = line.split_once("  ")?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let plain = !path.is_empty() && !path.contains(char::is_control);
    (digest.len() == digits && digest.bytes().all(is_hex) && plain).then_some((digest, path))
}
