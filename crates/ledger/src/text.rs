//! Reading of the small words that every C2SP format shares. Knows no format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A decimal number with no sign and no leading zero, at most `max`.
pub(crate) fn decimal(text: &str, max: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= max)
}

/// Standard base64 with padding and zero unused bits: one spelling for each run of bytes.
pub(crate) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Standard base64 with padding.
pub(crate) fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
