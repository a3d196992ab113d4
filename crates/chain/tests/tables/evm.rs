//! Tables of ethereum-etl and GraphSense: what they give is what the decoder makes of a node's own
//! answers about the same blocks.

use chain::account::{Account, AccountBlock, AccountChain, Asset, GapReason};
use chain::evm::{EvmAnswers, EvmRules, Receipts, Traces, UnknownOutcome};
use expect_test::{Expect, expect};
use serde_json::Value;

use super::account::{import, read_log};
use super::{Files, Place};

const CHAIN: AccountChain = AccountChain::Evm { chain_id: 1 };

fn hash(number: u64) -> String {
    format!("0x{number:064x}")
}

fn address(number: u64) -> String {
    format!("0x{number:040x}")
}

/// Two blocks: a payment, a token transfer with an internal payment, and a failure.
fn sound() -> Files {
    let (payer, payee, pool, miner) = (address(1), address(2), address(3), address(9));
    let mut files = Files::new();
    files.insert(
        "blocks.csv",
        format!(
            "number,hash,parent_hash,nonce,sha3_uncles,miner,gas_used,timestamp,\
             transaction_count,base_fee_per_gas,withdrawals_root,withdrawals\n\
             20000000,{},{},0x0,0x1d,{miner},100000,1717281407,2,10,0x1,\
             \"[{{'index': '0x1', 'validator_index': '0x2', 'address': '{payee}', 'amount': \
             '77'}}]\"\n\
             20000001,{},{},0x0,0x1d,{miner},50000,1717281419,1,10,0x1,\n",
            hash(100),
            hash(99),
            hash(101),
            hash(100)
        ),
    );
    files.insert(
        "transactions.csv",
        format!(
            "hash,nonce,block_hash,block_number,transaction_index,from_address,to_address,value,\
             gas,gas_price,input,block_timestamp,max_fee_per_gas,max_priority_fee_per_gas,\
             transaction_type\n\
             {},0,{b},20000000,1,{payer},{pool},5,90000,12,0x00,0,,,0\n\
             {},0,{b},20000000,0,{payer},{payee},1000000000000000000000,21000,12,0x,0,,,0\n\
             {},0,{c},20000001,0,{payer},{pool},7,90000,12,0x00,0,,,0\n",
            hash(201),
            hash(200),
            hash(202),
            b = hash(100),
            c = hash(101)
        ),
    );
    files.insert(
        "receipts.csv",
        format!(
            "transaction_hash,transaction_index,block_hash,block_number,cumulative_gas_used,\
             gas_used,contract_address,root,status,effective_gas_price\n\
             {},0,{b},20000000,21000,21000,,,1,12\n\
             {},1,{b},20000000,100000,79000,,,1,12\n\
             {},0,{c},20000001,50000,50000,,,0,12\n",
            hash(200),
            hash(201),
            hash(202),
            b = hash(100),
            c = hash(101)
        ),
    );
    files.insert(
        "logs.csv",
        format!(
            "log_index,transaction_hash,transaction_index,block_hash,block_number,address,data,\
             topics\n0,{},1,{},20000000,{pool},0x{:064x},\"0xddf252ad1be2c89b69c2b068fc378daa\
             952ba7f163c4a11628f55a4df523b3ef,{},{}\"\n",
            hash(201),
            hash(100),
            1234,
            hash(1),
            hash(2)
        ),
    );
    let trace = |block: u64,
                 index: u64,
                 from: &str,
                 to: &str,
                 value: u64,
                 at: &str,
                 error: &str| {
        format!(
            "{block},{},{index},{from},{to},{value},0x,0x,call,call,,0,0,0,\"{at}\",{error},{}\n",
            hash(200 + index + 2 * (block - 20_000_000)),
            u32::from(error.is_empty())
        )
    };
    let paid = trace(20_000_000, 0, &payer, &payee, 0, "", "");
    let paid = paid.replacen(",0,0x,0x,", ",1000000000000000000000,0x,0x,", 1);
    files.insert(
        "traces.csv",
        format!(
            "block_number,transaction_hash,transaction_index,from_address,to_address,value,\
             input,output,trace_type,call_type,reward_type,gas,gas_used,subtraces,\
             trace_address,error,status\n{paid}{}{}{}{}",
            trace(20_000_000, 1, &payer, &pool, 5, "", ""),
            trace(20_000_000, 1, &pool, &payee, 4, "0", ""),
            trace(20_000_000, 1, &payee, &pool, 1, "0,0", ""),
            trace(20_000_001, 0, &payer, &pool, 7, "", "Reverted")
        ),
    );
    files
}

