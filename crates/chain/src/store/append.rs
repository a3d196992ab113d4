//! Appending, rolling back and replaying blocks. Trusts that a decoder checked a block by itself;
//! checks here what only the chain can tell.

use super::column::{COLUMN_COUNT, Name, OUTPUT_STEP, TX_STEP, TxRow};
use super::index::{Kind, script_key, txid_key};
use super::journal::Record;
use super::tail::{Mark, OUTSIDE_BIT, linked};
use super::{BlockFault, ChainStore, Mode, NewBlock, StoreError};
use crate::block::{BLOCK_BYTES_MAX, Coin, DecodedBlock, Transaction, TransactionInput};
use crate::utxo::{AddressNumber, Features, OutputNumber, Utxo as _};
use crate::view::{BlockNumber, TxNumber, ViewError, WORTH_MAX};
use crate::{Height, Network, SATOSHI_MAX, ScriptType, Txid};

/// Two coinbases of 2010 repeat older ones and overwrote them (the reason for BIP 30).
const REPEATED_COINBASES: [&str; 2] = [
    "d5d27987d2a3dfc724e359870c6644b40e497bdc0589a033220fe15429d88599",
    "e3bf3d07d4b0375638d5f1db5255fe07ba2c4cb067cd81b84ee974b6585fb468",
];
/// Transactions that can be numbered; the spender file keeps one more than the number.
const TRANSACTIONS_MAX: u64 = u32::MAX as u64 - 1;
/// What one block may add to all columns; a real one adds less than 60 MB.
const BLOCK_COLUMN_BYTES_MAX: usize = 1 << 27;
/// All ones stands for "no address".
const ADDRESSES_MAX: u64 = u32::MAX as u64 - 1;
/// Stands for "not known" in columns of 32 bits.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// Stands for "value not known".
pub(super) const UNKNOWN_VALUE: u64 = u64::MAX;

/// Traits of a transaction, as bits.
pub(super) const TRAIT_KNOWN: u8 = 1;
pub(super) const TRAIT_REPLACEABLE: u8 = 2;
pub(super) const TRAIT_WITNESS: u8 = 4;
/// The version stands above these bits, up to this; more says that it is an odd one.
pub(super) const TRAIT_BITS: u32 = 3;
pub(super) const VERSION_ODD: u8 = 31;

impl ChainStore {
    /// Appends the block that follows the newest one. It is safe on disk after
    /// [`commit`](ChainStore::commit). A block that is refused leaves nothing behind.
    pub fn append(&mut self, block: DecodedBlock) -> Result<BlockNumber, StoreError> {
        if block.network != self.manifest.network {
            let store = self.manifest.network;
            return Err(StoreError::Network { store, block: block.network });
        }
        self.append_block(block.into())
    }

    /// The same for a block of which less may be known, such as rows of a table. Nothing checks its
    /// proof of work.
    pub fn append_block(&mut self, block: NewBlock) -> Result<BlockNumber, StoreError> {
        self.writer()?;
        let number = BlockNumber(self.block_count());
        let before = self.mark();
        if let Err(error) = self.push_block(block) {
            self.take_back(&before);
            return Err(error);
        }
        let after = self.columns.lengths();
        let columns: [&[u8]; COLUMN_COUNT] = std::array::from_fn(|index| {
            self.columns.tail(index, before.lengths[index], after[index])
        });
        if columns.iter().map(|column| column.len()).sum::<usize>() > BLOCK_COLUMN_BYTES_MAX {
            self.take_back(&before);
            let block = format!("number {}", number.0);
            return Err(StoreError::Block { block, fault: Box::new(BlockFault::TooLarge) });
        }
        let record = Record::Block(columns);
        let Mode::Writing(writer) = &mut self.mode else { return Err(StoreError::ReadOnly) };
        if let Err(error) = writer.journal.push(&record) {
            self.mode = Mode::Failed;
            return Err(error);
        }
        self.tail.marks.push_back(Mark { lengths: after, worth: self.tail.worth });
        self.note_boundary();
        self.seal_what_is_due()?;
        Ok(number)
    }

    /// Takes the newest blocks away, so that `block_count` remain.
    pub fn rollback(&mut self, block_count: u32) -> Result<(), StoreError> {
        let (have, kept) = (self.block_count(), self.tail_block_count());
        let depth = have.saturating_sub(block_count);
        let journal = &mut self.writer()?.journal;
        if depth > kept {
            return Err(StoreError::TooDeep { depth, kept });
        }
        if let Err(error) = journal.push(&Record::Rollback(block_count)) {
            self.mode = Mode::Failed;
            return Err(error);
        }
        self.take_back_to(block_count);
        Ok(())
    }

