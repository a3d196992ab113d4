//! The files: registry statistics, CSV, lists of networks. One line at a time, within limits.
//!
//! "RIR Statistics Exchange Format" (the registries' README-EXTENDED): `registry|cc|type|start|
//! value|date|status[|opaque-id[|extensions...]]`, where `value` counts addresses for `ipv4` and is
//! the length of the prefix for `ipv6`; a version line and summary lines come first. Two codes of
//! the registries, `EU` and `AP`, are regions and no countries, and `ZZ` is nobody: the desk does
//! not know where such addresses are. (unchecked: the format is described from memory.)

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use desk::ids::Country;

use super::NetworksError;
use super::table::Row;

/// A file larger than this is something else: all registries together have about 50 MB.
pub const NETWORKS_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Longest line.
pub const NETWORKS_LINE_BYTES_MAX: usize = 512;
/// Ranges of one list.
pub const RANGES_COUNT_MAX: usize = 4_000_000;
/// Codes that name no country.
const NO_COUNTRY: [&str; 5] = ["", "-", "ZZ", "EU", "AP"];

/// The form of a list, as its first line tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Registry,
    Csv,
}

/// Ranges with countries, from either form.
pub(super) fn networks(file: &Path) -> Result<Vec<Row<Country>>, NetworksError> {
    let mut form = None;
    lines(file, |line, number| {
        let own = if line.contains('|') { Form::Registry } else { Form::Csv };
        if *form.get_or_insert(own) != own {
            return Err("a list is either registry statistics (with |) or CSV, not both".to_owned());
        }
        let read = match own {
            Form::Registry => registry(line)?,
            Form::Csv => csv(line)?,
        };
        Ok(read.map(|(start, end, value)| Row { start, end, value, line: number }))
    })
}

/// Networks, one a line.
pub(super) fn ranges(file: &Path) -> Result<Vec<Row<()>>, NetworksError> {
    lines(file, |line, number| {
        let (start, end) = network(line)?;
        Ok(Some(Row { start, end, value: (), line: number }))
    })
}

