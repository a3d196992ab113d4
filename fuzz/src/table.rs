//! Inputs to the readers of tables. Each function takes any bytes and must not panic; what was read
//! must come back from the tables that are written of it.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use chain::account::{AccountBlock, AccountChain};
use chain::block::{FileFacts, NamedBytes};
use chain::evm::{EvmRules, UnknownOutcome};
use chain::store::NewBlock;
use chain::table::account::{AccountParts, AccountTables};
use chain::table::evm::{EvmParts, EvmTables};
use chain::table::utxo::{UtxoParts, UtxoTables};
use chain::table::write::{ACCOUNT_TABLES, Table, UTXO_TABLES, Writer, account_block, utxo_block};
use chain::table::{Input, Part};
use chain::{BlockNumber, ChainView, Network, ScriptType, TransactionRow, Utxo};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[
    ("table_utxo", utxo),
    ("table_account", account),
    ("table_evm", evm),
    #[cfg(feature = "parquet")]
    ("table_parquet", parquet),
];

/// Stands between the tables of one input.
const MARK: &[u8] = b"\n--\n";

/// Blocks, transactions, inputs, outputs and what inputs spend; each may be left out.
pub fn utxo(input: &[u8]) {
    let [blocks, transactions, inputs, outputs, spending, ..] = parts(input);
    let tables = UtxoParts { blocks, transactions, inputs, outputs, spending };
    utxo_there_and_back(tables);
}

/// Blocks, transactions, movements and gaps of Tron.
pub fn account(input: &[u8]) {
    let [blocks, transactions, movements, gaps, ..] = parts(input);
    let tables = AccountParts { blocks, transactions, movements, gaps };
    account_there_and_back(AccountTables::new(tables, AccountChain::Tron));
}

/// Blocks, transactions, receipts, logs, transfers and traces.
pub fn evm(input: &[u8]) {
    let [blocks, transactions, receipts, logs, transfers, traces] = parts(input);
    let rules = EvmRules { unknown_outcome: UnknownOutcome::AssumeSuccess, ..EvmRules::of(1) };
    let tables = EvmParts { blocks, transactions, receipts, logs, transfers, traces };
    let mut tables = EvmTables::new(tables, rules);
    let mut read = Vec::new();
    while let Ok(Some(row)) = tables.next_block() {
        read.push(row.block);
    }
    account_written(&read, AccountChain::Evm { chain_id: 1 });
}

/// A file of transactions with their inputs and outputs in them.
#[cfg(feature = "parquet")]
pub fn parquet(input: &[u8]) {
    let bytes = bytes::Bytes::copy_from_slice(input);
    let Ok(file) =
        std::panic::catch_unwind(|| ::parquet::file::reader::SerializedFileReader::new(bytes))
    else {
        return;
    };
    let Ok(file) = file else { return };
    let once = Mutex::new(Some(Input::Parquet(Box::new(file))));
    let open = move || {
        let taken = once.lock().ok().and_then(|mut once| once.take());
        taken.ok_or_else(|| std::io::Error::other("it was opened"))
    };
    let transactions = vec![Part { name: "transactions.parquet".into(), open: Box::new(open) }];
    utxo_there_and_back(UtxoParts { transactions, ..UtxoParts::default() });
}

fn utxo_there_and_back(tables: UtxoParts) {
    let mut tables = UtxoTables::new(tables, Network::Regtest);
    let mut rows = Vec::new();
    while let Ok(Some(row)) = tables.next_block() {
        let height = chain::Height(row.number);
        let transactions = row.block.transactions.iter().cloned();
        rows.extend(transactions.map(|transaction| TransactionRow { height, transaction }));
    }
    let file = FileFacts::of(NamedBytes { name: "tables", bytes: &[] });
    let Ok(view) = ChainView::from_rows(rows, file, Network::Regtest) else { return };
    let written = utxo_tables(&view);
    let mut again = UtxoTables::new(in_memory(&written), Network::Regtest);
    let mut blocks = Vec::new();
    while let Some(row) = again.next_block().expect("it was just written") {
        blocks.push(row.block);
    }
    assert_eq!(blocks.len() as u32, Utxo::block_count(&view));
    for (number, block) in (0..).map(BlockNumber).zip(&blocks) {
        same(&view, number, block);
    }
}

