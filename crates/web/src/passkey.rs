//! Passkeys: enrolment, log-in, and the fresh proof that grave acts ask for.
//!
//! Knows no session and no right. Challenges live in memory until they are answered, once, or are
//! too old. The library checks the ceremonies (W3C WebAuthn level 2, sections 7.1 and 7.2); the
//! public facts of a passkey are kept in the log, so that a signed request can be checked without
//! us.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::ids::ActorId;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use server::directory::{Directory, EnrolledPasskey};
use server::error::Error;
use server::wrong::Wrong;
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    COSEKeyType, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, RequestChallengeResponse, Uuid, Webauthn, WebauthnBuilder,
};

use crate::problem::Problem;
use crate::settings::Settings;

/// A challenge is answered within so many minutes, or not at all.
const CHALLENGE_MINUTES_MAX: i64 = 5;
/// Challenges that wait for an answer at once; the oldest makes room.
const CHALLENGES_MAX: usize = 20_000;

/// What the browser is asked, with the name under which it answers.
#[derive(Debug, serde::Serialize)]
pub struct Asked<T> {
    /// Name of the challenge.
    pub ceremony: String,
    /// Options for the browser's `navigator.credentials`.
    pub options: T,
}

/// What the browser answers, as the hidden field `passkey` of a form has it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered<T> {
    /// Name of the challenge.
    pub ceremony: String,
    /// What the authenticator signed.
    pub credential: T,
}

impl<T: serde::de::DeserializeOwned> Answered<T> {
    /// Reads the hidden field.
    ///
    /// # Errors
    /// [`Problem::Passkey`] when it is not what our script writes.
    pub fn read(field: &str) -> Result<Self, Problem> {
        serde_json::from_str(field).map_err(|_| Problem::Passkey)
    }
}

enum Waiting {
    Enrolment {
        token: String,
        state: PasskeyRegistration,
    },
    /// For whom, when it must be somebody; a log-in takes anybody.
    Proof {
        holder: Option<ActorId>,
        state: DiscoverableAuthentication,
    },
}

/// The ceremonies of one site.
pub struct Passkeys {
    webauthn: Webauthn,
    rp_id: String,
    origin: String,
    waiting: Mutex<HashMap<String, (Timestamp, Waiting)>>,
}

/// Who proved to hold a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Whose passkey it is.
    pub holder: ActorId,
    /// SHA-256 of its credential's id.
    pub credential_sha256: String,
}

impl Passkeys {
    /// For a site.
    ///
    /// # Errors
    /// When the library refuses the site's address.
    pub fn of(settings: &Settings) -> anyhow::Result<Self> {
        let webauthn = WebauthnBuilder::new(&settings.rp_id, &settings.origin)
            .map(|builder| builder.rp_name(&settings.company))
            .and_then(WebauthnBuilder::build)
            .map_err(|error| anyhow::anyhow!("passkeys for {}: {error}", settings.origin_text))?;
        let (rp_id, origin) = (settings.rp_id.clone(), settings.origin_text.clone());
        Ok(Self { webauthn, rp_id, origin, waiting: Mutex::default() })
    }

