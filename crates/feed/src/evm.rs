//! Blocks of EVM chains by JSON-RPC. Knows no ledger.
//!
//! What is checked: the chain's number; that a block has the height asked for and follows the one
//! before; that receipts and traces are of that block; on mainnet, that the header hashes to the
//! block's hash. What is not: that the header's roots are those of the transactions, receipts and
//! state, for which the node's word is taken. [`chain::evm`] says so in each block it decodes.

use crate::account::{Head, Next, join, number_text};
use crate::error::clip;
use crate::http::{Ask, Http};
use crate::jsonrpc::JsonRpc;
use crate::limits::{ACCOUNT_ANSWER_BYTES_MAX, SMALL_ANSWER_BYTES_MAX};
use crate::{Endpoint, Fault, FeedError, Limits};
use chain::account::AccountBlock;
use chain::evm::{EvmAnswers, EvmRules, Receipts, Traces, decode, decode_head};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Times that a block is asked for again because the chain moved between its parts.
const MOVES_MAX: u32 = 3;

/// JSON-RPC's code for a method that a node does not have, and EIP-1474's for one not supported.
const NO_METHOD: [i64; 2] = [-32601, -32004];

/// An EVM node.
#[derive(Debug)]
pub struct EvmNode {
    rpc: JsonRpc,
    rules: EvmRules,
    offers: Offers,
}

/// What a node can tell besides blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// Outcomes, fees and logs.
    pub receipts: OfferedReceipts,
    /// Payments by contracts.
    pub traces: OfferedTraces,
}

/// How a node tells receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferedReceipts {
    /// All of a block at once (`eth_getBlockReceipts`).
    Block,
    /// One by one, asked in batches (`eth_getTransactionReceipt`).
    Each,
}

/// How a node tells calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferedTraces {
    /// `trace_block`.
    Flat,
    /// `debug_traceBlockByNumber` with `callTracer`.
    Nested,
    /// Not at all; decoded blocks name the gap.
    No,
}

impl EvmNode {
    /// A node of the chain with that number. Asks what it offers.
    ///
    /// # Errors
    /// The node cannot be asked, or is on another chain.
    pub async fn connect(
        endpoint: Endpoint,
        rules: EvmRules,
        limits: Limits,
    ) -> Result<EvmNode, FeedError> {
        let rpc = JsonRpc::new(Http::new(endpoint, limits)?);
        let offers = Offers { receipts: OfferedReceipts::Each, traces: OfferedTraces::No };
        let mut node = EvmNode { rpc, rules, offers };
        let ask = Ask { method: "eth_chainId", height: None, bytes_max: SMALL_ANSWER_BYTES_MAX };
        let found = node.number(ask, json!([])).await?;
        if found != node.rules.chain_id {
            let (expected, found) = (chain_name(node.rules.chain_id), chain_name(found));
            return Err(node.rpc.http.fault(ask, Fault::Network { expected, found }));
        }
        if node.has("eth_getBlockReceipts", json!(["latest"])).await? {
            node.offers.receipts = OfferedReceipts::Block;
        }
        node.offers.traces = if node.has("trace_block", json!(["latest"])).await? {
            OfferedTraces::Flat
        } else if node.has("debug_traceBlockByNumber", json!(["latest", call_tracer()])).await? {
            OfferedTraces::Nested
        } else {
            OfferedTraces::No
        };
        Ok(node)
    }

    /// What it offers.
    pub fn offers(&self) -> Offers {
        self.offers
    }

    /// The height of its newest block.
    ///
    /// # Errors
    /// The node does not answer, or with something else.
    pub async fn tip(&self) -> Result<u64, FeedError> {
        let (method, bytes_max) = ("eth_blockNumber", SMALL_ANSWER_BYTES_MAX);
        self.number(Ask { method, height: None, bytes_max }, json!([])).await
    }

    /// The block that follows one that the caller has; the block of height `start` where it has
    /// none.
    ///
    /// # Errors
    /// The node fails, lies or has gone back below what the caller has.
    pub async fn next(&self, after: Option<Head>, start: u64) -> Result<Next, FeedError> {
        let tip = self.tip().await?;
        let ask = |method, height| Ask { method, height, bytes_max: ACCOUNT_ANSWER_BYTES_MAX };
        let wanted = match crate::account::wanted(after, start, tip) {
            Ok(Some(wanted)) => wanted,
            Ok(None) => return Ok(Next::AtTip),
            Err(fault) => return Err(self.rpc.http.fault(ask("eth_blockNumber", None), fault)),
        };
        let Some(block) = self.block(wanted).await? else {
            let gone = Fault::Missing(format!("no block there, and a tip of {tip}"));
            return Err(self.rpc.http.fault(ask("eth_getBlockByNumber", Some(wanted)), gone));
        };
        Ok(join(after, block))
    }