/// That a block holds what a view's does.
fn same(view: &ChainView, number: BlockNumber, block: &NewBlock) {
    let range = Utxo::transactions_of(view, number);
    assert_eq!(range.len(), block.transactions.len());
    for (transaction, given) in range.map(chain::TxNumber).zip(&block.transactions) {
        assert_eq!(Utxo::txid(view, transaction), given.txid);
        assert_eq!(Utxo::features(view, transaction), given.features);
        let outputs = view.outputs_of(transaction);
        assert_eq!(outputs.clone().count(), given.outputs.len());
        for (output, coin) in outputs.map(chain::OutputNumber).zip(&given.outputs) {
            assert_eq!(view.value(output), coin.value);
            assert_eq!(view.script_type(output), ScriptType::of(&coin.script));
        }
        assert_eq!(view.inputs_of(transaction).count(), given.inputs.len());
    }
}

/// The four tables of a chain, as text.
fn utxo_tables(chain: &dyn Utxo) -> [Vec<u8>; 4] {
    let (mut writers, bytes) = writers(&UTXO_TABLES);
    for block in 0..chain.block_count() {
        utxo_block(chain, BlockNumber(block), &mut writers).expect("memory and heights");
    }
    finish(writers, &bytes)
}

/// The same, by lines.
pub fn utxo_text(chain: &dyn Utxo) -> Vec<String> {
    let tables = utxo_tables(chain);
    let lines = tables.iter().flat_map(|table| table.split(|byte| *byte == b'\n'));
    lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

fn in_memory(tables: &[Vec<u8>; 4]) -> UtxoParts {
    UtxoParts {
        blocks: part("blocks", &tables[0]),
        transactions: part("transactions", &tables[1]),
        inputs: part("inputs", &tables[2]),
        outputs: part("outputs", &tables[3]),
        spending: Vec::new(),
    }
}

fn account_there_and_back(mut tables: AccountTables) {
    let mut read = Vec::new();
    while let Ok(Some(row)) = tables.next_block() {
        read.push(row.block);
    }
    account_written(&read, AccountChain::Tron);
}

fn account_written(blocks: &[AccountBlock], chain: AccountChain) {
    let (mut writers, bytes) = writers(&ACCOUNT_TABLES);
    for block in blocks {
        // Numbers and times beyond 63 bits are not written.
        if account_block(block, &mut writers).is_err() {
            return;
        }
    }
    let written = finish(writers, &bytes);
    let parts = AccountParts {
        blocks: part("blocks", &written[0]),
        transactions: part("transactions", &written[1]),
        movements: part("movements", &written[2]),
        gaps: part("gaps", &written[3]),
    };
    let mut again = AccountTables::new(parts, chain);
    for block in blocks {
        let row = again.next_block().expect("it was just written").expect("as many blocks");
        assert_eq!(row.block, *block);
    }
    assert!(again.next_block().expect("it was just written").is_none());
}

/// What is written, shared with who wrote it.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn writers(tables: &[Table; 4]) -> ([Writer; 4], [Memory; 4]) {
    let memory: [Memory; 4] = std::array::from_fn(|_| Memory::default());
    let writers = std::array::from_fn(|index| {
        Writer::csv(&tables[index], Box::new(memory[index].clone())).expect("memory")
    });
    (writers, memory)
}

fn finish(writers: [Writer; 4], bytes: &[Memory; 4]) -> [Vec<u8>; 4] {
    writers.into_iter().for_each(|writer| writer.finish().expect("memory"));
    std::array::from_fn(|index| bytes[index].0.lock().expect("one thread").clone())
}

fn part(name: &str, bytes: &[u8]) -> Vec<Part> {
    let bytes = bytes.to_vec();
    let open = move || Ok(Input::Csv(Box::new(Cursor::new(bytes.clone()))));
    vec![Part { name: format!("{name}.csv").into(), open: Box::new(open) }]
}

/// Up to six tables; an empty one is left out.
fn parts(input: &[u8]) -> [Vec<Part>; 6] {
    let mut rest = input;
    std::array::from_fn(|index| {
        let cut = rest.windows(MARK.len()).position(|bytes| bytes == MARK);
        let (own, next) = match cut {
            Some(cut) => (&rest[..cut], &rest[cut + MARK.len()..]),
            None => (rest, &[][..]),
        };
        rest = next;
        if own.is_empty() { Vec::new() } else { part(&format!("table-{index}"), own) }
    })
}
