//! Watching lots, not addresses: stolen satoshis as FIFO tells them apart, wherever they lie.
//! Knows no network and no clock: the caller hands over the chain as it is now and says what time
//! it is.
//!
//! An address stays quiet when its money leaves with somebody else's; a lot cannot. Each report
//! keeps lots of its own, so a second report about satoshis that a first one watches is followed
//! beside it, and neither changes the other.
//!
//! - [`Watch`]: lots of outputs. - [`accounts`]: lots of accounts.
//! - [`journal`]: which alerts were raised, so that none is lost, repeated or left standing when
//!   the chain is reorganised.

use crate::taint::{Lot, Memory, pass};
use crate::{Policy, Tag, Tags};
use chain::utxo::{InputNumber, OutputNumber, Spent};
use chain::{BlockNumber, OutPoint, Satoshi, TxNumber, Txid, Utxo};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

pub mod accounts;
pub mod journal;

/// Lots that one watch follows at once; dust beyond that is said to be given up.
pub const LOTS_MAX: usize = 100_000;

/// Which report a lot belongs to, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchNumber(pub u32);

/// Something a watched lot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Whose lot.
    pub watch: WatchNumber,
    /// The transaction that moved it.
    pub txid: Txid,
    /// The block that holds it.
    pub block: BlockNumber,
    /// Seconds from the block's own time to when it was read; miners' clocks may run two hours
    /// ahead, which counts as 0. None where the block's time is not known.
    pub seconds_since_block: Option<u64>,
    /// What happened.
    pub event: Event,
}

/// What a lot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It moved to an output, where it is watched on.
    Moved {
        /// Where it lies now.
        to: OutPoint,
        /// The address, where there is one.
        address: Option<String>,
        /// How many of the output's satoshis are of the lot.
        amount: Satoshi,
    },
    /// It reached an address that somebody has named; watching ends there.
    Reached {
        /// Where it lies now.
        to: OutPoint,
        /// The address.
        address: String,
        /// Whose it is said to be.
        tag: Tag,
        /// How many of the output's satoshis are of the lot.
        amount: Satoshi,
    },
    /// It went to the miner as a fee; watching ends there.
    Fee {
        /// How many satoshis.
        amount: Satoshi,
    },
    /// It entered a transaction of which the value of an input is not known: nothing is guessed.
    Boundary {
        /// How many satoshis.
        amount: Satoshi,
    },
    /// More lots than [`LOTS_MAX`]: this one is not watched on.
    GivenUp {
        /// Where it lies.
        at: OutPoint,
        /// How many satoshis.
        amount: Satoshi,
    },
}

/// Lots and where they lie.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    lots: HashMap<OutputNumber, BTreeMap<WatchNumber, Lot>>,
    count: usize,
    tags: Tags,
}

impl Watch {
    /// Watches nothing yet.
    pub fn new() -> Watch {
        Watch::default()
    }

    /// Names an address, as its chain writes it; lots that reach it raise an alert and stay there.
    pub fn name(&mut self, address: String, tag: Tag) {
        self.tags.insert(address, tag);
    }

    /// Watches an output whole.
    pub fn add<C: Utxo>(&mut self, chain: &C, watch: WatchNumber, output: OutputNumber) {
        self.add_lot(watch, output, Lot::stolen(chain.value(output), Policy::Fifo));
    }

    /// Watches some satoshis of an output, such as an end of a FIFO trace.
    pub fn add_lot(&mut self, watch: WatchNumber, output: OutputNumber, lot: Lot) {
        self.count += 1;
        self.lots.entry(output).or_default().insert(watch, lot);
    }

    /// Lots watched now, and where they lie, in chain order.
    pub fn lots(&self) -> Vec<(WatchNumber, OutputNumber, Satoshi)> {
        let of = |(output, lots): (&OutputNumber, &BTreeMap<WatchNumber, Lot>)| {
            let output = *output;
            lots.iter().map(move |(watch, lot)| (*watch, output, lot.taint)).collect::<Vec<_>>()
        };
        let mut lots: Vec<_> = self.lots.iter().flat_map(of).collect();
        lots.sort_unstable_by_key(|(watch, output, _)| (*output, *watch));
        lots
    }

