//! Who is said to own an address: by whom, with what confidence, since when. Knows no files, no
//! clock and no chain; a tag is a statement of its source, never a fact.
//!
//! Files are read whole or refused whole ([`read`]); a [`Gather`] makes a [`TagSet`] of them, which
//! does not depend on their order; a [`View`] says what they say on one day. Tags that contradict
//! each other all stand, and a [`Decision`] of two people says whom to believe.
//!
//! - [`address`]: the one spelling of an address on each blockchain.
//! - [`statement`]: what a tag says: name, concepts, confidence, source, sanction, days.
//! - [`pack`], [`tagpack`], [`lists`], [`own`]: the readers. YAML is read as bounded events.
//! - [`decision`]: set files: versions of packs, and decisions.
//! - [`set`], [`view`]: the index, and a day's view of it, differences, counts by name.
//! - [`lift`]: tags of clusters, and the owners that are known beyond doubt.
//! - [`boundary`]: which concepts end a trace, and why; [`cited`]: what a trace used.

pub mod address;
pub mod boundary;
pub mod cited;
pub mod decision;
mod error;
pub mod lift;
pub mod lists;
pub mod own;
pub mod pack;
pub mod set;
pub mod statement;
pub mod tagpack;
pub mod view;
mod yaml;

pub use address::{AddressFault, BadBlockchain, Blockchain, Spelling};
pub use boundary::{Boundaries, Effect};
pub use cited::{Attribution, CitationError};
pub use decision::{Decision, SetEntry, SetFile, read_set};
pub use error::{Fault, ReadError};
pub use pack::{Finding, Kind, Oddity, Pack, PackFacts, Provenance};
pub use set::{Gather, Saying, SetError, TagNumber, TagSet, TaggedNumber};
pub use statement::{Confidence, Day, LegalStatus, Sanction, Statement, Subject, Text};
pub use tagpack::{Actor, ActorPack};
pub use view::{Diff, Force, Named, Said, Standing, View};
pub use yaml::{DEPTH_MAX, TEXT_BYTES_MAX};

/// Largest file that is read.
pub const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What a file holds.
#[derive(Clone, Debug)]
pub enum File {
    /// Tags.
    Tags(Pack),
    /// Actors.
    Actors(ActorPack),
    /// The names of other files, and decisions.
    Set(SetFile),
}

/// Reads a file of any kind; its name and its beginning tell which.
pub fn read(name: &str, bytes: &[u8], provenance: Provenance) -> Result<File, ReadError> {
    let lower = name.to_ascii_lowercase();
    let is = |suffix: &str| lower.ends_with(suffix);
    if is(".yaml") || is(".yml") {
        return if is("actorpack.yaml") || is("actorpack.yml") {
            tagpack::read_actors(name, bytes).map(File::Actors)
        } else {
            tagpack::read_tagpack(name, bytes, provenance).map(File::Tags)
        };
    }
    if is(".csv") {
        return own::read_own(name, bytes, provenance).map(File::Tags);
    }
    if is(".json") {
        const BEGINNING: usize = 400;
        let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(BEGINNING)]);
        return if beginning.contains(decision::SET_FORMAT) {
            read_set(name, bytes).map(File::Set)
        } else {
            lists::read_etherscan(name, bytes, provenance).map(File::Tags)
        };
    }
    match lists::asset_of_list(name) {
        Some(asset) => {
            lists::read_sanction_list(name, bytes, asset, "OFAC", provenance).map(File::Tags)
        }
        None => Err(ReadError::whole(
            name,
            Fault::Kind(
                "tags come as .yaml (TagPack, actor pack), .csv (own), .json (set, Etherscan) or \
                 sanctioned_addresses_ASSET.txt",
            ),
        )),
    }
}

/// The day in a text, `YYYY-MM-DD`, with or without a time behind it.
pub fn day(text: &str) -> Result<Day, Fault> {
    statement::day(text)
}
