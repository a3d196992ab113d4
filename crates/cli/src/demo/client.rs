//! One caller of the node: HTTPS with a client certificate, JSON in and out.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use server::keys::development::Issued;

/// A client certificate with its key, both in PEM.
pub struct Identity(Vec<u8>);

impl Identity {
    /// Of a freshly issued certificate.
    pub fn of(issued: &Issued) -> Self {
        Self(format!("{}{}", issued.certificate_pem, issued.key_pem).into_bytes())
    }
}

/// One caller.
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// Trusts only the root given, and shows `identity`.
    pub fn new(address: SocketAddr, root_pem: &[u8], identity: &Identity) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([reqwest::Certificate::from_pem(root_pem)?])
            .identity(reqwest::Identity::from_pem(&identity.0)?)
            .resolve("localhost", address)
            .build()?;
        Ok(Self { http, base: format!("https://localhost:{}", address.port()) })
    }

    /// GET, JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
        read(path, answer).await
    }

    /// POST, JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.http.post(format!("{}{path}", self.base)).json(body).send().await?;
        read(path, answer).await
    }

    /// POST of an HI-1 message; its answer.
    pub async fn hi1(&self, message: Vec<u8>) -> Result<Vec<u8>> {
        let answer = self
            .http
            .post(format!("{}/hi1", self.base))
            .header("content-type", "application/json")
            .body(message)
            .send()
            .await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        if !status.is_success() {
            bail!("/hi1 answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes.to_vec())
    }
}

async fn read(path: &str, answer: reqwest::Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON: {text}"))
}
