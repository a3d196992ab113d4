//! Real rows of Tron (GraphSense's fixtures), put into the shape of the HTTP API and decoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chain::account::{AccountBlock, AccountChain, Kind, Ledgers};
use chain::tron::{self, TronAnswers};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FOLDER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/graphsense/trx");

fn rows(name: &str) -> Option<Vec<Value>> {
    let Ok(text) = std::fs::read_to_string(format!("{FOLDER}/{name}")) else {
        println!("SKIPPED: real rows of Tron are not at {FOLDER}/{name}");
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn hexed(row: &Value, field: &str) -> String {
    hex::encode(STANDARD.decode(row[field].as_str().unwrap()).unwrap())
}

fn address(row: &Value, field: &str) -> String {
    format!("41{}", hexed(row, field))
}

fn decode(block: &Value, infos: &Value) -> AccountBlock {
    let (block, infos) = (block.to_string(), infos.to_string());
    let answers = TronAnswers { block: block.as_bytes(), infos: Some(infos.as_bytes()) };
    tron::decode(answers).unwrap_or_else(|error| panic!("{error}"))
}

fn header(number: u64, id: &str, parent: &str, time: u64) -> Value {
    json!({
        "blockID": id,
        "block_header": {"raw_data": {
            "number": number, "parentHash": parent, "timestamp": 1_000 * time,
        }},
    })
}

#[test]
fn a_thousand_blocks_and_their_internal_transactions_decode_and_follow_each_other() {
    let folder = "56804500to56805500";
    let (Some(blocks), Some(traces)) =
        (rows(&format!("{folder}/blocks.json")), rows(&format!("{folder}/traces.json")))
    else {
        return;
    };
    let mut by_block: BTreeMap<u64, BTreeMap<(u64, String), Vec<&Value>>> = BTreeMap::new();
    for trace in &traces {
        let key = (trace["internalIndex"].as_u64().unwrap(), hexed(trace, "txHash"));
        let block = by_block.entry(trace["blockId"].as_u64().unwrap()).or_default();
        block.entry(key).or_default().push(trace);
    }
    let mut blocks: Vec<&Value> = blocks.iter().collect();
    blocks.sort_by_key(|block| block["blockId"].as_u64());
    let mut ledgers = Ledgers::new(AccountChain::Tron);
    let (mut paid, mut expected, mut overflowed) = (0u128, 0u128, 0);
    for row in &blocks {
        let number = row["blockId"].as_u64().unwrap();
        let (id, parent) = (hexed(row, "blockHash"), hexed(row, "parentHash"));
        let mut block = header(number, &id, &parent, row["timestamp"].as_u64().unwrap());
        let (mut transactions, mut infos) = (Vec::new(), Vec::new());
        for ((_, hash), traces) in by_block.remove(&number).unwrap_or_default() {
            let mut internal = Vec::new();
            for trace in traces {
                // The table's writer ran over 32 bits; a node cannot answer that.
                let value = trace["callValue"].as_i64().unwrap();
                overflowed += u32::from(value < 0);
                let value = value.max(0);
                let rejected = trace["rejected"].as_bool().unwrap();
                expected += if rejected { 0 } else { value as u128 };
                internal.push(json!({
                    "caller_address": address(trace, "callerAddress"),
                    "transferTo_address": address(trace, "transfertoAddress"),
                    "callValueInfo": [{"callValue": value}],
                    "note": hex::encode(trace["note"].as_str().unwrap()),
                    "rejected": rejected,
                }));
            }
            // The table does not tell who signed.
            let (signer, called) =
                (format!("41{}", "01".repeat(20)), internal[0]["caller_address"].clone());
            transactions.push(json!({
                "txID": hash, "ret": [{"contractRet": "SUCCESS"}],
                "raw_data": {"contract": [{"type": "TriggerSmartContract", "parameter": {"value": {
                    "owner_address": signer, "contract_address": called,
                }}}]},
            }));
            infos.push(json!({
                "id": hash, "blockNumber": number, "receipt": {"result": "SUCCESS"},
                "internal_transactions": internal,
            }));
        }
        block["transactions"] = json!(transactions);
        let decoded = decode(&block, &json!(infos));
        assert_eq!((decoded.number, decoded.gaps.len()), (number, 0));
        paid += decoded.movements.iter().map(|one| one.amount).sum::<u128>();
        ledgers.append(&decoded).unwrap();
    }
    assert!(by_block.is_empty(), "every trace belongs to a block");
    assert_eq!((blocks.len(), traces.len(), paid), (1_001, 4_957, expected));
    println!("{overflowed} of {} amounts in the table are negative", traces.len());
    let contracts = ledgers.pairs().filter(|(_, account)| ledgers.is_contract(*account));
    assert!(contracts.count() > 0);
}

#[test]
fn the_first_transfers_of_tron_decode_with_their_fees() {
    let folder = "0to10000";
    let (Some(rows), Some(fees)) =
        (rows(&format!("{folder}/transactions.json")), rows(&format!("{folder}/tx_fee.json")))
    else {
        return;
    };
    let fee_of: BTreeMap<String, u64> =
        fees.iter().map(|row| (hexed(row, "txHash"), row["fee"].as_u64().unwrap())).collect();
    let mut by_block: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for row in &rows {
        by_block.entry(row["blockId"].as_u64().unwrap()).or_default().push(row);
    }
    let (mut sent, mut burned) = (0u128, 0u128);
    for (number, rows) in &mut by_block {
        rows.sort_by_key(|row| row["transactionIndex"].as_u64());
        let id = hexed(rows[0], "blockHash");
        let mut block = header(*number, &id, &"00".repeat(32), 0);
        let (mut transactions, mut infos) = (Vec::new(), Vec::new());
        for row in rows.iter() {
            let hash = hexed(row, "txHash");
            // Rows without a payee are votes, witnesses and assets: they pay a fee only.
            let (kind, value) = match row.get("toAddress") {
                Some(_) => (
                    "TransferContract",
                    json!({
                        "owner_address": address(row, "fromAddress"),
                        "to_address": address(row, "toAddress"), "amount": row["value"],
                    }),
                ),
                None => (
                    "VoteWitnessContract",
                    json!({
                        "owner_address": address(row, "fromAddress"),
                    }),
                ),
            };
            transactions.push(json!({
                "txID": hash,
                "raw_data": {"contract": [{"type": kind, "parameter": {"value": value}}]},
            }));
            infos.push(json!({"id": hash, "blockNumber": number, "fee": fee_of[&hash]}));
        }
        block["transactions"] = json!(transactions);
        let decoded = decode(&block, &json!(infos));
        for one in &decoded.movements {
            match one.kind {
                Kind::FeeBurned => burned += one.amount,
                _ => sent += one.amount,
            }
        }
    }
    let expected_sent: u128 = rows
        .iter()
        .filter(|row| row.get("toAddress").is_some())
        .map(|row| u128::from(row["value"].as_u64().unwrap()))
        .sum();
    let expected_fees: u128 = fee_of.values().map(|fee| u128::from(*fee)).sum();
    assert_eq!((sent, burned, rows.len()), (expected_sent, expected_fees, 2_172));
}
