//! What the inputs of a block were worth, asked of a node. Knows no taint.
//!
//! A block names the outputs it spends and not their values. Two ways are tried: `getblock` with
//! verbosity 3 (Bitcoin Core 23 and later), one call a block, whose values are the node's testimony
//! as undo data is; and `getrawtransaction` of each previous transaction (needs `txindex=1`), whose
//! bytes hash to the id, so that nothing is taken on trust.

use crate::bitcoin::BitcoinNode;
use crate::error::clip;
use crate::http::Ask;
use crate::limits::ACCOUNT_ANSWER_BYTES_MAX;
use crate::{Fault, FeedError};
use bitcoin::hashes::Hash as _;
use chain::block::{Coin, Transaction};
use chain::{DecodedBlock, Height, OutPoint, SATOSHI_MAX, Satoshi, Txid};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};

/// Decimal places of a bitcoin.
const DECIMALS: i32 = 8;
/// Characters of an amount.
const AMOUNT_CHARS_MAX: usize = 32;

#[derive(Deserialize)]
struct Block {
    tx: Vec<Tx>,
}

#[derive(Deserialize)]
struct Tx {
    txid: String,
    vin: Vec<Vin>,
}

#[derive(Deserialize)]
struct Vin {
    prevout: Option<Prevout>,
}

#[derive(Deserialize)]
struct Prevout {
    value: Box<RawValue>,
    #[serde(rename = "scriptPubKey")]
    script: Script,
}

#[derive(Deserialize)]
struct Script {
    hex: String,
}

impl BitcoinNode {
    /// Tells each input of these blocks what it was worth. Outputs created in the blocks themselves
    /// need no asking.
    ///
    /// # Errors
    /// The node knows neither way, or what it says does not fit the block.
    pub async fn attach_coins(&self, blocks: &mut [DecodedBlock]) -> Result<(), FeedError> {
        let inside: BTreeSet<Txid> =
            blocks.iter().flat_map(|block| &block.transactions).map(|tx| tx.txid).collect();
        for block in blocks {
            if missing(block, &inside).is_empty() {
                continue;
            }
            if !self.attach_told(block).await? {
                self.attach_proven(block, &inside).await?;
            }
        }
        Ok(())
    }

