//! Joins blocks, or rows of a table, into a view, and refuses what contradicts itself.

use super::columns::Columns;
use super::{BlockFacts, ChainView, Input, Spend, TxNumber};
use crate::block::{Coin, DecodedBlock, FileFacts, Transaction};
use crate::{BlockHash, Height, Network, OutPoint, OutputNumber, SATOSHI_MAX, Txid};
use std::collections::HashMap;
use std::sync::Arc;

/// Two coinbases of 2010 repeat older ones and overwrote them (the reason for BIP 30).
const REPEATED_COINBASES: [&str; 2] = [
    "d5d27987d2a3dfc724e359870c6644b40e497bdc0589a033220fe15429d88599",
    "e3bf3d07d4b0375638d5f1db5255fe07ba2c4cb067cd81b84ee974b6585fb468",
];

/// Satoshis in all outputs of a view together: half of what 64 bits hold, so that sums and
/// differences of sums fit. All outputs ever made are worth some 10^18.
pub const WORTH_MAX: u64 = 1 << 63;

/// Transactions a view can number.
const TRANSACTIONS_MAX: usize = u32::MAX as usize;

/// One transaction of a table of transactions, where the blocks themselves are not at hand.
#[derive(Clone, Debug)]
pub struct TransactionRow {
    /// The height of its block. The first row of a height is the coinbase.
    pub height: Height,
    /// The transaction; a coinbase has no inputs.
    pub transaction: Transaction,
}

/// Why blocks do not make a view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// Nothing to look at.
    #[error("no blocks were given")]
    NoBlocks,
    /// Blocks of different networks.
    #[error("blocks of {0} and {1} cannot be joined")]
    Networks(Network, Network),
    /// The same block from two places.
    #[error("block {hash} is in {first} and in {second}; give it once")]
    DuplicateBlock {
        /// The block.
        hash: BlockHash,
        /// One file.
        first: String,
        /// The other file.
        second: String,
    },
    /// Two blocks follow the same one.
    #[error("blocks {first} and {second} both follow {previous}; leave out the stale one")]
    Fork {
        /// Their common predecessor.
        previous: BlockHash,
        /// One block.
        first: BlockHash,
        /// The other block.
        second: BlockHash,
    },
    /// The coinbase claims a height that its neighbours contradict, or that another block has.
    #[error("block {hash} claims height {claimed}, but {}", match .counted {
        Some(counted) => format!("its place in the chain is {counted}"),
        None => "another block of another branch has it".to_owned(),
    })]
    Height {
        /// The block.
        hash: BlockHash,
        /// What its coinbase says.
        claimed: Height,
        /// What its neighbours say.
        counted: Option<Height>,
    },
    /// The same transaction in two blocks.
    #[error("transaction {0} is in two blocks")]
    DuplicateTxid(Txid),
    /// An output is spent twice.
    #[error("output {previous} is spent by {first} and by {second}")]
    DoubleSpend {
        /// The output.
        previous: OutPoint,
        /// One spender.
        first: Txid,
        /// The other spender.
        second: Txid,
    },
    /// A transaction spends what comes later in the chain.
    #[error("transaction {txid} spends {previous}, which is created later in the chain")]
    SpentBeforeCreated {
        /// The spender.
        txid: Txid,
        /// The output.
        previous: OutPoint,
    },
    /// A transaction spends an output that its creator does not have.
    #[error("transaction {txid} spends {previous}, but that transaction has {outputs} outputs")]
    NoSuchOutput {
        /// The spender.
        txid: Txid,
        /// The output.
        previous: OutPoint,
        /// How many there are.
        outputs: u64,
    },
    /// A transaction creates more than it spends.
    #[error("transaction {txid} spends {inputs} satoshis and creates {outputs}")]
    ValueCreated {
        /// The transaction.
        txid: Txid,
        /// Sum of its inputs.
        inputs: u64,
        /// Sum of its outputs.
        outputs: u64,
    },
    /// More than 21 million bitcoin in one transaction.
    #[error("transaction {0} moves more than 21 million bitcoin")]
    Amount(Txid),
    /// More value in all outputs than sums can hold.
    #[error("at transaction {0} the outputs in view are worth more than all of Bitcoin's history")]
    Worth(Txid),
    /// Undo data contradicts the block that created the output.
    #[error("undo data gives {0} another value or script than the block that created it")]
    Undo(OutPoint),
    /// Too many transactions to number.
    #[error("more than {TRANSACTIONS_MAX} transactions")]
    TooMany,
    /// Rows out of order.
    #[error(
        "rows must be in chain order: transaction {0} is below the height of the one before it"
    )]
    RowOrder(Txid),
    /// The first row of a height has inputs, or a later one has none.
    #[error(
        "transaction {0}: the first row of a height, and no other, is a coinbase without inputs"
    )]
    RowCoinbase(Txid),
}

