//! Which alerts were raised (docs/formats/watch.md). Knows no files and no clock: the caller keeps
//! the lines and says what time it is.
//!
//! What should be told follows from the chain as it is, the watches and the tags; what was told is
//! in the journal. The difference is raised or taken back. So nothing is lost or repeated by a
//! restart, wherever it came, and a reorganisation needs no rule of its own: what did not happen in
//! the end is taken back, and what happened instead is raised.

use std::collections::BTreeMap;

use chain::{BlockNumber, Satoshi, Utxo};
use serde::{Deserialize, Serialize};

use super::{Event, Watch, WatchNumber};
use crate::account::AccountTraceError;
use crate::taint::Lot;
use crate::{Policy, Source, Tag, Tags};

/// The value of the first line's `format` field.
pub const FORMAT: &str = "comity watch";
/// The version that this engine writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// Alerts that stand at once.
pub const ALERTS_MAX: usize = 1_000_000;
/// Sources in one journal.
pub const WATCHES_MAX: usize = 10_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The first.
    Begin {
        /// [`FORMAT`].
        format: String,
        /// [`FORMAT_VERSION`].
        version: u32,
        /// `bitcoin` and the network, or the account chain.
        chain: String,
    },
    /// A source whose lots are watched.
    Watch(Watched),
    /// Something happened.
    Alert(Raised),
    /// An alert no longer holds: its block is no longer in the chain, or a tag says otherwise.
    TakenBack {
        /// This line's number.
        number: u64,
        /// The alert's.
        alert: u64,
    },
    /// All up to this number were printed.
    Told {
        /// The number.
        number: u64,
    },
}

/// A source whose lots are watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// Its number, from 0.
    pub watch: u32,
    /// The source, as it was given.
    pub from: String,
    /// The asset, on account chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Blocks up to this height raise nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// An alert and when it was raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// Seconds from the block's own time to when it was read; none where that is not known.
    pub seconds_since_block: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What a lot did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct What {
    /// The height of the block; without known heights, its place in the chain here.
    pub height: u64,
    /// The block.
    pub block: String,
    /// The transaction; none for what belongs to none.
    pub transaction: Option<String>,
    /// Which output; on account chains where in the transaction. None for fees and boundaries.
    pub place: Option<String>,
    /// Which watch.
    pub watch: u32,
    /// `moved`, `reached`, `fee`, `boundary`, `given_up`; on account chains also `contract`,
    /// `limited`, `bait`, `destroyed`, `wrapped`.
    pub what: String,
    /// Where it is now.
    pub address: Option<String>,
    /// In which asset; none for bitcoin.
    pub asset: Option<String>,
    /// How much, in the smallest unit.
    pub amount: String,
    /// Whose address it is said to be.
    pub label: Option<String>,
    /// Who says so.
    pub tag_source: Option<String>,
    /// Made up for an example.
    pub fiction: bool,
}

/// What happened, and how long ago its block was made.
pub type Happened = BTreeMap<What, Option<u64>>;

/// Why a journal cannot be read, or a watch not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A line of no known shape.
    #[error("line {line}: {problem}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Of another chain.
    #[error("the journal is of {journal}, the chain is {chain}")]
    Chain {
        /// The journal's.
        journal: String,
        /// The chain's.
        chain: String,
    },
    /// Too much for one journal.
    #[error("more than {max} {what}: keep several journals")]
    TooMany {
        /// What.
        what: &'static str,
        /// How many one journal takes.
        max: usize,
    },
    /// A trace over accounts fails.
    #[error("watch {watch}: {error}")]
    Trace {
        /// Which.
        watch: u32,
        /// Why.
        error: AccountTraceError,
    },
}

/// What was told, and of which sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    chain: String,
    watches: Vec<Watched>,
    standing: BTreeMap<What, u64>,
    last: u64,
    told: u64,
    untold: Vec<Line>,
}

impl Journal {
    /// A new journal of a chain, and its first line.
    pub fn begin(chain: &str) -> (Journal, Line) {
        let format = FORMAT.to_owned();
        let line = Line::Begin { format, version: FORMAT_VERSION, chain: chain.to_owned() };
        (Journal { chain: chain.to_owned(), ..Journal::default() }, line)
    }

