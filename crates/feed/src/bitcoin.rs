//! Blocks of a Bitcoin Core node, by JSON-RPC or by REST. Knows no store.
//!
//! What is checked: the node's genesis block is the network's; bytes hash to the block that was
//! asked for and decode as strictly as a file does; the height a coinbase claims is the one asked
//! for. What is not: that the node's chain has the most work, for which one node's word is taken.

use crate::http::{Ask, Http, json, status_fault};
use crate::jsonrpc::JsonRpc;
use crate::limits::{BLOCK_ANSWER_BYTES_MAX, SMALL_ANSWER_BYTES_MAX};
use crate::{Endpoint, Fault, FeedError, Limits};
use chain::block::decode_file;
use chain::{BlockHash, DecodedBlock, Height, NamedBytes, Network};
use serde::Deserialize;
use serde_json::json;

/// Coinbases must claim their height from here on (BIP 34); below, one may claim anything.
const CLAIM_HEIGHT_MIN: u32 = 227_931;
/// The same on testnet 3.
const CLAIM_HEIGHT_TESTNET_MIN: u32 = 21_111;

/// Bitcoin Core's error for a block or height that it does not have.
const OUT_OF_RANGE: i64 = -8;

/// A Bitcoin node.
#[derive(Debug)]
pub struct BitcoinNode {
    way: Way,
    network: Network,
}

#[derive(Debug)]
enum Way {
    Rpc(JsonRpc),
    Rest(Http),
}

/// Where the node's best chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeTip {
    /// Height of its last block.
    pub height: Height,
    /// That block.
    pub hash: BlockHash,
}

/// A block as a node gave it.
#[derive(Clone, Debug)]
pub struct FetchedBlock {
    /// The block's own bytes.
    pub bytes: Vec<u8>,
    /// What they say; its file is named by the block's hash, so that it is the same from every
    /// node.
    pub block: DecodedBlock,
}

#[derive(Deserialize)]
struct ChainInfo {
    chain: String,
    blocks: u32,
    bestblockhash: String,
}

impl BitcoinNode {
    /// A node's JSON-RPC. Asks for its genesis block.
    ///
    /// # Errors
    /// The node cannot be asked, or is on another network.
    pub async fn rpc(
        endpoint: Endpoint,
        network: Network,
        limits: Limits,
    ) -> Result<BitcoinNode, FeedError> {
        let way = Way::Rpc(JsonRpc::new(Http::new(endpoint, limits)?));
        BitcoinNode { way, network }.checked().await
    }

    /// A node's REST interface (`rest=1`), which needs no password. Asks for its genesis block.
    ///
    /// # Errors
    /// As [`BitcoinNode::rpc`].
    pub async fn rest(
        endpoint: Endpoint,
        network: Network,
        limits: Limits,
    ) -> Result<BitcoinNode, FeedError> {
        let way = Way::Rest(Http::new(endpoint, limits)?);
        BitcoinNode { way, network }.checked().await
    }

    /// Whose rules its blocks are read under.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Where its best chain ends now.
    ///
    /// # Errors
    /// The node does not answer, or with something else.
    pub async fn tip(&self) -> Result<NodeTip, FeedError> {
        let (ask, info) = self.info().await?;
        let hash = self.hash(ask, &info.bestblockhash)?;
        Ok(NodeTip { height: Height(info.blocks), hash })
    }

