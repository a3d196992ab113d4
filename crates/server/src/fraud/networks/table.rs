//! Ranges in sorted columns, found by binary search. Knows no file.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use desk::ids::Country;

use super::{NetworksError, Summary};

/// One range as it was read: both ends belong to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<V> {
    pub start: IpAddr,
    pub end: IpAddr,
    pub value: V,
    pub line: u32,
}

/// Two lines that contradict each other.
#[derive(Debug)]
pub(super) struct Clash {
    line: u32,
    other: u32,
}

impl Clash {
    pub(super) fn of(&self, file: &Path) -> NetworksError {
        let why = format!(
            "its addresses are those of line {} too, with another country; leave one of them out",
            self.other
        );
        NetworksError::Line { file: file.to_owned(), line: self.line, why }
    }
}

/// Ranges of both families.
#[derive(Debug)]
pub(super) struct Table<V> {
    v4: Columns<u32, V>,
    v6: Columns<u128, V>,
}

/// Disjoint ranges in ascending order, one column for each end: what is searched lies together.
#[derive(Debug)]
struct Columns<A, V> {
    starts: Vec<A>,
    ends: Vec<A>,
    values: Vec<V>,
}

impl<V: Copy + Eq> Table<V> {
    /// Sorts rows; neighbours of one value become one range.
    pub(super) fn of(rows: Vec<Row<V>>) -> Result<Self, Clash> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for row in rows {
            match (row.start, row.end) {
                (IpAddr::V4(start), IpAddr::V4(end)) => {
                    v4.push((start.to_bits(), end.to_bits(), row.value, row.line));
                }
                (IpAddr::V6(start), IpAddr::V6(end)) => {
                    v6.push((start.to_bits(), end.to_bits(), row.value, row.line));
                }
                // The reader gives no range with an end of either family.
                _ => unreachable!("line {} has two families", row.line),
            }
        }
        let next4 = |end: u32| end.checked_add(1);
        let next6 = |end: u128| end.checked_add(1);
        Ok(Self { v4: Columns::of(v4, next4)?, v6: Columns::of(v6, next6)? })
    }

    /// The value of the range that an address is in. An IPv4 address in IPv6 clothes is itself.
    pub(super) fn get(&self, address: IpAddr) -> Option<V> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.get(address.to_bits()),
            IpAddr::V6(address) => self.v6.get(address.to_bits()),
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = V> {
        self.v4.values.iter().chain(&self.v6.values).copied()
    }

    pub(super) fn summary(&self, countries: BTreeSet<Country>) -> Summary {
        let ends = self.v4.starts.iter().zip(&self.v4.ends);
        let v4_addresses = ends.map(|(start, end)| u64::from(end - start) + 1).sum();
        let value = size_of::<V>();
        let bytes = self.v4.starts.len() * (2 * size_of::<u32>() + value)
            + self.v6.starts.len() * (2 * size_of::<u128>() + value);
        let (v4_ranges, v6_ranges) = (self.v4.starts.len(), self.v6.starts.len());
        Summary { v4_ranges, v6_ranges, v4_addresses, countries, bytes }
    }
}

impl<A: Copy + Ord, V: Copy + Eq> Columns<A, V> {
    fn of(mut rows: Vec<(A, A, V, u32)>, next: impl Fn(A) -> Option<A>) -> Result<Self, Clash> {
        rows.sort_unstable_by_key(|(start, end, _, line)| (*start, *end, *line));
        let mut columns = Self { starts: Vec::new(), ends: Vec::new(), values: Vec::new() };
        let mut last_line = 0;
        for (start, end, value, line) in rows {
            let (Some(last), Some(known)) = (columns.ends.last_mut(), columns.values.last()) else {
                columns.push(start, end, value);
                last_line = line;
                continue;
            };
            let overlaps = start <= *last;
            if overlaps && *known != value {
                return Err(Clash { line: line.max(last_line), other: line.min(last_line) });
            }
            if *known == value && (overlaps || next(*last) == Some(start)) {
                if end > *last {
                    *last = end;
                    last_line = line;
                }
                continue;
            }
            columns.push(start, end, value);
            last_line = line;
        }
        for column in [&mut columns.starts, &mut columns.ends] {
            column.shrink_to_fit();
        }
        columns.values.shrink_to_fit();
        Ok(columns)
    }

    fn push(&mut self, start: A, end: A, value: V) {
        self.starts.push(start);
        self.ends.push(end);
        self.values.push(value);
    }

    fn get(&self, address: A) -> Option<V> {
        let after = self.starts.partition_point(|start| *start <= address);
        let at = after.checked_sub(1)?;
        (address <= self.ends[at]).then(|| self.values[at])
    }
}