    /// The block of a height with all that the node offers; none above its tip.
    ///
    /// # Errors
    /// The node fails, or gives what contradicts itself.
    pub async fn block(&self, number: u64) -> Result<Option<AccountBlock>, FeedError> {
        let mut moves = 1;
        loop {
            let method = "eth_getBlockByNumber";
            let ask = Ask { method, height: Some(number), bytes_max: ACCOUNT_ANSWER_BYTES_MAX };
            let height = number_text(number);
            let Some(raw) = self.optional(ask, json!([height, true])).await? else {
                return Ok(None);
            };
            let (told, hash, _) = decode_head(raw.get().as_bytes())
                .map_err(|error| self.unsound(ask, &error.to_string()))?;
            if told != number {
                let (hash, claimed) = (format!("0x{}", hex::encode(hash.0)), told);
                return Err(self.rpc.http.fault(ask, Fault::OtherHeight { hash, claimed }));
            }
            let fault = match self.decoded(ask, raw.get(), number).await {
                Ok(block) => return Ok(Some(block)),
                Err(error) => error,
            };
            // The parts of a block are asked for one after another; another block may have taken
            // its height meanwhile, and then the parts contradict each other for no fault of the
            // node's.
            let again = self.optional(ask, json!([height, false])).await?;
            let now = again.and_then(|raw| decode_head(raw.get().as_bytes()).ok());
            if moves == MOVES_MAX || now.is_none_or(|(_, now, _)| now == hash) {
                return Err(fault);
            }
            moves += 1;
        }
    }

    async fn decoded(
        &self,
        ask: Ask<'_>,
        block: &str,
        number: u64,
    ) -> Result<AccountBlock, FeedError> {
        let receipts = self.receipts(block, number).await?;
        let traces = self.traces(number).await?;
        let answers = EvmAnswers {
            block: block.as_bytes(),
            receipts: Receipts::Receipts(receipts.get().as_bytes()),
            traces: match (&traces, self.offers.traces) {
                (Some(raw), OfferedTraces::Flat) => Traces::Flat(raw.get().as_bytes()),
                (Some(raw), _) => Traces::Nested(raw.get().as_bytes()),
                (None, _) => Traces::Absent,
            },
        };
        decode(answers, &self.rules).map_err(|error| self.unsound(ask, &error.to_string()))
    }

    async fn receipts(&self, block: &str, number: u64) -> Result<Box<RawValue>, FeedError> {
        let (height, bytes_max) = (Some(number), ACCOUNT_ANSWER_BYTES_MAX);
        if self.offers.receipts == OfferedReceipts::Block {
            let ask = Ask { method: "eth_getBlockReceipts", height, bytes_max };
            return self.rpc.call(ask, json!([number_text(number)])).await;
        }
        #[derive(serde::Deserialize)]
        struct Hash {
            hash: String,
        }
        #[derive(serde::Deserialize)]
        struct Hashes {
            transactions: Vec<Hash>,
        }
        let ask = Ask { method: "eth_getTransactionReceipt", height, bytes_max };
        let hashes: Hashes = serde_json::from_str(block)
            .map_err(|error| self.rpc.http.fault(ask, Fault::Shape(clip(&error.to_string()))))?;
        let each = hashes.transactions.into_iter().map(|of| json!([of.hash])).collect();
        let receipts: Vec<Box<RawValue>> = self.rpc.batch(ask, each).await?;
        serde_json::value::to_raw_value(&receipts)
            .map_err(|error| self.rpc.http.fault(ask, Fault::Shape(clip(&error.to_string()))))
    }

    /// The genesis block has no calls, and nodes refuse to trace it.
    async fn traces(&self, number: u64) -> Result<Option<Box<RawValue>>, FeedError> {
        let (method, parameters) = match self.offers.traces {
            OfferedTraces::No => return Ok(None),
            _ if number == 0 => return Ok(None),
            OfferedTraces::Flat => ("trace_block", json!([number_text(number)])),
            OfferedTraces::Nested => {
                ("debug_traceBlockByNumber", json!([number_text(number), call_tracer()]))
            }
        };
        let bytes_max = ACCOUNT_ANSWER_BYTES_MAX;
        let ask = Ask { method, height: Some(number), bytes_max };
        self.rpc.call(ask, parameters).await.map(Some)
    }

    /// Whether the node has a method; other errors than "no such method" mean that it does.
    async fn has(&self, method: &str, parameters: Value) -> Result<bool, FeedError> {
        let ask = Ask { method, height: None, bytes_max: ACCOUNT_ANSWER_BYTES_MAX };
        match self.rpc.call::<Box<RawValue>>(ask, parameters).await {
            Ok(_) => Ok(true),
            Err(FeedError { fault: Fault::Nothing, .. }) => Ok(true),
            Err(FeedError { fault: Fault::Reported { code, message }, .. }) => {
                let absent = ["does not exist", "not available", "not supported", "not found"];
                let message = message.to_ascii_lowercase();
                Ok(!NO_METHOD.contains(&code) && !absent.iter().any(|says| message.contains(says)))
            }
            Err(error) => Err(error),
        }
    }

    /// A null result is an answer here: there is no such block.
    async fn optional(
        &self,
        ask: Ask<'_>,
        parameters: Value,
    ) -> Result<Option<Box<RawValue>>, FeedError> {
        match self.rpc.call(ask, parameters).await {
            Ok(found) => Ok(Some(found)),
            Err(FeedError { fault: Fault::Nothing, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn number(&self, ask: Ask<'_>, parameters: Value) -> Result<u64, FeedError> {
        let text: String = self.rpc.call(ask, parameters).await?;
        let digits = text.strip_prefix("0x").unwrap_or("");
        u64::from_str_radix(digits, 16).map_err(|_| {
            let shape = format!("`{}` is not a number of the form 0x1f", clip(&text));
            self.rpc.http.fault(ask, Fault::Shape(shape))
        })
    }

    fn unsound(&self, ask: Ask<'_>, said: &str) -> FeedError {
        self.rpc.http.fault(ask, Fault::Answer(said.to_owned()))
    }
}

fn call_tracer() -> Value {
    json!({ "tracer": "callTracer" })
}

fn chain_name(number: u64) -> String {
    format!("chain {number}")
}
