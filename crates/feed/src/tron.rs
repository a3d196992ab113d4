//! Blocks of Tron by the HTTP API of a full node. Knows no ledger.
//!
//! What is checked: that a block has the height asked for, also in its id, and follows the one
//! before, and that infos are of its transactions. What is not: that the id is the hash of the
//! header, for which the node's word is taken.

use crate::account::{Head, Next, join, wanted};
use crate::error::clip;
use crate::http::{Ask, Http, status_fault};
use crate::limits::ACCOUNT_ANSWER_BYTES_MAX;
use crate::{Endpoint, Fault, FeedError, Limits};
use chain::account::AccountBlock;
use chain::tron::{TronAnswers, decode, decode_head};
use serde::Deserialize;
use serde_json::{Value, json};

/// A Tron node.
#[derive(Debug)]
pub struct TronNode {
    http: Http,
}

/// An error, which comes with status 200.
#[derive(Deserialize)]
struct Reported {
    #[serde(rename = "Error")]
    error: String,
}

impl TronNode {
    /// A node's HTTP API, without asking anything yet.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Result<TronNode, FeedError> {
        Ok(TronNode { http: Http::new(endpoint, limits)? })
    }

    /// The height of its newest block.
    ///
    /// # Errors
    /// The node does not answer, or with something else.
    pub async fn tip(&self) -> Result<u64, FeedError> {
        let (ask, body) = self.post("wallet/getnowblock", None, json!({})).await?;
        let head = decode_head(&body).map_err(|error| self.unsound(ask, &error.to_string()))?;
        Ok(head.0)
    }

    /// The block that follows one that the caller has; the block of height `start` where it has
    /// none.
    ///
    /// # Errors
    /// The node fails, lies or has gone back below what the caller has.
    pub async fn next(&self, after: Option<Head>, start: u64) -> Result<Next, FeedError> {
        let tip = self.tip().await?;
        let ask = |method, height| Ask { method, height, bytes_max: ACCOUNT_ANSWER_BYTES_MAX };
        let number = match wanted(after, start, tip) {
            Ok(Some(number)) => number,
            Ok(None) => return Ok(Next::AtTip),
            Err(fault) => return Err(self.http.fault(ask("wallet/getnowblock", None), fault)),
        };
        match self.block(number).await? {
            Some(block) => Ok(join(after, block)),
            None => {
                let gone = Fault::Missing(format!("no block there, and a tip of {tip}"));
                Err(self.http.fault(ask("wallet/getblockbynum", Some(number)), gone))
            }
        }
    }

    /// The block of a height with its infos; none above the tip.
    ///
    /// # Errors
    /// The node fails, or gives what contradicts itself.
    pub async fn block(&self, number: u64) -> Result<Option<AccountBlock>, FeedError> {
        let number_only = json!({ "num": number });
        let (ask, block) =
            self.post("wallet/getblockbynum", Some(number), number_only.clone()).await?;
        if block.trim_ascii() == b"{}" {
            return Ok(None);
        }
        let (told, hash, _) =
            decode_head(&block).map_err(|error| self.unsound(ask, &error.to_string()))?;
        if told != number {
            let (hash, claimed) = (hex::encode(hash.0), told);
            return Err(self.http.fault(ask, Fault::OtherHeight { hash, claimed }));
        }
        let path = "wallet/gettransactioninfobyblocknum";
        let (ask, infos) = self.post(path, Some(number), number_only).await?;
        let answers = TronAnswers { block: &block, infos: Some(&infos) };
        let block = decode(answers).map_err(|error| self.unsound(ask, &error.to_string()))?;
        Ok(Some(block))
    }

    async fn post(
        &self,
        path: &'static str,
        height: Option<u64>,
        body: Value,
    ) -> Result<(Ask<'static>, Vec<u8>), FeedError> {
        let ask = Ask { method: path, height, bytes_max: ACCOUNT_ANSWER_BYTES_MAX };
        let answer = self.http.post_to(ask, path, body.to_string().as_bytes()).await?;
        if let Ok(reported) = serde_json::from_slice::<Reported>(&answer.body) {
            let (code, message) = (0, clip(&reported.error));
            return Err(self.http.fault(ask, Fault::Reported { code, message }));
        }
        if !answer.status.is_success() {
            return Err(self.http.fault(ask, status_fault(answer.status, &answer.body)));
        }
        Ok((ask, answer.body))
    }

    fn unsound(&self, ask: Ask<'_>, said: &str) -> FeedError {
        self.http.fault(ask, Fault::Answer(said.to_owned()))
    }
}