    /// By verbosity 3; false where the node does not tell.
    async fn attach_told(&self, block: &mut DecodedBlock) -> Result<bool, FeedError> {
        let Some(rpc) = self.json_rpc() else { return Ok(false) };
        let (height, bytes_max) = (height_of(block), ACCOUNT_ANSWER_BYTES_MAX);
        let ask = Ask { method: "getblock", height, bytes_max };
        let told: Block = match rpc.call(ask, json!([block.hash.to_string(), 3])).await {
            Ok(told) => told,
            // A node that knows fewer verbosities may answer in another shape.
            Err(FeedError { fault: Fault::Shape(_) | Fault::Reported { .. }, .. }) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let fail = |what: String| rpc.http.fault(ask, Fault::Missing(what));
        if told.tx.len() != block.transactions.len() {
            return Err(fail(format!("{} of the block's transactions", told.tx.len())));
        }
        let mut coins = Vec::new();
        for (told, transaction) in told.tx.into_iter().zip(&block.transactions) {
            if told.txid != transaction.txid.to_string() {
                return Err(fail(format!("other transactions than block {}", block.hash)));
            }
            if transaction.inputs.is_empty() {
                continue;
            }
            if told.vin.len() != transaction.inputs.len() {
                return Err(fail(format!("inputs of transaction {}", transaction.txid)));
            }
            for vin in told.vin {
                let Some(prevout) = vin.prevout else { return Ok(false) };
                coins.push(coin(&prevout).map_err(|fault| rpc.http.fault(ask, fault))?);
            }
        }
        let inputs = block.transactions.iter_mut().flat_map(|tx| &mut tx.inputs);
        for (input, coin) in inputs.zip(coins) {
            input.coin = Some(coin);
        }
        Ok(true)
    }

    /// By the previous transactions themselves.
    async fn attach_proven(
        &self,
        block: &mut DecodedBlock,
        inside: &BTreeSet<Txid>,
    ) -> Result<(), FeedError> {
        let (height, bytes_max) = (height_of(block), ACCOUNT_ANSWER_BYTES_MAX);
        let ask = Ask { method: "getrawtransaction", height, bytes_max };
        let Some(rpc) = self.json_rpc() else {
            let what = "what inputs were worth; REST does not tell, give the JSON-RPC address";
            return Err(self.error(ask.method, block.height, Fault::Missing(what.to_owned())));
        };
        let wanted = missing(block, inside);
        let each = wanted.iter().map(|txid| json!([txid.to_string(), 0])).collect();
        let texts: Vec<String> = rpc.batch(ask, each).await?;
        let mut outputs: HashMap<OutPoint, Coin> = HashMap::new();
        for (txid, text) in wanted.iter().zip(texts) {
            let fail = |fault| rpc.http.fault(ask, fault);
            let shape = |words: String| fail(Fault::Shape(clip(&words)));
            let bytes = hex::decode(text.trim()).map_err(|error| shape(error.to_string()))?;
            let read: bitcoin::Transaction = bitcoin::consensus::deserialize(&bytes)
                .map_err(|error| shape(format!("transaction {txid}: {error}")))?;
            let given = Txid(read.compute_txid().to_byte_array());
            if given != *txid {
                let (asked, given) = (txid.to_string(), given.to_string());
                return Err(fail(Fault::OtherTransaction { asked, given }));
            }
            for (vout, output) in (0..).zip(read.output) {
                let value = Satoshi(output.value.to_sat());
                let script = output.script_pubkey.into_bytes().into_boxed_slice();
                outputs.insert(OutPoint { txid: given, vout }, Coin { value, script });
            }
        }
        let spends = block.transactions.iter_mut().flat_map(|tx| &mut tx.inputs);
        for input in spends.filter(|input| input.coin.is_none()) {
            input.coin = outputs.get(&input.previous).cloned();
            if input.coin.is_none() && !inside.contains(&input.previous.txid) {
                let what = format!("output {}, which is spent", input.previous);
                return Err(rpc.http.fault(ask, Fault::Missing(what)));
            }
        }
        Ok(())
    }
}

/// Previous transactions of which nothing is known yet.
fn missing(block: &DecodedBlock, inside: &BTreeSet<Txid>) -> BTreeSet<Txid> {
    let inputs = block.transactions.iter().flat_map(|tx: &Transaction| &tx.inputs);
    inputs
        .filter(|input| input.coin.is_none())
        .map(|input| input.previous.txid)
        .filter(|txid| !inside.contains(txid))
        .collect()
}

fn height_of(block: &DecodedBlock) -> Option<u64> {
    block.height.map(|Height(height)| u64::from(height))
}

fn coin(told: &Prevout) -> Result<Coin, Fault> {
    let shape = |what: &str| Fault::Shape(format!("{what} of a previous output"));
    let script = hex::decode(&told.script.hex).map_err(|_| shape("the script"))?;
    let value = satoshi(told.value.get()).ok_or_else(|| shape("the value"))?;
    Ok(Coin { value, script: script.into_boxed_slice() })
}

/// An amount of bitcoin as JSON writes it (`0.00012345`, `1.2e-7`), without passing through a
/// binary fraction.
fn satoshi(text: &str) -> Option<Satoshi> {
    if text.len() > AMOUNT_CHARS_MAX {
        return None;
    }
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u128 = digits.parse().ok()?;
    let shift = DECIMALS.checked_add(exponent)?.checked_sub(part.len() as i32)?;
    let scale = 10u128.checked_pow(shift.unsigned_abs())?;
    let value = if shift >= 0 {
        value.checked_mul(scale)?
    } else if value.is_multiple_of(scale) {
        value / scale
    } else {
        return None;
    };
    u64::try_from(value).ok().filter(|value| *value <= SATOSHI_MAX).map(Satoshi)
}

#[cfg(test)]
mod tests {
    use super::satoshi;

    #[test]
    fn amounts_are_exact() {
        let read = |text| satoshi(text).map(|amount| amount.0);
        assert_eq!(read("20999999.97690000"), Some(2_099_999_997_690_000));
        assert_eq!(read("0.1"), Some(10_000_000));
        assert_eq!(read("1e-8"), Some(1));
        assert_eq!(read("1.25E-6"), Some(125));
        assert_eq!(read("2.1e7"), Some(2_100_000_000_000_000));
        assert_eq!(read("50"), Some(5_000_000_000));
        for bad in ["", "-1", "1e-9", "0.000000001", "21000001", "1e99", "\"1\"", ".", "1e", "null"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
