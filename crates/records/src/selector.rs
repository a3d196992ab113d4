//! What a request points at: account ids, addresses, transactions, e-mail, phone, IBAN, places in a
//! network, devices. docs/formats/selectors.md has every spelling.
//!
//! Knows no database and no request: it only turns what an officer typed into the one spelling in
//! which two selectors are equal when they mean the same. What cannot be read is named, with the
//! reason and how to fix it, never guessed.

mod device;
mod flaw;
mod kind;
mod many;
mod network;

use std::fmt;

use sha2::{Digest as _, Sha256};

pub use device::{DEVICE_ID_BYTES_MAX, imei_without_check};
pub use flaw::Flaw;
pub use kind::{SelectorKind, UnknownKind};
pub use many::{DuplicateLine, LineFlaw, ReadMany, UnreadableLine, read_many};
pub use network::{DOMAIN_BYTES_MAX, IP_PORT_SECONDS_MAX, IpPort};

/// Longest selector text that is read, in bytes. The longest real one is an e-mail address (254).
pub const SELECTOR_BYTES_MAX: usize = 320;
/// Most lines that [`read_many`] takes in one upload.
pub const SELECTOR_LINE_COUNT_MAX: usize = 100_000;

/// One selector in its normal spelling. Equal selectors mean the same thing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    kind: SelectorKind,
    value: String,
}

impl Selector {
    /// Reads `text` as a selector of `kind` and brings it into its normal spelling.
    pub fn read(kind: SelectorKind, text: &str) -> Result<Self, SelectorError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(SelectorError::Empty);
        }
        if trimmed.len() > SELECTOR_BYTES_MAX {
            return Err(SelectorError::TooLong { bytes: trimmed.len() });
        }
        if let Some(found) = trimmed.chars().find(|c| c.is_control()) {
            return Err(SelectorError::Control { code: u32::from(found) });
        }
        let value = match kind {
            SelectorKind::AccountId => trimmed.to_owned(),
            SelectorKind::Address => address(trimmed)?,
            SelectorKind::Txid => txid(trimmed)?,
            SelectorKind::Email => email(trimmed)?,
            SelectorKind::Phone => phone(trimmed)?,
            SelectorKind::Iban => iban(trimmed)?,
            SelectorKind::Ip => network::ip(trimmed)?,
            SelectorKind::IpPort => IpPort::read(trimmed)?.text(),
            SelectorKind::Domain => network::domain(trimmed)?,
            SelectorKind::DeviceId => device::device_id(trimmed)?,
            SelectorKind::Imei => device::imei(trimmed)?,
            SelectorKind::Imsi => device::imsi(trimmed)?,
            SelectorKind::Mac => device::mac(trimmed)?,
        };
        Ok(Self { kind, value })
    }

    /// Which kind it is.
    pub fn kind(&self) -> SelectorKind {
        self.kind
    }

    /// The normal spelling. Personal data: never log it.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Address, port and moment, when it is of kind [`SelectorKind::IpPort`].
    pub fn ip_port(&self) -> Option<IpPort> {
        let is_one = self.kind == SelectorKind::IpPort;
        is_one.then(|| IpPort::read(&self.value).ok()).flatten()
    }

    /// Does a value found in a result row mean this selector? Values that a database holds in
    /// another spelling (upper case, blanks in an IBAN) are brought to the normal one first.
    pub fn matches(&self, found: &str) -> bool {
        found == self.value || Self::read(self.kind, found).is_ok_and(|other| other == *self)
    }
}

/// Shows the kind only, so that a value cannot slip into a log.
impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({})", self.kind)
    }
}

