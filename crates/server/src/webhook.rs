//! Telling the company's own machines what happened: event, id, time and request, nothing else.
//!
//! The shape and the signature are those of Standard Webhooks 1.0.0, so that a receiver can use a
//! library it has; docs/formats/webhook.md is what a receiver needs to know.

use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::ids::RequestId;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::Job;
use uuid::Uuid;

use crate::app::Node;
use crate::config::{Config, Webhook};
use crate::error::Error;
use crate::keys::private_text;
use crate::notice::ALARM_RAISED;

/// One post takes no longer, from the connection to the status line.
pub const POST_SECONDS_MAX: u64 = 15;
/// Bytes of a body; ours are a third of it. An answer's body is not read at all.
pub const BODY_BYTES_MAX: usize = 1_024;
/// Random bytes of a secret, at least (Standard Webhooks 1.0.0: 24 to 64).
const SECRET_BYTES_MIN: usize = 24;
/// The same, at most.
const SECRET_BYTES_MAX: usize = 64;
/// What a secret begins with.
const SECRET_PREFIX: &str = "whsec_";

/// A machine that is told what happens.
pub struct Endpoint {
    /// Its name in comity.toml.
    pub name: String,
    url: String,
    events: Vec<String>,
    key: hmac::Key,
}

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    timestamp: Timestamp,
    data: Data,
}

/// What it is about: ids, nothing else.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Data {
    Request(RequestId),
    Alarm(Uuid),
}

impl Endpoint {
    /// Reads the secret of an endpoint; nothing is sent yet.
    ///
    /// # Errors
    /// Naming the file that is wrong.
    pub fn open(config: &Config, webhook: &Webhook) -> anyhow::Result<Self> {
        let path = config.path(&webhook.secret_file);
        let place = || format!("webhook {:?}, secret_file", webhook.name);
        let key = signing_key(private_text(&path).with_context(place)?.trim())
            .with_context(|| path.display().to_string())
            .with_context(place)?;
        let Webhook { name, url, events, .. } = webhook.clone();
        Ok(Self { name, url, events, key })
    }

    /// True when this endpoint is told of such an event.
    #[must_use]
    pub fn wants(&self, event: &str) -> bool {
        self.events.iter().any(|wanted| wanted == event)
    }
}

/// The id of a message: the same however often it is sent, and telling nothing by itself.
#[must_use]
pub fn message_id(request: RequestId, seq: u64, what: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"comity webhook v1\0");
    digest.update(request.0.as_bytes());
    digest.update(seq.to_be_bytes());
    digest.update(what.as_bytes());
    format!("msg_{}", &hex::encode(digest.finalize())[..32])
}

/// Posts the message of a job. An endpoint that is no longer configured is told nothing.
///
/// # Errors
/// When it does not answer with success; tried again later.
pub async fn post(
    node: &Node,
    (endpoint, id): (&str, &str),
    (event, at): (&str, Timestamp),
    job: &Job,
) -> Result<(), Error> {
    let known = node.notices.webhooks.iter().find(|one| one.name == endpoint);
    if let Some(endpoint) = known {
        let body = body(event, id, at, RequestId(job.stream))?;
        let sent_at = node.now().as_second();
        let trouble = |why: String| Error::Unavailable(format!("webhook {}: {why}", endpoint.name));
        let answer = node
            .http
            .post(&endpoint.url)
            .timeout(Duration::from_secs(POST_SECONDS_MAX))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", sent_at.to_string())
            .header("webhook-signature", signature(&endpoint.key, id, sent_at, &body))
            .body(body)
            .send()
            .await
            .map_err(|error| trouble(error.without_url().to_string()))?;
        // Redirects are not followed: they count as an answer that is no success.
        if !answer.status().is_success() {
            return Err(trouble(format!("it answered {}", answer.status())));
        }
    }
    node.store.complete_job(job.lease).await?;
    Ok(())
}

fn body(event: &str, id: &str, at: Timestamp, request: RequestId) -> Result<String, Error> {
    // Alarms are no request's; the job of one carries the alarm's id.
    let (kind, data) = match event {
        ALARM_RAISED => ("alarm.raised".to_owned(), Data::Alarm(request.0)),
        _ => (format!("request.{event}"), Data::Request(request)),
    };
    let body = Body { kind: &kind, id, timestamp: at, data };
    let text = serde_json::to_string(&body).context("a webhook's body")?;
    assert!(text.len() <= BODY_BYTES_MAX, "an event's word and three ids are short");
    Ok(text)
}

/// HMAC-SHA-256 over id, time and body, as `v1,` and base64.
fn signature(key: &hmac::Key, id: &str, sent_at: i64, body: &str) -> String {
    let tag = hmac::sign(key, format!("{id}.{sent_at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

fn signing_key(secret: &str) -> anyhow::Result<hmac::Key> {
    let encoded = secret.strip_prefix(SECRET_PREFIX).context(
        "write whsec_ and the base64 of 24 to 64 random bytes: \
                  echo \"whsec_$(openssl rand -base64 32)\"",
    )?;
    let bytes = STANDARD.decode(encoded).context("what follows whsec_ is no base64")?;
    let bytes = zeroize::Zeroizing::new(bytes);
    if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
        anyhow::bail!(
            "{} bytes; a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX}",
            bytes.len()
        );
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use desk::ids::RequestId;
    use expect_test::expect;
    use uuid::Uuid;

    use super::{body, message_id, signature, signing_key};

    /// The example of Standard Webhooks' own libraries.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let said = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        expect!["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="].assert_eq(&said);
    }

    #[test]
    fn a_body_says_what_and_when_and_nothing_of_a_case() {
        let request = RequestId(Uuid::from_u128(7));
        let id = message_id(request, 3, "");
        let at = "2026-10-05T08:00:00Z".parse().expect("a time");
        expect![[r#"{"type":"request.delivered","id":"msg_1e474e72edf261ef67672b2a3ecdef8e","timestamp":"2026-10-05T08:00:00Z","data":{"request":"00000000-0000-0000-0000-000000000007"}}"#]]
            .assert_eq(&body("delivered", &id, at, request).expect("a body"));
        assert_ne!(id, message_id(request, 4, ""));
        assert_ne!(message_id(request, 0, "1 answer 50"), message_id(request, 0, "1 answer 80"));
    }

    #[test]
    fn an_alarm_is_named_and_nobody_in_it() {
        let alarm = RequestId(Uuid::from_u128(7));
        let at = "2026-10-05T08:00:00Z".parse().expect("a time");
        expect![[r#"{"type":"alarm.raised","id":"msg_1","timestamp":"2026-10-05T08:00:00Z","data":{"alarm":"00000000-0000-0000-0000-000000000007"}}"#]]
            .assert_eq(&body("alarm_raised", "msg_1", at, alarm).expect("a body"));
    }

    #[test]
    fn secrets_are_long_enough() {
        let told = |secret: &str| format!("{:#}", signing_key(secret).expect_err("refused"));
        expect!["10 bytes; a secret has 24 to 64"].assert_eq(&told("whsec_MTIzNDU2Nzg5MA=="));
        assert!(told("a secret").starts_with("write whsec_"), "{}", told("a secret"));
        assert!(told("whsec_?").starts_with("what follows whsec_ is no base64"));
    }
}
