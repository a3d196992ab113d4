//! The spelling of `catalog.toml`, kept apart from what it means.
//!
//! Every struct refuses unknown keys. `Spanned` keeps the place, so that errors name the line.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    pub version: Spanned<u32>,
    #[serde(default)]
    pub sources: Vec<Spanned<Source>>,
    #[serde(default)]
    pub searches: Vec<Spanned<Search>>,
    pub deposit_addresses: Option<Lookup>,
    pub languages: Option<Lookup>,
    #[serde(default)]
    pub effects: BTreeMap<String, Spanned<Effect>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub name: Spanned<String>,
    pub title: String,
    pub engine: Spanned<String>,
    #[serde(default)]
    pub writes: bool,
    pub url: Option<String>,
    pub url_env: Option<String>,
    pub path: Option<String>,
    pub tables: Option<Vec<Spanned<Table>>>,
    pub import: Option<Folder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Folder {
    pub path: String,
    pub tables: Vec<Spanned<Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub name: String,
    pub file: String,
    pub format: Option<Spanned<String>>,
    pub columns: Vec<Spanned<Column>>,
    pub key: Option<String>,
    #[serde(default)]
    pub indexed: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub name: String,
    pub kind: String,
    pub form: Option<String>,
    pub decimals: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub name: Spanned<String>,
    pub title: String,
    pub category: Spanned<String>,
    pub source: Spanned<String>,
    pub sql: Spanned<String>,
    pub answers_to: BTreeMap<String, Answer>,
    pub time: Option<Spanned<String>>,
    pub columns: Vec<Spanned<Column>>,
}

/// The column in which a selector stands; three for an address with port and moment.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a column, or { ip = .., port = .., time = .. } for ip_port")]
pub(super) enum Answer {
    Column(String),
    Place(Place),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub ip: String,
    pub port: String,
    pub time: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    pub source: Spanned<String>,
    pub sql: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Effect {
    pub way: Spanned<String>,
    pub seconds_max: Option<u64>,
    pub source: Option<Spanned<String>>,
    pub statements: Option<Vec<Spanned<String>>>,
    pub confirm: Option<Spanned<String>>,
    pub request: Option<Spanned<HttpCall>>,
    pub poll: Option<Spanned<HttpCall>>,
    pub success: Option<Vec<u16>>,
    pub idempotency_header: Option<String>,
    pub confirmation: Option<Confirmation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpCall {
    pub method: String,
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, Header>,
    pub body: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Header {
    Written(String),
    Environment(Environment),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    pub env: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    pub state: String,
    pub confirmed: String,
    #[serde(default)]
    pub failed: Vec<String>,
    pub amount: Option<String>,
}
