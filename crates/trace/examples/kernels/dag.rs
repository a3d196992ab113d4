//! The benchmark's arrays as a chain. An edge from transaction `u` to `v` is an output of `u` that
//! `v` spends. Where a transaction pays more than it spends, clean money from outside makes up the
//! difference; where it pays less, the rest is its fee: so satoshis are conserved on the same graph.

use chain::utxo::{AddressNumber, Features, InputNumber, OutputNumber, Spent};
use chain::{
    BlockHash, BlockNumber, Height, Network, OutPoint, Satoshi, ScriptType, TxNumber, Txid, Utxo,
};
use std::ops::Range;
use std::path::Path;
use trace::share::{Payments, Spends};

/// Transactions of one block.
const BLOCK: u32 = 4_000;

/// Columns by spender and by payer.
pub struct Dag {
    in_first: Vec<u32>,
    in_from: Vec<u32>,
    in_value: Vec<u64>,
    out_first: Vec<u32>,
    out_to: Vec<u32>,
    out_value: Vec<u64>,
    out_from: Vec<u32>,
    /// Where each transaction's inputs begin, the one from outside included.
    input_first: Vec<u32>,
    /// The output that each input spends; beyond the last one, a place in `outside`.
    origin: Vec<u32>,
    /// What comes from outside, which makes up what is missing.
    outside: Vec<u64>,
}

impl Dag {
    /// Reads the arrays and turns them by payer.
    pub fn read(folder: &Path, count: u32) -> Dag {
        let (from, to) = (read_u32(folder, "spend_from.u32"), read_u32(folder, "spend_to.u32"));
        let value = read_u64(folder, "spend_value.u64");
        let in_first = starts(&to, count);
        let out_first = starts(&from, count);
        let mut next = out_first.clone();
        let mut dag = Dag {
            out_to: vec![0; to.len()],
            out_value: vec![0; to.len()],
            out_from: vec![0; to.len()],
            input_first: vec![0],
            origin: Vec::with_capacity(to.len() + count as usize),
            outside: Vec::new(),
            in_first,
            out_first,
            in_from: from,
            in_value: value,
        };
        let mut outputs = Vec::with_capacity(to.len());
        for (row, to) in to.into_iter().enumerate() {
            let from = dag.in_from[row];
            let place = next[from as usize];
            next[from as usize] += 1;
            outputs.push(place);
            let place = place as usize;
            (dag.out_to[place], dag.out_value[place]) = (to, dag.in_value[row]);
            dag.out_from[place] = from;
        }
        for number in 0..count {
            let (ins, outs) = (rows(&dag.in_first, number), rows(&dag.out_first, number));
            let (spent, paid): (u64, u64) =
                (dag.in_value[ins.clone()].iter().sum(), dag.out_value[outs].iter().sum());
            dag.origin.extend(&outputs[ins]);
            let missing = paid.saturating_sub(spent);
            if missing > 0 {
                dag.origin.push((outputs.len() + dag.outside.len()) as u32);
                dag.outside.push(missing);
            }
            dag.input_first.push(dag.origin.len() as u32);
        }
        dag
    }

    /// Rows by spender.
    pub fn spends(&self) -> Spends<'_> {
        Spends { first: &self.in_first, from: &self.in_from, value: &self.in_value }
    }

    /// Rows by payer.
    pub fn payments(&self) -> Payments<'_> {
        Payments { first: &self.out_first, to: &self.out_to, value: &self.out_value }
    }
}

fn rows(first: &[u32], number: u32) -> Range<usize> {
    first[number as usize] as usize..first[number as usize + 1] as usize
}

fn starts(owners: &[u32], count: u32) -> Vec<u32> {
    let mut first = vec![0; count as usize + 1];
    owners.iter().for_each(|owner| first[*owner as usize + 1] += 1);
    for index in 1..first.len() {
        first[index] += first[index - 1];
    }
    first
}

impl Utxo for Dag {
    fn network(&self) -> Network {
        Network::Regtest
    }

    fn block_count(&self) -> u32 {
        (self.in_first.len() as u32 - 1).div_ceil(BLOCK)
    }

    fn block_hash(&self, _: BlockNumber) -> Option<BlockHash> {
        None
    }

    fn height(&self, block: BlockNumber) -> Option<Height> {
        Some(Height(block.0))
    }

    fn block_time(&self, _: BlockNumber) -> Option<u32> {
        None
    }

    fn transactions_of(&self, block: BlockNumber) -> Range<u32> {
        block.0 * BLOCK..((block.0 + 1) * BLOCK).min(self.in_first.len() as u32 - 1)
    }

    fn transaction_count(&self) -> u32 {
        self.in_first.len() as u32 - 1
    }

    fn block_of(&self, transaction: TxNumber) -> BlockNumber {
        BlockNumber(transaction.0 / BLOCK)
    }

    fn txid(&self, transaction: TxNumber) -> Txid {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&transaction.0.to_le_bytes());
        Txid(bytes)
    }

    fn transaction(&self, txid: &Txid) -> Option<TxNumber> {
        let [a, b, c, d, ..] = txid.0;
        Some(TxNumber(u32::from_le_bytes([a, b, c, d])))
    }

    fn features(&self, _: TxNumber) -> Option<Features> {
        None
    }

    fn outputs_of(&self, transaction: TxNumber) -> Range<u64> {
        let rows = rows(&self.out_first, transaction.0);
        rows.start as u64..rows.end as u64
    }

    fn inputs_of(&self, transaction: TxNumber) -> Range<u64> {
        let rows = rows(&self.input_first, transaction.0);
        rows.start as u64..rows.end as u64
    }

    fn output_count(&self) -> u64 {
        self.out_to.len() as u64
    }

    fn creator(&self, output: OutputNumber) -> TxNumber {
        TxNumber(self.out_from[output.0 as usize])
    }

    fn value(&self, output: OutputNumber) -> Satoshi {
        Satoshi(self.out_value[output.0 as usize])
    }

    fn script_type(&self, _: OutputNumber) -> ScriptType {
        ScriptType::P2wpkh
    }

    fn address_of(&self, _: OutputNumber) -> Option<AddressNumber> {
        None
    }

    fn spender(&self, output: OutputNumber) -> Option<TxNumber> {
        Some(TxNumber(self.out_to[output.0 as usize]))
    }

    fn spent(&self, input: InputNumber) -> Spent {
        let origin = self.origin[input.0 as usize];
        match (origin as usize).checked_sub(self.out_to.len()) {
            None => Spent::Inside(OutputNumber(u64::from(origin))),
            Some(place) => Spent::Outside {
                point: OutPoint { txid: Txid([0; 32]), vout: origin },
                value: Some(Satoshi(self.outside[place])),
                address: None,
            },
        }
    }

    fn address_count(&self) -> u32 {
        0
    }

    fn script_of(&self, _: AddressNumber) -> Vec<u8> {
        Vec::new()
    }

    fn address_number(&self, _: &[u8]) -> Option<AddressNumber> {
        None
    }

    fn outputs_to(&self, _: AddressNumber) -> Vec<OutputNumber> {
        Vec::new()
    }
}

/// Reads a column.
pub fn read_u32(folder: &Path, name: &str) -> Vec<u32> {
    let bytes = std::fs::read(folder.join(name)).expect("the benchmark's arrays");
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().expect("4"))).collect()
}

/// Reads a column.
pub fn read_u64(folder: &Path, name: &str) -> Vec<u64> {
    let bytes = std::fs::read(folder.join(name)).expect("the benchmark's arrays");
    bytes.chunks_exact(8).map(|b| u64::from_le_bytes(b.try_into().expect("8"))).collect()
}
