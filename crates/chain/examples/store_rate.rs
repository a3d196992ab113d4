//! How fast blocks decode and a store takes them, opens and answers, on made-up blocks of today's
//! shape. `cargo run --release -p chain --example store_rate -- DIR [MILLION_TRANSACTIONS]`

use std::path::PathBuf;
use std::time::Instant;

use chain::block::{Coin, NamedBytes, Transaction, TransactionInput, decode_file};
use chain::store::{ChainStore, Layout, NewBlock, check};
use chain::{
    AddressNumber, BlockHash, Features, Height, InputNumber, Network, OutPoint, OutputNumber,
    Satoshi, TxNumber, Txid, Utxo,
};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const TRANSACTIONS_PER_BLOCK: u32 = 2_500;
/// Outputs kept for spending: old ones too, as on the real chain.
const UNSPENT_MAX: usize = 3_000_000;
const ANSWERS: u64 = 2_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().expect("the folder to make the store in"));
    let millions: f64 = arguments.next().map_or(2.0, |text| text.parse().expect("a number"));
    decode_rates();
    let blocks = (millions * 1e6 / f64::from(TRANSACTIONS_PER_BLOCK)) as u32;
    let mut maker = Maker::new();
    let mut store = ChainStore::create(&dir, Network::Mainnet, Layout::default()).expect("new");
    let (mut taking, mut since, mut rows) = (0.0, 0.0, 0u64);
    for number in 0..blocks {
        let block = maker.block(number);
        rows += block
            .transactions
            .iter()
            .map(|t| (t.inputs.len() + t.outputs.len()) as u64)
            .sum::<u64>();
        let begun = Instant::now();
        store.append_block(block).expect("sound");
        if number % 64 == 0 {
            store.commit().expect("disk");
        }
        taking += begun.elapsed().as_secs_f64();
        if (number + 1) % (blocks / 10).max(1) == 0 {
            let transactions = f64::from(blocks / 10 * TRANSACTIONS_PER_BLOCK);
            println!(
                "import: {:>9} transactions, {:>5.0} k transactions/s in the last tenth",
                (number + 1) * TRANSACTIONS_PER_BLOCK,
                transactions / (taking - since) / 1e3
            );
            since = taking;
        }
    }
    store.commit().expect("disk");
    println!(
        "import: {rows} inputs and outputs in {taking:.2} s, {:.2} M/s",
        rows as f64 / taking / 1e6
    );
    let stats = store.stats().expect("sizes");
    println!(
        "store: {} bytes, {} segments, {} index runs",
        stats.bytes(),
        stats.segments,
        stats.index_runs
    );
    drop(store);
    let begun = Instant::now();
    let store = ChainStore::open(&dir).expect("sound");
    println!(
        "reopen: {:.3} s, {} blocks in the tail",
        begun.elapsed().as_secs_f64(),
        store.tail_block_count()
    );
    answers(&store);
    let begun = Instant::now();
    let report = check(&dir, |_, _| {}).expect("readable");
    assert_eq!(report.findings, vec![]);
    let seconds = begun.elapsed().as_secs_f64();
    println!("check: {seconds:.2} s, {:.0} MB/s", report.bytes as f64 / seconds / 1e6);
}

fn decode_rates() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let rate = |name: &str, one: &dyn Fn() -> usize| {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let begun = Instant::now();
            let transactions: usize = (0..10).map(|_| one()).sum();
            assert_eq!(transactions, 25_000);
            best = best.min(begun.elapsed().as_secs_f64() / 10.0);
        }
        let (megabytes, transactions) = (bytes.len() as f64 / 1e6, 2_500.0 / 1e3);
        println!(
            "decode: {name:<44} {:>4.0} MB/s, {:>5.0} k transactions/s",
            megabytes / best,
            transactions / best
        );
    };
    rate("rust-bitcoin, fields only", &|| {
        bitcoin::consensus::deserialize::<bitcoin::Block>(bytes).expect("a block").txdata.len()
    });
    rate("rust-bitcoin with ids and addresses", &|| {
        let block: bitcoin::Block = bitcoin::consensus::deserialize(bytes).expect("a block");
        let mut length = 0;
        for transaction in &block.txdata {
            std::hint::black_box(transaction.compute_txid());
            for output in &transaction.output {
                let address =
                    bitcoin::Address::from_script(&output.script_pubkey, bitcoin::Network::Bitcoin);
                std::hint::black_box(address.is_ok());
            }
            length += 1;
        }
        length
    });
    let file = NamedBytes { name: "702861", bytes };
    rate("ours: ids, Merkle root, double spends, file digest", &|| {
        decode_file(file, Network::Mainnet).expect("a block")[0].transactions.len()
    });
}

struct Maker {
    random: ChaCha8Rng,
    unspent: Vec<(OutPoint, u64)>,
    addresses: u64,
    previous: BlockHash,
}

