//! The JSON of Tron's HTTP API, field for field. Knows no meaning. Fields not named are skipped.

use crate::account::field::Text;
use serde::Deserialize;

/// What following needs of a block.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(rename = "blockID", borrow)]
    pub block_id: Text<'a>,
    #[serde(borrow)]
    pub block_header: Header<'a>,
}

/// `getblockbynum`.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "blockID", borrow)]
    pub block_id: Text<'a>,
    #[serde(borrow)]
    pub block_header: Header<'a>,
    #[serde(borrow, default)]
    pub transactions: Vec<Transaction<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub raw_data: Raw<'a>,
}

#[derive(Deserialize)]
pub(super) struct Raw<'a> {
    /// Left out where it is 0, as every protobuf number is.
    #[serde(default)]
    pub number: u64,
    #[serde(default)]
    pub timestamp: u64,
    #[serde(rename = "parentHash", borrow)]
    pub parent_hash: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Transaction<'a> {
    #[serde(rename = "txID", borrow)]
    pub id: Text<'a>,
    #[serde(borrow, default)]
    pub ret: Vec<Ret<'a>>,
    #[serde(borrow)]
    pub raw_data: TransactionRaw<'a>,
}

#[derive(Deserialize)]
pub(super) struct Ret<'a> {
    #[serde(rename = "contractRet", borrow)]
    pub contract_ret: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct TransactionRaw<'a> {
    #[serde(borrow)]
    pub contract: Vec<Contract<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Contract<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub parameter: Parameter<'a>,
}

#[derive(Deserialize)]
pub(super) struct Parameter<'a> {
    #[serde(borrow)]
    pub value: Value<'a>,
}

/// The contracts that move money share these fields; the others have fields that are skipped.
#[derive(Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow)]
    pub owner_address: Option<Text<'a>>,
    pub to_address: Option<Text<'a>>,
    pub contract_address: Option<Text<'a>>,
    pub asset_name: Option<Text<'a>>,
    #[serde(default)]
    pub amount: u64,
    #[serde(default)]
    pub call_value: u64,
    #[serde(default)]
    pub call_token_value: u64,
    #[serde(default)]
    pub token_id: u64,
    pub new_contract: Option<NewContract>,
}

#[derive(Deserialize)]
pub(super) struct NewContract {
    #[serde(default)]
    pub call_value: u64,
}

/// An entry of `gettransactioninfobyblocknum`.
#[derive(Deserialize)]
pub(super) struct Info<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(default)]
    pub fee: u64,
    #[serde(rename = "blockNumber", default)]
    pub block_number: u64,
    pub result: Option<Text<'a>>,
    pub receipt: Option<Receipt<'a>>,
    pub contract_address: Option<Text<'a>>,
    #[serde(default)]
    pub withdraw_amount: u64,
    #[serde(default)]
    pub log: Vec<Log<'a>>,
    #[serde(default)]
    pub internal_transactions: Vec<Internal<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Receipt<'a> {
    #[serde(borrow)]
    pub result: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow)]
    pub address: Text<'a>,
    #[serde(default)]
    pub topics: Vec<Text<'a>>,
    pub data: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Internal<'a> {
    #[serde(borrow)]
    pub caller_address: Text<'a>,
    #[serde(rename = "transferTo_address")]
    pub transfer_to_address: Option<Text<'a>>,
    #[serde(rename = "callValueInfo", default)]
    pub call_value_info: Vec<CallValue<'a>>,
    pub note: Option<Text<'a>>,
    #[serde(default)]
    pub rejected: bool,
}

#[derive(Deserialize)]
pub(super) struct CallValue<'a> {
    #[serde(rename = "callValue", default)]
    pub call_value: u64,
    #[serde(rename = "tokenId", borrow)]
    pub token_id: Option<Text<'a>>,
}
