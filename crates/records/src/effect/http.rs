//! One attempt at an effect by HTTP.
//!
//! Keeps no state and never retries. An answer that cannot be read is never taken for a
//! confirmation.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::{Effect, Outcome, detail, template};
use crate::catalog::{Confirmation, HeaderValue, HttpCall, HttpEffect, HttpMethod};

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The call that asks for the effect.
pub(super) async fn request(
    client: &Client,
    http: &HttpEffect,
    effect: &Effect,
    wait_max: Duration,
) -> Outcome {
    attempt(client, http, &http.request, effect, wait_max).await
}

/// The call that asks how it stands; the same request again where the catalog has no other, which
/// is safe because it carries the same idempotency key.
pub(super) async fn poll(
    client: &Client,
    http: &HttpEffect,
    effect: &Effect,
    wait_max: Duration,
) -> Outcome {
    let call = http.poll.as_ref().unwrap_or(&http.request);
    attempt(client, http, call, effect, wait_max).await
}

async fn attempt(
    client: &Client,
    http: &HttpEffect,
    call: &HttpCall,
    effect: &Effect,
    wait_max: Duration,
) -> Outcome {
    let failed = |retryable, why: String| Outcome::Failed { retryable, why };
    let method = match call.method {
        HttpMethod::Get => reqwest::Method::GET,
        HttpMethod::Post => reqwest::Method::POST,
        HttpMethod::Put => reqwest::Method::PUT,
        HttpMethod::Delete => reqwest::Method::DELETE,
    };
    let mut request = client
        .request(method, template::url(&call.url, effect))
        .timeout(wait_max)
        .header(http.idempotency_header.as_str(), effect.id.0.to_string());
    for (name, value) in &call.headers {
        let value = match value {
            HeaderValue::Written(value) => value.clone(),
            HeaderValue::Environment(variable) => match std::env::var(variable) {
                Ok(value) => value,
                Err(_) => {
                    return failed(true, format!("environment variable {variable} is not set"));
                }
            },
        };
        request = request.header(name, value);
    }
    if let Some(body) = &call.body {
        request = request.json(&template::body(body, effect));
    }
    let mut response = match request.send().await {
        Ok(response) => response,
        // The URL holds the account, so it is kept out of the message.
        Err(error) if error.is_builder() => {
            return failed(false, format!("the call cannot be made: {}", error.without_url()));
        }
        Err(error) if error.is_timeout() => {
            return failed(true, format!("no answer within {} s", wait_max.as_secs()));
        }
        Err(error) => {
            return failed(true, format!("the call failed: {}", chain(&error.without_url())));
        }
    };
    let status = response.status();
    let mut answer = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if answer.len() + chunk.len() <= ANSWER_BYTES_MAX => {
                answer.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                return failed(true, format!("the answer is over {ANSWER_BYTES_MAX} bytes"));
            }
            Ok(None) => break,
            Err(error) => {
                return failed(true, format!("the answer broke off: {}", error.without_url()));
            }
        }
    }
    judge(http, status, &answer)
}

/// What an answer means.
fn judge(http: &HttpEffect, status: StatusCode, answer: &[u8]) -> Outcome {
    let code = status.as_u16();
    if http.success.contains(&code) {
        return confirmation(&http.confirmation, code, answer);
    }
    let why = format!("the company's system answered {code}");
    match code {
        // An earlier attempt with this key is still under way.
        409 if http.poll.is_some() => Outcome::Pending { detail: why },
        // It was accepted, yet is not known: asking anew with the same id is right.
        404 if http.poll.is_some() => Outcome::Failed { retryable: true, why },
        408 | 425 | 429 | 500..=599 => Outcome::Failed { retryable: true, why },
        _ => Outcome::Failed { retryable: false, why },
    }
}

fn confirmation(expected: &Confirmation, code: u16, answer: &[u8]) -> Outcome {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return Outcome::Pending { detail: format!("answer {code} holds no JSON") };
    };
    let Some(state) = answer.pointer(&expected.state).and_then(text) else {
        let detail = format!("answer {code} has no text at {}", expected.state);
        return Outcome::Pending { detail };
    };
    if expected.failed.contains(&state) {
        let why = format!("the company's system says `{}`", detail(&state));
        return Outcome::Failed { retryable: false, why };
    }
    if state != expected.confirmed {
        return Outcome::Pending { detail: detail(&state) };
    }
    let Some(pointer) = &expected.amount else {
        return Outcome::Confirmed { detail: detail(&state), amount: None };
    };
    let amount = answer.pointer(pointer).and_then(text).and_then(|text| text.parse().ok());
    match amount {
        Some(amount) => Outcome::Confirmed { detail: detail(&state), amount: Some(amount) },
        // Confirmed without saying how much is no confirmation of an amount.
        None => Outcome::Pending {
            detail: format!("says `{}` without a whole number at {pointer}", detail(&state)),
        },
    }
}

/// Text, whole numbers and truth values as text; nothing else is a state or an amount.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