impl ChainView {
    /// Joins blocks, given in any order and not necessarily without gaps.
    ///
    /// Blocks are ordered by height; pieces of chain of which a height is not known (before BIP 34,
    /// not reaching back to the genesis block) are ordered by their first block's time.
    pub fn from_blocks(blocks: Vec<DecodedBlock>) -> Result<ChainView, ViewError> {
        let network = blocks.first().ok_or(ViewError::NoBlocks)?.network;
        if let Some(other) = blocks.iter().find(|block| block.network != network) {
            return Err(ViewError::Networks(network, other.network));
        }
        let mut view = ChainView::empty(network);
        for block in in_order(blocks, network)? {
            let facts = BlockFacts {
                hash: Some(block.hash),
                height: block.height,
                file: block.file,
                undo: block.undo,
            };
            view.push_block(facts, Some(block.time), block.transactions)?;
        }
        view.finish()
    }

    /// Joins rows of a table, in chain order. Block hashes stay unknown and no proof of work or
    /// Merkle root was checked, so an exhibit rests on the digest of the table's file alone.
    pub fn from_rows(
        rows: Vec<TransactionRow>,
        file: FileFacts,
        network: Network,
    ) -> Result<ChainView, ViewError> {
        let mut view = ChainView::empty(network);
        let file = Arc::new(file);
        let mut rows = rows.into_iter().peekable();
        while let Some(row) = rows.next() {
            let height = row.height;
            let mut transactions = vec![row.transaction];
            while let Some(row) = rows.next_if(|row| row.height == height) {
                transactions.push(row.transaction);
            }
            for (position, transaction) in transactions.iter().enumerate() {
                if transaction.inputs.is_empty() != (position == 0) {
                    return Err(ViewError::RowCoinbase(transaction.txid));
                }
            }
            if view.blocks.last().and_then(|block| block.height) > Some(height) {
                return Err(ViewError::RowOrder(transactions[0].txid));
            }
            let file = Arc::clone(&file);
            let facts = BlockFacts { hash: None, height: Some(height), file, undo: None };
            view.push_block(facts, None, transactions)?;
        }
        if view.blocks.is_empty() {
            return Err(ViewError::NoBlocks);
        }
        view.finish()
    }

    fn empty(network: Network) -> ChainView {
        ChainView {
            network,
            blocks: Vec::new(),
            block_first_tx: vec![0],
            txids: Vec::new(),
            tx_block: Vec::new(),
            tx_first_output: vec![0],
            tx_first_input: vec![0],
            outputs: Vec::new(),
            inputs: Vec::new(),
            by_txid: HashMap::new(),
            spends: HashMap::new(),
            coins: HashMap::new(),
            columns: Columns::default(),
            worth: 0,
        }
    }

    fn push_block(
        &mut self,
        facts: BlockFacts,
        time: Option<u32>,
        transactions: Vec<Transaction>,
    ) -> Result<(), ViewError> {
        let number = self.blocks.len() as u32;
        self.blocks.push(facts);
        self.columns.push_time(time);
        for transaction in transactions {
            if self.txids.len() == TRANSACTIONS_MAX {
                return Err(ViewError::TooMany);
            }
            self.push_transaction(number, transaction)?;
        }
        self.block_first_tx.push(self.txids.len() as u32);
        Ok(())
    }

