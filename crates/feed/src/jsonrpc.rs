//! JSON-RPC over HTTP, version 2.0 as EVM nodes speak it and the 1.x of Bitcoin Core, which differ
//! in what they leave out. Knows no method.

use crate::error::clip;
use crate::http::{Ask, Http, json, status_fault};
use crate::{Fault, FeedError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls sent in one request; providers refuse more than 100 or so.
pub(crate) const BATCH_CALLS_MAX: usize = 50;

/// A node that answers JSON-RPC.
#[derive(Debug)]
pub(crate) struct JsonRpc {
    pub http: Http,
    next: AtomicU64,
}

#[derive(Deserialize)]
struct Reply<T> {
    #[serde(default = "nothing")]
    result: Option<T>,
    #[serde(default)]
    error: Option<Reported>,
    #[serde(default)]
    id: Value,
}

fn nothing<T>() -> Option<T> {
    None
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

impl JsonRpc {
    pub(crate) fn new(http: Http) -> JsonRpc {
        JsonRpc { http, next: AtomicU64::new(1) }
    }

    /// One call. A null result is [`Fault::Nothing`].
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        ask: Ask<'_>,
        parameters: Value,
    ) -> Result<T, FeedError> {
        let (id, request) = self.request(ask.method, parameters);
        let answer = self.http.post(ask, request.to_string().as_bytes()).await?;
        let read: Result<Reply<T>, Fault> = json(&answer.body);
        let result = match read {
            Ok(reply) => reply.open(id),
            // A page of words with an error status is not JSON, and the status says more.
            Err(_) if !answer.status.is_success() => Err(status_fault(answer.status, &answer.body)),
            Err(fault) => Err(fault),
        };
        result.map_err(|fault| self.http.fault(ask, fault))
    }

    /// Several calls of one method in one request; answers in the order of the calls.
    pub(crate) async fn batch<T: DeserializeOwned>(
        &self,
        ask: Ask<'_>,
        parameters: Vec<Value>,
    ) -> Result<Vec<T>, FeedError> {
        let mut results = Vec::with_capacity(parameters.len());
        for some in parameters.chunks(BATCH_CALLS_MAX) {
            let (ids, requests): (Vec<u64>, Vec<Value>) =
                some.iter().map(|each| self.request(ask.method, each.clone())).unzip();
            let answer = self.http.post(ask, Value::from(requests).to_string().as_bytes()).await?;
            let fail = |fault| self.http.fault(ask, fault);
            let mut replies: Vec<Reply<T>> = match json(&answer.body) {
                Ok(replies) => replies,
                Err(_) if !answer.status.is_success() => {
                    return Err(fail(status_fault(answer.status, &answer.body)));
                }
                Err(fault) => return Err(fail(fault)),
            };
            if replies.len() != ids.len() {
                let missing = format!("{} calls, {} replies", ids.len(), replies.len());
                return Err(fail(Fault::Missing(missing)));
            }
            // Replies may come in any order.
            for id in ids {
                let found = replies.iter().position(|reply| reply.id == id);
                let missing = || Fault::Missing(format!("no reply to call {id}"));
                let reply = replies.swap_remove(found.ok_or_else(missing).map_err(fail)?);
                results.push(reply.open(id).map_err(fail)?);
            }
        }
        Ok(results)
    }

    fn request(&self, method: &str, parameters: Value) -> (u64, Value) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        (id, json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }))
    }
}

impl<T> Reply<T> {
    fn open(self, id: u64) -> Result<T, Fault> {
        if let Some(Reported { code, message }) = self.error {
            return Err(Fault::Reported { code, message: clip(&message) });
        }
        if self.id != id {
            let answered = clip(&self.id.to_string());
            return Err(Fault::OtherCall { asked: id, answered });
        }
        self.result.ok_or(Fault::Nothing)
    }
}
