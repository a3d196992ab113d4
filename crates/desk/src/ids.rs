//! Names of things: requests, agencies, keys, people, asks, exhibits, effects, digests, amounts.
//! Knows nothing of how they are made: identifiers are made in the shell and passed in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

macro_rules! uuid_names {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    )*};
}

uuid_names! {
    /// One request: one instrument and who sent it; also the name of its event stream.
    RequestId,
    /// A police unit, prosecutor's office or court.
    AgencyId,
    /// A passkey or client certificate of an officer or of an agency's system.
    KeyId,
    /// A member of the company's staff.
    StaffId,
    /// A partner company.
    PartnerId,
    /// One act the company's own systems must do, idempotent by this name.
    EffectId,
}

impl EffectId {
    /// The name of the `ordinal`-th effect of an ask: derived, so that the same decision taken
    /// twice names the same effect and the company's systems do it once.
    pub fn derive(request: RequestId, ask: AskNumber, ordinal: u16) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"comity effect v1\0");
        hash.update(request.0.as_bytes());
        hash.update(ask.0.to_be_bytes());
        hash.update(ordinal.to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// The number of an ask inside its request, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct AskNumber(pub u16);

impl fmt::Display for AskNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The number of an exhibit inside its request, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ExhibitNumber(pub u16);

impl fmt::Display for ExhibitNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits; anything else is `None`.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("a digest is 64 lower-case hex digits"))
    }
}

/// An amount in the asset's smallest unit (satoshi, wei, cent), written as a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub u128);

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let plain = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        let amount = if plain { text.parse().ok() } else { None };
        amount.map(Self).ok_or_else(|| {
            serde::de::Error::custom("an amount is a decimal string below 2^128, no sign or zeros")
        })
    }
}

/// The longest name of an asset, in characters.
pub const ASSET_CHARACTERS_MAX: usize = 32;

/// The code of an asset ("BTC", "EUR", "USDT-TRON"): letters, digits, dot, dash, underscore.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Asset(String);

impl Asset {
    /// Reads an asset code; `None` when it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let sound = (1..=ASSET_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(good);
        sound.then(|| Self(text.to_owned()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Asset {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "an asset is 1 to 32 of letters, digits, dot, dash, underscore",
            )
        })
    }
}

/// A country as two capital letters (ISO 3166-1 alpha-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two capital letters; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a country is two capital letters (ISO 3166)"))
    }
}

/// Who did something: never a name, always one of our identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorId {
    /// A member of staff.
    Staff(StaffId),
    /// A key of an officer or of an agency's system.
    Key(KeyId),
    /// A partner company.
    Partner(PartnerId),
    /// The company's own jobs.
    System,
}

impl fmt::Display for ActorId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Staff(id) => write!(out, "staff:{id}"),
            Self::Key(id) => write!(out, "key:{id}"),
            Self::Partner(id) => write!(out, "partner:{id}"),
            Self::System => out.write_str("system"),
        }
    }
}

impl ActorId {
    /// Reads the form that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "system" {
            return Some(Self::System);
        }
        let (sort, id) = text.split_once(':')?;
        let id = Uuid::parse_str(id).ok()?;
        match sort {
            "staff" => Some(Self::Staff(StaffId(id))),
            "key" => Some(Self::Key(KeyId(id))),
            "partner" => Some(Self::Partner(PartnerId(id))),
            _ => None,
        }
    }

    /// True for a member of staff: only people count towards "two different people".
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Staff(_))
    }
}

impl Serialize for ActorId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ActorId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "an actor is `system`, `staff:<uuid>`, `key:<uuid>` or `partner:<uuid>`",
            )
        })
    }
}