    fn push_transaction(&mut self, block: u32, given: Transaction) -> Result<(), ViewError> {
        let number = TxNumber(self.txids.len() as u32);
        let txid = given.txid;
        for (input, given) in given.inputs.into_iter().enumerate() {
            let spend = Spend { transaction: number, input: input as u32 };
            self.push_input(txid, spend, given.previous, given.coin)?;
        }
        self.tx_first_input.push(self.inputs.len() as u64);
        self.columns.push_features(given.features);
        for output in &given.outputs {
            self.count_worth(txid, output)?;
            self.columns.push_output(number, output);
        }
        self.outputs.extend(given.outputs);
        self.tx_first_output.push(self.outputs.len() as u64);
        self.txids.push(txid);
        self.tx_block.push(block);
        if self.by_txid.insert(txid, number).is_some() {
            // The repeated coinbase's outputs took the place of the older ones, which were unspent.
            if !REPEATED_COINBASES.contains(&txid.to_string().as_str()) {
                return Err(ViewError::DuplicateTxid(txid));
            }
        }
        self.check_sums(number)
    }

    fn push_input(
        &mut self,
        txid: Txid,
        spend: Spend,
        previous: OutPoint,
        coin: Option<Coin>,
    ) -> Result<(), ViewError> {
        if let Some(first) = self.spends.insert(previous, spend) {
            let first = if first.transaction == spend.transaction {
                txid
            } else {
                self.txid(first.transaction)
            };
            return Err(ViewError::DoubleSpend { previous, first, second: txid });
        }
        let value = match (self.transaction(&previous.txid), coin) {
            (Some(creator), told) => {
                let Some(output) = self.output(&previous) else {
                    let outputs = self.outputs(creator).len() as u64;
                    return Err(ViewError::NoSuchOutput { txid, previous, outputs });
                };
                let agrees =
                    |coin: &Coin| coin.value == output.value && *coin.script == *output.script;
                if !told.as_ref().is_none_or(agrees) {
                    return Err(ViewError::Undo(previous));
                }
                let value = output.value;
                let number = self.tx_first_output[creator.0 as usize] + u64::from(previous.vout);
                self.columns.push_spend(OutputNumber(number), spend.transaction);
                Some(value)
            }
            (None, coin) => {
                self.columns.push_outside(coin.as_ref());
                match coin {
                    Some(coin) => {
                        let value = coin.value;
                        self.count_worth(txid, &coin)?;
                        self.coins.insert(previous, coin);
                        Some(value)
                    }
                    None => None,
                }
            }
        };
        self.inputs.push(Input { previous, value });
        Ok(())
    }

    /// Every output counts once, so no sum over distinct outputs or inputs can pass this limit.
    fn count_worth(&mut self, txid: Txid, coin: &Coin) -> Result<(), ViewError> {
        self.worth = self.worth.saturating_add(coin.value.0);
        if self.worth > WORTH_MAX { Err(ViewError::Worth(txid)) } else { Ok(()) }
    }

    /// Where all inputs are known, they are worth at least the outputs.
    fn check_sums(&self, number: TxNumber) -> Result<(), ViewError> {
        let txid = self.txid(number);
        let mut outputs = 0u64;
        for output in self.outputs(number) {
            outputs = outputs.saturating_add(output.value.0);
        }
        let mut inputs = Some(0u64);
        for input in self.inputs(number) {
            let value = input.value.map(|value| value.0);
            inputs = inputs.zip(value).map(|(sum, value)| sum.saturating_add(value));
        }
        if outputs.max(inputs.unwrap_or(0)) > SATOSHI_MAX {
            return Err(ViewError::Amount(txid));
        }
        match inputs {
            Some(inputs) if inputs < outputs && !self.inputs(number).is_empty() => {
                Err(ViewError::ValueCreated { txid, inputs, outputs })
            }
            _ => Ok(()),
        }
    }

