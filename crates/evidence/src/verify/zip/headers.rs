//! The headers of a zip: end record, central directory, local headers, and that they agree. Knows
//! nothing of packed data.

use std::io::{self, Read, Seek, SeekFrom};

use super::super::finding::Findings;
use super::{Entry, OpenError, PATH_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX, UNPACKED_BYTES_MAX};
use crate::format::{ZIP_DOS_DATE, ZIP_DOS_TIME};

const END_BYTES: u64 = 22;
const END64_LOCATOR_BYTES: u64 = 20;
const END64_BYTES: u64 = 56;
const LOCAL_BYTES: u64 = 30;
const CENTRAL_BYTES: usize = 46;
/// How far from the end the end record is looked for: itself and a full comment.
const END_SEARCH_BYTES_MAX: u64 = 22 + 65_535;

/// What the end record says.
pub(super) struct End {
    pub at: u64,
    pub directory_at: u64,
    pub directory_bytes: u64,
    pub count: u64,
}

/// One entry as the central directory has it.
pub(super) struct Central {
    pub entry: Entry,
    flags: u16,
    method: u16,
    version: u16,
    dos_time: u32,
    local_at: u64,
}

/// Finds the end record, and what follows it.
pub(super) fn find_end<R: Read + Seek>(
    source: &mut R,
    length: u64,
    findings: &mut Findings,
) -> Result<End, OpenError> {
    let tail_bytes = length.min(END_SEARCH_BYTES_MAX);
    let tail = read_at(source, length - tail_bytes, tail_bytes)?
        .ok_or_else(|| OpenError::NotAZip("the file changed while it was read".into()))?;
    let found = (0..=tail.len().saturating_sub(END_BYTES as usize))
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06"));
    let Some(found) = found.filter(|_| tail.len() >= END_BYTES as usize) else {
        return Err(OpenError::NotAZip("no zip end record".into()));
    };
    let at = length - tail_bytes + found as u64;
    let record = &tail[found..];
    let after = record.len() as u64 - END_BYTES;
    let comment = u64::from(u16_at(record, 20));
    if comment != 0 {
        findings.defect("package", "the zip has a comment", "none", format!("{comment} bytes"));
    }
    if after != comment {
        let found = format!("{} bytes", after.abs_diff(comment));
        findings.defect("package", "bytes after the end record", "none", found);
    }
    let small = End {
        at,
        directory_at: u64::from(u32_at(record, 16)),
        directory_bytes: u64::from(u32_at(record, 12)),
        count: u64::from(u16_at(record, 10)),
    };
    let disks = (u16_at(record, 4), u16_at(record, 6), u16_at(record, 8));
    let needs64 = small.count == 0xffff
        || small.directory_at == 0xffff_ffff
        || small.directory_bytes == 0xffff_ffff;
    let end = if needs64 { find_end64(source, &small)?.unwrap_or(small) } else { small };
    if disks.0 != 0 || disks.1 != 0 || (disks.2 != 0xffff && u64::from(disks.2) != end.count) {
        findings.defect("package", "the zip claims several disks", "one", format!("{disks:?}"));
    }
    Ok(end)
}

fn find_end64<R: Read + Seek>(source: &mut R, small: &End) -> Result<Option<End>, OpenError> {
    let Some(locator_at) = small.at.checked_sub(END64_LOCATOR_BYTES) else {
        return Ok(None);
    };
    let locator = read_at(source, locator_at, END64_LOCATOR_BYTES)?.unwrap_or_default();
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let wrong = || OpenError::NotAZip("the Zip64 end record is not where its locator says".into());
    let at = u64_at(&locator, 8);
    let record = read_at(source, at, END64_BYTES)?.ok_or_else(wrong)?;
    let fits = at.checked_add(END64_BYTES) == Some(locator_at)
        && (u32_at(&record, 16), u32_at(&record, 20)) == (0, 0)
        && u64_at(&record, 24) == u64_at(&record, 32)
        && (u32_at(&locator, 4), u32_at(&locator, 16)) == (0, 1);
    if !record.starts_with(b"PK\x06\x06") || !fits || u64_at(&record, 4) != END64_BYTES - 12 {
        return Err(wrong());
    }
    // Only what stands at its limit in the small record may come from the large one.
    let pick = |value: u64, limit: u64, large: u64| if value == limit { large } else { value };
    Ok(Some(End {
        at,
        directory_at: pick(small.directory_at, 0xffff_ffff, u64_at(&record, 48)),
        directory_bytes: pick(small.directory_bytes, 0xffff_ffff, u64_at(&record, 40)),
        count: pick(small.count, 0xffff, u64_at(&record, 32)),
    }))
}

