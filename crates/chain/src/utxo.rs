//! What traces, clusters and heuristics ask of a chain of outputs. Knows no layout: [`ChainView`]
//! answers from memory, the store from mapped files, and an algorithm cannot tell which.
//!
//! Everything has a dense number in chain order (transactions, outputs, inputs) or in order of
//! first use (addresses), so that a walk forward in time is a walk to higher numbers and a pass
//! over the whole chain is a pass over columns. A number of another chain is a bug of the caller
//! and may panic.
//!
//! [`ChainView`]: crate::ChainView

use std::ops::Range;

use crate::view::{BlockFacts, BlockNumber, TxNumber};
use crate::{BlockHash, FileDigest, Height, Network, OutPoint, Satoshi, ScriptType, Txid};

/// An output of the chain, numbered in chain order from 0; needs 33 bits for Bitcoin today, the
/// store keeps 40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputNumber(pub u64);

/// An input of the chain, numbered in chain order from 0; a coinbase has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputNumber(pub u64);

/// A distinct output script that can be spent, numbered in order of first use from 0. Most have an
/// address text; bare keys and bare multisig have none and still are one owner's. Within a
/// transaction, spent outputs from outside the chain come first, in input order, then outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressNumber(pub u32);

/// What an input spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// An output of this chain.
    Inside(OutputNumber),
    /// An output from before or beside the blocks that are here.
    Outside {
        /// Which.
        point: OutPoint,
        /// What it was worth, where undo data told; else a boundary, never a guess.
        value: Option<Satoshi>,
        /// Its address, where undo data told.
        address: Option<AddressNumber>,
    },
}

/// What a wallet leaves in a transaction besides money (features of Kappos et al., "How to Peel a
/// Million", USENIX Security 2022, section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Features {
    /// The version field.
    pub version: i32,
    /// The lock time field: a height below 500,000,000, a time above.
    pub lock_time: u32,
    /// Whether an input signals that it may be replaced (BIP 125).
    pub replaceable: bool,
    /// Whether any input has a witness.
    pub witness: bool,
}

/// A piece of a store, as an exhibit names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFacts {
    /// Which of the store's pieces.
    pub name: String,
    /// One digest over all of its columns.
    pub sha256: FileDigest,
}

/// A chain of transactions that spend outputs of earlier ones.
pub trait Utxo: Sync {
    /// Whose rules it was read under.
    fn network(&self) -> Network;

    /// Blocks here, numbered in chain order; the first need not be the genesis block.
    fn block_count(&self) -> u32;
    /// A block's hash; tables of rows may not tell.
    fn block_hash(&self, block: BlockNumber) -> Option<BlockHash>;
    /// A block's height, where it is known.
    fn height(&self, block: BlockNumber) -> Option<Height>;
    /// Seconds since 1970 as the block's miner claims; two hours off at most, where it is known.
    fn block_time(&self, block: BlockNumber) -> Option<u32>;
    /// A block's transactions, its coinbase first.
    fn transactions_of(&self, block: BlockNumber) -> Range<u32>;

    /// Transactions here.
    fn transaction_count(&self) -> u32;
    /// The block that holds a transaction.
    fn block_of(&self, transaction: TxNumber) -> BlockNumber;
    /// A transaction's id.
    fn txid(&self, transaction: TxNumber) -> Txid;
    /// The transaction of that id. Two coinbases of 2010 repeat older ids (BIP 30): the later wins.
    fn transaction(&self, txid: &Txid) -> Option<TxNumber>;
    /// Its wallet's traits; tables of rows may not tell.
    fn features(&self, transaction: TxNumber) -> Option<Features>;
    /// What it creates.
    fn outputs_of(&self, transaction: TxNumber) -> Range<u64>;
    /// What it spends; empty for a coinbase.
    fn inputs_of(&self, transaction: TxNumber) -> Range<u64>;

    /// Outputs here.
    fn output_count(&self) -> u64;
    /// The transaction that created an output.
    fn creator(&self, output: OutputNumber) -> TxNumber;
    /// What an output is worth.
    fn value(&self, output: OutputNumber) -> Satoshi;
    /// The shape of its script.
    fn script_type(&self, output: OutputNumber) -> ScriptType;
    /// Whose it is; none when it can never be spent.
    fn address_of(&self, output: OutputNumber) -> Option<AddressNumber>;
    /// The transaction that spends it, where one here does.
    fn spender(&self, output: OutputNumber) -> Option<TxNumber>;

    /// What an input spends.
    fn spent(&self, input: InputNumber) -> Spent;

    /// Distinct addresses here.
    fn address_count(&self) -> u32;
    /// Its output script.
    fn script_of(&self, address: AddressNumber) -> Vec<u8>;
    /// The address with that output script.
    fn address_number(&self, script: &[u8]) -> Option<AddressNumber>;
    /// Every output that pays it, in chain order.
    fn outputs_to(&self, address: AddressNumber) -> Vec<OutputNumber>;

    /// The files a block was read from; none where the chain keeps columns of its own.
    fn files_of(&self, _block: BlockNumber) -> Option<&BlockFacts> {
        None
    }

    /// The pieces a store consists of; none where blocks come straight from files.
    fn segments(&self) -> Vec<SegmentFacts> {
        Vec::new()
    }

    /// The first output that pays it.
    fn first_output_to(&self, address: AddressNumber) -> Option<OutputNumber> {
        self.outputs_to(address).first().copied()
    }

    /// Whether a transaction is its block's coinbase.
    fn is_coinbase(&self, transaction: TxNumber) -> bool {
        self.transactions_of(self.block_of(transaction)).start == transaction.0
    }

    /// The address as text, where its script type has one.
    fn address_text(&self, address: AddressNumber) -> Option<String> {
        crate::script::address(&self.script_of(address), self.network())
    }

    /// The output's place in its transaction.
    fn outpoint(&self, output: OutputNumber) -> OutPoint {
        let creator = self.creator(output);
        let vout = (output.0 - self.outputs_of(creator).start) as u32;
        OutPoint { txid: self.txid(creator), vout }
    }

    /// What an input is worth, where that is known.
    fn input_value(&self, input: InputNumber) -> Option<Satoshi> {
        match self.spent(input) {
            Spent::Inside(output) => Some(self.value(output)),
            Spent::Outside { value, .. } => value,
        }
    }

    /// What a transaction leaves to the miner; none for a coinbase and where an input's value is
    /// not known.
    fn fee(&self, transaction: TxNumber) -> Option<Satoshi> {
        fee_by_inputs(self, transaction)
    }

    /// Whose money an input spends, where that is known.
    fn input_address(&self, input: InputNumber) -> Option<AddressNumber> {
        match self.spent(input) {
            Spent::Inside(output) => self.address_of(output),
            Spent::Outside { address, .. } => address,
        }
    }
}

/// A transaction's fee by what its inputs and outputs are worth, for a chain that does not keep it.
pub(crate) fn fee_by_inputs<C: Utxo + ?Sized>(chain: &C, transaction: TxNumber) -> Option<Satoshi> {
    let inputs = chain.inputs_of(transaction);
    if inputs.is_empty() {
        return None;
    }
    let worth = inputs.map(|input| chain.input_value(InputNumber(input)).map(|value| value.0));
    let worth = worth.sum::<Option<u64>>()?;
    let paid = chain.outputs_of(transaction).map(|output| chain.value(OutputNumber(output)).0);
    worth.checked_sub(paid.sum()).map(Satoshi)
}
