//! Rows as the answers of a node.

use serde_json::{Map, Value, json};

use super::{Told, Transactions};
use crate::account::{Account, AccountChain, Hash256, TRANSFER_TOPIC};
use crate::table::list::list;
use crate::table::stream::Record;
use crate::table::{TableError, TableFault, cell, clip};

/// `eth_getBlockByNumber`.
pub(super) fn block(
    head: &Record,
    transactions: &Transactions,
    told: &Told,
) -> Result<Value, TableError> {
    let mut all = Vec::with_capacity(transactions.rows.len());
    for row in &transactions.rows {
        let mut one = Map::new();
        one.insert("hash".to_owned(), json!(hash_text(row.must(1, cell::hash)?)));
        one.insert("from".to_owned(), address(row.must(3, account)?));
        let to = row.may(4, account)?.map_or(Value::Null, address);
        one.insert("to".to_owned(), to);
        one.insert("value".to_owned(), quantity(row.must(5, cell::wide)?));
        put(&mut one, "gasPrice", row.may(6, cell::wide)?);
        put(&mut one, "maxFeePerGas", row.may(7, cell::wide)?);
        put(&mut one, "maxPriorityFeePerGas", row.may(8, cell::wide)?);
        all.push(Value::Object(one));
    }
    let gas_used = match head.may(5, cell::wide)? {
        Some(gas) => quantity(gas),
        None => sum_of_gas(told),
    };
    let mut block = Map::new();
    for (name, column) in [("hash", 1), ("parentHash", 2)] {
        block.insert(name.to_owned(), json!(hash_text(head.must(column, cell::hash)?)));
    }
    block.insert("number".to_owned(), quantity(head.must(0, cell::wide)?));
    block.insert("timestamp".to_owned(), quantity(u128::from(head.must(3, cell::time)?)));
    block.insert("miner".to_owned(), address(head.must(4, account)?));
    block.insert("gasUsed".to_owned(), gas_used);
    put(&mut block, "baseFeePerGas", head.may(6, cell::wide)?);
    if let Some(objects) = head.may(9, list)? {
        let mut withdrawals = Vec::with_capacity(objects.len());
        for object in objects {
            let fail = |fault| head.fault(9, fault);
            let to = object.must(&["address"]).and_then(account).map_err(fail)?;
            let gwei = object.must(&["amount"]).and_then(cell::number).map_err(fail)?;
            withdrawals.push(json!({ "address": address(to), "amount": quantity(gwei.into()) }));
        }
        block.insert("withdrawals".to_owned(), Value::Array(withdrawals));
    }
    block.insert("transactions".to_owned(), Value::Array(all));
    Ok(Value::Object(block))
}

/// Where a block does not say how much gas it used, its receipts do.
fn sum_of_gas(told: &Told) -> Value {
    let Told::Receipts(Value::Array(receipts)) = told else { return quantity(0) };
    let digits = |receipt: &Value| {
        let text = receipt["gasUsed"].as_str()?.strip_prefix("0x")?.to_owned();
        u128::from_str_radix(&text, 16).ok()
    };
    quantity(receipts.iter().filter_map(digits).sum())
}

/// `eth_getTransactionReceipt`, from gas, status, price and contract, and blob and layer-one costs.
pub(super) fn receipt(
    row: &Record,
    [gas, status, price, contract]: [usize; 4],
    more: Option<[usize; 3]>,
) -> Result<Map<String, Value>, TableError> {
    let mut receipt = Map::new();
    receipt.insert("gasUsed".to_owned(), quantity(row.must(gas, cell::number)?.into()));
    put(&mut receipt, "status", row.may(status, cell::wide)?);
    put(&mut receipt, "effectiveGasPrice", row.may(price, cell::wide)?);
    if let Some(contract) = row.may(contract, account)? {
        receipt.insert("contractAddress".to_owned(), address(contract));
    }
    for (name, column) in
        ["blobGasUsed", "blobGasPrice", "l1Fee"].into_iter().zip(more.into_iter().flatten())
    {
        put(&mut receipt, name, row.may(column, cell::wide)?);
    }
    Ok(receipt)
}

pub(super) fn log(row: &Record) -> Result<Map<String, Value>, TableError> {
    let data = row.may(4, cell::bytes)?.unwrap_or_default();
    let topics = row.may(5, topics)?.unwrap_or_default();
    let mut log = Map::new();
    log.insert("address".to_owned(), address(row.must(3, account)?));
    log.insert("data".to_owned(), json!(format!("0x{}", hex::encode(data))));
    log.insert("topics".to_owned(), json!(topics));
    Ok(log)
}