/// Every entry of the central directory.
pub(super) fn read_directory(
    bytes: &[u8],
    count: u64,
    findings: &mut Findings,
) -> Result<Vec<Central>, OpenError> {
    let mut centrals = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (central, used) = read_central(rest, findings)
            .ok_or_else(|| OpenError::NotAZip("the central directory is damaged".into()))?;
        centrals.push(central);
        rest = &rest[used..];
    }
    if centrals.len() as u64 != count {
        findings.defect(
            "package",
            "the end record counts other files than the central directory lists",
            count,
            centrals.len(),
        );
    }
    let unpacked = centrals.iter().try_fold(0u64, |sum, c| sum.checked_add(c.entry.size));
    if unpacked.is_none_or(|sum| sum > UNPACKED_BYTES_MAX) {
        return Err(OpenError::NotAZip("the files would unpack to over a terabyte".into()));
    }
    Ok(centrals)
}

fn read_central(rest: &[u8], findings: &mut Findings) -> Option<(Central, usize)> {
    let head = rest.get(..CENTRAL_BYTES).filter(|head| head.starts_with(b"PK\x01\x02"))?;
    let name_bytes = usize::from(u16_at(head, 28));
    let extra_bytes = usize::from(u16_at(head, 30));
    let comment_bytes = usize::from(u16_at(head, 32));
    let used = CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes;
    let name = rest.get(CENTRAL_BYTES..CENTRAL_BYTES + name_bytes)?;
    let extra = rest.get(CENTRAL_BYTES + name_bytes..)?.get(..extra_bytes)?;
    rest.get(..used)?;
    let path = name_text(name, findings);
    let mut size = u64::from(u32_at(head, 24));
    let mut packed = u64::from(u32_at(head, 20));
    let mut local_at = u64::from(u32_at(head, 42));
    if !large_fields(extra, [&mut size, &mut packed, &mut local_at]) {
        findings.defect(&path, "the zip entry has an extra field", "none but Zip64", hexed(extra));
    }
    if comment_bytes != 0 {
        findings.defect(&path, "the zip entry has a comment", "none", comment_bytes);
    }
    if u16_at(head, 34) != 0 {
        findings.defect(&path, "the zip entry is on another disk", 0, u16_at(head, 34));
    }
    check_attributes(&path, head, !extra.is_empty(), findings);
    let central = Central {
        flags: u16_at(head, 8),
        method: u16_at(head, 10),
        version: u16_at(head, 6),
        dos_time: u32_at(head, 12),
        local_at,
        entry: Entry {
            path,
            size,
            packed,
            deflated: u16_at(head, 10) == 8,
            crc: u32_at(head, 16),
            data_at: 0,
            broken: false,
        },
    };
    Some((central, used))
}

/// A path of the format is plain lower-case ASCII; anything else is named and made printable.
fn name_text(name: &[u8], findings: &mut Findings) -> String {
    match std::str::from_utf8(name) {
        Ok(text) if text.len() <= PATH_BYTES_MAX => text.to_owned(),
        Ok(text) => {
            findings.defect("package", "a name is too long", PATH_BYTES_MAX, text.len());
            text.chars().take(PATH_BYTES_MAX / 4).collect()
        }
        Err(_) => {
            let text = String::from_utf8_lossy(name).into_owned();
            findings.defect("package", "a name is not UTF-8", "UTF-8", &text);
            text
        }
    }
}

