//! Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519, `cosignature/v1`). Knows no clock:
//! the time is an argument. Whether a cosignature is deserved is asked in [`crate::witness`].

use std::fmt;

use ed25519_dalek::Signer as _;

use crate::checkpoint::Checkpoint;
use crate::note::{KeyError, KeyKind, KeyName, NoteSignature, PosixSeconds, VerifierKey};

/// A secret key of a witness, type 0x04. Its debug text does not show the secret.
#[derive(Clone)]
pub struct CosigningKey {
    name: KeyName,
    key: ed25519_dalek::SigningKey,
}

impl CosigningKey {
    /// The witness key with this name and this Ed25519 seed. One key must not serve two names,
    /// because the signed message does not hold the name (tlog-cosignature).
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<CosigningKey, KeyError> {
        let name = KeyName::parse(name)?;
        Ok(CosigningKey { name, key: ed25519_dalek::SigningKey::from_bytes(&seed) })
    }

    /// The public half, type 0x04.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.name.clone(), KeyKind::Witness, self.key.verifying_key())
    }

    /// The public half as vkey text.
    pub fn vkey(&self) -> String {
        self.verifier().to_string()
    }

    /// States that at `at` this checkpoint is the largest consistent tree seen
    /// for its origin. The text is signed whole, extension lines too.
    pub fn cosign(&self, checkpoint: &Checkpoint, at: PosixSeconds) -> NoteSignature {
        let message = cosigned_message(at, &checkpoint.to_string());
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        let bytes = [&at.get().to_be_bytes()[..], &signature].concat();
        NoteSignature { name: self.name.clone(), key_id: self.verifier().id(), bytes }
    }
}

/// What an Ed25519 cosigner signs: a header line, a time line, then the whole note text of the
/// checkpoint without signature lines.
pub fn cosigned_message(at: PosixSeconds, checkpoint_text: &str) -> String {
    format!("cosignature/v1\ntime {at}\n{checkpoint_text}")
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({}, secret not shown)", self.vkey())
    }
}
