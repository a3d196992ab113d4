//! What went wrong with a node: which one, which call, which height. Holds no secret and no more of
//! an answer than a line.

use chain::{BlockHash, DecodeError, Height};

/// Longest piece of a node's words that an error repeats.
const ECHO_CHARS_MAX: usize = 200;

/// A call to a node that failed.
#[derive(Debug, thiserror::Error)]
#[error("{node}, {method}{}: {fault}", match .height {
    Some(height) => format!(", height {height}"),
    None => String::new(),
})]
pub struct FeedError {
    /// The node's scheme, host and port; never its path, name or password.
    pub node: Box<str>,
    /// The call.
    pub method: Box<str>,
    /// The height it was about, where it was about one.
    pub height: Option<u64>,
    /// What went wrong.
    pub fault: Fault,
}

/// What can go wrong with a node.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No connection.
    #[error("cannot be reached: {0}; is the node running, and does it listen there?")]
    Unreachable(String),
    /// No answer in time.
    #[error("no complete answer within {milliseconds} ms, asked {tries} times")]
    TimedOut {
        /// The limit.
        milliseconds: u128,
        /// How often.
        tries: u32,
    },
    /// The connection ended within the answer.
    #[error("the answer stops in the middle: {0}")]
    Half(String),
    /// More bytes than such an answer can have.
    #[error("the answer is larger than {bytes_max} bytes; it was not read on")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// Nested beyond sense.
    #[error("the answer is nested deeper than {depth_max} levels")]
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// A secret is missing or wrong.
    #[error("refused (HTTP {0}); give the node's user and password, or its cookie file")]
    Unauthorized(u16),
    /// The secret cannot be read.
    #[error("{0}")]
    Secret(String),
    /// Another HTTP status than 200, with no error of the protocol in the body.
    #[error("HTTP {status}{}", if .said.is_empty() { String::new() } else { format!(": {said}") })]
    Status {
        /// The status.
        status: u16,
        /// The first of the body.
        said: String,
    },
    /// The node reports an error.
    #[error("the node says: {message} (code {code})")]
    Reported {
        /// Its code.
        code: i64,
        /// Its words, shortened.
        message: String,
    },
    /// Not the shape of an answer to this call.
    #[error("not an answer to this call: {0}")]
    Shape(String),
    /// The answer to something else.
    #[error("the answer is to call {answered}, not to {asked}")]
    OtherCall {
        /// The id of ours.
        asked: u64,
        /// The id of the answer.
        answered: String,
    },
    /// Neither a result nor an error.
    #[error("the answer holds neither a result nor an error")]
    Nothing,
    /// Another network than the caller's.
    #[error("the node is on {found}, not on {expected}")]
    Network {
        /// Of the caller.
        expected: String,
        /// Of the node.
        found: String,
    },
    /// The bytes are no block.
    #[error("{0}")]
    Block(Box<DecodeError>),
    /// The bytes are another block.
    #[error("block {asked} was asked for, the bytes are block {given}")]
    OtherBlock {
        /// Asked for.
        asked: String,
        /// What the bytes hash to.
        given: String,
    },
    /// The bytes are another transaction.
    #[error("transaction {asked} was asked for, the bytes are transaction {given}")]
    OtherTransaction {
        /// Asked for.
        asked: String,
        /// What the bytes hash to.
        given: String,
    },
    /// The block claims another height.
    #[error("block {hash} claims height {claimed}")]
    OtherHeight {
        /// The block.
        hash: String,
        /// What it claims.
        claimed: u64,
    },
    /// The blocks given do not follow one another.
    #[error(
        "block {hash} follows {previous}, but the node gave {expected} for the height below; asked \
         {tries} times"
    )]
    Previous {
        /// The block.
        hash: Box<str>,
        /// The block it follows.
        previous: Box<str>,
        /// The block that was given for the height below.
        expected: Box<str>,
        /// How often it was tried from the beginning.
        tries: u32,
    },
    /// The node's chain ends below what is stored.
    #[error(
        "the node's chain ends at height {node}, the store's at {store}; nothing was rolled back: \
         wait until the node has caught up, or ask another node"
    )]
    Behind {
        /// The node's height.
        node: Height,
        /// The store's height.
        store: Height,
    },
    /// The same of a chain of accounts.
    #[error(
        "the node's chain ends at height {node}, below {store}, which was read before; wait until \
         the node has caught up, or ask another node"
    )]
    NodeBehind {
        /// The node's height.
        node: u64,
        /// The height read before.
        store: u64,
    },
    /// The decoder refuses the answer.
    #[error("{0}")]
    Answer(String),
    /// A reorganisation deeper than is followed.
    #[error(
        "the node's chain parts from the store more than {blocks_max} blocks below, or below all \
         of, what is stored up to {tip}; nothing was rolled back: if the node is right, import \
         again"
    )]
    DeepReorganisation {
        /// The limit.
        blocks_max: u32,
        /// The store's tip.
        tip: BlockHash,
    },
    /// Something was left out that the rest names.
    #[error("half an answer: {0}")]
    Missing(String),
}

impl Fault {
    /// Whether asking again may help.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Fault::Unreachable(_) | Fault::TimedOut { .. } | Fault::Half(_) => true,
            Fault::Status { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            // Bitcoin Core is still starting.
            Fault::Reported { code, .. } => *code == -28,
            _ => false,
        }
    }
}

impl Fault {
    /// Whether the node itself may get over it: it catches up, or its chain comes to rest.
    pub(crate) fn is_of_the_moment(&self) -> bool {
        let moment = [
            matches!(self, Fault::Behind { .. } | Fault::NodeBehind { .. }),
            matches!(self, Fault::Previous { .. } | Fault::Missing(_)),
        ];
        moment.contains(&true)
    }
}

/// The first line of foreign words, shortened and without control characters.
pub(crate) fn clip(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).take(ECHO_CHARS_MAX).collect()
}