/// Why a text is not a selector of the kind it was given as. No text of the officer's is repeated.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SelectorError {
    /// Nothing but blanks.
    #[error("the selector is empty")]
    Empty,
    /// Longer than any real selector.
    #[error("the selector is {bytes} bytes long; at most {SELECTOR_BYTES_MAX} are read")]
    TooLong {
        /// Length found.
        bytes: usize,
    },
    /// A control character, which no selector has.
    #[error("the selector holds the control character U+{code:04X}; remove it")]
    Control {
        /// Its code point.
        code: u32,
    },
    /// Not an address.
    #[error("not an address: {why}")]
    Address {
        /// What does not fit.
        why: Flaw,
    },
    /// Not a transaction id.
    #[error("not a transaction id: {why}")]
    Txid {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an e-mail address.
    #[error("not an e-mail address: {why}")]
    Email {
        /// What does not fit.
        why: Flaw,
    },
    /// Not a phone number.
    #[error("not a phone number in E.164: {why}")]
    Phone {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an IBAN.
    #[error("not an IBAN: {why}")]
    Iban {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an IP address, or one that is nobody's.
    #[error("not an IP address to ask about: {why}")]
    Ip {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an IP address with port and moment.
    #[error("not an IP address with port and moment: {why}")]
    IpPort {
        /// What does not fit.
        why: Flaw,
    },
    /// Not a domain name.
    #[error("not a domain: {why}")]
    Domain {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an id of a device.
    #[error("not a device id: {why}")]
    Device {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an IMEI.
    #[error("not an IMEI: {why}")]
    Imei {
        /// What does not fit.
        why: Flaw,
    },
    /// Not an IMSI.
    #[error("not an IMSI: {why}")]
    Imsi {
        /// What does not fit.
        why: Flaw,
    },
    /// Not a MAC address.
    #[error("not a MAC address: {why}")]
    Mac {
        /// What does not fit.
        why: Flaw,
    },
}

fn txid(text: &str) -> Result<String, SelectorError> {
    // EVM chains write 0x before the same 64 digits.
    let text = text.strip_prefix("0x").unwrap_or(text);
    if text.len() != 64 {
        return Err(SelectorError::Txid { why: Flaw::DigitsOfTxid });
    }
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(SelectorError::Txid { why: Flaw::NotHex });
    }
    Ok(text.to_ascii_lowercase())
}

fn email(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Email { why });
    let Some((local, domain)) = text.rsplit_once('@') else {
        return refuse(Flaw::NoAt);
    };
    if local.is_empty() || domain.is_empty() {
        return refuse(Flaw::HalfAddress);
    }
    if text.chars().any(char::is_whitespace) {
        return refuse(Flaw::Blank);
    }
    // Exchanges do not let two customers differ by case only, so neither do we.
    Ok(text.to_lowercase())
}

fn phone(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Phone { why });
    let separators = [' ', '-', '.', '(', ')', '/', '\u{a0}'];
    let packed: String = text.chars().filter(|c| !separators.contains(c)).collect();
    let digits = match (packed.strip_prefix('+'), packed.strip_prefix("00")) {
        (Some(digits), _) | (None, Some(digits)) => digits,
        (None, None) => return refuse(Flaw::NoCountryCode),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return refuse(Flaw::NotDigits);
    }
    if digits.starts_with('0') {
        return refuse(Flaw::CountryCodeZero);
    }
    if !(7..=15).contains(&digits.len()) {
        return refuse(Flaw::DigitsOfPhone);
    }
    Ok(format!("+{digits}"))
}

fn iban(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Iban { why });
    let packed: String =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    if !(15..=34).contains(&packed.len()) {
        return refuse(Flaw::LengthOfIban);
    }
    if !packed.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return refuse(Flaw::NotAlphanumeric);
    }
    let (head, rest) = packed.split_at(4);
    let (country, check) = head.split_at(2);
    if !country.bytes().all(|b| b.is_ascii_uppercase())
        || !check.bytes().all(|b| b.is_ascii_digit())
    {
        return refuse(Flaw::HeadOfIban);
    }
    // ISO 7064 MOD 97-10 over rest + head, letters counted from A = 10.
    let remainder = rest.chars().chain(head.chars()).fold(0_u32, |sum, c| {
        let value = c.to_digit(36).unwrap_or(0);
        if value < 10 { (sum * 10 + value) % 97 } else { (sum * 100 + value) % 97 }
    });
    if remainder != 1 {
        return refuse(Flaw::CheckDigits);
    }
    Ok(packed)
}