    /// Reads on to the end of a block, seen at `now_seconds` since 1970. Only transactions that
    /// spend watched lots are looked at, in chain order.
    pub fn read<C: Utxo>(&mut self, chain: &C, last: BlockNumber, now_seconds: u64) -> Vec<Alert> {
        let end = chain.transactions_of(last).end;
        let spent = |output: OutputNumber| chain.spender(output).filter(|by| by.0 < end);
        let mut waiting: BinaryHeap<Reverse<TxNumber>> =
            self.lots.keys().filter_map(|output| spent(*output)).map(Reverse).collect();
        let mut alerts = Vec::new();
        while let Some(Reverse(transaction)) = waiting.pop() {
            while waiting.peek() == Some(&Reverse(transaction)) {
                waiting.pop();
            }
            let block = chain.block_of(transaction);
            let time = chain.block_time(block).map(u64::from);
            let seconds_since_block = time.map(|time| now_seconds.saturating_sub(time));
            let txid = chain.txid(transaction);
            for (watch, event) in self.pass(chain, transaction) {
                alerts.push(Alert { watch, txid, block, seconds_since_block, event });
            }
            let outputs = chain.outputs_of(transaction).map(OutputNumber);
            let watched = outputs.filter(|output| self.lots.contains_key(output));
            waiting.extend(watched.filter_map(spent).map(Reverse));
        }
        alerts
    }

    fn pass<C: Utxo>(&mut self, chain: &C, transaction: TxNumber) -> Vec<(WatchNumber, Event)> {
        let inputs = chain.inputs_of(transaction).map(InputNumber);
        let mut moved: BTreeMap<WatchNumber, Vec<(usize, Lot)>> = BTreeMap::new();
        for (place, input) in inputs.clone().enumerate() {
            let Spent::Inside(output) = chain.spent(input) else { continue };
            for (watch, lot) in self.lots.remove(&output).into_iter().flatten() {
                self.count -= 1;
                moved.entry(watch).or_default().push((place, lot));
            }
        }
        if moved.is_empty() {
            return Vec::new();
        }
        let values: Option<Vec<Satoshi>> = inputs.map(|input| chain.input_value(input)).collect();
        let mut events = Vec::new();
        for (watch, lots) in moved {
            match &values {
                Some(values) => self.enter(chain, transaction, watch, lots, values, &mut events),
                None => {
                    let amount = Satoshi(lots.iter().map(|(_, lot)| lot.taint.0).sum());
                    events.push((watch, Event::Boundary { amount }));
                }
            }
        }
        events
    }

    fn enter<C: Utxo>(
        &mut self,
        chain: &C,
        transaction: TxNumber,
        watch: WatchNumber,
        lots: Vec<(usize, Lot)>,
        values: &[Satoshi],
        events: &mut Vec<(WatchNumber, Event)>,
    ) {
        let mut entering: Vec<Lot> = values.iter().map(|value| Lot::clean(*value)).collect();
        lots.into_iter().for_each(|(place, lot)| entering[place] = lot);
        let outputs = chain.outputs_of(transaction).map(OutputNumber);
        let mut leaving: Vec<Satoshi> = outputs.clone().map(|output| chain.value(output)).collect();
        let paid: u64 = leaving.iter().map(|value| value.0).sum();
        let worth: u64 = values.iter().map(|value| value.0).sum();
        leaving.push(Satoshi(worth - paid));
        let mut passed = Vec::new();
        pass(Policy::Fifo, entering.iter(), &leaving, &mut Memory::default(), &mut passed);
        let fee = passed.pop().unwrap_or_default();
        for (output, lot) in outputs.zip(passed).filter(|(_, lot)| lot.taint.0 > 0) {
            let (to, amount) = (chain.outpoint(output), lot.taint);
            let number = chain.address_of(output);
            let address = number.and_then(|number| chain.address_text(number));
            let named = address.as_ref().and_then(|text| self.tags.get_key_value(text));
            if let Some((address, tag)) = named {
                let (address, tag) = (address.clone(), tag.clone());
                events.push((watch, Event::Reached { to, address, tag, amount }));
                continue;
            }
            events.push((watch, Event::Moved { to, address, amount }));
            if self.count >= LOTS_MAX {
                events.push((watch, Event::GivenUp { at: to, amount }));
                continue;
            }
            self.add_lot(watch, output, lot);
        }
        if fee.taint.0 > 0 {
            events.push((watch, Event::Fee { amount: fee.taint }));
        }
    }
}
