//! One HTTP call with its limits. Knows no protocol above HTTP.

use crate::error::clip;
use crate::limits::JSON_DEPTH_MAX;
use crate::{Endpoint, Fault, FeedError, Limits};
use reqwest::{Client, RequestBuilder, StatusCode};

/// A node and how it is spoken to.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client,
    endpoint: Endpoint,
    limits: Limits,
}

/// What is asked, for errors and limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub method: &'a str,
    pub height: Option<u64>,
    pub bytes_max: usize,
}

/// A status and all bytes of a body.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

impl Http {
    pub(crate) fn new(endpoint: Endpoint, limits: Limits) -> Result<Http, FeedError> {
        // A redirect could send the password to somebody else, so none is followed.
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        let node = endpoint.to_string();
        let client = builder.build().map_err(|error| FeedError {
            node: node.into(),
            method: "connect".into(),
            height: None,
            fault: Fault::Unreachable(error.to_string()),
        })?;
        Ok(Http { client, endpoint, limits })
    }

    pub(crate) fn fault(&self, ask: Ask<'_>, fault: Fault) -> FeedError {
        let (node, method) = (self.endpoint.to_string().into(), ask.method.into());
        FeedError { node, method, height: ask.height, fault }
    }

    /// Posts JSON to the node's address.
    pub(crate) async fn post(&self, ask: Ask<'_>, body: &[u8]) -> Result<Answer, FeedError> {
        let request = || {
            let request = self.client.post(self.endpoint.url().clone());
            request.header("content-type", "application/json").body(body.to_vec())
        };
        self.answer(ask, request).await
    }

    /// Posts JSON below the node's address.
    pub(crate) async fn post_to(
        &self,
        ask: Ask<'_>,
        path: &str,
        body: &[u8],
    ) -> Result<Answer, FeedError> {
        let url = self.endpoint.below(path);
        let request = || {
            let request = self.client.post(url.clone());
            request.header("content-type", "application/json").body(body.to_vec())
        };
        self.answer(ask, request).await
    }

    /// Gets what lies below the node's address.
    pub(crate) async fn get(&self, ask: Ask<'_>, path: &str) -> Result<Answer, FeedError> {
        let url = self.endpoint.below(path);
        self.answer(ask, || self.client.get(url.clone())).await
    }

    async fn answer(
        &self,
        ask: Ask<'_>,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, FeedError> {
        let tries = self.limits.tries.max(1);
        let mut pause = self.limits.pause;
        for left in (0..tries).rev() {
            let fault = match self.once(ask, request()).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            if left == 0 || !fault.may_pass() {
                return Err(self.fault(ask, fault));
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(self.fault(ask, Fault::Nothing))
    }

    async fn once(&self, ask: Ask<'_>, request: RequestBuilder) -> Result<Answer, Fault> {
        let request = match self.endpoint.secret().map_err(Fault::Secret)? {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        let mut response = request.send().await.map_err(|error| self.transport(error))?;
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403) {
            return Err(Fault::Unauthorized(status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(error))? {
            if body.len() + chunk.len() > ask.bytes_max {
                return Err(Fault::TooLarge { bytes_max: ask.bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        // Bitcoin Core sends errors of the protocol with status 500, which the caller reads; these
        // come from what stands before a node, or from a full work queue.
        if matches!(status.as_u16(), 429 | 502 | 503 | 504) {
            return Err(status_fault(status, &body));
        }
        Ok(Answer { status, body })
    }

    fn transport(&self, error: reqwest::Error) -> Fault {
        // The error's own words would repeat the address with its key.
        let error = error.without_url();
        if error.is_timeout() {
            let milliseconds = self.limits.answer.as_millis();
            return Fault::TimedOut { milliseconds, tries: self.limits.tries.max(1) };
        }
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            words = inner.to_string();
            cause = inner.source();
        }
        if error.is_connect() {
            return Fault::Unreachable(clip(&words));
        }
        Fault::Half(clip(&words))
    }
}

pub(crate) fn status_fault(status: StatusCode, body: &[u8]) -> Fault {
    let said = clip(&String::from_utf8_lossy(body));
    Fault::Status { status: status.as_u16(), said }
}

/// Reads JSON of a bounded depth.
pub(crate) fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    if depth(body) > JSON_DEPTH_MAX {
        return Err(Fault::TooDeep { depth_max: JSON_DEPTH_MAX });
    }
    serde_json::from_slice(body).map_err(|error| {
        let words = clip(&error.to_string());
        if error.is_eof() { Fault::Half(words) } else { Fault::Shape(words) }
    })
}

/// The deepest nesting of brackets outside strings. Of JSON; of other bytes it is a number.
fn depth(body: &[u8]) -> usize {
    let (mut here, mut deepest, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                here += 1;
                deepest = deepest.max(here);
            }
            b']' | b'}' => here = here.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert_eq!(depth(br#"{"a":"[[[\"[","b":[[1],[2]]}"#), 3);
        assert_eq!(depth(b"]]]["), 1);
    }
}
