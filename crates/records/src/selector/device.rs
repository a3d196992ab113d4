//! Devices: a phone by its IMEI, a SIM by its IMSI, a network card, or the company's own id.
//!
//! Knows no maker and no list of devices. That a number has a right check digit does not say that
//! such a device was ever made.

use super::{Flaw, SelectorError};

/// Longest id that a company gives to a device, in bytes.
pub const DEVICE_ID_BYTES_MAX: usize = 128;
/// Digits of an IMEI without its check digit (3GPP TS 23.003, 6.2.1).
const IMEI_DIGITS: usize = 14;

/// An id that the company or its app gave: as it is printed, no blank in it.
pub(super) fn device_id(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Device { why });
    if text.len() > DEVICE_ID_BYTES_MAX {
        return refuse(Flaw::DeviceLength);
    }
    if text.chars().any(char::is_whitespace) {
        return refuse(Flaw::DeviceBlank);
    }
    Ok(text.to_owned())
}

/// 15 digits whose last is the check digit of the others.
pub(super) fn imei(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Imei { why });
    let Some(digits) = packed(text) else {
        return refuse(Flaw::DigitsOnly);
    };
    match digits.len() {
        IMEI_DIGITS => refuse(Flaw::ImeiWithoutCheck),
        15 => {
            let (body, check) = digits.split_at(IMEI_DIGITS);
            if check.as_bytes()[0] != b'0' + luhn(body) {
                return refuse(Flaw::ImeiCheckDigit);
            }
            Ok(digits)
        }
        16 => refuse(Flaw::ImeiWithVersion),
        _ => refuse(Flaw::DigitsOfImei),
    }
}

/// The IMEI of 15 digits for its first 14, which is how some systems send it (ETSI TS 103 280
/// `IMEI`), or for 14 with a software version of two (`IMEISV`).
///
/// # Errors
/// [`SelectorError::Imei`] when it is neither.
pub fn imei_without_check(text: &str) -> Result<String, SelectorError> {
    let digits = packed(text.trim()).filter(|digits| matches!(digits.len(), IMEI_DIGITS | 16));
    let Some(digits) = digits else {
        return Err(SelectorError::Imei { why: Flaw::ImeiBody });
    };
    let body = &digits[..IMEI_DIGITS];
    Ok(format!("{body}{}", luhn(body)))
}

/// Luhn's check digit (3GPP TS 23.003, annex B) for digits whose last is doubled first.
fn luhn(digits: &str) -> u8 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

pub(super) fn imsi(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Imsi { why });
    match packed(text) {
        Some(digits) if (6..=15).contains(&digits.len()) => Ok(digits),
        Some(_) => refuse(Flaw::DigitsOfImsi),
        None => refuse(Flaw::DigitsOnly),
    }
}

/// Digits without what people put between them.
fn packed(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '/' | '.')).collect();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// Six bytes in lower-case hex with colons, as ETSI TS 103 280 has it.
pub(super) fn mac(text: &str) -> Result<String, SelectorError> {
    let refuse = |why| Err(SelectorError::Mac { why });
    let hex: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if hex.len() != 12 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return refuse(Flaw::MacDigits);
    }
    let hex = hex.to_ascii_lowercase();
    let bytes: Vec<&str> = (0..6).map(|at| &hex[2 * at..2 * at + 2]).collect();
    let first = u8::from_str_radix(bytes[0], 16).unwrap_or(0);
    if first & 1 == 1 {
        return refuse(Flaw::MacOfGroup);
    }
    if hex.bytes().all(|byte| byte == b'0') {
        return refuse(Flaw::MacZero);
    }
    Ok(bytes.join(":"))
}
