//! A node of any chain of accounts. Knows no ledger.

use super::{Head, Next};
use crate::{Endpoint, EvmNode, FeedError, Limits, TronNode};
use chain::account::{AccountBlock, AccountChain};
use chain::evm::EvmRules;

/// A node of a chain of accounts.
#[derive(Debug)]
pub enum AccountNode {
    /// By JSON-RPC.
    Evm(Box<EvmNode>),
    /// By Tron's HTTP API.
    Tron(TronNode),
}

impl AccountNode {
    /// A node of that chain.
    ///
    /// # Errors
    /// The node cannot be asked, or is on another chain.
    pub async fn connect(
        endpoint: Endpoint,
        chain: AccountChain,
        limits: Limits,
    ) -> Result<AccountNode, FeedError> {
        Ok(match chain {
            AccountChain::Evm { chain_id } => {
                let node = EvmNode::connect(endpoint, EvmRules::of(chain_id), limits).await?;
                AccountNode::Evm(Box::new(node))
            }
            AccountChain::Tron => AccountNode::Tron(TronNode::new(endpoint, limits)?),
        })
    }

    /// The height of its newest block.
    ///
    /// # Errors
    /// The node does not answer, or with something else.
    pub async fn tip(&self) -> Result<u64, FeedError> {
        match self {
            AccountNode::Evm(node) => node.tip().await,
            AccountNode::Tron(node) => node.tip().await,
        }
    }

    /// The block that follows one that the caller has; the block of height `start` where it has
    /// none.
    ///
    /// # Errors
    /// The node fails, lies or has gone back below what the caller has.
    pub async fn next(&self, after: Option<Head>, start: u64) -> Result<Next, FeedError> {
        match self {
            AccountNode::Evm(node) => node.next(after, start).await,
            AccountNode::Tron(node) => node.next(after, start).await,
        }
    }

    /// The block of a height with all that the node offers; none above its tip.
    ///
    /// # Errors
    /// The node fails, or gives what contradicts itself.
    pub async fn block(&self, number: u64) -> Result<Option<AccountBlock>, FeedError> {
        match self {
            AccountNode::Evm(node) => node.block(number).await,
            AccountNode::Tron(node) => node.block(number).await,
        }
    }
}
