//! The JSON that a court receives, and its replay. Knows no files and no clock: an exhibit does not
//! say when it was made, so that whoever makes it again gets the same bytes.

use crate::{ENGINE_VERSION, FeeRule, Limits, Parameters, Policy, Source, Tag, Trace, TraceError};
use chain::{BlockNumber, Satoshi, Utxo};
use std::collections::BTreeMap;

mod assumptions;
mod wire;
mod write;

pub(crate) use assumptions::about_tags;
pub use write::{SENSITIVITY_ROWS_MAX, UNKNOWN_INPUTS_MAX};

/// The value of the exhibit's `format` field.
pub const FORMAT: &str = "comity trace exhibit";
/// The version of the format that this engine writes and reads.
pub const FORMAT_VERSION: u32 = 2;
/// Largest exhibit that a replay reads.
pub const EXHIBIT_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Longest piece of a line that a difference repeats.
const LINE_CHARS_MAX: usize = 200;

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Every byte is as recorded.
    Same,
    /// The trace gives something else.
    Different(Difference),
}

/// The first place where an exhibit differs from its recomputation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} reads `{recorded}`, but recomputing gives `{recomputed}`")]
pub struct Difference {
    /// The line, from 1.
    pub line: usize,
    /// What the exhibit says there; empty where it has ended.
    pub recorded: String,
    /// What the trace gives; empty where it has ended.
    pub recomputed: String,
}

/// Why an exhibit cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Too large to be one.
    #[error("the exhibit has {0} bytes; the limit is {EXHIBIT_BYTES_MAX}")]
    Size(usize),
    /// Not JSON of this shape.
    #[error("not a trace exhibit: {0}")]
    Shape(String),
    /// Another format or version.
    #[error(
        "this engine reads `{FORMAT}` version {FORMAT_VERSION}; the file is `{format}` version \
         {version}"
    )]
    Format {
        /// The file's format.
        format: String,
        /// The file's version.
        version: u32,
    },
    /// Made by another engine.
    #[error(
        "the exhibit was made by {made_by}; this is version {ENGINE_VERSION}: replay it with the \
         version that made it"
    )]
    Engine {
        /// Name and version in the file.
        made_by: String,
    },
    /// A parameter that no engine writes.
    #[error("parameters.{field}: {problem}")]
    Parameter {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The blocks were read under another network.
    #[error("the exhibit is about {recorded}, the blocks were read as {given}")]
    Network {
        /// In the file.
        recorded: String,
        /// Of the view.
        given: String,
    },
    /// The exhibit rests on a block that was not given.
    #[error(
        "the exhibit rests on block {hash}{}{}; give the same {}",
        match .file_sha256 {
            Some(file) => format!(" from a file with SHA-256 {file}"),
            None => String::new(),
        },
        match .undo_sha256 {
            Some(undo) => format!(" and undo file {undo}"),
            None => String::new(),
        },
        if .file_sha256.is_some() { "files" } else { "blocks" },
    )]
    MissingBlock {
        /// The block.
        hash: String,
        /// Its file; none where the exhibit was made from a store.
        file_sha256: Option<String>,
        /// Its undo file.
        undo_sha256: Option<String>,
    },
    /// A block was given on which the exhibit does not rest.
    #[error("block {hash} was given, but the exhibit does not rest on it; leave it out")]
    ExtraBlock {
        /// The block.
        hash: String,
    },
    /// The trace cannot be run.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

/// What an exhibit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Outputs; [`replay`] reads it.
    Outputs,
    /// Accounts; [`crate::account::replay`] reads it.
    Accounts,
}

/// Which sort of exhibit a file says it is; whether it is one, a replay tells.
///
/// # Errors
/// It is neither.
pub fn kind(bytes: &[u8]) -> Result<Kind, ReplayError> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    if bytes.len() > EXHIBIT_BYTES_MAX {
        return Err(ReplayError::Size(bytes.len()));
    }
    let head: Head =
        serde_json::from_slice(bytes).map_err(|error| ReplayError::Shape(error.to_string()))?;
    // Anything else is for the reader of outputs to refuse, which says what it reads.
    let accounts = head.format == crate::account::exhibit::FORMAT;
    Ok(if accounts { Kind::Accounts } else { Kind::Outputs })
}

/// Writes a trace as JSON: two spaces of indentation, one field a line, a newline at the end.
pub fn exhibit<C: Utxo>(trace: &Trace<'_, C>) -> Vec<u8> {
    written(trace, write::inputs(trace, &BTreeMap::new()))
}

/// Recomputes an exhibit from its recorded parameters and compares byte for byte. Files may have
/// other names than when it was made: they are recognised by their digests. An exhibit made from a
/// store replays on any chain that holds the blocks it names.
pub fn replay<C: Utxo>(bytes: &[u8], view: &C) -> Result<Replay, ReplayError> {
    let recorded = read(bytes)?;
    check_inputs(&recorded, view)?;
    let trace = crate::run(view, &parameters(&recorded.parameters)?)?;
    let inputs = if recorded.inputs.segments.is_empty() {
        let files = recorded.inputs.files;
        let names = files.into_iter().map(|file| (file.sha256, file.name)).collect();
        write::inputs(&trace, &names)
    } else {
        // Its blocks were found by hash, which fixes all that segments could say.
        recorded.inputs
    };
    Ok(match first_difference(bytes, &written(&trace, inputs)) {
        None => Replay::Same,
        Some(difference) => Replay::Different(difference),
    })
}