fn name(account: Option<Account>) -> String {
    account.map_or("nobody".to_owned(), |account| account.0[19].to_string())
}

fn said(blocks: &[AccountBlock]) -> String {
    let mut text = String::new();
    for block in blocks {
        for one in &block.movements {
            let asset = if one.asset == Asset::Native { "wei" } else { "tokens" };
            let (from, to) = (name(one.from), name(one.to));
            let index = one.transaction.map_or("-".to_owned(), |index| index.to_string());
            let (kind, amount) = (one.kind.name(), one.amount);
            text += &format!("{} {index} {kind}: {from} -> {to}, {amount} {asset}\n", block.number);
        }
        for gap in &block.gaps {
            let index = gap.transaction.map_or("-".to_owned(), |index| index.to_string());
            text += &format!("{} {index} gap: {}\n", block.number, gap.reason);
        }
    }
    text
}

fn check(files: &Files, rules: &EvmRules, expected: Expect) {
    let place = Place::new();
    let log = place.path("log");
    import(&log, CHAIN, &place.tables(files), rules).unwrap_or_else(|error| panic!("{error}"));
    expected.assert_eq(&said(&read_log(&log)));
}

#[test]
fn ethereum_etl_whole() {
    check(
        &sound(),
        &EvmRules::of(1),
        expect![[r#"
        20000000 0 fee burned: 1 -> nobody, 210000 wei
        20000000 0 fee to producer: 1 -> 9, 42000 wei
        20000000 0 value: 1 -> 2, 1000000000000000000000 wei
        20000000 1 fee burned: 1 -> nobody, 790000 wei
        20000000 1 fee to producer: 1 -> 9, 158000 wei
        20000000 1 value: 1 -> 3, 5 wei
        20000000 1 internal call: 3 -> 2, 4 wei
        20000000 1 internal call: 2 -> 3, 1 wei
        20000000 1 token: 1 -> 2, 1234 tokens
        20000000 - withdrawal: nobody -> 2, 77000000000 wei
        20000001 0 fee burned: 1 -> nobody, 500000 wei
        20000001 0 fee to producer: 1 -> 9, 100000 wei
    "#]],
    );
}

#[test]
fn ethereum_etl_with_transfers_only() {
    let mut files = sound();
    for table in ["receipts.csv", "logs.csv", "traces.csv"] {
        files.remove(table);
    }
    let transfer = format!(
        "token_address,from_address,to_address,value,transaction_hash,log_index,block_number\n\
         {},{},{},1234,{},0,20000000\n",
        address(3),
        address(1),
        address(2),
        hash(201)
    );
    files.insert("token_transfers.csv", transfer.clone());
    check(
        &files,
        &EvmRules::of(1),
        expect![[r#"
        20000000 1 value: 1 -> 3, 5 wei
        20000000 1 token: 1 -> 2, 1234 tokens
        20000000 - withdrawal: nobody -> 2, 77000000000 wei
        20000000 0 gap: no receipt says what was paid for gas
        20000000 0 gap: nothing given says whether the value arrived
        20000000 1 gap: no receipt says what was paid for gas
        20000000 - gap: no traces were given, so payments by contracts are unknown
        20000000 - gap: a table of transfers was given in place of logs: no wrapping, and items as amounts
        20000001 0 gap: no receipt says what was paid for gas
        20000001 0 gap: nothing given says whether the value arrived
        20000001 - gap: no traces were given, so payments by contracts are unknown
        20000001 - gap: a table of transfers was given in place of logs: no wrapping, and items as amounts
    "#]],
    );
    let rules = EvmRules { unknown_outcome: UnknownOutcome::AssumeSuccess, ..EvmRules::of(1) };
    let beyond = "340282366920938463463374607431768211456";
    files.insert("token_transfers.csv", transfer.replace("1234", beyond));
    check(
        &files,
        &rules,
        expect![[r#"
        20000000 0 value assumed: 1 -> 2, 1000000000000000000000 wei
        20000000 1 value: 1 -> 3, 5 wei
        20000000 - withdrawal: nobody -> 2, 77000000000 wei
        20000000 0 gap: no receipt says what was paid for gas
        20000000 1 gap: no receipt says what was paid for gas
        20000000 1 gap: a token amount beyond 128 bits
        20000000 - gap: no traces were given, so payments by contracts are unknown
        20000000 - gap: a table of transfers was given in place of logs: no wrapping, and items as amounts
        20000001 0 value assumed: 1 -> 3, 7 wei
        20000001 0 gap: no receipt says what was paid for gas
        20000001 - gap: no traces were given, so payments by contracts are unknown
        20000001 - gap: a table of transfers was given in place of logs: no wrapping, and items as amounts
    "#]],
    );
}

/// GraphSense's names, its receipts within the transactions and its own order of traces.
#[test]
fn graphsense_gives_the_same() {
    let place = Place::new();
    let (ours, theirs) = (place.path("ours"), place.path("theirs"));
    import(&ours, CHAIN, &place.tables(&sound()), &EvmRules::of(1)).unwrap();
    let sound = sound();
    let rename = |table: &str, names: &[(&str, &str)]| {
        let (header, rows) = sound[table].split_once('\n').unwrap();
        let header = header
            .split(',')
            .map(|name| names.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| *to));
        format!("{}\n{rows}", header.collect::<Vec<_>>().join(","))
    };
    let common = [("transaction_hash", "tx_hash"), ("block_number", "block_id")];
    let mut files = Files::new();
    let blocks = [("number", "block_id"), ("hash", "block_hash")];
    files.insert("block_20000000-20000999.csv", rename("blocks.csv", &blocks));
    files.insert("log_20000000-20000999.csv", rename("logs.csv", &common));
    let transactions = rename("transactions.csv", &[("hash", "tx_hash"), common[1]]);
    let receipt = |line: &str| match line.split(',').next() {
        Some(own) if own == hash(200) => ",21000,1,12",
        Some(own) if own == hash(201) => ",79000,1,12",
        Some(own) if own == hash(202) => ",50000,0,12",
        _ => ",receipt_gas_used,receipt_status,receipt_effective_gas_price",
    };
    let transactions = transactions.lines().map(|line| format!("{line}{}\n", receipt(line)));
    files.insert("tx_20000000-20000999.csv", transactions.collect());
    let traces = rename("traces.csv", &common).replace("0,0\"", "0|0\"");
    let (header, rows) = traces.split_once('\n').unwrap();
    let mut rows: Vec<String> =
        rows.lines().enumerate().map(|(at, row)| format!("{row},{at}\n")).collect();
    rows[1..4].reverse();
    files.insert("trace_20000000-20000999.csv", format!("{header},trace_index\n{}", rows.concat()));
    import(&theirs, CHAIN, &place.tables(&files), &EvmRules::of(1)).unwrap();
    assert_eq!(read_log(&theirs), read_log(&ours));
}

#[track_caller]
fn changed(file: &'static str, from: &str, to: &str, expected: Expect) {
    let mut files = sound();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    *text = text.replacen(from, to, 1);
    let place = Place::new();
    let log = place.path("log");
    let error = import(&log, CHAIN, &place.tables(&files), &EvmRules::of(1)).unwrap_err();
    expected.assert_eq(&place.said(&error));
    let done = import(&log, CHAIN, &place.tables(&sound()), &EvmRules::of(1)).unwrap();
    assert_eq!(done.added + done.known, 2, "the log is of use afterwards");
}

#[test]
fn tables_that_are_wrong() {
    changed(
        "blocks.csv",
        ",miner,",
        ",coinbase,",
        expect![
            "blocks.csv, line 1: there is no column `miner`; there are: number, hash, parent_hash, nonce, sha3_uncles, coinbase, gas_used, timestamp, transaction_count, base_fee_per_gas, withdrawals_root, withdrawals"
        ],
    );
    let most = "340282366920938463463374607431768211456";
    changed(
        "transactions.csv",
        "1000000000000000000000",
        most,
        expect![
            "transactions.csv, line 3, column `value`: `340282366920938463463374607431768211456` does not fit into 128 bits"
        ],
    );
    changed(
        "transactions.csv",
        ",5,90000",
        ",5.5,90000",
        expect![
            "transactions.csv, line 2, column `value`: `5.5` is not a whole number of digits only"
        ],
    );
    changed(
        "transactions.csv",
        &address(2),
        "0x12",
        expect![
            "transactions.csv, line 3, column `to_address`: `0x12` is not an address: write 0x and 40 hexadecimal digits"
        ],
    );
    changed(
        "transactions.csv",
        ",20000000,1,",
        ",20000000,2,",
        expect![
            "transactions.csv, line 2, column `transaction_index`: transaction 1 should stand here: a row is missing, or out of order"
        ],
    );
    changed(
        "receipts.csv",
        ",79000,",
        ",18446744073709551616,",
        expect![
            "receipts.csv, line 3, column `gas_used`: `18446744073709551616` does not fit into 64 bits"
        ],
    );
    changed(
        "receipts.csv",
        ",79000,",
        ",79001,",
        expect![
            "blocks.csv, line 2: EVM block 20000000, field `gasUsed`: the answers contradict each other: the receipts' gas sums to 100001, not to the block's gasUsed"
        ],
    );
    changed(
        "receipts.csv",
        &hash(201),
        &hash(209),
        expect![
            "receipts.csv, line 3, column `transaction_hash`: block 20000000 has no such transaction"
        ],
    );
    let second = sound()["receipts.csv"].lines().nth(2).unwrap().to_owned() + "\n";
    changed(
        "receipts.csv",
        &second,
        "",
        expect!["transactions.csv, line 2: there is no receipt of this transaction"],
    );
    changed(
        "logs.csv",
        "0xddf2",
        "0xzzf2",
        expect![
            "logs.csv, line 2, column `topics`: `0xzzf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef` is not a hash: write 64 hexadecimal digits"
        ],
    );
    changed(
        "traces.csv",
        ",call,call,",
        ",call,jump,",
        expect![
            "blocks.csv, line 2: EVM block 20000000, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000000c8), field `trace.callType`: `jump` is no sort of call that is known here"
        ],
    );
    changed(
        "traces.csv",
        ",5,0x",
        ",6,0x",
        expect![
            "blocks.csv, line 2: EVM block 20000000, transaction 1 (0x00000000000000000000000000000000000000000000000000000000000000c9), field `trace.value`: the answers contradict each other: the trace's own call has another sender or value"
        ],
    );
    changed(
        "traces.csv",
        "20000001,",
        "20000003,",
        expect![
            "blocks.csv, line 3: EVM block 20000001, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000000ca), field `traces`: it is missing"
        ],
    );
    let parent = format!(",{},0x0,", hash(100));
    changed(
        "blocks.csv",
        &parent,
        &format!(",{},0x0,", hash(98)),
        expect![
            "blocks.csv, line 3: block 20000001 follows 0x0000000000000000000000000000000000000000000000000000000000000062, but block 20000000 here is 0x0000000000000000000000000000000000000000000000000000000000000064: roll back to where both chains agree"
        ],
    );
}

/// Real mainnet blocks, their transactions as ethereum-etl's rows: the same movements as from the
/// node's answer itself.
#[test]
fn real_blocks_as_tables_say_what_the_node_said() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/eth-blocks");
    let Ok(entries) = std::fs::read_dir(root) else {
        println!("SKIPPED: real EVM blocks are not at {root}");
        return;
    };
    let rules = EvmRules { unknown_outcome: UnknownOutcome::AssumeSuccess, ..EvmRules::of(1) };
    let mut count = 0;
    for entry in entries {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let answers =
            EvmAnswers { block: &bytes, receipts: Receipts::Absent, traces: Traces::Absent };
        let direct = chain::evm::decode(answers, &rules).unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        let place = Place::new();
        let log = place.path("log");
        import(&log, CHAIN, &place.tables(&tables(&json)), &rules)
            .unwrap_or_else(|error| panic!("block {}: {error}", direct.number));
        let [read] = <[AccountBlock; 1]>::try_from(read_log(&log)).unwrap();
        assert_eq!(read.transactions, direct.transactions);
        // A table does not tell how many stale blocks were rewarded, and says so.
        let with_uncles = json["uncles"].as_array().is_some_and(|uncles| !uncles.is_empty());
        let told = read.gaps.iter().filter(|gap| gap.reason == GapReason::UncleUnknown);
        assert_eq!(told.count(), usize::from(with_uncles), "block {}", direct.number);
        let mut expected = direct.movements;
        let mut found = read.movements;
        if with_uncles {
            expected.retain(|one| one.transaction.is_some());
            found.retain(|one| one.transaction.is_some());
        }
        assert_eq!(found, expected, "block {}", direct.number);
        count += 1;
    }
    assert!(count > 40);
}

/// A node's block as the rows that ethereum-etl makes of it.
fn tables(block: &Value) -> Files {
    let number = |value: &Value| {
        let digits = value.as_str().map_or("", |text| text.trim_start_matches("0x"));
        if digits.is_empty() {
            return String::new();
        }
        u128::from_str_radix(digits, 16).unwrap().to_string()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let withdrawals = block["withdrawals"].as_array().map(|all| {
        let each = all.iter().map(|one| {
            let (to, amount) = (text(&one["address"]), number(&one["amount"]));
            format!("{{'address': '{to}', 'amount': {amount}}}")
        });
        format!("\"[{}]\"", each.collect::<Vec<_>>().join(", "))
    });
    let mut files = Files::new();
    files.insert(
        "blocks.csv",
        format!(
            "number,hash,parent_hash,sha3_uncles,miner,gas_used,timestamp,base_fee_per_gas,\
             withdrawals\n{},{},{},{},{},{},{},{},{}\n",
            number(&block["number"]),
            text(&block["hash"]),
            text(&block["parentHash"]),
            text(&block["sha3Uncles"]),
            text(&block["miner"]),
            number(&block["gasUsed"]),
            number(&block["timestamp"]),
            number(&block["baseFeePerGas"]),
            withdrawals.unwrap_or_default()
        ),
    );
    let mut rows = "block_number,hash,transaction_index,from_address,to_address,value,gas_price,\
                    max_fee_per_gas,max_priority_fee_per_gas\n"
        .to_owned();
    for (index, one) in block["transactions"].as_array().unwrap().iter().enumerate() {
        rows += &format!(
            "{},{},{index},{},{},{},{},{},{}\n",
            number(&block["number"]),
            text(&one["hash"]),
            text(&one["from"]),
            text(&one["to"]),
            number(&one["value"]),
            number(&one["gasPrice"]),
            number(&one["maxFeePerGas"]),
            number(&one["maxPriorityFeePerGas"])
        );
    }
    files.insert("transactions.csv", rows);
    files
}
