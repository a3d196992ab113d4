//! Inputs and outputs that stand in their transaction's row, as a list of objects: JSON, as
//! bitcoin-etl writes them, or as Cassandra's and Python's own spelling of the same, which is
//! GraphSense's. Knows no other columns.

use std::rc::Rc;

use super::columns::{HASH, TX_INPUTS, TX_OUTPUTS};
use super::{RowInput, Spending, is_null, script_to, single};
use crate::Network;
use crate::OutPoint;
use crate::block::{Coin, TransactionInput};
use crate::table::list::{Object, list};
use crate::table::stream::Record;
use crate::table::{TableError, TableFault, cell};

/// The inputs in a cell.
pub(super) fn inputs(
    row: &Rc<Record>,
    transaction: usize,
    spending: &Spending,
    network: Network,
) -> Result<Vec<RowInput>, TableError> {
    let (column, is_first) = (TX_INPUTS, transaction == 0);
    let fail = |fault| row.fault(column, fault);
    let objects = row.may(column, list)?;
    let objects = match objects {
        Some(objects) => objects,
        None if is_first => Vec::new(),
        None => {
            let words = "there is no table of inputs, and the transaction tells none";
            return Err(fail(TableFault::Refused(words.to_owned())));
        }
    };
    let nothing = |object: &Object| object.get(SPENT_HASH).is_none_or(is_null);
    if is_first && objects.len() == 1 && nothing(&objects[0]) {
        return Ok(Vec::new());
    }
    let txid = row.must(HASH, cell::txid)?;
    let mut inputs = Vec::with_capacity(objects.len());
    for (expected, object) in (0..).zip(&objects) {
        object.follows("input", expected).map_err(fail)?;
        let apart = spending.get(&(txid, expected as u32)).copied();
        let (input, value, sequence) = input_of(object, apart, network).map_err(fail)?;
        inputs.push(RowInput { place: (Rc::clone(row), column), input, value, sequence });
    }
    Ok(inputs)
}

/// The outputs in a cell.
pub(super) fn outputs(row: &Record, network: Network) -> Result<Vec<Coin>, TableError> {
    let column = TX_OUTPUTS;
    let fail = |fault| row.fault(column, fault);
    let Some(objects) = row.may(column, list)? else {
        let words = "there is no table of outputs, and the transaction tells none";
        return Err(fail(TableFault::Refused(words.to_owned())));
    };
    let mut coins = Vec::with_capacity(objects.len());
    for (expected, object) in (0..).zip(&objects) {
        object.follows("output", expected).map_err(fail)?;
        coins.push(output_of(object, network).map_err(fail)?);
    }
    Ok(coins)
}

const SPENT_HASH: &[&str] = &["spent_transaction_hash", "spent_tx_hash"];
const SPENT_INDEX: &[&str] = &["spent_output_index"];
const ADDRESSES: &[&str] = &["addresses", "address"];

type Told = (TransactionInput, Option<crate::Satoshi>, Option<u32>);

fn input_of(
    object: &Object,
    apart: Option<OutPoint>,
    network: Network,
) -> Result<Told, TableFault> {
    let previous = match apart {
        Some(point) => point,
        None => OutPoint {
            txid: cell::txid(object.must(SPENT_HASH)?)?,
            vout: cell::small(object.must(SPENT_INDEX)?)?,
        },
    };
    let value = object.get(&["value"]).map(cell::satoshi).transpose()?;
    let script = single(object.get(ADDRESSES))
        .and_then(|address| crate::script::script_of(address, network).ok());
    let coin = value.zip(script);
    let coin = coin.map(|(value, script)| Coin { value, script: script.into() });
    let sequence = object.get(&["sequence"]).map(cell::small).transpose()?;
    Ok((TransactionInput { previous, coin }, value, sequence))
}

fn output_of(object: &Object, network: Network) -> Result<Coin, TableFault> {
    let value = cell::satoshi(object.must(&["value"])?)?;
    let script = match object.get(&["script_hex"]) {
        Some(script) => cell::script(script)?,
        None => script_to(object.get(ADDRESSES), network)?,
    };
    Ok(Coin { value, script })
}
