//! The exhibit's JSON, field for field. Knows no meaning; docs/formats/account-exhibit.md has it.

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct Exhibit {
    pub format: &'static str,
    pub version: u32,
    pub engine: Engine,
    pub chain: String,
    pub unit: &'static str,
    pub parameters: Parameters,
    pub stop_rule: String,
    pub inputs: Inputs,
    pub totals: Totals,
    pub capped: bool,
    pub events_read: u64,
    pub held: Vec<Held>,
    pub reached: Vec<Reached>,
    pub contracts: Vec<Contract>,
    pub bait: Vec<Bait>,
    pub sensitivity: Vec<Sensitivity>,
    pub steps: Vec<Step>,
    pub assumptions: Vec<String>,
}

/// What a replay reads; the rest is recomputed and compared as bytes.
#[derive(Deserialize)]
pub(super) struct Recorded {
    pub format: String,
    pub version: u32,
    pub engine: Engine,
    pub chain: String,
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
    pub asset: String,
    pub policy: String,
    pub legal_name: String,
    pub contracts: String,
    pub hops_max: u32,
    pub amount_min: String,
    pub share_min_ppb: u32,
    pub events_max: u64,
    pub block_last: u64,
    pub poisoning: Poisoning,
    pub tags: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Box<crate::attribution::Attribution>>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Source {
    Transaction { hash: String },
    Account { account: String, block_first: u64, block_last: u64 },
}

#[derive(Serialize, Deserialize)]
pub(super) struct Poisoning {
    pub exclude: String,
    pub prefix_characters_min: u8,
    pub suffix_characters_min: u8,
    pub window_seconds: u64,
    pub dust_divisor: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Tag {
    pub address: String,
    pub label: String,
    pub source: String,
    pub fiction: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Inputs {
    pub block_first: Block,
    pub block_last: Block,
    pub block_count: u64,
    pub blocks_sha256: String,
    pub gaps: Vec<Gap>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Block {
    pub number: u64,
    pub hash: String,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Gap {
    pub reason: String,
    pub count: u64,
}

#[derive(Serialize)]
pub(super) struct Totals {
    pub source: String,
    pub added_by_poison: String,
    pub held: String,
    pub reached: String,
    pub contracts: String,
    pub limited: String,
    pub bait: String,
    pub fees: String,
    pub destroyed: String,
    pub unattributed: String,
}

#[derive(Serialize)]
pub(super) struct Held {
    pub account: String,
    pub asset: String,
    pub balance: String,
    pub taint: String,
    pub unattributed: String,
    pub hop: u32,
}

#[derive(Serialize)]
pub(super) struct Reached {
    pub step: u64,
    pub account: String,
    pub label: String,
    pub tag_source: String,
    pub fiction: bool,
    pub taint: String,
}

#[derive(Serialize)]
pub(super) struct Contract {
    pub step: u64,
    pub account: String,
    pub taint: String,
    pub swap_candidates: Vec<Candidate>,
}

#[derive(Serialize)]
pub(super) struct Candidate {
    pub place: String,
    pub account: String,
    pub asset: String,
    pub amount: String,
    pub score_ppm: u32,
    pub components: Vec<Component>,
}

#[derive(Serialize)]
pub(super) struct Component {
    pub seen: &'static str,
    pub adds_ppm: u32,
}

#[derive(Serialize)]
pub(super) struct Bait {
    pub transaction: Option<String>,
    pub place: String,
    pub sort: &'static str,
    pub excluded: bool,
    pub look_alike: String,
    pub imitated: String,
    pub relies_on_transaction: Option<String>,
    pub prefix_characters: u8,
    pub suffix_characters: u8,
}

#[derive(Serialize)]
pub(super) struct Sensitivity {
    pub policy: String,
    pub legal_name: String,
    pub steps: u64,
    pub capped: bool,
    pub totals: Totals,
}

#[derive(Serialize)]
pub(super) struct Step {
    pub block: u64,
    pub time: u64,
    pub transaction: Option<String>,
    pub signer: Option<String>,
    pub place: String,
    pub kind: &'static str,
    pub asset: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub amount: String,
    pub taint: String,
    pub unattributed: String,
    pub hop: u32,
    pub fate: &'static str,
}
