//! Small chains written by hand, address by address, and real ones from tables.
#![allow(dead_code)]

use chain::block::{Coin, FileFacts, NamedBytes, Transaction, TransactionInput};
use chain::{
    AddressNumber, ChainView, Features, Height, Network, OutPoint, Satoshi, TransactionRow,
    TxNumber, Txid, Utxo as _,
};
use std::collections::HashMap;
use std::path::PathBuf;
use trace::synthetic::{Plan, Synthetic, Truth};

/// Pays nobody: an output that can never be spent.
pub const NOBODY: u32 = 0;

/// A chain in the making; a transaction to a block, after a coinbase.
#[derive(Default)]
pub struct Made {
    rows: Vec<TransactionRow>,
    /// What each transaction of [`Made::pay`] created.
    height: u32,
}

/// A transaction made here, by the number in its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(pub u32);

impl Made {
    /// A coin of its own for an address, from a coinbase.
    pub fn coin(&mut self, address: u32, value: u64) -> (Name, u32) {
        let name = Name(self.rows.len() as u32);
        self.push(name, &[], &[(address, value)], None);
        self.height += 1;
        (name, 0)
    }

    /// A payment, in a block with an empty coinbase.
    pub fn pay(&mut self, inputs: &[(Name, u32)], outputs: &[(u32, u64)]) -> Name {
        self.pay_with(inputs, outputs, None)
    }

    pub fn pay_with(
        &mut self,
        inputs: &[(Name, u32)],
        outputs: &[(u32, u64)],
        features: Option<Features>,
    ) -> Name {
        self.push(Name(self.rows.len() as u32), &[], &[], None);
        let name = Name(self.rows.len() as u32);
        self.push(name, inputs, outputs, features);
        self.height += 1;
        name
    }

    fn push(
        &mut self,
        name: Name,
        inputs: &[(Name, u32)],
        outputs: &[(u32, u64)],
        features: Option<Features>,
    ) {
        let inputs = inputs.iter().map(|(from, vout)| TransactionInput {
            previous: OutPoint { txid: txid(*from), vout: *vout },
            coin: None,
        });
        let outputs = outputs.iter().map(|(address, value)| coin(*address, *value));
        let (inputs, outputs) = (inputs.collect(), outputs.collect());
        let transaction = Transaction { txid: txid(name), inputs, outputs, features };
        self.rows.push(TransactionRow { height: Height(self.height), transaction });
    }

    pub fn view(self) -> ChainView {
        let file = FileFacts::of(NamedBytes { name: "made", bytes: b"" });
        ChainView::from_rows(self.rows, file, Network::Regtest).unwrap()
    }
}

pub fn txid(name: Name) -> Txid {
    let mut bytes = [0x4d; 32];
    bytes[..4].copy_from_slice(&name.0.to_le_bytes());
    Txid(bytes)
}

pub fn number(view: &ChainView, name: Name) -> TxNumber {
    view.transaction(&txid(name)).unwrap()
}

/// Pay to witness public key hash; from 1,000 on pay to public key hash; 0 is nobody.
pub fn script(address: u32) -> Box<[u8]> {
    let mut script = match address {
        NOBODY => return Box::new([0x6a]),
        1..1_000 => vec![0, 20],
        _ => vec![0x76, 0xa9, 20],
    };
    script.extend([0x22; 16]);
    script.extend(address.to_be_bytes());
    if address >= 1_000 {
        script.extend([0x88, 0xac]);
    }
    script.into()
}

pub fn coin(address: u32, value: u64) -> Coin {
    Coin { value: Satoshi(value), script: script(address) }
}

pub fn address(view: &ChainView, address: u32) -> AddressNumber {
    view.address_number(&script(address)).unwrap()
}

/// The made-up number of an address.
pub fn made_number(view: &ChainView, address: AddressNumber) -> u32 {
    let script = view.script_of(address);
    let end = if script.len() == 22 { 22 } else { 23 };
    u32::from_be_bytes(script[end - 4..end].try_into().unwrap())
}

