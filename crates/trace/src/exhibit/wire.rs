//! The exhibit's JSON, field by field; documented in docs/formats/trace-exhibit.md. Apart from the
//! types of the engine, so that those can change while this stays what outsiders rely on.
//!
//! Amounts are decimal strings of satoshis, ids and digests are hexadecimal, hashes of blocks and
//! transactions reversed as usual. The order of fields here is the order of the bytes.

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct Exhibit {
    pub format: &'static str,
    pub version: u32,
    pub engine: Engine,
    pub network: String,
    pub parameters: Parameters,
    pub stop_rule: String,
    pub inputs: Inputs,
    pub totals: Totals,
    pub reached: Vec<End>,
    pub unspent: Vec<End>,
    pub limited: Vec<End>,
    pub boundaries: Vec<Boundary>,
    pub sensitivity: Sensitivity,
    pub hops: Vec<Hop>,
    pub assumptions: Vec<String>,
}

/// What a replay reads: enough to run the trace again. Everything else is compared as bytes.
#[derive(Deserialize)]
pub(super) struct Recorded {
    pub format: String,
    pub version: u32,
    pub engine: Engine,
    pub network: String,
    pub parameters: Parameters,
    pub inputs: Inputs,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Engine {
    pub name: String,
    pub version: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Parameters {
    pub source: Source,
    pub policy: String,
    pub legal_name: String,
    pub fees: String,
    pub hops_max: u32,
    pub amount_min: String,
    pub share_min_ppb: u32,
    pub transactions_max: u32,
    pub tags: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Box<crate::attribution::Attribution>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Source {
    pub txid: String,
    pub vout: Option<u32>,
}

#[derive(Serialize, Deserialize, Clone)]
pub(super) struct Tag {
    pub address: String,
    pub label: String,
    pub source: String,
    pub fiction: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Inputs {
    pub files: Vec<File>,
    pub blocks: Vec<Block>,
    pub block_count: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Segment {
    pub name: String,
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct File {
    pub name: String,
    pub sha256: String,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Block {
    pub hash: String,
    pub height: Option<u32>,
    pub file_sha256: Option<String>,
    pub undo_sha256: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Totals {
    pub source: String,
    pub added_by_poison: String,
    pub reached: String,
    pub unspent: String,
    pub limited: String,
    pub boundary: String,
    pub fees: String,
}

#[derive(Serialize)]
pub(super) struct End {
    pub hop: u32,
    pub txid: String,
    pub vout: u32,
    pub value: String,
    pub taint: String,
    pub script_type: &'static str,
    pub address: Option<String>,
    pub fate: &'static str,
    pub spent_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
}

#[derive(Serialize)]
pub(super) struct Boundary {
    pub hop: u32,
    pub txid: String,
    pub block: Option<String>,
    pub height: Option<u32>,
    pub reason: String,
    pub taint: String,
    pub inputs: Vec<Input>,
    pub unknown_inputs: Vec<String>,
    pub unknown_count: u64,
}

#[derive(Serialize)]
pub(super) struct Sensitivity {
    pub policies: Vec<PolicyColumn>,
    pub outputs: Vec<SensitivityRow>,
    pub outputs_left_out: u64,
}

#[derive(Serialize)]
pub(super) struct PolicyColumn {
    pub policy: String,
    pub legal_name: String,
    pub fees: String,
    pub transactions: u64,
    pub totals: Totals,
}

#[derive(Serialize)]
pub(super) struct SensitivityRow {
    pub txid: String,
    pub vout: u32,
    pub address: Option<String>,
    pub label: Option<String>,
    pub value: String,
    pub poison: String,
    pub haircut: String,
    pub fifo: String,
    pub lifo: String,
    pub tiho: String,
}

#[derive(Serialize)]
pub(super) struct Hop {
    pub hop: u32,
    pub txid: String,
    pub block: Option<String>,
    pub height: Option<u32>,
    pub position: u32,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub fee: Option<String>,
    pub fee_taint: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Input {
    pub from: String,
    pub value: String,
    pub taint: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<[String; 2]>,
}

#[derive(Serialize)]
pub(super) struct Output {
    pub vout: u32,
    pub value: String,
    pub taint: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<[String; 2]>,
    pub script_type: &'static str,
    pub address: Option<String>,
    pub fate: &'static str,
    pub spent_by: Option<String>,
}