fn address(text: &str) -> Result<String, SelectorError> {
    let lower = text.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        return evm_address(text, digits);
    }
    let is_segwit = ["bc1", "tb1", "bcrt1"].iter().any(|prefix| lower.starts_with(prefix));
    if is_segwit { segwit_address(text) } else { base58_address(text) }
}

/// EIP-55: the case of the letters is a checksum. All small or all capital letters carry none.
fn evm_address(text: &str, lower: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Address { why });
    if lower.len() != 40 || !lower.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return refuse(Flaw::DigitsOfEvm);
    }
    let digest = <sha3::Keccak256 as sha3::Digest>::digest(lower.as_bytes());
    let nibble = |index: usize| (digest[index / 2] >> (4 * (1 - index % 2))) & 0xf;
    let cased: String = lower
        .chars()
        .enumerate()
        .map(|(index, digit)| if nibble(index) >= 8 { digit.to_ascii_uppercase() } else { digit })
        .collect();
    let typed = &text[2..];
    let has_no_checksum = typed == lower || typed == lower.to_ascii_uppercase();
    if !has_no_checksum && typed != cased {
        return refuse(Flaw::LetterCase);
    }
    Ok(format!("0x{cased}"))
}

/// BIP 173 and BIP 350: character set, one case, checksum over human part and data.
fn segwit_address(text: &str) -> Result<String, SelectorError> {
    const CHARSET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let refuse = |why| Err(SelectorError::Address { why });
    let has_lower = text.bytes().any(|b| b.is_ascii_lowercase());
    let has_upper = text.bytes().any(|b| b.is_ascii_uppercase());
    if has_lower && has_upper {
        return refuse(Flaw::MixedCase);
    }
    let text = text.to_ascii_lowercase();
    let Some((human, data)) = text.rsplit_once('1') else {
        return refuse(Flaw::NoSeparator);
    };
    if text.len() > 90 || data.len() < 8 {
        return refuse(Flaw::Length);
    }
    let mut values = Vec::with_capacity(data.len());
    for byte in data.bytes() {
        let Some(value) = CHARSET.iter().position(|c| *c == byte) else {
            return refuse(Flaw::NotBech32);
        };
        values.push(value as u32);
    }
    let expanded = human.bytes().map(|b| u32::from(b >> 5)).chain([0]);
    let expanded = expanded.chain(human.bytes().map(|b| u32::from(b & 31)));
    let mut check = 1_u32;
    for value in expanded.chain(values.iter().copied()) {
        let top = check >> 25;
        check = ((check & 0x1ff_ffff) << 5) ^ value;
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if (top >> bit) & 1 == 1 {
                check ^= generator;
            }
        }
    }
    // Witness version 0 carries the bech32 constant, later versions the bech32m one.
    let expected = if values[0] == 0 { 1 } else { 0x2bc8_30a3 };
    if check != expected {
        return refuse(Flaw::Checksum);
    }
    Ok(text)
}

/// Base58check: alphabet, 25 bytes, double SHA-256 checksum.
fn base58_address(text: &str) -> Result<String, SelectorError> {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let refuse = |why| Err(SelectorError::Address { why });
    if !(26..=35).contains(&text.len()) {
        return refuse(Flaw::Length);
    }
    let mut bytes = [0_u8; 25];
    for character in text.bytes() {
        let Some(digit) = ALPHABET.iter().position(|c| *c == character) else {
            return refuse(Flaw::NotBase58);
        };
        let mut carry = digit as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return refuse(Flaw::TooManyBytes);
        }
    }
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let ones = text.bytes().take_while(|b| *b == b'1').count();
    let (payload, check) = bytes.split_at(21);
    let digest = Sha256::digest(Sha256::digest(payload));
    if digest[..4] != *check {
        return refuse(Flaw::Checksum);
    }
    if zeros != ones {
        return refuse(Flaw::LeadingOnes);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