/// Every line but blank ones and comments, up to the limits.
fn lines<V>(
    file: &Path,
    mut read: impl FnMut(&str, u32) -> Result<Option<Row<V>>, String>,
) -> Result<Vec<Row<V>>, NetworksError> {
    let unreadable = |source| NetworksError::Unreadable { file: file.to_owned(), source };
    let too_large = |why: String| NetworksError::TooLarge { file: file.to_owned(), why };
    let opened = File::open(file).map_err(unreadable)?;
    let bytes = opened.metadata().map_err(unreadable)?.len();
    if bytes > NETWORKS_BYTES_MAX {
        return Err(too_large(format!("{bytes} bytes, at most {NETWORKS_BYTES_MAX}")));
    }
    let mut from = BufReader::new(opened);
    let (mut rows, mut line, mut number) = (Vec::new(), Vec::new(), 0u32);
    loop {
        line.clear();
        number = number.saturating_add(1);
        let wrong = |why: String| NetworksError::Line { file: file.to_owned(), line: number, why };
        let limit = NETWORKS_LINE_BYTES_MAX as u64 + 1;
        let length = from.by_ref().take(limit).read_until(b'\n', &mut line).map_err(unreadable)?;
        if length == 0 {
            return Ok(rows);
        }
        if length > NETWORKS_LINE_BYTES_MAX {
            return Err(wrong(format!("longer than {NETWORKS_LINE_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(&line).map_err(|_| wrong("not UTF-8".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(row) = read(text, number).map_err(wrong)? {
            if rows.len() == RANGES_COUNT_MAX {
                return Err(too_large(format!("more than {RANGES_COUNT_MAX} ranges")));
            }
            rows.push(row);
        }
    }
}

type Range = (IpAddr, IpAddr, Country);

/// One line of registry statistics; `None` for what says no country of an address.
fn registry(line: &str) -> Result<Option<Range>, String> {
    let fields: Vec<&str> = line.split('|').collect();
    // The version line begins with a number, summaries end with a word.
    let is_version = fields[0].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_version || fields.last() == Some(&"summary") {
        return Ok(None);
    }
    let [_, country, kind, start, value, _, status, ..] = fields.as_slice() else {
        return Err(format!(
            "{} fields; expected registry|country|type|start|value|date|status",
            fields.len()
        ));
    };
    match *status {
        "allocated" | "assigned" => {}
        "available" | "reserved" => return Ok(None),
        other => {
            return Err(format!(
                "status {other:?}; expected allocated, assigned, available or reserved"
            ));
        }
    }
    let value: u64 = value.parse().map_err(|_| format!("{value:?} is no number"))?;
    let (start, end) = match *kind {
        "ipv4" => {
            let start: Ipv4Addr =
                start.parse().map_err(|_| format!("{start:?} is no IPv4 address"))?;
            let last = value.checked_sub(1).and_then(|more| u32::try_from(more).ok());
            let end = last.and_then(|more| start.to_bits().checked_add(more));
            let end = end.ok_or_else(|| format!("{value} addresses do not fit after {start}"))?;
            (IpAddr::V4(start), IpAddr::V4(Ipv4Addr::from_bits(end)))
        }
        "ipv6" => {
            let start: Ipv6Addr =
                start.parse().map_err(|_| format!("{start:?} is no IPv6 address"))?;
            prefixed(IpAddr::V6(start), value)?
        }
        "asn" => return Ok(None),
        other => return Err(format!("type {other:?}; expected asn, ipv4 or ipv6")),
    };
    Ok(country_of(country)?.map(|country| (start, end, country)))
}

/// One line of CSV; `None` for the line that names the columns, and for no country.
fn csv(line: &str) -> Result<Option<Range>, String> {
    let plain = |field: &str| field.trim().trim_matches('"').to_owned();
    let fields: Vec<String> = line.split(',').map(plain).collect();
    let [start, end, country] = fields.as_slice() else {
        return Err(format!("{} fields; expected start,end,country", fields.len()));
    };
    if (start.as_str(), end.as_str(), country.as_str()) == ("start", "end", "country") {
        return Ok(None);
    }
    let read = |text: &str| {
        let address = text.parse::<IpAddr>();
        address.map_err(|_| format!("{text:?} is no address; write 192.0.2.1 or 2001:db8::1"))
    };
    let (start, end) = (read(start)?, read(end)?);
    if start.is_ipv4() != end.is_ipv4() {
        return Err(format!("{start} and {end} are of two families"));
    }
    if start > end {
        return Err(format!("it ends at {end}, before it starts at {start}"));
    }
    Ok(country_of(country)?.map(|country| (start, end, country)))
}

fn country_of(text: &str) -> Result<Option<Country>, String> {
    if NO_COUNTRY.contains(&text) {
        return Ok(None);
    }
    let country = Country::parse(text);
    country.map(Some).ok_or_else(|| format!("{text:?} is no country; write two capital letters"))
}

/// `192.0.2.0/24`, `2001:db8::/32`, or one address.
fn network(text: &str) -> Result<(IpAddr, IpAddr), String> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| {
        format!("{address:?} is no address; write 192.0.2.0/24, 2001:db8::/32 or one address")
    })?;
    let Some(prefix) = prefix else { return Ok((address, address)) };
    let prefix = prefix.parse().map_err(|_| format!("/{prefix} is no length of a network"))?;
    prefixed(address, prefix)
}

/// The first and last address of a network that begins at `start`.
fn prefixed(start: IpAddr, prefix: u64) -> Result<(IpAddr, IpAddr), String> {
    let inside = |bits: u64| u32::try_from(prefix).ok().filter(|_| prefix <= bits);
    let loose = || format!("{start} is not the first address of a network of /{prefix}");
    let long = || format!("/{prefix} is no length of a network of {start}");
    match start {
        IpAddr::V4(first) => {
            let host = u32::MAX.checked_shr(inside(32).ok_or_else(long)?).unwrap_or(0);
            let bits = first.to_bits();
            if bits & host != 0 {
                return Err(loose());
            }
            Ok((start, IpAddr::V4(Ipv4Addr::from_bits(bits | host))))
        }
        IpAddr::V6(first) => {
            let host = u128::MAX.checked_shr(inside(128).ok_or_else(long)?).unwrap_or(0);
            let bits = first.to_bits();
            if bits & host != 0 {
                return Err(loose());
            }
            Ok((start, IpAddr::V6(Ipv6Addr::from_bits(bits | host))))
        }
    }
}
