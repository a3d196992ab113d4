//! Queries over several blocks. Knows no files and no taint.
//!
//! Transactions and outputs have dense numbers in chain order, so that a walk forward in time is a
//! walk to higher numbers. Everything sits in memory; callers use only the queries, so that a store
//! on disk can take this module's place.

use crate::block::{Coin, FileFacts, NamedBytes, decode_file};
use crate::undo::{UndoError, attach};
use crate::{BlockHash, DecodeError, Height, Network, OutPoint, Satoshi, ScriptType, Txid};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

mod build;
mod columns;

pub use build::{TransactionRow, ViewError, WORTH_MAX};

/// A transaction of a view, numbered in chain order from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxNumber(pub u32);

/// A block of a view, numbered in chain order from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockNumber(pub u32);

/// What a view says about one of its blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockFacts {
    /// Its hash; rows may not tell.
    pub hash: Option<BlockHash>,
    /// Its height, claimed by its coinbase or counted from a neighbour that claims one.
    pub height: Option<Height>,
    /// The file it came from.
    pub file: Arc<FileFacts>,
    /// The file that told what its inputs were worth.
    pub undo: Option<Arc<FileFacts>>,
}

/// An output that somebody can spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// Its value.
    pub value: Satoshi,
    /// Its script.
    pub script: &'a [u8],
    network: Network,
}

/// An input of a transaction in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The output it spends.
    pub previous: OutPoint,
    /// What that output was worth, where the view knows.
    pub value: Option<Satoshi>,
}

/// Where an output is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spend {
    /// The spending transaction.
    pub transaction: TxNumber,
    /// The index of the input, from 0.
    pub input: u32,
}

/// Blocks in chain order with their transactions, outputs and spends.
#[derive(Clone, Debug)]
pub struct ChainView {
    network: Network,
    blocks: Vec<BlockFacts>,
    /// First transaction of each block, and one past the last.
    block_first_tx: Vec<u32>,
    txids: Vec<Txid>,
    tx_block: Vec<u32>,
    /// First output of each transaction, and one past the last.
    tx_first_output: Vec<u64>,
    tx_first_input: Vec<u64>,
    outputs: Vec<Coin>,
    inputs: Vec<Input>,
    by_txid: HashMap<Txid, TxNumber>,
    spends: HashMap<OutPoint, Spend>,
    /// Outputs created outside the view that undo data told about.
    coins: HashMap<OutPoint, Coin>,
    columns: columns::Columns,
    /// Satoshis in all outputs, inside and outside.
    worth: u64,
}

impl ChainView {
    /// Decodes block files, pairs undo files with their blocks, and joins all into a view.
    /// The order of the files does not matter.
    pub fn load(
        blocks: &[NamedBytes<'_>],
        undo: &[NamedBytes<'_>],
        network: Network,
    ) -> Result<ChainView, LoadError> {
        let mut decoded = Vec::new();
        for file in blocks {
            decoded.append(&mut decode_file(*file, network)?);
        }
        for file in undo {
            attach(&mut decoded, *file, network)?;
        }
        Ok(ChainView::from_blocks(decoded)?)
    }

    /// The network all blocks are read under.
    pub fn network(&self) -> Network {
        self.network
    }

    /// All blocks, in chain order.
    pub fn blocks(&self) -> &[BlockFacts] {
        &self.blocks
    }

    /// One block. Panics on a number of another view.
    pub fn block(&self, number: BlockNumber) -> &BlockFacts {
        &self.blocks[number.0 as usize]
    }

    /// How many transactions the view holds.
    pub fn transaction_count(&self) -> u32 {
        self.txids.len() as u32
    }

    /// The transactions of a block, coinbase first.
    pub fn transactions_of(&self, block: BlockNumber) -> Range<u32> {
        let index = block.0 as usize;
        self.block_first_tx[index]..self.block_first_tx[index + 1]
    }

    /// The number of a transaction.
    pub fn transaction(&self, txid: &Txid) -> Option<TxNumber> {
        self.by_txid.get(txid).copied()
    }

    /// The id of a transaction. Panics on a number of another view, as do the next ones.
    pub fn txid(&self, transaction: TxNumber) -> Txid {
        self.txids[transaction.0 as usize]
    }

    /// The block that holds a transaction.
    pub fn block_of(&self, transaction: TxNumber) -> BlockNumber {
        BlockNumber(self.tx_block[transaction.0 as usize])
    }

    /// The index of a transaction in its block; the coinbase has 0.
    pub fn position(&self, transaction: TxNumber) -> u32 {
        transaction.0 - self.transactions_of(self.block_of(transaction)).start
    }

    /// Whether the transaction is its block's coinbase.
    pub fn is_coinbase(&self, transaction: TxNumber) -> bool {
        self.position(transaction) == 0
    }

    /// What a transaction spends, in order; nothing for a coinbase.
    pub fn inputs(&self, transaction: TxNumber) -> &[Input] {
        let index = transaction.0 as usize;
        let (first, end) = (self.tx_first_input[index], self.tx_first_input[index + 1]);
        &self.inputs[first as usize..end as usize]
    }

    /// What a transaction creates, in order.
    pub fn outputs(
        &self,
        transaction: TxNumber,
    ) -> impl ExactSizeIterator<Item = Output<'_>> + DoubleEndedIterator {
        let index = transaction.0 as usize;
        let (first, end) = (self.tx_first_output[index], self.tx_first_output[index + 1]);
        self.outputs[first as usize..end as usize].iter().map(|coin| self.dress(coin))
    }

    /// An output created in the view, or spent in it with undo data.
    pub fn output(&self, point: &OutPoint) -> Option<Output<'_>> {
        let Some(transaction) = self.transaction(&point.txid) else {
            return self.coins.get(point).map(|coin| self.dress(coin));
        };
        let index = transaction.0 as usize;
        let number = self.tx_first_output[index] + u64::from(point.vout);
        let inside = number < self.tx_first_output[index + 1];
        inside.then(|| self.dress(&self.outputs[number as usize]))
    }

    /// Where an output is spent within the view.
    pub fn spender(&self, point: &OutPoint) -> Option<Spend> {
        self.spends.get(point).copied()
    }

    fn dress<'a>(&self, coin: &'a Coin) -> Output<'a> {
        Output { value: coin.value, script: &coin.script, network: self.network }
    }
}

impl Output<'_> {
    /// The standard shape of its script.
    pub fn script_type(&self) -> ScriptType {
        ScriptType::of(self.script)
    }

    /// Its address on the view's network, where its script type has one.
    pub fn address(&self) -> Option<String> {
        crate::script::address(self.script, self.network)
    }
}

/// Why files do not make a view.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// A block file is at fault.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An undo file is at fault.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// The blocks contradict each other.
    #[error(transparent)]
    View(#[from] ViewError),
}