/// Times, versions and permissions are the format's: a byte that may vary could carry a message.
fn check_attributes(path: &str, head: &[u8], large: bool, findings: &mut Findings) {
    let (made_by, needed) = (u16_at(head, 4), u16_at(head, 6));
    let (inner, outer) = (u16_at(head, 36), u32_at(head, 38));
    let kind = outer >> 16 & 0o170_000;
    if kind == 0o120_000 {
        findings.defect(path, "the zip entry is a symbolic link", "a regular file", "a link");
    } else if outer & 0x10 != 0 || kind == 0o040_000 || path.ends_with('/') {
        findings.defect(path, "the zip entry is a folder", "files only", "a folder");
    } else if outer != FILE_ATTRIBUTES || inner != 0 {
        let found = format!("{outer:#010x} and {inner}");
        let expected = format!("{FILE_ATTRIBUTES:#010x} and 0");
        findings.defect(path, "the zip entry has other attributes", expected, found);
    }
    let version = match (large, u16_at(head, 10)) {
        (true, _) => 45,
        (false, 0) => 10,
        (false, _) => 20,
    };
    // 3 is Unix.
    if needed != version || made_by != 3 << 8 | version {
        let found = format!("{made_by:#06x} and {needed}");
        let expected = format!("{:#06x} and {version}", 3 << 8 | version);
        findings.defect(path, "the zip entry has other versions", expected, found);
    }
    let (time, date) = (u16_at(head, 12), u16_at(head, 14));
    if (date, time) != (ZIP_DOS_DATE, ZIP_DOS_TIME) {
        let expected = format!("{ZIP_DOS_DATE:#06x} {ZIP_DOS_TIME:#06x}");
        let found = format!("{date:#06x} {time:#06x}");
        findings.defect(path, "the zip entry has a time of its own", expected, found);
    }
}

/// Regular file, owner may write, all may read.
const FILE_ATTRIBUTES: u32 = 0o100_644 << 16;

/// Reads a Zip64 extra field into the fields that stand at their limit (APPNOTE 4.5.3). False
/// when `extra` holds anything else or anything more.
fn large_fields<const N: usize>(extra: &[u8], fields: [&mut u64; N]) -> bool {
    let wanting = fields.iter().filter(|field| ***field == 0xffff_ffff).count();
    if extra.is_empty() {
        return true;
    }
    let fits = extra.len() == 4 + wanting * 8 && u16_at(extra, 0) == 1;
    if !fits || wanting == 0 || usize::from(u16_at(extra, 2)) != wanting * 8 {
        return false;
    }
    let mut at = 4;
    for field in fields {
        if *field == 0xffff_ffff {
            *field = u64_at(extra, at);
            at += 8;
        }
    }
    true
}

/// Walks the local headers from byte 0; each must start where the one before ended.
pub(super) fn check_bodies<R: Read + Seek>(
    source: &mut R,
    centrals: &mut [Central],
    directory_at: u64,
    findings: &mut Findings,
) -> Result<(), OpenError> {
    let mut order: Vec<usize> = (0..centrals.len()).collect();
    order.sort_by_key(|index| centrals[*index].local_at);
    let mut expected_at = 0;
    if !order.is_sorted() {
        let what = "directory and data stand in different orders";
        findings.defect("package", what, "one order", "another");
    }
    for index in order {
        let central = &mut centrals[index];
        if central.local_at != expected_at {
            findings.defect(
                &central.entry.path,
                "the zip entry does not start where the one before it ends",
                format!("byte {expected_at}"),
                format!("byte {}", central.local_at),
            );
        }
        let Some(end) = check_local(source, central, directory_at, findings)? else {
            central.entry.broken = true;
            continue;
        };
        central.entry.broken = !check_kind(central, findings);
        expected_at = end;
    }
    if expected_at != directory_at && !centrals.iter().any(|central| central.entry.broken) {
        findings.defect(
            "package",
            "bytes that belong to no file stand before the central directory",
            format!("directory at byte {expected_at}"),
            format!("byte {directory_at}"),
        );
    }
    Ok(())
}

