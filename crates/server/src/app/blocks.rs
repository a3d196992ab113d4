//! The blocks that a node may trace through: files that were read at its start, or a store that
//! `comity chain follow` keeps beside it.
//!
//! Knows no trace. A store is opened anew for each question, so that every answer is as of the
//! newest block there and its exhibit says which that was.

use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use chain::utxo::{Features, InputNumber, OutputNumber, Spent};
use chain::view::BlockFacts;
use chain::{
    AddressNumber, BlockHash, BlockNumber, ChainStore, ChainView, Height, NamedBytes, Network,
    Satoshi, ScriptType, SegmentFacts, TxNumber, Txid, Utxo,
};

use crate::config::Config;

/// Where a node's blocks are.
#[derive(Debug)]
pub enum Blocks {
    /// In memory, from files.
    Files(Box<ChainView>),
    /// In a store, by its folder.
    Store(PathBuf),
}

/// The chain as it is now.
#[derive(Debug)]
pub enum Chain<'a> {
    /// Blocks from files.
    Files(&'a ChainView),
    /// A store.
    Store(Box<ChainStore>),
}

/// Reads the blocks a node is configured with, or opens its store once to see that it can be.
///
/// # Errors
/// Naming the file and offset of whatever is not a block, or what is wrong with the store.
pub fn read(config: &Config) -> anyhow::Result<Option<Blocks>> {
    let given = &config.chain;
    if let Some(store) = &given.store {
        ensure!(
            given.blocks.is_empty() && given.undo.is_empty(),
            "comity.toml: [chain] names a store and block files; name one of them"
        );
        let dir = config.path(store);
        ChainStore::open(&dir).with_context(|| format!("chain.store, {}", dir.display()))?;
        return Ok(Some(Blocks::Store(dir)));
    }
    if given.blocks.is_empty() {
        return Ok(None);
    }
    let read = |paths: &[PathBuf]| -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        paths
            .iter()
            .map(|path| {
                let full = config.path(path);
                let bytes = std::fs::read(&full).with_context(|| format!("{}", full.display()))?;
                let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok((name, bytes))
            })
            .collect()
    };
    let (blocks, undo) = (read(&given.blocks)?, read(&given.undo)?);
    fn borrow(files: &[(String, Vec<u8>)]) -> Vec<NamedBytes<'_>> {
        files.iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect()
    }
    let view = ChainView::load(&borrow(&blocks), &borrow(&undo), Network::Mainnet)?;
    Ok(Some(Blocks::Files(Box::new(view))))
}

impl Blocks {
    /// The chain as it is now.
    ///
    /// # Errors
    /// The store cannot be opened any more.
    pub fn now(&self) -> anyhow::Result<Chain<'_>> {
        match self {
            Blocks::Files(view) => Ok(Chain::Files(view)),
            Blocks::Store(dir) => {
                let store = ChainStore::open(dir).with_context(|| format!("{}", dir.display()))?;
                Ok(Chain::Store(Box::new(store)))
            }
        }
    }
}

impl Chain<'_> {
    /// What a trace rests on, as `name sha256`: block files, or the store's segments.
    pub fn inputs(&self) -> Vec<String> {
        match self {
            Chain::Files(view) => {
                let files = view.blocks().iter().map(|block| &block.file);
                files.map(|file| format!("{} {}", file.name, file.sha256)).collect()
            }
            Chain::Store(store) => {
                let segments = Utxo::segments(&**store).into_iter();
                segments.map(|one| format!("{} {}", one.name, one.sha256)).collect()
            }
        }
    }
}

/// Asks whichever chain it is.
macro_rules! either {
    ($self:ident, $question:ident $(, $argument:expr)*) => {
        match $self {
            Chain::Files(view) => Utxo::$question(*view $(, $argument)*),
            Chain::Store(store) => Utxo::$question(&**store $(, $argument)*),
        }
    };
}

impl Utxo for Chain<'_> {
    fn network(&self) -> Network {
        either!(self, network)
    }

    fn block_count(&self) -> u32 {
        either!(self, block_count)
    }

    fn block_hash(&self, block: BlockNumber) -> Option<BlockHash> {
        either!(self, block_hash, block)
    }

    fn height(&self, block: BlockNumber) -> Option<Height> {
        either!(self, height, block)
    }

    fn block_time(&self, block: BlockNumber) -> Option<u32> {
        either!(self, block_time, block)
    }

    fn transactions_of(&self, block: BlockNumber) -> Range<u32> {
        either!(self, transactions_of, block)
    }

    fn transaction_count(&self) -> u32 {
        either!(self, transaction_count)
    }

    fn block_of(&self, transaction: TxNumber) -> BlockNumber {
        either!(self, block_of, transaction)
    }

    fn txid(&self, transaction: TxNumber) -> Txid {
        either!(self, txid, transaction)
    }

    fn transaction(&self, txid: &Txid) -> Option<TxNumber> {
        either!(self, transaction, txid)
    }

    fn features(&self, transaction: TxNumber) -> Option<Features> {
        either!(self, features, transaction)
    }

    fn outputs_of(&self, transaction: TxNumber) -> Range<u64> {
        either!(self, outputs_of, transaction)
    }

    fn fee(&self, transaction: TxNumber) -> Option<Satoshi> {
        either!(self, fee, transaction)
    }

    fn inputs_of(&self, transaction: TxNumber) -> Range<u64> {
        either!(self, inputs_of, transaction)
    }

    fn output_count(&self) -> u64 {
        either!(self, output_count)
    }

    fn creator(&self, output: OutputNumber) -> TxNumber {
        either!(self, creator, output)
    }

    fn value(&self, output: OutputNumber) -> Satoshi {
        either!(self, value, output)
    }

    fn script_type(&self, output: OutputNumber) -> ScriptType {
        either!(self, script_type, output)
    }

    fn address_of(&self, output: OutputNumber) -> Option<AddressNumber> {
        either!(self, address_of, output)
    }

    fn spender(&self, output: OutputNumber) -> Option<TxNumber> {
        either!(self, spender, output)
    }

    fn spent(&self, input: InputNumber) -> Spent {
        either!(self, spent, input)
    }

    fn address_count(&self) -> u32 {
        either!(self, address_count)
    }

    fn script_of(&self, address: AddressNumber) -> Vec<u8> {
        either!(self, script_of, address)
    }

    fn address_number(&self, script: &[u8]) -> Option<AddressNumber> {
        either!(self, address_number, script)
    }

    fn outputs_to(&self, address: AddressNumber) -> Vec<OutputNumber> {
        either!(self, outputs_to, address)
    }

    fn files_of(&self, block: BlockNumber) -> Option<&BlockFacts> {
        either!(self, files_of, block)
    }

    fn segments(&self) -> Vec<SegmentFacts> {
        either!(self, segments)
    }

    fn first_output_to(&self, address: AddressNumber) -> Option<OutputNumber> {
        either!(self, first_output_to, address)
    }
}
