//! Names and amounts. Knows nothing of where bytes come from.

use std::fmt;
use std::str::FromStr;

/// No more satoshis than this can exist: 21 million bitcoin (BIP 42).
pub const SATOSHI_MAX: u64 = 21_000_000 * SATOSHI_PER_BITCOIN;

/// Satoshis in one bitcoin.
pub const SATOSHI_PER_BITCOIN: u64 = 100_000_000;

/// The double SHA-256 of a transaction without its witnesses; printed in the usual reversed order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Txid(pub [u8; 32]);

/// The double SHA-256 of a block header; printed in the usual reversed order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockHash(pub [u8; 32]);

/// The SHA-256 of a file, printed as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileDigest(pub [u8; 32]);

/// One output of one transaction, written `TXID:VOUT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutPoint {
    /// The transaction that created the output.
    pub txid: Txid,
    /// The index of the output in that transaction, from 0.
    pub vout: u32,
}

/// An amount of bitcoin in its smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Satoshi(pub u64);

/// How many blocks lie below a block; the genesis block has height 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Height(pub u32);

/// Text that is no id or amount of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// Not 64 hexadecimal digits.
    #[error("`{text}` is not a {what}: write 64 hexadecimal digits")]
    Hex {
        /// What was asked for.
        what: &'static str,
        /// What was given, shortened.
        text: String,
    },
    /// Not an output index.
    #[error("`{text}` is not an output index: write a whole number from 0 after the colon")]
    Vout {
        /// What was given, shortened.
        text: String,
    },
}

/// Longest piece of a user's text that an error repeats.
const ECHO_CHARS_MAX: usize = 80;

impl Satoshi {
    /// The amount in bitcoin with all eight decimals, `1.00000000`.
    pub fn bitcoin(self) -> String {
        let (whole, rest) = (self.0 / SATOSHI_PER_BITCOIN, self.0 % SATOSHI_PER_BITCOIN);
        format!("{whole}.{rest:08}")
    }
}

/// A txid is evenly spread already, so eight of its bytes make a key; the map's own secret still
/// goes in, and colliding in 64 bits on purpose costs more than a map is worth.
impl std::hash::Hash for Txid {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

impl fmt::Display for Satoshi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.txid, self.vout)
    }
}

impl FromStr for OutPoint {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<OutPoint, ParseIdError> {
        let (txid, vout) = text.split_once(':').unwrap_or((text, ""));
        Ok(OutPoint { txid: txid.parse()?, vout: parse_vout(vout)? })
    }
}

/// Reads an output index: digits only, so that `+1` and ` 1` are refused.
pub fn parse_vout(text: &str) -> Result<u32, ParseIdError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(vout) if digits => Ok(vout),
        _ => Err(ParseIdError::Vout { text: shorten(text) }),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).collect()
}

fn parse_hex(text: &str, what: &'static str) -> Result<[u8; 32], ParseIdError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| ParseIdError::Hex { what, text: shorten(text) })?;
    Ok(bytes)
}

/// Bitcoin prints hashes with the last byte first.
fn reversed(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes.reverse();
    bytes
}

macro_rules! hash_text {
    ($name:ident, $what:literal, $order:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode($order(self.0)))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<$name, ParseIdError> {
                parse_hex(text, $what).map(|bytes| $name($order(bytes)))
            }
        }
    };
}
hash_text!(Txid, "transaction id", reversed);
hash_text!(BlockHash, "block hash", reversed);
hash_text!(FileDigest, "SHA-256 digest", std::convert::identity);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_eight_decimals() {
        assert_eq!(Satoshi(1).bitcoin(), "0.00000001");
        assert_eq!(Satoshi(SATOSHI_MAX).bitcoin(), "21000000.00000000");
    }

    #[test]
    fn an_outpoint_reads_what_it_prints() {
        let text = format!("{}:7", "ab".repeat(31) + "01");
        let point: OutPoint = text.parse().unwrap();
        assert_eq!(point.txid.0[0], 1, "the last printed byte is stored first");
        assert_eq!(point.to_string(), text);
        for bad in ["", ":", "ab:1", &text[1..], &format!("{text} "), &text.replace(":7", ":+7")] {
            assert!(bad.parse::<OutPoint>().is_err(), "{bad}");
        }
    }
}