/// `["0x..", ..]` or `0x..,0x..`.
fn topics(text: &str) -> Result<Vec<String>, TableFault> {
    let marks = |mark: char| "[]\"' ".contains(mark);
    let each = text.split([',', '|']).map(|topic| topic.trim_matches(marks));
    each.filter(|topic| !topic.is_empty()).map(|topic| cell::hash(topic).map(hash_text)).collect()
}

/// The log that a transfer was read from, as far as it is known.
pub(super) fn transfer(row: &Record) -> Result<Map<String, Value>, TableError> {
    let topic = |account: Account| format!("0x{:0>64}", hex::encode(account.0));
    let (from, to) = (row.must(4, account)?, row.must(5, account)?);
    let amount = row.must(6, cell::word)?;
    let mut log = Map::new();
    log.insert("address".to_owned(), address(row.must(3, account)?));
    log.insert("data".to_owned(), json!(format!("0x{}", hex::encode(amount))));
    let transfer = format!("0x{}", hex::encode(TRANSFER_TOPIC));
    log.insert("topics".to_owned(), json!([transfer, topic(from), topic(to)]));
    Ok(log)
}

/// `trace_block`: by transaction, rewards last.
pub(super) fn calls(rows: Vec<Record>, count: usize) -> Result<Value, TableError> {
    let mut keyed = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let kind = row.must(2, |text| Ok(text.to_owned()))?;
        // Set by agreement, not by a call: the block says that this happened.
        if matches!(kind.as_str(), "genesis" | "daofork") {
            continue;
        }
        let transaction = match kind.as_str() {
            "reward" => count as u64,
            _ => row.must(1, cell::number)?,
        };
        let order = row.may(11, cell::number)?.unwrap_or(at as u64);
        keyed.push((transaction, order, kind, row));
    }
    keyed.sort_by_key(|(transaction, order, ..)| (*transaction, *order));
    let mut calls = Vec::with_capacity(keyed.len());
    for (transaction, _, kind, row) in keyed {
        calls.push(call(&row, &kind, transaction)?);
    }
    Ok(Value::Array(calls))
}

fn call(row: &Record, kind: &str, transaction: u64) -> Result<Value, TableError> {
    let from = row.may(4, account)?.map_or(Value::Null, address);
    let to = row.may(5, account)?.map_or(Value::Null, address);
    let value = quantity(row.may(6, cell::wide)?.unwrap_or(0));
    let way = row.may(7, way)?.unwrap_or_default();
    let failed = row.may(9, cell::flag)? == Some(false);
    let error = match row.text(8) {
        Some(words) => json!(clip(words)),
        None if failed => json!("status 0"),
        None => Value::Null,
    };
    let action = match kind {
        "reward" => json!({ "author": to, "value": value, "rewardType": row.text(10) }),
        "suicide" | "selfdestruct" => {
            json!({ "address": from, "refundAddress": to, "balance": value })
        }
        "create" => json!({ "from": from, "value": value }),
        _ => json!({ "callType": row.text(3), "from": from, "to": to, "value": value }),
    };
    let created = if kind == "create" { json!({ "address": to }) } else { Value::Null };
    let mut call = json!({
        "type": kind, "action": action, "result": created, "error": error, "traceAddress": way,
    });
    if kind != "reward" {
        call["transactionPosition"] = json!(transaction);
    }
    Ok(call)
}

/// Where in a transaction a call stands: `0,1` or `0|1`.
fn way(text: &str) -> Result<Vec<u32>, TableFault> {
    let steps = text.trim_matches(|mark: char| "[] ".contains(mark)).split([',', '|']);
    steps.map(str::trim).filter(|step| !step.is_empty()).map(cell::small).collect()
}

fn account(text: &str) -> Result<Account, TableFault> {
    // The form does not depend on the number.
    cell::account(AccountChain::Evm { chain_id: 0 })(text)
}

fn address(account: Account) -> Value {
    json!(format!("0x{}", hex::encode(account.0)))
}

pub(super) fn hash_text(hash: Hash256) -> String {
    format!("0x{}", hex::encode(hash.0))
}

pub(super) fn quantity(number: u128) -> Value {
    json!(format!("{number:#x}"))
}

fn put(object: &mut Map<String, Value>, name: &str, number: Option<u128>) {
    if let Some(number) = number {
        object.insert(name.to_owned(), quantity(number));
    }
}
