//! Public keys as authenticators give them: COSE_Key in CBOR (RFC 9052 section 7, RFC 9053,
//! RFC 8230 for RSA). Reads the one form that CTAP2 lets authenticators write: definite lengths,
//! shortest numbers, no label twice, no label besides those of the key's type.

use aws_lc_rs::signature as by;
use aws_lc_rs::signature::{RsaPublicKeyComponents, UnparsedPublicKey};

/// Longest key that is read, in bytes: RSA of 8192 bits and its labels.
const KEY_BYTES_MAX: usize = 1_100;

/// A passkey's public key, of one of the three algorithms that browsers offer everywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CoseKey {
    /// ECDSA on P-256 with SHA-256; the point, uncompressed.
    Es256([u8; 65]),
    /// Ed25519; the point.
    EdDsa([u8; 32]),
    /// RSA PKCS#1 v1.5 with SHA-256: modulus and exponent, big end first.
    Rs256(Vec<u8>, Vec<u8>),
}

/// Why bytes are not such a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoseError {
    /// Too long.
    #[error("the key has {0} bytes; at most {KEY_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not the one form of CBOR.
    #[error("byte {offset}: {why}")]
    Cbor {
        /// Where.
        offset: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// CBOR, but not a key of ES256, EdDSA or RS256.
    #[error("not a key of ES256, EdDSA on Ed25519, or RS256 with 2048 to 8192 bits")]
    Kind,
}

/// What a label may have as its value.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

impl CoseKey {
    /// Reads a COSE_Key; nothing may follow it.
    ///
    /// # Errors
    /// [`CoseError`] with the place.
    pub fn read(bytes: &[u8]) -> Result<Self, CoseError> {
        if bytes.len() > KEY_BYTES_MAX {
            return Err(CoseError::TooLong(bytes.len()));
        }
        let mut reader = Reader { bytes, at: 0 };
        let members = reader.map()?;
        let get = |label: i64| members.iter().find(|(known, _)| *known == label).map(|(_, v)| *v);
        let fixed = |label| match get(label) {
            Some(Item::Bytes(bytes)) => <[u8; 32]>::try_from(bytes).ok(),
            _ => None,
        };
        let labels: Vec<i64> = {
            let mut labels: Vec<i64> = members.iter().map(|(label, _)| *label).collect();
            labels.sort_unstable();
            labels
        };
        let number = |label| match get(label) {
            Some(Item::Number(number)) => Some(number),
            _ => None,
        };
        let key = match (number(1), number(3), number(-1), &labels[..]) {
            (Some(2), Some(-7), Some(1), [-3, -2, -1, 1, 3]) => {
                fixed(-2).zip(fixed(-3)).map(|(x, y)| {
                    let mut point = [4; 65];
                    point[1..33].copy_from_slice(&x);
                    point[33..].copy_from_slice(&y);
                    Self::Es256(point)
                })
            }
            (Some(1), Some(-8), Some(6), [-2, -1, 1, 3]) => fixed(-2).map(Self::EdDsa),
            (Some(3), Some(-257), None, [-2, -1, 1, 3]) => match (get(-1), get(-2)) {
                (Some(Item::Bytes(n)), Some(Item::Bytes(e)))
                    if (256..=1_024).contains(&n.len()) && (1..=8).contains(&e.len()) =>
                {
                    Some(Self::Rs256(n.to_vec(), e.to_vec()))
                }
                _ => None,
            },
            _ => None,
        };
        key.ok_or(CoseError::Kind)
    }

    /// The algorithm, as JOSE and COSE call it.
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
            Self::Rs256(..) => "RS256",
        }
    }

    /// Whether `signature` over `message` is by this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(point) => UnparsedPublicKey::new(&by::ECDSA_P256_SHA256_ASN1, point)
                .verify(message, signature)
                .is_ok(),
            Self::EdDsa(point) => {
                UnparsedPublicKey::new(&by::ED25519, point).verify(message, signature).is_ok()
            }
            Self::Rs256(n, e) => RsaPublicKeyComponents { n, e }
                .verify(&by::RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&self, why: &'static str) -> Result<T, CoseError> {
        Err(CoseError::Cbor { offset: self.at, why })
    }

    /// The whole of the bytes as one map of small numbers to numbers and byte strings.
    fn map(&mut self) -> Result<Vec<(i64, Item<'a>)>, CoseError> {
        const MAP: u8 = 5;
        const MEMBERS_MAX: u64 = 5;
        let (major, count) = self.head()?;
        if major != MAP || count > MEMBERS_MAX {
            self.at = 0;
            return self.wrong("a map of at most five members is expected");
        }
        let mut members: Vec<(i64, Item<'a>)> = Vec::new();
        for _ in 0..count {
            let Item::Number(label) = self.item()? else {
                return self.wrong("the label before this is no number");
            };
            if members.iter().any(|(known, _)| *known == label) {
                return self.wrong("the label before this stands twice");
            }
            let value = self.item()?;
            members.push((label, value));
        }
        if self.at < self.bytes.len() {
            return self.wrong("something follows the key");
        }
        Ok(members)
    }

    fn item(&mut self) -> Result<Item<'a>, CoseError> {
        let start = self.at;
        let (major, value) = self.head()?;
        let number = i64::try_from(value).ok();
        match (major, number) {
            (0, Some(number)) => Ok(Item::Number(number)),
            (1, Some(number)) => Ok(Item::Number(-1 - number)),
            (2, _) => {
                let length = usize::try_from(value).unwrap_or(usize::MAX);
                match self.bytes[self.at..].get(..length) {
                    Some(content) => {
                        self.at += length;
                        Ok(Item::Bytes(content))
                    }
                    None => self.wrong("the byte string is cut off"),
                }
            }
            _ => {
                self.at = start;
                self.wrong("neither a number nor a byte string")
            }
        }
    }

    /// Major type and argument, in the shortest form.
    fn head(&mut self) -> Result<(u8, u64), CoseError> {
        let Some(&first) = self.bytes.get(self.at) else { return self.wrong("cut off") };
        let (major, short) = (first >> 5, first & 0x1f);
        let (width, least) = match short {
            0..=23 => (0, 0),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return self.wrong("a length that is not definite"),
        };
        let Some(more) = self.bytes[self.at + 1..].get(..width) else {
            return self.wrong("cut off");
        };
        let long = more.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        let value = if width == 0 { u64::from(short) } else { long };
        if value < least {
            return self.wrong("a number that is not in its shortest form");
        }
        self.at += 1 + width;
        Ok((major, value))
    }
}