/// The parameters an exhibit records, for showing them or for running them again.
pub fn recorded_parameters(bytes: &[u8]) -> Result<Parameters, ReplayError> {
    parameters(&read(bytes)?.parameters)
}

fn written<C: Utxo>(trace: &Trace<'_, C>, inputs: wire::Inputs) -> Vec<u8> {
    let exhibit = write::write(trace, inputs);
    let mut bytes = serde_json::to_vec_pretty(&exhibit)
        .expect("strings, numbers and lists always serialise into memory");
    bytes.push(b'\n');
    bytes
}

fn read(bytes: &[u8]) -> Result<wire::Recorded, ReplayError> {
    if bytes.len() > EXHIBIT_BYTES_MAX {
        return Err(ReplayError::Size(bytes.len()));
    }
    let recorded: wire::Recorded =
        serde_json::from_slice(bytes).map_err(|error| ReplayError::Shape(error.to_string()))?;
    if recorded.format != FORMAT || recorded.version != FORMAT_VERSION {
        let (format, version) = (clip(&recorded.format), recorded.version);
        return Err(ReplayError::Format { format, version });
    }
    if recorded.engine != write::engine() {
        let made_by = clip(&format!("{} {}", recorded.engine.name, recorded.engine.version));
        return Err(ReplayError::Engine { made_by });
    }
    Ok(recorded)
}

/// The view must hold the recorded blocks: from files, the same and no others; from a store, at
/// least those.
fn check_inputs<C: Utxo>(recorded: &wire::Recorded, view: &C) -> Result<(), ReplayError> {
    let given = view.network().to_string();
    if recorded.network != given {
        return Err(ReplayError::Network { recorded: clip(&recorded.network), given });
    }
    let from_files = recorded.inputs.segments.is_empty();
    let facts = |block: BlockNumber| {
        let facts = view.files_of(block).filter(|_| from_files);
        let undo = facts.and_then(|facts| facts.undo.as_ref());
        let file = facts.map(|facts| facts.file.sha256.to_string());
        (file, undo.map(|file| file.sha256.to_string()))
    };
    let mut given: BTreeMap<String, BlockNumber> = (0..view.block_count())
        .map(BlockNumber)
        .filter_map(|block| Some((view.block_hash(block)?.to_string(), block)))
        .collect();
    for block in &recorded.inputs.blocks {
        let expected = (block.file_sha256.clone(), block.undo_sha256.clone());
        if given.remove(&block.hash).map(facts) != Some(expected) {
            return Err(ReplayError::MissingBlock {
                hash: clip(&block.hash),
                file_sha256: block.file_sha256.as_deref().map(clip),
                undo_sha256: block.undo_sha256.as_deref().map(clip),
            });
        }
    }
    match given.into_keys().next() {
        Some(hash) if from_files => Err(ReplayError::ExtraBlock { hash }),
        _ => Ok(()),
    }
}

fn parameters(recorded: &wire::Parameters) -> Result<Parameters, ReplayError> {
    fn parse<T: std::str::FromStr<Err: ToString>>(
        field: &'static str,
        text: &str,
    ) -> Result<T, ReplayError> {
        text.parse().map_err(|error: T::Err| {
            let problem = error.to_string();
            ReplayError::Parameter { field, problem }
        })
    }
    let policy: Policy = parse("policy", &recorded.policy)?;
    let fees: FeeRule = parse("fees", &recorded.fees)?;
    let txid = parse("source.txid", &recorded.source.txid)?;
    let limits = Limits {
        hops_max: recorded.hops_max,
        amount_min: Satoshi(parse("amount_min", &recorded.amount_min)?),
        share_min_ppb: recorded.share_min_ppb,
        transactions_max: recorded.transactions_max,
    };
    let tag = |tag: &wire::Tag| {
        let wire::Tag { address, label, source, fiction } = tag.clone();
        (address, Tag { label, source, fiction })
    };
    let tags = recorded.tags.iter().map(tag).collect();
    let source = Source { txid, vout: recorded.source.vout };
    let attribution = recorded.attribution.clone();
    Ok(Parameters { source, policy, fees, limits, tags, attribution })
}

pub(crate) fn first_difference(recorded: &[u8], recomputed: &[u8]) -> Option<Difference> {
    if recorded == recomputed {
        return None;
    }
    let mut left = recorded.split_inclusive(|byte| *byte == b'\n');
    let mut right = recomputed.split_inclusive(|byte| *byte == b'\n');
    for line in 1.. {
        let (left, right) = (left.next(), right.next());
        if left != right || left.is_none() {
            let text = |line: Option<&[u8]>| {
                let text = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
                clip(text.trim_ascii())
            };
            let (mut recorded, recomputed) = (text(left), text(right));
            if recorded == recomputed {
                recorded.push_str(" (with other white space, or different beyond this)");
            }
            return Some(Difference { line, recorded, recomputed });
        }
    }
    None
}

fn clip(text: &str) -> String {
    text.chars().take(LINE_CHARS_MAX).collect()
}
