//! Dense columns over a view, which answer [`Utxo`]. Knows no files.

use super::{BlockFacts, BlockNumber, ChainView, TxNumber};
use crate::block::Coin;
use crate::utxo::{AddressNumber, Features, InputNumber, OutputNumber, Spent, Utxo};
use crate::{BlockHash, Height, Network, Satoshi, ScriptType, Txid};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Stands for "none" in a column of numbers.
const NONE: u32 = u32::MAX;
/// Stands for "outside the view" in a column of outputs.
const OUTSIDE: u64 = u64::MAX;

/// What a view keeps by dense number, beside the values and scripts themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    block_time: Vec<Option<u32>>,
    features: Vec<Option<Features>>,
    output_creator: Vec<u32>,
    output_spender: Vec<u32>,
    output_address: Vec<u32>,
    /// The output that each input spends.
    input_output: Vec<u64>,
    scripts: Vec<Arc<[u8]>>,
    script_types: Vec<ScriptType>,
    by_script: HashMap<Arc<[u8]>, u32>,
    /// Where each address's outputs begin in `postings`, and one past the last.
    posting_first: Vec<u64>,
    postings: Vec<u64>,
}

impl Columns {
    pub(super) fn push_time(&mut self, time: Option<u32>) {
        self.block_time.push(time);
    }

    pub(super) fn push_features(&mut self, features: Option<Features>) {
        self.features.push(features);
    }

    pub(super) fn push_output(&mut self, creator: TxNumber, coin: &Coin) {
        self.output_creator.push(creator.0);
        self.output_spender.push(NONE);
        let address = self.address(coin);
        self.output_address.push(address.map_or(NONE, |address| address.0));
    }

    /// The next input spends an output of the view.
    pub(super) fn push_spend(&mut self, output: OutputNumber, spender: TxNumber) {
        self.input_output.push(output.0);
        self.output_spender[output.0 as usize] = spender.0;
    }

    /// The next input spends an output that is not in the view. Its address gets its number here,
    /// where the chain that is known first uses it.
    pub(super) fn push_outside(&mut self, coin: Option<&Coin>) {
        self.input_output.push(OUTSIDE);
        if let Some(coin) = coin {
            self.address(coin);
        }
    }

    /// Lists each address's outputs, once all are there.
    pub(super) fn finish(&mut self) {
        let mut first = vec![0; self.scripts.len() + 1];
        let addresses = || self.output_address.iter().filter(|address| **address != NONE);
        for address in addresses() {
            first[*address as usize + 1] += 1;
        }
        for index in 1..first.len() {
            first[index] += first[index - 1];
        }
        let mut next = first.clone();
        let mut postings = vec![0; addresses().count()];
        for (output, address) in self.output_address.iter().enumerate() {
            if *address != NONE {
                let place = &mut next[*address as usize];
                postings[*place as usize] = output as u64;
                *place += 1;
            }
        }
        (self.posting_first, self.postings) = (first, postings);
    }

    /// The number of a coin's address, given here when it is the first coin there.
    fn address(&mut self, coin: &Coin) -> Option<AddressNumber> {
        if let Some(known) = self.by_script.get(&*coin.script) {
            return Some(AddressNumber(*known));
        }
        let script_type = ScriptType::of(&coin.script);
        if script_type == ScriptType::OpReturn {
            return None;
        }
        let number = self.scripts.len() as u32;
        let script: Arc<[u8]> = Arc::from(&*coin.script);
        self.scripts.push(Arc::clone(&script));
        self.script_types.push(script_type);
        self.by_script.insert(script, number);
        Some(AddressNumber(number))
    }
}

impl Utxo for ChainView {
    fn network(&self) -> Network {
        self.network
    }

    fn block_count(&self) -> u32 {
        self.blocks.len() as u32
    }

    fn block_hash(&self, block: BlockNumber) -> Option<BlockHash> {
        self.block(block).hash
    }

    fn height(&self, block: BlockNumber) -> Option<Height> {
        self.block(block).height
    }

    fn block_time(&self, block: BlockNumber) -> Option<u32> {
        self.columns.block_time[block.0 as usize]
    }

    fn transactions_of(&self, block: BlockNumber) -> Range<u32> {
        self.transactions_of(block)
    }

    fn transaction_count(&self) -> u32 {
        self.transaction_count()
    }

    fn block_of(&self, transaction: TxNumber) -> BlockNumber {
        self.block_of(transaction)
    }

    fn txid(&self, transaction: TxNumber) -> Txid {
        self.txid(transaction)
    }

    fn transaction(&self, txid: &Txid) -> Option<TxNumber> {
        self.transaction(txid)
    }

    fn features(&self, transaction: TxNumber) -> Option<Features> {
        self.columns.features[transaction.0 as usize]
    }

    fn outputs_of(&self, transaction: TxNumber) -> Range<u64> {
        let index = transaction.0 as usize;
        self.tx_first_output[index]..self.tx_first_output[index + 1]
    }

    fn inputs_of(&self, transaction: TxNumber) -> Range<u64> {
        let index = transaction.0 as usize;
        self.tx_first_input[index]..self.tx_first_input[index + 1]
    }

    fn output_count(&self) -> u64 {
        self.outputs.len() as u64
    }

    fn creator(&self, output: OutputNumber) -> TxNumber {
        TxNumber(self.columns.output_creator[output.0 as usize])
    }

    fn value(&self, output: OutputNumber) -> Satoshi {
        self.outputs[output.0 as usize].value
    }

    fn script_type(&self, output: OutputNumber) -> ScriptType {
        match self.address_of(output) {
            Some(address) => self.columns.script_types[address.0 as usize],
            None => ScriptType::OpReturn,
        }
    }

    fn address_of(&self, output: OutputNumber) -> Option<AddressNumber> {
        let address = self.columns.output_address[output.0 as usize];
        (address != NONE).then_some(AddressNumber(address))
    }

    fn spender(&self, output: OutputNumber) -> Option<TxNumber> {
        let spender = self.columns.output_spender[output.0 as usize];
        (spender != NONE).then_some(TxNumber(spender))
    }

    fn spent(&self, input: InputNumber) -> Spent {
        let output = self.columns.input_output[input.0 as usize];
        if output != OUTSIDE {
            return Spent::Inside(OutputNumber(output));
        }
        let given = self.inputs[input.0 as usize];
        let coin = self.coins.get(&given.previous);
        let address = coin.and_then(|coin| self.address_number(&coin.script));
        Spent::Outside { point: given.previous, value: given.value, address }
    }

    fn address_count(&self) -> u32 {
        self.columns.scripts.len() as u32
    }

    fn script_of(&self, address: AddressNumber) -> Vec<u8> {
        self.columns.scripts[address.0 as usize].to_vec()
    }

    fn address_number(&self, script: &[u8]) -> Option<AddressNumber> {
        self.columns.by_script.get(script).copied().map(AddressNumber)
    }

    fn outputs_to(&self, address: AddressNumber) -> Vec<OutputNumber> {
        let index = address.0 as usize;
        let (first, end) =
            (self.columns.posting_first[index], self.columns.posting_first[index + 1]);
        let outputs = &self.columns.postings[first as usize..end as usize];
        outputs.iter().copied().map(OutputNumber).collect()
    }

    fn files_of(&self, block: BlockNumber) -> Option<&BlockFacts> {
        Some(self.block(block))
    }
}
