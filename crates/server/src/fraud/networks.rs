//! Which country a network address is registered in, and whether it belongs to an anonymiser: by
//! lists that the operator supplies.
//!
//! Knows no request and asks nobody. Two forms of list are read: the statistics that the regional
//! registries publish ("delegated-extended", one file or several one after the other), and CSV with
//! `start,end,country`. Where a network is registered is not always where somebody sits.

mod read;
mod table;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use desk::ids::Country;
use desk::suspicion::Connection;

pub use read::{NETWORKS_BYTES_MAX, NETWORKS_LINE_BYTES_MAX, RANGES_COUNT_MAX};
use table::Table;

/// A list that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworksError {
    /// It cannot be read.
    #[error("{} cannot be read", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("{}: {why}", file.display())]
    TooLarge {
        /// Which.
        file: PathBuf,
        /// What there is too much of, and how much may be.
        why: String,
    },
    /// A line cannot be read.
    #[error("{}:{line}: {why}", file.display())]
    Line {
        /// Which file.
        file: PathBuf,
        /// Which line, from 1.
        line: u32,
        /// What is wrong with it, and what is expected.
        why: String,
    },
}

/// Ranges of addresses with their countries.
#[derive(Debug)]
pub struct Networks(Table<Country>);

/// Ranges of addresses.
#[derive(Debug)]
pub struct Ranges(Table<()>);

/// What a list holds, for whoever checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Ranges of IPv4, neighbours of one country as one.
    pub v4_ranges: usize,
    /// Ranges of IPv6, the same.
    pub v6_ranges: usize,
    /// Addresses of IPv4 in them.
    pub v4_addresses: u64,
    /// Countries.
    pub countries: BTreeSet<Country>,
    /// Bytes of memory that the table takes.
    pub bytes: usize,
}

impl Networks {
    /// Reads a list of either form.
    ///
    /// # Errors
    /// Naming the file, the line and what is expected.
    pub fn read(file: &Path) -> Result<Self, NetworksError> {
        let rows = read::networks(file)?;
        Table::of(rows).map(Self).map_err(|clash| clash.of(file))
    }

    /// The country an address is registered in; `None` when the list does not have it.
    #[must_use]
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        self.0.get(address)
    }

    /// What the list holds.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.0.summary(self.0.values().collect())
    }
}

impl Ranges {
    /// Reads a list with one network (`192.0.2.0/24`, `2001:db8::/32`) or address on each line.
    ///
    /// # Errors
    /// Naming the file, the line and what is expected.
    pub fn read(file: &Path) -> Result<Self, NetworksError> {
        let rows = read::ranges(file)?;
        Table::of(rows).map(Self).map_err(|clash| clash.of(file))
    }

    /// Whether an address is in the list.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        self.0.get(address).is_some()
    }

    /// What the list holds.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.0.summary(BTreeSet::new())
    }
}

/// The lists that a node was given.
#[derive(Debug, Default)]
pub struct Lists {
    /// Countries of networks.
    pub networks: Option<Networks>,
    /// Networks of anonymisers.
    pub anonymisers: Option<Ranges>,
}

impl Lists {
    /// What the lists say of an address; `None` when there is no list that could say anything.
    #[must_use]
    pub fn look_up(&self, address: IpAddr) -> Option<Connection> {
        if self.networks.is_none() && self.anonymisers.is_none() {
            return None;
        }
        Some(Connection {
            country: self.networks.as_ref().and_then(|list| list.country(address)),
            is_anonymiser: self.anonymisers.as_ref().is_some_and(|list| list.has(address)),
        })
    }
}

#[cfg(test)]
mod tests;