    /// The block at a height of its best chain; none above its tip.
    ///
    /// # Errors
    /// The node does not answer, or with something else.
    pub async fn hash_at(&self, height: Height) -> Result<Option<BlockHash>, FeedError> {
        let (method, bytes_max) = ("getblockhash", SMALL_ANSWER_BYTES_MAX);
        let ask = Ask { method, height: Some(u64::from(height.0)), bytes_max };
        match &self.way {
            Way::Rpc(rpc) => {
                let text: Result<String, FeedError> = rpc.call(ask, json!([height.0])).await;
                match text {
                    Ok(text) => self.hash(ask, &text).map(Some),
                    Err(FeedError {
                        fault: Fault::Reported { code: OUT_OF_RANGE, .. }, ..
                    }) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Way::Rest(http) => {
                let ask = Ask { method: "rest/blockhashbyheight", ..ask };
                let path = format!("rest/blockhashbyheight/{}.hex", height.0);
                let answer = http.get(ask, &path).await?;
                if answer.status == 404 {
                    return Ok(None);
                }
                let text = ok_body(answer).map_err(|fault| http.fault(ask, fault))?;
                let text = String::from_utf8_lossy(&text);
                self.hash(ask, text.trim()).map(Some)
            }
        }
    }

    /// A block by its hash, decoded and checked. `height` is what its coinbase must claim, and goes
    /// into errors.
    ///
    /// # Errors
    /// The node does not have it, or gives other bytes than those of that block.
    pub async fn block(
        &self,
        hash: BlockHash,
        height: Option<Height>,
    ) -> Result<FetchedBlock, FeedError> {
        let (method, bytes_max) = ("getblock", BLOCK_ANSWER_BYTES_MAX);
        let mut ask = Ask { method, height: height.map(|height| u64::from(height.0)), bytes_max };
        let bytes = match &self.way {
            Way::Rpc(rpc) => {
                let text: String = rpc.call(ask, json!([hash.to_string(), 0])).await?;
                hex::decode(text.trim()).map_err(|error| {
                    self.fault(ask, Fault::Shape(format!("a block is hexadecimal: {error}")))
                })?
            }
            Way::Rest(http) => {
                ask.method = "rest/block";
                let answer = http.get(ask, &format!("rest/block/{hash}.bin")).await?;
                ok_body(answer).map_err(|fault| http.fault(ask, fault))?
            }
        };
        let block = self.decoded(hash, height, &bytes).map_err(|fault| self.fault(ask, fault))?;
        Ok(FetchedBlock { bytes, block })
    }

    fn decoded(
        &self,
        asked: BlockHash,
        height: Option<Height>,
        bytes: &[u8],
    ) -> Result<DecodedBlock, Fault> {
        let name = format!("block {asked}");
        let mut blocks = decode_file(NamedBytes { name: &name, bytes }, self.network)
            .map_err(|error| Fault::Block(Box::new(error)))?;
        let given = blocks.len();
        let (Some(block), 1) = (blocks.pop(), given) else {
            return Err(Fault::Shape(format!("{given} blocks where one was asked for")));
        };
        if block.hash != asked {
            let (asked, given) = (asked.to_string(), block.hash.to_string());
            return Err(Fault::OtherBlock { asked, given });
        }
        let binding = match self.network {
            Network::Mainnet => CLAIM_HEIGHT_MIN,
            Network::Testnet => CLAIM_HEIGHT_TESTNET_MIN,
            Network::Signet | Network::Regtest => 0,
        };
        if let (Some(asked), Some(claimed)) = (height, block.height)
            && asked != claimed
            && asked.0 >= binding
        {
            let (hash, claimed) = (block.hash.to_string(), u64::from(claimed.0));
            return Err(Fault::OtherHeight { hash, claimed });
        }
        Ok(block)
    }

    /// Only a node of the right network is of use.
    async fn checked(self) -> Result<BitcoinNode, FeedError> {
        let (ask, info) = self.info().await?;
        let expected = self.network.genesis();
        match self.hash_at(Height(0)).await? {
            Some(found) if found == expected => Ok(self),
            found => {
                let expected = format!("{} (genesis {expected})", self.network);
                let genesis = found.map_or("none".to_owned(), |hash| hash.to_string());
                let found = format!("`{}` (genesis {genesis})", crate::error::clip(&info.chain));
                Err(self.fault(ask, Fault::Network { expected, found }))
            }
        }
    }

    async fn info(&self) -> Result<(Ask<'static>, ChainInfo), FeedError> {
        let bytes_max = SMALL_ANSWER_BYTES_MAX;
        let mut ask = Ask { method: "getblockchaininfo", height: None, bytes_max };
        let info = match &self.way {
            Way::Rpc(rpc) => rpc.call(ask, json!([])).await?,
            Way::Rest(http) => {
                ask.method = "rest/chaininfo";
                let answer = http.get(ask, "rest/chaininfo.json").await?;
                let read = ok_body(answer).and_then(|body| json(&body));
                read.map_err(|fault| http.fault(ask, fault))?
            }
        };
        Ok((ask, info))
    }

    fn hash(&self, ask: Ask<'_>, text: &str) -> Result<BlockHash, FeedError> {
        text.parse()
            .map_err(|error: chain::ParseIdError| self.fault(ask, Fault::Shape(error.to_string())))
    }

    /// The JSON-RPC side, where that is the way.
    pub(crate) fn json_rpc(&self) -> Option<&JsonRpc> {
        match &self.way {
            Way::Rpc(rpc) => Some(rpc),
            Way::Rest(_) => None,
        }
    }

    pub(crate) fn error(&self, method: &str, height: Option<Height>, fault: Fault) -> FeedError {
        let height = height.map(|height| u64::from(height.0));
        self.fault(Ask { method, height, bytes_max: 0 }, fault)
    }

    fn fault(&self, ask: Ask<'_>, fault: Fault) -> FeedError {
        match &self.way {
            Way::Rpc(rpc) => rpc.http.fault(ask, fault),
            Way::Rest(http) => http.fault(ask, fault),
        }
    }
}

fn ok_body(answer: crate::http::Answer) -> Result<Vec<u8>, Fault> {
    if answer.status.is_success() {
        Ok(answer.body)
    } else {
        Err(status_fault(answer.status, &answer.body))
    }
}