    /// Reads a journal. What follows the last line end was cut off while it was written: the second
    /// value says how many bytes count. None where not even the first line is whole.
    ///
    /// # Errors
    /// A whole line is none of a journal, or does not follow.
    pub fn read(text: &str) -> Result<Option<(Journal, usize)>, JournalError> {
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        let mut journal: Option<Journal> = None;
        for (index, text) in text[..whole].lines().enumerate() {
            let wrong = |problem: String| JournalError::Line { line: index + 1, problem };
            let line: Line =
                serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            match (&mut journal, line) {
                (None, Line::Begin { format, version, chain })
                    if format == FORMAT && version == FORMAT_VERSION =>
                {
                    journal = Some(Journal::begin(&chain).0);
                }
                (None, _) => {
                    let first = format!("not a journal of `{FORMAT}`, version {FORMAT_VERSION}");
                    return Err(wrong(first));
                }
                (Some(journal), line) => journal.take(line).map_err(wrong)?,
            }
        }
        Ok(journal.map(|journal| (journal, whole)))
    }

    /// Takes in a line that follows.
    fn take(&mut self, line: Line) -> Result<(), String> {
        match line.clone() {
            Line::Begin { .. } => return Err("a second beginning".to_owned()),
            Line::Watch(watched) => {
                if watched.watch as usize != self.watches.len() {
                    return Err(format!("watch {} does not follow", watched.watch));
                }
                self.watches.push(watched);
            }
            Line::Told { number } => {
                self.told = number;
                self.untold.retain(|line| number_of(line) > number);
            }
            Line::Alert(Raised { number, what, .. }) => {
                self.follows(number)?;
                if self.standing.insert(what, number).is_some() {
                    return Err("the same alert as one that stands".to_owned());
                }
                self.untold.push(line);
            }
            Line::TakenBack { number, alert } => {
                self.follows(number)?;
                let stood = self.standing.iter().find(|(_, number)| **number == alert);
                let what = stood.map(|(what, _)| what.clone());
                let what = what.ok_or_else(|| format!("alert {alert} does not stand"))?;
                self.standing.remove(&what);
                self.untold.push(line);
            }
        }
        Ok(())
    }

    fn follows(&mut self, number: u64) -> Result<(), String> {
        if number != self.last + 1 {
            return Err(format!("number {number} does not follow {}", self.last));
        }
        self.last = number;
        Ok(())
    }

    /// The chain it is of.
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The sources, by number.
    pub fn watches(&self) -> &[Watched] {
        &self.watches
    }

    /// Alerts that stand.
    pub fn standing_count(&self) -> usize {
        self.standing.len()
    }

    /// Lines that were written and perhaps not printed.
    pub fn untold(&self) -> &[Line] {
        &self.untold
    }

    /// Watches one more source; nothing where it is watched already. Gives the line to keep.
    ///
    /// # Errors
    /// There are enough.
    pub fn watch(
        &mut self,
        from: &str,
        asset: Option<&str>,
        after: Option<u64>,
    ) -> Result<Option<Line>, JournalError> {
        let same = |one: &Watched| one.from == from && one.asset.as_deref() == asset;
        if self.watches.iter().any(same) {
            return Ok(None);
        }
        if self.watches.len() >= WATCHES_MAX {
            return Err(JournalError::TooMany { what: "sources", max: WATCHES_MAX });
        }
        let watch = self.watches.len() as u32;
        let watched =
            Watched { watch, from: from.to_owned(), asset: asset.map(str::to_owned), after };
        self.watches.push(watched.clone());
        Ok(Some(Line::Watch(watched)))
    }

    /// Compares all that happened with what was told: gives the lines to keep, what no longer holds
    /// before what is new, both in chain order.
    ///
    /// # Errors
    /// More than a journal holds.
    pub fn compare(&mut self, happened: Happened) -> Result<Vec<Line>, JournalError> {
        self.compare_from(0, happened)
    }