impl Maker {
    fn new() -> Maker {
        let random = ChaCha8Rng::seed_from_u64(7);
        Maker { random, unspent: Vec::new(), addresses: 0, previous: Network::Mainnet.genesis() }
    }

    fn id(&mut self) -> [u8; 32] {
        let mut id = [0; 32];
        self.random.fill_bytes(&mut id);
        id
    }

    /// A new address half of the time, else a recent or an old one.
    fn script(&mut self) -> Box<[u8]> {
        let address = match self.random.random_range(0..4u8) {
            0 | 1 => {
                self.addresses += 1;
                self.addresses
            }
            2 => self.addresses.saturating_sub(self.random.random_range(0..10_000)),
            _ => self.random.random_range(0..=self.addresses),
        };
        let mut script = vec![0x00, 0x14];
        let mixed = address.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        script.extend_from_slice(&mixed.to_le_bytes());
        script.extend_from_slice(&address.to_le_bytes());
        script.extend_from_slice(&[7; 4]);
        script.into_boxed_slice()
    }

    fn block(&mut self, number: u32) -> NewBlock {
        let mut transactions: Vec<Transaction> = Vec::new();
        for position in 0..TRANSACTIONS_PER_BLOCK {
            let (mut inputs, mut sum) = (Vec::new(), 5_000_000_000u64);
            if position > 0 {
                sum = 0;
                for _ in 0..self.random.random_range(1..=4u8) {
                    let Some(length) = self.unspent.len().checked_sub(1) else { break };
                    // Half of what is spent is recent.
                    let back = if self.random.random() { 20_000 } else { length };
                    let at = length - self.random.random_range(0..=back.min(length));
                    let (previous, value) = self.unspent.swap_remove(at);
                    sum += value;
                    inputs.push(TransactionInput { previous, coin: None });
                }
                if inputs.is_empty() {
                    continue;
                }
            }
            let txid = Txid(self.id());
            let count = self.random.random_range(1..=4u64);
            let mut outputs = Vec::new();
            for vout in 0..count {
                let value = sum / count;
                outputs.push(Coin { value: Satoshi(value), script: self.script() });
                let room = self.unspent.len() < UNSPENT_MAX;
                if position > 0 && (room || vout == 0) {
                    self.unspent.push((OutPoint { txid, vout: vout as u32 }, value));
                }
            }
            let features =
                Some(Features { version: 2, lock_time: number, replaceable: true, witness: true });
            transactions.push(Transaction { txid, inputs, outputs, features });
        }
        // A coinbase cannot be spent in its own block.
        let coinbase = &transactions[0];
        let value = coinbase.outputs[0].value.0;
        self.unspent.push((OutPoint { txid: coinbase.txid, vout: 0 }, value));
        let hash = BlockHash(self.id());
        let previous = std::mem::replace(&mut self.previous, hash);
        let (hash, previous) = (Some(hash), Some(previous));
        let (height, time) = (Some(Height(number + 1)), Some(1_600_000_000 + 600 * number));
        NewBlock { hash, previous, height, time, transactions }
    }
}

fn answers(store: &ChainStore) {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let outputs: Vec<u64> =
        (0..ANSWERS).map(|_| random.random_range(0..store.output_count())).collect();
    let ask = |name: &str, count: u64, one: &mut dyn FnMut(u64) -> u64| {
        let begun = Instant::now();
        let mut sum = 0u64;
        for output in &outputs[..count as usize] {
            sum = sum.wrapping_add(one(*output));
        }
        std::hint::black_box(sum);
        let nanoseconds = begun.elapsed().as_nanos() as f64 / count as f64;
        println!("answer: {name:<28} {nanoseconds:>7.1} ns");
    };
    ask("value", ANSWERS, &mut |output| store.value(OutputNumber(output)).0);
    ask("spender", ANSWERS, &mut |output| {
        store.spender(OutputNumber(output)).map_or(0, |spender| u64::from(spender.0))
    });
    ask("creator", ANSWERS, &mut |output| u64::from(store.creator(OutputNumber(output)).0));
    let transactions = u64::from(store.transaction_count());
    ask("outputs_of", ANSWERS, &mut |at| {
        store.outputs_of(TxNumber((at % transactions) as u32)).end
    });
    let inputs = store.inputs_of(TxNumber(transactions as u32 - 1)).end;
    ask("spent", ANSWERS, &mut |at| match store.spent(InputNumber(at % inputs)) {
        chain::Spent::Inside(output) => output.0,
        chain::Spent::Outside { .. } => 0,
    });
    ask("block_of", ANSWERS, &mut |at| {
        u64::from(store.block_of(TxNumber((at % transactions) as u32)).0)
    });
    ask("transaction by id (found)", 200_000, &mut |at| {
        let txid = store.txid(TxNumber((at % transactions) as u32));
        u64::from(store.transaction(&txid).expect("there").0)
    });
    let addresses = u64::from(store.address_count());
    ask("outputs to an address", 200_000, &mut |at| {
        store.outputs_to(AddressNumber((at % addresses) as u32)).len() as u64
    });
}