/// Compares one local header with its directory entry; gives the byte after its data.
fn check_local<R: Read + Seek>(
    source: &mut R,
    central: &mut Central,
    directory_at: u64,
    findings: &mut Findings,
) -> Result<Option<u64>, OpenError> {
    let path = central.entry.path.clone();
    let head = read_at(source, central.local_at, LOCAL_BYTES)?.unwrap_or_default();
    if !head.starts_with(b"PK\x03\x04") {
        findings.defect(&path, "no local header where the directory points", "one", "none");
        return Ok(None);
    }
    let name_bytes = u64::from(u16_at(&head, 26));
    let extra_bytes = u64::from(u16_at(&head, 28));
    let Some(tail) = read_at(source, central.local_at + LOCAL_BYTES, name_bytes + extra_bytes)?
    else {
        findings.defect(&path, "the local header is cut off", "a name", "the end of the file");
        return Ok(None);
    };
    let (name, extra) = tail.split_at(name_bytes as usize);
    if name != path.as_bytes() {
        let found = String::from_utf8_lossy(name);
        findings.defect(&path, "local header and directory disagree on the name", &path, found);
    }
    let mut size = u64::from(u32_at(&head, 22));
    let mut packed = u64::from(u32_at(&head, 18));
    if !large_fields(extra, [&mut size, &mut packed]) {
        findings.defect(&path, "the local header has an extra field", "Zip64", hexed(extra));
    }
    let entry = &mut central.entry;
    let pairs = [
        ("needed version", u64::from(central.version), u64::from(u16_at(&head, 4))),
        ("flags", u64::from(central.flags), u64::from(u16_at(&head, 6))),
        ("method", u64::from(central.method), u64::from(u16_at(&head, 8))),
        ("time", u64::from(central.dos_time), u64::from(u32_at(&head, 10))),
        ("CRC-32", u64::from(entry.crc), u64::from(u32_at(&head, 14))),
        ("packed size", entry.packed, packed),
        ("size", entry.size, size),
    ];
    for (what, directory, local) in pairs {
        if directory != local {
            let what = format!("local header and directory disagree on the {what}");
            findings.defect(&path, what, directory, local);
        }
    }
    entry.data_at = central.local_at + LOCAL_BYTES + name_bytes + extra_bytes;
    match entry.data_at.checked_add(entry.packed).filter(|end| *end <= directory_at) {
        Some(end) => Ok(Some(end)),
        None => {
            findings.defect(&path, "the file's data is cut off", entry.packed, "less");
            Ok(None)
        }
    }
}

/// Whether the entry is of a kind that can be read.
fn check_kind(central: &Central, findings: &mut Findings) -> bool {
    let entry = &central.entry;
    let mut can_read = true;
    if central.flags & 0x2041 != 0 {
        findings.defect(&entry.path, "the zip entry is encrypted", "plain", "encrypted");
        can_read = false;
    } else if central.flags != 0 {
        let found = format!("{:#06x}", central.flags);
        findings.defect(&entry.path, "the zip entry has flags we never set", "0x0000", found);
    }
    if !matches!(central.method, 0 | 8) {
        let expected = "stored (0) or deflated (8)";
        findings.defect(&entry.path, "unknown packing method", expected, central.method);
        can_read = false;
    }
    if central.method == 0 && entry.size != entry.packed {
        let what = "a stored file has two sizes";
        findings.defect(&entry.path, what, entry.size, entry.packed);
        can_read = false;
    }
    let bomb = entry.size > RATIO_FREE_BYTES && entry.size / entry.packed.max(1) > RATIO_MAX;
    if bomb {
        let expected = format!("at most {RATIO_MAX} times the packed size");
        let found = format!("{} bytes from {}", entry.size, entry.packed);
        findings.defect(&entry.path, "the zip entry is a bomb", expected, found);
        can_read = false;
    }
    can_read
}

/// Exactly these bytes; none when the file ends before.
pub(super) fn read_at<R: Read + Seek>(
    source: &mut R,
    at: u64,
    count: u64,
) -> io::Result<Option<Vec<u8>>> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.by_ref().take(count).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == count).then_some(bytes))
}

fn hexed(bytes: &[u8]) -> String {
    hex::encode(&bytes[..bytes.len().min(16)])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
