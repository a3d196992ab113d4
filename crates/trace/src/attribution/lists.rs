//! Sanctions lists of plain addresses, and Etherscan's labels. Know no other file.

use std::fmt;

use serde::de::{MapAccess, Visitor};

use super::address::Blockchain;
use super::error::{Fault, ReadError, text};
use super::pack::{Builder, Kind, Pack, Provenance, address_text, label_text};
use super::statement::{Confidence, Sanction, Statement, Subject};

/// Reads a list of sanctioned addresses of one asset, an address a line; empty lines and lines that
/// begin with `#` are passed over. The list does not say since when: its day of publication does.
pub fn read_sanction_list(
    file: &str,
    bytes: &[u8],
    asset: &str,
    authority: &str,
    provenance: Provenance,
) -> Result<Pack, ReadError> {
    let text = text(file, bytes)?;
    let mut builder = Builder::new(file, bytes, Kind::SanctionList, provenance);
    builder.titled(&format!("{authority} sanctioned addresses, {asset}"), authority);
    let statement = Statement {
        label: builder.text(&format!("Address on the sanctions list of {authority}")),
        actor: None,
        concepts: vec![builder.text("sanction")],
        confidence: Confidence::AuthorityData,
        source: builder.text(&format!("Sanctions list of {authority}, {asset}")),
        asset: builder.text(asset),
        recorded: None,
        valid_from: None,
        valid_to: None,
        sanction: Some(Sanction { by: builder.text(authority), from: None, to: None }),
        whole_cluster: Some(false),
        subject: Subject::Owner,
        fiction: false,
        note: None,
    };
    let number = builder.statement(statement);
    for (line, address) in (1..).zip(text.lines()) {
        let address = address.trim();
        if address.is_empty() || address.starts_with('#') {
            continue;
        }
        let address = address_text(address).map_err(|fault| ReadError::at(file, line, fault))?;
        let chain = Blockchain::of_asset(asset, address)
            .map_err(|fault| ReadError::whole(file, fault.into()))?;
        builder.tag(chain, address, number, line)?;
    }
    Ok(builder.finish())
}

/// The asset in the name of a list, `sanctioned_addresses_XBT.txt`.
pub fn asset_of_list(name: &str) -> Option<&str> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let asset = file.strip_prefix("sanctioned_addresses_")?.strip_suffix(".txt")?;
    (!asset.is_empty()).then_some(asset)
}

/// Most labels of one address.
const LABELS_MAX: usize = 64;

/// What some of Etherscan's labels mean; the others say nothing that a trace would act on.
const MEANINGS: [(&str, &str); 25] = [
    ("exchange", "exchange"),
    ("binance", "exchange"),
    ("coinbase", "exchange"),
    ("kraken", "exchange"),
    ("kucoin", "exchange"),
    ("okx", "exchange"),
    ("huobi", "exchange"),
    ("bitfinex", "exchange"),
    ("dex", "defi_dex"),
    ("uniswap", "defi_dex"),
    ("sushiswap", "defi_dex"),
    ("balancer", "defi_dex"),
    ("bancor", "defi_dex"),
    ("kyberswap", "defi_dex"),
    ("bridge", "defi_bridge"),
    ("loans", "defi_lending"),
    ("aave", "defi_lending"),
    ("gambling", "gambling"),
    ("mining", "miner"),
    ("tornado-cash", "mixing_service"),
    ("ofac-sanctions-lists", "sanction"),
    ("blocked", "black_list"),
    ("phish-hack", "phishing"),
    ("heist", "service_hack"),
    ("exploit", "exploit"),
];

/// One entry of the file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    labels: Vec<String>,
}

/// All entries in the order of the file; a map would drop addresses that stand there twice.
struct Entries(Vec<(String, Entry)>);

/// Reads Etherscan's labels: one object with an entry for each address, which has a `name` and a
/// list of `labels`. Places are entries, counted from 1.
pub fn read_etherscan(file: &str, bytes: &[u8], provenance: Provenance) -> Result<Pack, ReadError> {
    let text = text(file, bytes)?;
    let Entries(entries) = serde_json::from_str(text).map_err(|error| {
        ReadError::at(file, error.line().max(1) as u64, Fault::Syntax(json_fault(&error)))
    })?;
    let mut builder = Builder::new(file, bytes, Kind::Etherscan, provenance);
    builder.titled("Etherscan labels", "Etherscan");
    for (place, (address, entry)) in (1..).zip(&entries) {
        let of = |field: &str, fault| ReadError::of(file, place, field, fault);
        let address = address_text(address).map_err(|fault| of("address", fault))?;
        if entry.labels.len() > LABELS_MAX {
            let fault = Fault::Count { what: "labels of one address", max: LABELS_MAX };
            return Err(of("labels", fault));
        }
        let labels = entry.labels.join(", ");
        let label = if entry.name.trim().is_empty() { &labels } else { &entry.name };
        let label = label_text(label).map_err(|fault| of("name", fault))?;
        let meant = |label: &String| MEANINGS.iter().find(|(known, _)| known == label);
        let mut concepts: Vec<_> = entry
            .labels
            .iter()
            .filter_map(meant)
            .map(|(_, concept)| builder.text(concept))
            .collect();
        concepts.sort();
        concepts.dedup();
        let sanctioned = concepts.iter().any(|concept| &**concept == "sanction");
        let sanction =
            sanctioned.then(|| Sanction { by: builder.text("OFAC"), from: None, to: None });
        let statement = Statement {
            label: builder.text(label),
            actor: None,
            concepts,
            confidence: Confidence::WebCrawl,
            source: builder.text("Etherscan labels"),
            asset: builder.text("ETH"),
            recorded: None,
            valid_from: None,
            valid_to: None,
            sanction,
            whole_cluster: None,
            subject: Subject::Owner,
            fiction: false,
            note: (!labels.is_empty()).then(|| builder.text(&labels)),
        };
        let number = builder.statement(statement);
        builder.tag(Blockchain::ETHEREUM, address, number, place)?;
    }
    Ok(builder.finish())
}

/// Longest piece of the parser's own words that an error repeats.
const JSON_FAULT_CHARS_MAX: usize = 200;

/// What serde says, without its own place, which the error has already.
pub(super) fn json_fault(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let cut = said.find(" at line ").unwrap_or(said.len());
    let said: String = said[..cut].chars().take(JSON_FAULT_CHARS_MAX).collect();
    format!("no JSON of this shape: {said} (column {})", error.column())
}

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with an entry for each address")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