/// A generated chain, and what is true of each transaction.
pub fn synthetic(plan: Plan) -> (ChainView, Vec<Truth>) {
    let (mut rows, mut truths) = (Vec::new(), Vec::new());
    for mut block in Synthetic::new(plan) {
        truths.append(&mut block.truths);
        rows.extend(block.rows());
    }
    let view = ChainView::from_rows(rows, trace::synthetic::facts(), Network::Mainnet).unwrap();
    (view, truths)
}

/// A file of real data, or a loud line and `None`.
pub fn data(path: &str) -> Option<Vec<u8>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let bytes = std::fs::read(PathBuf::from(root).join(path)).ok();
    if bytes.is_none() {
        println!("SKIPPED: real data is absent: shared/data/{path}");
    }
    bytes
}

fn table(name: &str) -> Option<Vec<Vec<String>>> {
    let bytes = data(&format!("chain/btc-2009/{name}.csv"))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&bytes[..]);
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    Some(rows.collect())
}

fn column(row: &[String], index: usize) -> u64 {
    row[index].parse().unwrap()
}

/// All mainnet transactions of 2009, from a table that numbers outputs `10 tx + vout`. Addresses
/// that the table could not spell stay apart by its own number for them.
pub fn year_2009() -> Option<ChainView> {
    let hashes = table("sampledata_2009_tx_hash")?;
    let heights = table("sampledata_2009_tx_height")?;
    let inputs = table("sampledata_2009_tx_input")?;
    let outputs = table("sampledata_2009_tx_output")?;
    let addresses: HashMap<u64, String> = table("sampledata_2009_adr_hash")?
        .into_iter()
        .map(|row| (column(&row, 0), row[1].clone()))
        .collect();
    // Whoever made the table stripped `b` from both ends of each id; padding keeps them apart.
    let mut transactions: Vec<Transaction> = hashes
        .iter()
        .map(|row| format!("{:b<64}", &row[1]).parse().unwrap())
        .map(|txid| Transaction { txid, inputs: Vec::new(), outputs: Vec::new(), features: None })
        .collect();
    let mut position = HashMap::new();
    for row in &outputs {
        let tx = column(row, 1) as usize;
        position.insert(column(row, 0), (tx, transactions[tx].outputs.len() as u32));
        let number = column(row, 2);
        let address = addresses.get(&number).map(String::as_str).unwrap_or_default();
        let spelled = chain::script::script_of(address, Network::Mainnet);
        let script = spelled.unwrap_or_else(|_| number.to_be_bytes().to_vec());
        let value = Satoshi(column(row, 3));
        transactions[tx].outputs.push(Coin { value, script: script.into() });
    }
    for row in &inputs {
        let (from, vout) = position[&column(row, 0)];
        let previous = OutPoint { txid: transactions[from].txid, vout };
        let input = TransactionInput { previous, coin: None };
        transactions[column(row, 1) as usize].inputs.push(input);
    }
    let mut rows: Vec<TransactionRow> = heights
        .iter()
        .zip(transactions)
        .map(|(row, transaction)| TransactionRow {
            height: Height(column(row, 1) as u32),
            transaction,
        })
        .collect();
    // The table lists a block's coinbase first already; the sort keeps that order.
    rows.sort_by_key(|row| row.height);
    let bytes = data("chain/btc-2009/sampledata_2009_tx_output.csv")?;
    let file = FileFacts::of(NamedBytes { name: "sampledata_2009_tx_output.csv", bytes: &bytes });
    Some(ChainView::from_rows(rows, file, Network::Mainnet).unwrap())
}

/// Block files with their undo files, or `None` when one is absent.
pub fn blocks(blocks: &[&str], undo: &[&str], network: Network) -> Option<ChainView> {
    let read = |names: &[&str]| -> Option<Vec<(String, Vec<u8>)>> {
        let file =
            |name: &&str| Some(((*name).to_owned(), data(&format!("chain/btc-blocks/{name}"))?));
        names.iter().map(file).collect()
    };
    fn named(files: &[(String, Vec<u8>)]) -> Vec<NamedBytes<'_>> {
        files.iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect()
    }
    let (blocks, undo) = (read(blocks)?, read(undo)?);
    Some(ChainView::load(&named(&blocks), &named(&undo), network).unwrap())
}