    /// What could not be seen while reading forward: a spend that stands before its output.
    fn finish(mut self) -> Result<ChainView, ViewError> {
        for (previous, spend) in &self.spends {
            let Some(creator) = self.transaction(&previous.txid) else { continue };
            if creator >= spend.transaction {
                let txid = self.txid(spend.transaction);
                return Err(ViewError::SpentBeforeCreated { txid, previous: *previous });
            }
            // A coinbase matures for 100 blocks; a trace relies on at least one.
            if self.is_coinbase(creator)
                && self.block_of(creator) == self.block_of(spend.transaction)
            {
                let txid = self.txid(spend.transaction);
                return Err(ViewError::SpentBeforeCreated { txid, previous: *previous });
            }
        }
        self.columns.finish();
        Ok(self)
    }
}

/// Puts blocks in chain order and fills in heights.
fn in_order(blocks: Vec<DecodedBlock>, network: Network) -> Result<Vec<DecodedBlock>, ViewError> {
    let pieces = pieces(&blocks)?;
    let mut heights = Vec::with_capacity(pieces.len());
    for piece in &pieces {
        heights.push(first_height(&blocks, piece, network)?);
    }
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    if heights.iter().all(Option::is_some) {
        order.sort_by_key(|piece| heights[*piece]);
    } else {
        order.sort_by_key(|piece| {
            let first = &blocks[pieces[*piece][0]];
            (first.time, first.hash)
        });
    }
    let mut blocks: Vec<Option<DecodedBlock>> = blocks.into_iter().map(Some).collect();
    let mut ordered: Vec<DecodedBlock> = Vec::with_capacity(blocks.len());
    for piece in order {
        for (above, index) in pieces[piece].iter().enumerate() {
            let Some(mut block) = blocks[*index].take() else { continue };
            block.height = heights[piece].map(|first| Height(first.0 + above as u32));
            let below = ordered.last().and_then(|block| block.height);
            if let (Some(below), Some(claimed)) = (below, block.height)
                && below >= claimed
            {
                return Err(ViewError::Height { hash: block.hash, claimed, counted: None });
            }
            ordered.push(block);
        }
    }
    Ok(ordered)
}

/// Runs of blocks that follow one another, each run from its first block, as indexes.
fn pieces(blocks: &[DecodedBlock]) -> Result<Vec<Vec<usize>>, ViewError> {
    let mut by_hash = HashMap::with_capacity(blocks.len());
    let mut followers: HashMap<BlockHash, usize> = HashMap::with_capacity(blocks.len());
    for (index, block) in blocks.iter().enumerate() {
        if let Some(first) = by_hash.insert(block.hash, index) {
            let (first, second) = (blocks[first].file.name.clone(), block.file.name.clone());
            return Err(ViewError::DuplicateBlock { hash: block.hash, first, second });
        }
        if let Some(first) = followers.insert(block.previous, index) {
            let (first, second) = (blocks[first].hash, block.hash);
            return Err(ViewError::Fork { previous: block.previous, first, second });
        }
    }
    let starts = (0..blocks.len()).filter(|index| !by_hash.contains_key(&blocks[*index].previous));
    let pieces = starts.map(|start| {
        let next = |index: &usize| followers.get(&blocks[*index].hash).copied();
        std::iter::successors(Some(start), next).collect()
    });
    Ok(pieces.collect())
}

/// The height of a piece's first block, from any block that tells; all that tell must agree.
fn first_height(
    blocks: &[DecodedBlock],
    piece: &[usize],
    network: Network,
) -> Result<Option<Height>, ViewError> {
    let first = &blocks[piece[0]];
    let mut known = None;
    if first.hash == network.genesis() {
        known = Some(Height(0));
    } else if first.previous == network.genesis() {
        known = Some(Height(1));
    }
    for (above, index) in piece.iter().enumerate() {
        let block = &blocks[*index];
        let Some(claimed) = block.height else { continue };
        let counted = known.map(|first| Height(first.0.saturating_add(above as u32)));
        if counted.is_some_and(|counted| counted != claimed) || claimed.0 < above as u32 {
            return Err(ViewError::Height { hash: block.hash, claimed, counted });
        }
        known = Some(Height(claimed.0 - above as u32));
    }
    Ok(known)
}