    /// The same from a height on, where below it nothing changed: what was told of lower blocks is
    /// not looked at.
    ///
    /// # Errors
    /// More than a journal holds.
    pub fn compare_from(
        &mut self,
        height: u64,
        mut happened: Happened,
    ) -> Result<Vec<Line>, JournalError> {
        let after: Vec<Option<u64>> = self.watches.iter().map(|watched| watched.after).collect();
        happened.retain(|what, _| {
            let after = after.get(what.watch as usize).copied().flatten();
            what.height >= height && after.is_none_or(|after| what.height > after)
        });
        let told = self.standing.range(What::lowest(height)..);
        let gone = told.filter(|(what, _)| !happened.contains_key(what));
        let gone: Vec<(What, u64)> = gone.map(|(what, alert)| (what.clone(), *alert)).collect();
        let fresh = happened.keys().filter(|what| !self.standing.contains_key(what)).count();
        if self.standing.len() - gone.len() + fresh > ALERTS_MAX {
            return Err(JournalError::TooMany { what: "alerts", max: ALERTS_MAX });
        }
        let mut lines = Vec::new();
        for (what, alert) in gone {
            self.last += 1;
            self.standing.remove(&what);
            lines.push(Line::TakenBack { number: self.last, alert });
        }
        for (what, seconds_since_block) in happened {
            if self.standing.contains_key(&what) {
                continue;
            }
            self.last += 1;
            self.standing.insert(what.clone(), self.last);
            lines.push(Line::Alert(Raised { number: self.last, seconds_since_block, what }));
        }
        self.untold.extend(lines.iter().cloned());
        Ok(lines)
    }

    /// Everything was printed; gives the line to keep, nothing where all was told before.
    pub fn told(&mut self) -> Option<Line> {
        self.untold.clear();
        if self.told == self.last {
            return None;
        }
        self.told = self.last;
        Some(Line::Told { number: self.last })
    }
}

fn number_of(line: &Line) -> u64 {
    match line {
        Line::Alert(Raised { number, .. }) | Line::TakenBack { number, .. } => *number,
        _ => 0,
    }
}

impl Line {
    /// The line as it is kept, with its end.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("text and numbers serialise into memory");
        text.push('\n');
        text
    }
}

/// Everything that the sources' lots did in a chain of outputs. A source that is not there (yet, or
/// any more) did nothing.
pub fn of_outputs<C: Utxo>(
    chain: &C,
    sources: &[(WatchNumber, Source)],
    tags: &Tags,
    now_seconds: u64,
) -> Happened {
    let mut watch = Watch::new();
    tags.iter().for_each(|(address, tag)| watch.name(address.clone(), tag.clone()));
    for (number, source) in sources {
        let Some(transaction) = chain.transaction(&source.txid) else { continue };
        let outputs = chain.outputs_of(transaction);
        for output in outputs.clone().map(chain::OutputNumber) {
            let vout = (output.0 - outputs.start) as u32;
            if source.vout.is_none_or(|only| only == vout) {
                watch.add_lot(*number, output, Lot::stolen(chain.value(output), Policy::Fifo));
            }
        }
    }
    let Some(last) = chain.block_count().checked_sub(1).map(BlockNumber) else {
        return Happened::new();
    };
    let alerts = watch.read(chain, last, now_seconds);
    alerts.into_iter().map(|alert| (of_alert(chain, &alert), alert.seconds_since_block)).collect()
}

fn of_alert<C: Utxo>(chain: &C, alert: &super::Alert) -> What {
    let hash = chain.block_hash(alert.block);
    let height = chain.height(alert.block).map_or(alert.block.0, |height| height.0);
    let mut what = What {
        block: hash.map_or(String::new(), |hash| hash.to_string()),
        transaction: Some(alert.txid.to_string()),
        watch: alert.watch.0,
        ..What::lowest(u64::from(height))
    };
    let mut say = |word: &str, amount: Satoshi| {
        what.what = word.to_owned();
        what.amount = amount.to_string();
    };
    match &alert.event {
        Event::Moved { to, address, amount } => {
            say("moved", *amount);
            what.place = Some(to.vout.to_string());
            what.address.clone_from(address);
        }
        Event::Reached { to, address, tag, amount } => {
            say("reached", *amount);
            what.place = Some(to.vout.to_string());
            what.address = Some(address.clone());
            what.name(tag);
        }
        Event::Fee { amount } => say("fee", *amount),
        Event::Boundary { amount } => say("boundary", *amount),
        Event::GivenUp { at, amount } => {
            say("given_up", *amount);
            what.place = Some(at.vout.to_string());
        }
    }
    what
}

impl What {
    /// Before everything of a height.
    pub(super) fn lowest(height: u64) -> What {
        What {
            height,
            block: String::new(),
            transaction: None,
            place: None,
            watch: 0,
            what: String::new(),
            address: None,
            asset: None,
            amount: String::new(),
            label: None,
            tag_source: None,
            fiction: false,
        }
    }

    pub(super) fn name(&mut self, tag: &Tag) {
        self.label = Some(tag.label.clone());
        self.tag_source = Some(tag.source.clone());
        self.fiction = tag.fiction;
    }
}