    /// Begins the enrolment of a passkey by a one-time link.
    ///
    /// # Errors
    /// When the link opens nothing.
    pub fn start_enrolment(
        &self,
        directory: &Directory,
        token: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Asked<Value>, Problem> {
        let token_sha256 = hex::encode(Sha256::digest(token.as_bytes()));
        let invited = directory.invitation(&token_sha256, now).ok_or_else(Problem::hidden)?;
        let known = directory.passkeys_of(invited.holder);
        let exclude: Vec<_> = known.filter_map(|(_, passkey)| kept(&passkey.facts)).collect();
        let exclude = exclude.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let user = user_handle(invited.holder);
        let started = self.webauthn.start_passkey_registration(user, name, name, Some(exclude));
        let (options, state) = started.map_err(fault)?;
        let mut options = serde_json::to_value(options).map_err(anyhow::Error::from)?;
        // The passkey itself says whose it is, so that nobody types a name to log in.
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = "required".into();
        selection["requireResidentKey"] = true.into();
        let waiting = Waiting::Enrolment { token: token.to_owned(), state };
        Ok(Asked { ceremony: self.wait(waiting, now)?, options })
    }

    /// Ends an enrolment: the facts of the passkey, and the secret of the link it was begun with.
    ///
    /// # Errors
    /// [`Problem::Passkey`] when the answer does not fit the challenge.
    pub fn finish_enrolment(
        &self,
        answered: &Answered<RegisterPublicKeyCredential>,
        now: Timestamp,
    ) -> Result<(String, EnrolledPasskey), Problem> {
        let Some(Waiting::Enrolment { token, state }) = self.answered(&answered.ceremony, now)
        else {
            return Err(Problem::Passkey);
        };
        let finished = self.webauthn.finish_passkey_registration(&answered.credential, &state);
        let passkey = finished.map_err(|_| Problem::Passkey)?;
        let facts = EnrolledPasskey {
            credential_id: URL_SAFE_NO_PAD.encode(passkey.cred_id()),
            cose_key: URL_SAFE_NO_PAD.encode(cose(&passkey)?),
            rp_id: self.rp_id.clone(),
            origin: self.origin.clone(),
            library: serde_json::to_value(&passkey).map_err(anyhow::Error::from)?,
        };
        Ok((token, facts))
    }

    /// Begins a proof: of anybody to log in, or of one person for a grave act.
    ///
    /// # Errors
    /// When the library has no random bytes.
    pub fn start_proof(
        &self,
        holder: Option<ActorId>,
        now: Timestamp,
    ) -> Result<Asked<RequestChallengeResponse>, Problem> {
        let started = self.webauthn.start_discoverable_authentication();
        let (mut options, state) = started.map_err(fault)?;
        // The visitor presses a button; nothing is offered in a field.
        options.mediation = None;
        Ok(Asked { ceremony: self.wait(Waiting::Proof { holder, state }, now)?, options })
    }

    /// Ends a proof.
    ///
    /// # Errors
    /// [`Problem::Passkey`] for every way in which it does not hold: nobody learns which.
    pub fn finish_proof(
        &self,
        directory: &Directory,
        answered: &Answered<PublicKeyCredential>,
        now: Timestamp,
    ) -> Result<Proven, Problem> {
        let Some(Waiting::Proof { holder, state }) = self.answered(&answered.ceremony, now) else {
            return Err(Problem::Passkey);
        };
        let credential = &answered.credential;
        let id = URL_SAFE_NO_PAD.encode(&credential.raw_id);
        let credential_sha256 = hex::encode(Sha256::digest(id.as_bytes()));
        let known = directory.passkey(&credential_sha256).ok_or(Problem::Passkey)?;
        let passkey = kept(&known.facts).ok_or(Problem::Passkey)?;
        let finished =
            self.webauthn.finish_discoverable_authentication_v2(credential, state, &passkey);
        finished.map_err(|_| Problem::Passkey)?;
        if holder.is_some_and(|holder| holder != known.holder) {
            return Err(Problem::Passkey);
        }
        Ok(Proven { holder: known.holder, credential_sha256 })
    }

    fn wait(&self, waiting: Waiting, now: Timestamp) -> Result<String, Error> {
        let ceremony = hex::encode(server::random_bytes::<16>()?);
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since, _)| !is_old(*since, now));
        if all.len() >= CHALLENGES_MAX {
            let oldest = all.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(ceremony.clone(), (now, waiting));
        Ok(ceremony)
    }

    /// A challenge is answered once.
    fn answered(&self, ceremony: &str, now: Timestamp) -> Option<Waiting> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, waiting) = all.remove(ceremony)?;
        (!is_old(since, now)).then_some(waiting)
    }
}

fn is_old(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= SignedDuration::from_mins(CHALLENGE_MINUTES_MAX)
}

/// The library's own record of a passkey.
fn kept(facts: &EnrolledPasskey) -> Option<Passkey> {
    serde_json::from_value(facts.library.clone()).ok()
}

fn user_handle(holder: ActorId) -> Uuid {
    match holder {
        ActorId::Staff(id) => id.0,
        ActorId::Key(id) => id.0,
        ActorId::Partner(id) => id.0,
        ActorId::System => Uuid::nil(),
    }
}

fn fault(error: webauthn_rs::prelude::WebauthnError) -> Problem {
    anyhow::anyhow!("a passkey ceremony could not begin: {error}").into()
}

/// The COSE key (RFC 9052, section 7; RFC 9053) of a passkey in the deterministic encoding of
/// CTAP2, which is how authenticators send it.
fn cose(passkey: &Passkey) -> Result<Vec<u8>, Error> {
    let key = passkey.get_public_key();
    let mut bytes = Vec::new();
    match &key.key {
        COSEKeyType::EC_EC2(point) if point.x.len() == 32 && point.y.len() == 32 => {
            // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
            bytes.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
            bytes.extend_from_slice(&point.x);
            bytes.extend([0x22, 0x58, 0x20]);
            bytes.extend_from_slice(&point.y);
        }
        COSEKeyType::RSA(rsa) => {
            // {1: 3, 3: -257, -1: n, -2: e}
            bytes.extend([0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59]);
            let length = u16::try_from(rsa.n.len()).map_err(anyhow::Error::from)?;
            bytes.extend(length.to_be_bytes());
            bytes.extend_from_slice(&rsa.n);
            bytes.extend([0x21, 0x43]);
            bytes.extend_from_slice(&rsa.e);
        }
        _ => {
            return Err(Error::wrong("passkey", Wrong::KeyNotTaken));
        }
    }
    Ok(bytes)
}
