//! `assertion.json`: what the passkey answered, against what it was asked
//! (W3C WebAuthn level 2, section 7.2, steps 7 to 20).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Findings;
use super::enrolment::Enrolled;
use crate::digest::Sha256;
use crate::format::{NONCE_BYTES, SIGNED_REQUEST_TAG};
use crate::passkey::{AuthenticatorData, ClientData};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u64,
    nonce: String,
    credential_id: String,
    client_data_json: String,
    authenticator_data: String,
    signature: String,
}

/// The answer, decoded.
pub struct Answer {
    nonce: [u8; NONCE_BYTES],
    /// As base64url, the way the enrolment has it.
    credential_id: String,
    client_data_json: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
}

/// Reads the file in its one spelling.
pub fn read(bytes: &[u8], path: &str, findings: &mut Findings) -> Option<Answer> {
    let file: File = match serde_json::from_slice(bytes) {
        Ok(file) => file,
        Err(error) => {
            let expected = "{\"v\",\"nonce\",\"credential_id\",...}";
            findings.defect(path, "not a passkey's answer", expected, error);
            return None;
        }
    };
    let written = serde_json::to_string(&file).map(|text| text + "\n");
    if written.ok().as_deref().map(str::as_bytes) != Some(bytes) {
        let expected = "compact, members in order, one LF at the end";
        findings.defect(path, "not in its one spelling", expected, "another");
    }
    if file.v != 1 {
        findings.defect(path, "a version this verifier does not know", 1, file.v);
    }
    let nonce: Option<[u8; NONCE_BYTES]> =
        hex::decode(&file.nonce).ok().and_then(|bytes| bytes.try_into().ok());
    let Some(nonce) = nonce.filter(|nonce| hex::encode(nonce) == file.nonce) else {
        let expected = format!("{NONCE_BYTES} bytes in lower-case hex");
        findings.defect(path, "the nonce is not one", expected, &file.nonce);
        return None;
    };
    let mut decoded = |name: &str, text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text);
        if bytes.is_err() {
            let what = format!("{name} is not base64url");
            findings.defect(path, what, "base64url without padding", text);
        }
        bytes.ok()
    };
    decoded("credential_id", &file.credential_id)?;
    Some(Answer {
        nonce,
        client_data_json: decoded("client_data_json", &file.client_data_json)?,
        authenticator_data: decoded("authenticator_data", &file.authenticator_data)?,
        signature: decoded("signature", &file.signature)?,
        credential_id: file.credential_id,
    })
}

impl Answer {
    /// Everything that can be wrong with the answer, given the bytes it must be about.
    pub fn check(
        &self,
        request: &[u8],
        origin: Option<&str>,
        enrolled: Option<&Enrolled>,
        path: &str,
        findings: &mut Findings,
    ) {
        match ClientData::read(&self.client_data_json) {
            Ok(said) => self.check_client_data(&said, request, origin, path, findings),
            Err(error) => {
                let what = "what the browser said cannot be read";
                findings.defect(path, what, "clientDataJSON", error);
            }
        }
        match AuthenticatorData::read(&self.authenticator_data) {
            Ok(said) => check_authenticator_data(&said, enrolled, path, findings),
            Err(error) => {
                let what = "what the passkey said cannot be read";
                findings.defect(path, what, "authenticatorData", error);
            }
        }
        let Some(enrolled) = enrolled else { return };
        if enrolled.credential_id != self.credential_id {
            let what = "another passkey answered than the enrolled one";
            findings.defect(path, what, &enrolled.credential_id, &self.credential_id);
        }
        let mut signed = self.authenticator_data.clone();
        signed.extend(Sha256::of(&self.client_data_json).0);
        if !enrolled.key.verifies(&signed, &self.signature) {
            let what = "the signature is not by the enrolled key over these data";
            findings.defect(path, what, enrolled.key.algorithm(), "none that holds");
        }
    }

    fn check_client_data(
        &self,
        said: &ClientData,
        request: &[u8],
        origin: Option<&str>,
        path: &str,
        findings: &mut Findings,
    ) {
        if said.kind != "webauthn.get" {
            findings.defect(path, "not the answer to a log-in", "webauthn.get", &said.kind);
        }
        let asked = [SIGNED_REQUEST_TAG.as_bytes(), &[0], &self.nonce, request].concat();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::of(&asked).0);
        if said.challenge != challenge {
            let what = "the passkey signed another challenge: other bytes or another nonce";
            findings.defect(path, what, challenge, &said.challenge);
        }
        if let Some(origin) = origin
            && said.origin != origin
        {
            findings.defect(path, "it was signed at another site", origin, &said.origin);
        }
        if said.cross_origin || said.top_origin.is_some() {
            let found = said.top_origin.as_deref().unwrap_or("crossOrigin true");
            findings.defect(path, "it was signed inside another site's page", "none", found);
        }
    }
}

fn check_authenticator_data(
    said: &AuthenticatorData,
    enrolled: Option<&Enrolled>,
    path: &str,
    findings: &mut Findings,
) {
    if let Some(enrolled) = enrolled {
        let expected = Sha256::of(enrolled.rp_id.as_bytes());
        if said.rp_id_sha256 != expected.0 {
            let what = "the passkey was used for another relying party";
            let expected = format!("SHA-256 of {}", enrolled.rp_id);
            findings.defect(path, what, expected, hex::encode(said.rp_id_sha256));
        }
    }
    if !said.is_user_present {
        findings.defect(path, "nobody touched the passkey", "user present", "not present");
    }
    if !said.is_user_verified {
        let what = "the passkey did not verify who touched it";
        findings.defect(path, what, "user verified", "not verified");
    }
}
