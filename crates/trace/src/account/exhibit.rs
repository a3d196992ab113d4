//! The JSON of a trace over accounts, and its replay; docs/formats/account-exhibit.md. Knows no
//! files and no clock: an exhibit does not say when it was made, so that whoever makes it again
//! gets the same bytes.

use super::{
    AccountLimits, AccountParameters, AccountSource, AccountTrace, AccountTraceError, parse_asset,
};
use crate::exhibit::{EXHIBIT_BYTES_MAX, Replay, first_difference};
use crate::poisoning::{Exclude, PoisoningRules};
use crate::{ENGINE_VERSION, Tag};
use chain::account::{AccountChain, Hash256, Ledgers};

mod wire;
mod write;

pub(crate) use write::place;

/// The value of the exhibit's `format` field.
pub const FORMAT: &str = "comity account exhibit";
/// The version of the format that this engine writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// Why an exhibit cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountReplayError {
    /// Too large to be one.
    #[error("the exhibit has {0} bytes; the limit is {EXHIBIT_BYTES_MAX}")]
    Size(usize),
    /// Not JSON of this shape.
    #[error("not an account exhibit: {0}")]
    Shape(String),
    /// Another format or version.
    #[error(
        "this engine reads `{FORMAT}` version {FORMAT_VERSION}; the file is `{format}` {version}"
    )]
    Format {
        /// The file's format.
        format: String,
        /// The file's version.
        version: u32,
    },
    /// Made by another engine.
    #[error(
        "made by version {0}, this is {ENGINE_VERSION}: replay it with the version that made it"
    )]
    Engine(String),
    /// A parameter that no engine writes.
    #[error("parameters.{field}: {problem}")]
    Parameter {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The ledgers hold other blocks.
    #[error("the exhibit rests on {recorded}; given were {given}")]
    Blocks {
        /// In the file.
        recorded: String,
        /// Of the ledgers.
        given: String,
    },
    /// The trace cannot be run.
    #[error(transparent)]
    Trace(#[from] AccountTraceError),
}

/// Writes a trace as JSON: two spaces of indentation, one field a line, a newline at the end.
pub fn exhibit(trace: &AccountTrace<'_>) -> Vec<u8> {
    let exhibit = write::write(trace);
    let mut bytes = serde_json::to_vec_pretty(&exhibit)
        .expect("strings, numbers and lists always serialise into memory");
    bytes.push(b'\n');
    bytes
}

/// Recomputes an exhibit from its recorded parameters and compares byte for byte. The ledgers must
/// hold the blocks it rests on, and may hold newer ones.
pub fn replay(bytes: &[u8], ledgers: &Ledgers) -> Result<Replay, AccountReplayError> {
    let recorded = read(bytes)?;
    let parameters = parameters(&recorded)?;
    let given = write::inputs(ledgers, parameters.limits.block_last);
    if recorded.chain != ledgers.chain().to_string() || recorded.inputs != given {
        let said = |chain: &str, inputs: &wire::Inputs| {
            let (first, last) = (inputs.block_first.number, inputs.block_last.number);
            let gaps: u64 = inputs.gaps.iter().map(|gap| gap.count).sum();
            let digest = &inputs.blocks_sha256;
            format!("{chain} blocks {first} to {last}, digest {digest}, {gaps} gaps")
        };
        return Err(AccountReplayError::Blocks {
            recorded: said(&recorded.chain, &recorded.inputs),
            given: said(&ledgers.chain().to_string(), &given),
        });
    }
    let trace = super::run(ledgers, &parameters)?;
    Ok(match first_difference(bytes, &exhibit(&trace)) {
        None => Replay::Same,
        Some(difference) => Replay::Different(difference),
    })
}

/// The chain and the parameters an exhibit records.
pub fn recorded_parameters(
    bytes: &[u8],
) -> Result<(AccountChain, AccountParameters), AccountReplayError> {
    let recorded = read(bytes)?;
    Ok((chain(&recorded)?, parameters(&recorded)?))
}

fn read(bytes: &[u8]) -> Result<wire::Recorded, AccountReplayError> {
    if bytes.len() > EXHIBIT_BYTES_MAX {
        return Err(AccountReplayError::Size(bytes.len()));
    }
    let recorded: wire::Recorded = serde_json::from_slice(bytes)
        .map_err(|error| AccountReplayError::Shape(error.to_string()))?;
    if recorded.format != FORMAT || recorded.version != FORMAT_VERSION {
        let (format, version) = (clip(&recorded.format), recorded.version);
        return Err(AccountReplayError::Format { format, version });
    }
    if recorded.engine != write::engine() {
        return Err(AccountReplayError::Engine(clip(&recorded.engine.version)));
    }
    Ok(recorded)
}

fn chain(recorded: &wire::Recorded) -> Result<AccountChain, AccountReplayError> {
    recorded.chain.parse().map_err(|problem| wrong("chain", problem))
}

fn parameters(recorded: &wire::Recorded) -> Result<AccountParameters, AccountReplayError> {
    let (chain, wire) = (chain(recorded)?, &recorded.parameters);
    let hash = |text: &str| {
        Hash256::from_hex(text).ok_or_else(|| wrong("source", format!("`{}`", clip(text))))
    };
    let source = match &wire.source {
        wire::Source::Transaction { hash: text } => AccountSource::Transaction(hash(text)?),
        wire::Source::Account { account, block_first, block_last } => AccountSource::Account {
            account: chain.parse(account).map_err(|error| wrong("source", error.to_string()))?,
            block_first: *block_first,
            block_last: *block_last,
        },
    };
    let exclude = match wire.poisoning.exclude.as_str() {
        "yes" => Exclude::Yes,
        "no" => Exclude::No,
        other => return Err(wrong("poisoning.exclude", format!("`{}`", clip(other)))),
    };
    let amount_min = wire.amount_min.parse();
    let tag = |tag: &wire::Tag| {
        let wire::Tag { address, label, source, fiction } = tag.clone();
        (address, Tag { label, source, fiction })
    };
    Ok(AccountParameters {
        source,
        asset: parse_asset(chain, &wire.asset).map_err(|problem| wrong("asset", problem))?,
        policy: wire.policy.parse().map_err(|problem| wrong("policy", problem))?,
        contracts: wire.contracts.parse().map_err(|problem| wrong("contracts", problem))?,
        limits: AccountLimits {
            hops_max: wire.hops_max,
            amount_min: amount_min.map_err(|_| wrong("amount_min", "no amount".to_owned()))?,
            share_min_ppb: wire.share_min_ppb,
            events_max: wire.events_max,
            block_last: Some(wire.block_last),
        },
        poisoning: PoisoningRules {
            exclude,
            prefix_characters_min: wire.poisoning.prefix_characters_min,
            suffix_characters_min: wire.poisoning.suffix_characters_min,
            window_seconds: wire.poisoning.window_seconds,
            dust_divisor: wire.poisoning.dust_divisor,
        },
        tags: wire.tags.iter().map(tag).collect(),
        attribution: wire.attribution.clone(),
    })
}

fn wrong(field: &'static str, problem: String) -> AccountReplayError {
    AccountReplayError::Parameter { field, problem }
}

fn clip(text: &str) -> String {
    text.chars().take(100).collect()
}