    /// Waits until all that was appended and rolled back is on disk.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        let synced = self.writer()?.journal.sync();
        if synced.is_err() {
            self.mode = Mode::Failed;
        }
        synced
    }

    fn push_block(&mut self, block: NewBlock) -> Result<(), StoreError> {
        let height = self.place(&block)?;
        let name = match (block.hash, height) {
            (Some(hash), _) => hash.to_string(),
            (None, Some(height)) => format!("at height {height}"),
            (None, None) => format!("number {}", self.block_count()),
        };
        let fail = |fault| StoreError::Block { block: name.clone(), fault: Box::new(fault) };
        let complete = match self.block_count() {
            0 => block.hash == Some(self.manifest.network.genesis()),
            _ => self.is_complete(),
        };
        if block.transactions.is_empty() {
            return Err(fail(BlockFault::Empty));
        }
        let coinbase = self.transaction_count();
        for transaction in &block.transactions {
            self.push_transaction(transaction, coinbase, complete).map_err(fail)?;
        }
        let hash = block.hash.map_or([0; 32], |hash| hash.0);
        let time = block.time.unwrap_or(UNKNOWN);
        let height = height.map_or(UNKNOWN, |height| height.0);
        let transactions = self.columns.length(Name::Txid) as u32;
        self.columns.push(Name::BlockHash, &hash);
        self.columns.push(Name::BlockTime, &time.to_le_bytes());
        self.columns.push(Name::BlockHeight, &height.to_le_bytes());
        self.columns.push(Name::BlockTxEnd, &transactions.to_le_bytes());
        Ok(())
    }

    /// Whether the block follows the newest one, and its height.
    fn place(&self, block: &NewBlock) -> Result<Option<Height>, StoreError> {
        let tip = self.tip();
        if let (Some(tip), Some(hash), Some(previous)) =
            (tip.and_then(|tip| tip.hash), block.hash, block.previous)
            && tip != previous
        {
            return Err(StoreError::NotNext { block: hash, previous, tip });
        }
        let network = self.manifest.network;
        let below = tip.and_then(|tip| tip.height);
        let Some(hash) = block.hash else {
            // Rows of a table may leave out heights, not go back.
            return match (below, block.height) {
                (Some(below), Some(claimed)) if claimed <= below => {
                    let fault = Box::new(BlockFault::RowHeight { claimed, below });
                    Err(StoreError::Block { block: format!("at height {claimed}"), fault })
                }
                (_, height) => Ok(height),
            };
        };
        let counted = match (below, tip) {
            (Some(below), _) => Some(Height(below.0.saturating_add(1))),
            (None, None) if hash == network.genesis() => Some(Height(0)),
            (None, None) if block.previous == Some(network.genesis()) => Some(Height(1)),
            (None, _) => None,
        };
        match (counted, block.height) {
            (Some(counted), Some(claimed)) if counted != claimed => {
                // Before the rule held, a coinbase could say anything.
                if counted.0 < claims_begin(network) {
                    return Ok(Some(counted));
                }
                let counted = Some(counted);
                let fault = Box::new(ViewError::Height { hash, claimed, counted }.into());
                Err(StoreError::Block { block: hash.to_string(), fault })
            }
            (counted, claimed) => Ok(counted.or(claimed)),
        }
    }

    fn push_transaction(
        &mut self,
        given: &Transaction,
        coinbase: u32,
        complete: bool,
    ) -> Result<(), BlockFault> {
        let number = self.columns.length(Name::Txid);
        let txid = given.txid;
        if number >= TRANSACTIONS_MAX {
            return Err(ViewError::TooMany.into());
        }
        let number = number as u32;
        if given.inputs.is_empty() != (number == coinbase) {
            return Err(BlockFault::Coinbase(txid));
        }
        self.check_is_new(given, number == coinbase)?;
        let mut inputs = Some(0u64);
        for input in &given.inputs {
            let value = self.push_input(txid, number, input, coinbase, complete)?;
            inputs = inputs.zip(value).map(|(sum, value)| sum.saturating_add(value));
        }
        let mut outputs = 0u64;
        for output in &given.outputs {
            outputs = outputs.saturating_add(output.value.0);
            if outputs > SATOSHI_MAX {
                return Err(ViewError::Amount(txid).into());
            }
            self.push_output(txid, number, output)?;
        }
        if inputs.is_some_and(|inputs| inputs > SATOSHI_MAX) {
            return Err(ViewError::Amount(txid).into());
        }
        if let Some(inputs) = inputs
            && inputs < outputs
            && number != coinbase
        {
            return Err(ViewError::ValueCreated { txid, inputs, outputs }.into());
        }
        let fee = inputs.filter(|_| number != coinbase).map(|inputs| inputs - outputs);
        self.push_facts(given, number, fee);
        Ok(())
    }

    /// The columns by transaction, once its inputs and outputs are there.
    fn push_facts(&mut self, given: &Transaction, number: u32, fee: Option<u64>) {
        if u64::from(number).is_multiple_of(TX_STEP) {
            let block = self.block_count();
            self.columns.push(Name::TxBlock, &block.to_le_bytes());
        }
        let (lock_time, traits) = match given.features {
            None => (0, 0),
            Some(features) => (features.lock_time, self.traits(number, features)),
        };
        self.columns.push(Name::Txid, &given.txid.0);
        self.columns.push(Name::TxLockTime, &lock_time.to_le_bytes());
        self.columns.push(Name::TxTraits, &[traits]);
        let (output_end, input_end) =
            (self.columns.length(Name::OutputWord), self.columns.length(Name::InputOrigin));
        self.columns.push_tx_row(TxRow { output_end, input_end, fee });
        linked(&mut self.tail.transactions).push(Some(txid_key(&given.txid)));
    }

    fn traits(&mut self, number: u32, features: Features) -> u8 {
        let small = u8::try_from(features.version).ok().filter(|version| *version < VERSION_ODD);
        if small.is_none() {
            self.columns.push(Name::OddVersion, &number.to_le_bytes());
            // The element is eight bytes: the transaction, then its version.
            self.columns.push(Name::OddVersion, &features.version.to_le_bytes());
        }
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        TRAIT_KNOWN
            | flag(features.replaceable, TRAIT_REPLACEABLE)
            | flag(features.witness, TRAIT_WITNESS)
            | small.unwrap_or(VERSION_ODD) << TRAIT_BITS
    }

    /// A transaction id comes once, except for two coinbases. Only a coinbase, or what spends a
    /// repeated one or an output outside, can repeat one without spending something twice.
    fn check_is_new(&self, given: &Transaction, coinbase: bool) -> Result<(), BlockFault> {
        let repeated = |txid: &Txid| REPEATED_COINBASES.contains(&txid.to_string().as_str());
        let txid = given.txid;
        if let Some(row) = self.outside_rows(&txid).next() {
            let row = self.outside_row(row);
            let txid = self.spender_txid(row.spender, txid);
            return Err(ViewError::SpentBeforeCreated { txid, previous: row.point }.into());
        }
        let outside = || self.columns.length(Name::Outside) > 0;
        let of_repeated = || {
            let first = |txid: &Txid| matches!(txid.0[31], 0xd5 | 0xe3);
            let mut inputs = given.inputs.iter().map(|input| &input.previous.txid);
            inputs.any(|txid| first(txid) && repeated(txid))
        };
        let may_repeat = coinbase || outside() || of_repeated();
        if may_repeat && self.transaction(&txid).is_some() && !(coinbase && repeated(&txid)) {
            return Err(ViewError::DuplicateTxid(txid).into());
        }
        Ok(())
    }

    /// The id of a spender, which may be the transaction just being read.
    fn spender_txid(&self, spender: TxNumber, current: Txid) -> Txid {
        let known = u64::from(spender.0) < self.columns.length(Name::Txid);
        if known { self.txid(spender) } else { current }
    }

    /// The value of what is spent, where it is known.
    fn push_input(
        &mut self,
        txid: Txid,
        number: u32,
        input: &TransactionInput,
        coinbase: u32,
        complete: bool,
    ) -> Result<Option<u64>, BlockFault> {
        let previous = input.previous;
        if previous.txid.0 == [0; 32] {
            return Err(BlockFault::NullPrevious(txid));
        }
        let Some(creator) = self.transaction(&previous.txid) else {
            if complete {
                return Err(BlockFault::MissingPrevious { txid, previous });
            }
            return self.push_outside(txid, number, input);
        };
        let outputs = self.outputs_of(creator);
        let output = outputs.start + u64::from(previous.vout);
        if output >= outputs.end {
            let outputs = outputs.end - outputs.start;
            return Err(ViewError::NoSuchOutput { txid, previous, outputs }.into());
        }
        if creator.0 == coinbase {
            return Err(ViewError::SpentBeforeCreated { txid, previous }.into());
        }
        let output = OutputNumber(output);
        if let Some(first) = self.spender(output) {
            let first = self.spender_txid(first, txid);
            return Err(ViewError::DoubleSpend { previous, first, second: txid }.into());
        }
        let value = self.value(output);
        if let Some(coin) = &input.coin {
            let same_script = match self.address_of(output) {
                Some(address) => *self.script(address) == *coin.script,
                None => ScriptType::of(&coin.script) == ScriptType::OpReturn,
            };
            if coin.value != value || !same_script {
                return Err(ViewError::Undo(previous).into());
            }
        }
        self.columns.push40(Name::InputOrigin, output.0);
        self.set_spender(output.0, Some(TxNumber(number)));
        Ok(Some(value.0))
    }

    fn push_outside(
        &mut self,
        txid: Txid,
        number: u32,
        input: &TransactionInput,
    ) -> Result<Option<u64>, BlockFault> {
        let previous = input.previous;
        for row in self.outside_rows(&previous.txid) {
            let row = self.outside_row(row);
            if row.point == previous {
                let first = self.spender_txid(row.spender, txid);
                return Err(ViewError::DoubleSpend { previous, first, second: txid }.into());
            }
        }
        let (mut value, mut address) = (UNKNOWN_VALUE, UNKNOWN);
        if let Some(coin) = &input.coin {
            self.count_worth(txid, coin)?;
            value = coin.value.0;
            address = self.address_for(coin)?.map_or(UNKNOWN, |address| address.0);
        }
        let row = self.columns.length(Name::Outside);
        self.columns.push(Name::Outside, &previous.txid.0);
        self.columns.push(Name::Outside, &previous.vout.to_le_bytes());
        self.columns.push(Name::Outside, &address.to_le_bytes());
        self.columns.push(Name::Outside, &value.to_le_bytes());
        self.columns.push(Name::Outside, &number.to_le_bytes());
        linked(&mut self.tail.outside).push(Some(txid_key(&previous.txid)));
        self.columns.push40(Name::InputOrigin, OUTSIDE_BIT | row);
        Ok(input.coin.as_ref().map(|coin| coin.value.0))
    }

    fn push_output(&mut self, txid: Txid, number: u32, output: &Coin) -> Result<(), BlockFault> {
        self.count_worth(txid, output)?;
        let address = self.address_for(output)?;
        let script_type = match address {
            Some(_) => ScriptType::of(&output.script),
            None => ScriptType::OpReturn,
        };
        let word = output.value.0 | u64::from(super::answer::type_code(script_type)) << 56;
        if self.columns.length(Name::OutputWord).is_multiple_of(OUTPUT_STEP) {
            self.columns.push(Name::OutputCreator, &number.to_le_bytes());
        }
        let address = address.map(|address| address.0);
        self.columns.push(Name::OutputWord, &word.to_le_bytes());
        self.columns.push(Name::OutputAddress, &address.unwrap_or(UNKNOWN).to_le_bytes());
        linked(&mut self.tail.postings).push(address);
        self.tail.spender.push(0);
        Ok(())
    }

    /// Every output counts once, so no sum over distinct outputs or inputs can pass the limit.
    fn count_worth(&mut self, txid: Txid, coin: &Coin) -> Result<(), BlockFault> {
        if coin.value.0 > SATOSHI_MAX {
            return Err(ViewError::Amount(txid).into());
        }
        self.tail.worth = self.tail.worth.saturating_add(coin.value.0);
        if self.tail.worth > WORTH_MAX { Err(ViewError::Worth(txid).into()) } else { Ok(()) }
    }

    /// The number of a coin's address, given here when it is the first coin there.
    fn address_for(&mut self, coin: &Coin) -> Result<Option<AddressNumber>, BlockFault> {
        if coin.script.len() > BLOCK_BYTES_MAX {
            return Err(BlockFault::Script(coin.script.len()));
        }
        let key = script_key(&coin.script);
        if let Some(known) = self.address_by(key, &coin.script) {
            return Ok(Some(known));
        }
        if ScriptType::of(&coin.script) == ScriptType::OpReturn {
            return Ok(None);
        }
        let number = self.columns.length(Name::AddressScriptEnd);
        if number >= ADDRESSES_MAX {
            return Err(BlockFault::TooManyAddresses);
        }
        self.columns.push(Name::ScriptBytes, &coin.script);
        let end = self.columns.length(Name::ScriptBytes);
        self.columns.push40(Name::AddressScriptEnd, end);
        linked(&mut self.tail.scripts).push(Some(key));
        Ok(Some(AddressNumber(number as u32)))
    }

    /// Rows of `Outside` that name this transaction, newest first.
    fn outside_rows(&self, txid: &Txid) -> impl Iterator<Item = u64> {
        let (txid, key) = (*txid, txid_key(txid));
        let any = self.columns.length(Name::Outside) > 0;
        let tail = any.then(|| self.outside_links().find(&key)).into_iter().flatten();
        let sealed = any.then(|| self.index.find(Kind::Outside, key)).into_iter().flatten();
        tail.chain(sealed).filter(move |row| self.outside_row(*row).point.txid == txid)
    }
}

/// From this height on, a coinbase must begin with its block's height (BIP 34). On regtest the
/// height depends on the node's version and settings.
fn claims_begin(network: Network) -> u32 {
    match network {
        Network::Mainnet => 227_931,
        Network::Testnet => 21_111,
        Network::Signet => 1,
        Network::Regtest => u32::MAX,
    }
}
