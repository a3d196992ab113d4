//! Passkeys without hands: virtual authenticators (W3C Web Authentication Level 2, section 11).

use reqwest::Method;
use serde_json::{Value, json};

use super::Browser;

/// Whether the person at the device proves who they are (finger, face, code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserVerification {
    /// They do.
    Succeeds,
    /// They fail.
    Fails,
}

/// A device to add.
#[derive(Clone, Copy, Debug)]
pub struct Authenticator {
    /// `internal` (this machine), `usb`, `nfc`, `ble` or `hybrid`.
    pub transport: &'static str,
    /// Keeps credentials itself, so that nobody types a name.
    pub resident_keys: bool,
    /// Can verify the person at all, and whether that succeeds.
    pub verification: Option<UserVerification>,
}

impl Authenticator {
    /// A passkey of this machine, used by its owner.
    pub const fn passkey() -> Self {
        let verification = Some(UserVerification::Succeeds);
        Self { transport: "internal", resident_keys: true, verification }
    }
}

/// One added device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorId(String);

impl Browser {
    /// Adds a device (section 11.2).
    pub async fn add_authenticator(&self, device: Authenticator) -> AuthenticatorId {
        let added = json!({
            "protocol": "ctap2",
            "transport": device.transport,
            "hasResidentKey": device.resident_keys,
            "hasUserVerification": device.verification.is_some(),
            "isUserConsenting": true,
            "isUserVerified": device.verification == Some(UserVerification::Succeeds),
        });
        let id = self.must("/webauthn/authenticator", added).await;
        AuthenticatorId(id.as_str().expect("an id").to_owned())
    }

    /// Takes a device away with all its credentials (section 11.3).
    pub async fn remove_authenticator(&self, device: &AuthenticatorId) {
        let path = format!("/webauthn/authenticator/{}", device.0);
        if let Err(fault) = self.session.call(Method::DELETE, &path, &Value::Null).await {
            self.fail(&format!("{path}: {fault}")).await
        }
    }

    /// Puts a credential on a device, in the form that [`Browser::credentials`] gives (section
    /// 11.4): a person takes a passkey to another browser.
    pub async fn add_credential(&self, device: &AuthenticatorId, credential: &Value) {
        let path = format!("/webauthn/authenticator/{}/credential", device.0);
        self.must(&path, credential.clone()).await;
    }

    /// The credentials on a device, with their private keys (section 11.5).
    pub async fn credentials(&self, device: &AuthenticatorId) -> Vec<Value> {
        let path = format!("/webauthn/authenticator/{}/credentials", device.0);
        match self.session.call(Method::GET, &path, &Value::Null).await {
            Ok(Value::Array(credentials)) => credentials,
            Ok(other) => panic!("{path}: not a list: {other}"),
            Err(fault) => self.fail(&format!("{path}: {fault}")).await,
        }
    }

    /// From now on the person succeeds or fails to prove who they are (section 11.8).
    pub async fn set_user_verification(&self, device: &AuthenticatorId, does: UserVerification) {
        let path = format!("/webauthn/authenticator/{}/uv", device.0);
        let succeeds = does == UserVerification::Succeeds;
        self.must(&path, json!({ "isUserVerified": succeeds })).await;
    }
}
