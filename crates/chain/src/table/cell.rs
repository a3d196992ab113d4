//! Cells to values. Knows no columns.

use super::{TableFault, clip};
use crate::account::{Account, AccountChain, Hash256};
use crate::block::BLOCK_BYTES_MAX;
use crate::{BlockHash, SATOSHI_MAX, Satoshi, Txid};

type Read<T> = Result<T, TableFault>;

/// Digits of the largest number of 256 bits.
const DIGITS_MAX: usize = 78;
const SECONDS_PER_DAY: u64 = 86_400;

/// A whole number of up to 64 bits.
pub(super) fn number(text: &str) -> Read<u64> {
    digits(text)?.parse().map_err(|_| TableFault::Beyond { text: clip(text), bits: 64 })
}

/// A whole number of up to 32 bits.
pub(super) fn small(text: &str) -> Read<u32> {
    digits(text)?.parse().map_err(|_| TableFault::Beyond { text: clip(text), bits: 32 })
}

/// A whole number of up to 128 bits.
pub(super) fn wide(text: &str) -> Read<u128> {
    digits(text)?.parse().map_err(|_| TableFault::Beyond { text: clip(text), bits: 128 })
}

/// A whole number of up to 256 bits, big endian.
pub(super) fn word(text: &str) -> Read<[u8; 32]> {
    let beyond = || TableFault::Beyond { text: clip(text), bits: 256 };
    let digits = digits(text)?.trim_start_matches('0');
    if digits.len() > DIGITS_MAX {
        return Err(beyond());
    }
    let mut word = [0u8; 32];
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in word.iter_mut().rev() {
            let value = u16::from(*byte) * 10 + carry;
            *byte = value as u8;
            carry = value >> 8;
        }
        if carry > 0 {
            return Err(beyond());
        }
    }
    Ok(word)
}

/// The version of a transaction; some write the field's bits without a sign.
pub(super) fn version(text: &str) -> Read<i32> {
    if let Ok(version) = text.parse::<i32>()
        && !text.starts_with('+')
    {
        return Ok(version);
    }
    small(text).map(|version| version as i32)
}

fn digits(text: &str) -> Read<&str> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text);
    }
    let rest = text.strip_prefix('-').unwrap_or_default();
    if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TableFault::Negative(clip(text)));
    }
    Err(TableFault::Number(clip(text)))
}

/// An amount of bitcoin in satoshis.
pub(super) fn satoshi(text: &str) -> Read<Satoshi> {
    match number(text)? {
        value if value <= SATOSHI_MAX => Ok(Satoshi(value)),
        _ => Err(TableFault::Amount(clip(text))),
    }
}

/// An id in Bitcoin's printed order, with or without `0x`.
pub(super) fn txid(text: &str) -> Read<Txid> {
    bare(text).parse().map_err(|_| TableFault::Hash(clip(text)))
}

/// A block's hash in Bitcoin's printed order, with or without `0x`.
pub(super) fn block_hash(text: &str) -> Read<BlockHash> {
    bare(text).parse().map_err(|_| TableFault::Hash(clip(text)))
}

/// A hash in the order of its bytes, with or without `0x`.
pub(super) fn hash(text: &str) -> Read<Hash256> {
    Hash256::from_hex(text).ok_or_else(|| TableFault::Hash(clip(text)))
}

/// Bytes in hexadecimal, with or without `0x`.
pub(super) fn bytes(text: &str) -> Read<Vec<u8>> {
    hex::decode(bare(text)).map_err(|_| TableFault::Bytes(clip(text)))
}

/// An output script.
pub(super) fn script(text: &str) -> Read<Box<[u8]>> {
    let length = bare(text).len() / 2;
    if length > BLOCK_BYTES_MAX {
        return Err(TableFault::Script(length));
    }
    bytes(text).map(Vec::into_boxed_slice)
}

/// An address of a chain of accounts.
pub(super) fn account(chain: AccountChain) -> impl Fn(&str) -> Read<Account> {
    move |text| chain.parse(text).map_err(|error| TableFault::Address(error.to_string()))
}

/// Yes or no, in the spellings of Python, SQL and C.
pub(super) fn flag(text: &str) -> Read<bool> {
    match text {
        "true" | "True" | "TRUE" | "t" | "1" => Ok(true),
        "false" | "False" | "FALSE" | "f" | "0" => Ok(false),
        _ => Err(TableFault::Word { text: clip(text), words: "true, false" }),
    }
}

/// Seconds since 1970, as a number or as BigQuery writes times.
pub(super) fn time(text: &str) -> Read<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return number(text);
    }
    written_time(text).ok_or_else(|| TableFault::Time(clip(text)))
}

/// `2009-01-03 18:15:05 UTC`; seconds may have a fraction, which is dropped.
fn written_time(text: &str) -> Option<u64> {
    let text = text.strip_suffix(" UTC").or_else(|| text.strip_suffix('Z'))?;
    let (date, clock) = text.split_once([' ', 'T'])?;
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let [year, month, day] = three(date, '-')?;
    let [hour, minute, second] = three(clock, ':')?;
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(month.checked_sub(1)? as usize)?;
    let sound = (1970..=9999).contains(&year) && (1..=length).contains(&day);
    if !sound || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
    let days = years + lengths[..month as usize - 1].iter().sum::<u64>() + day - 1;
    Some(days * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second)
}

fn three(text: &str, mark: char) -> Option<[u64; 3]> {
    let mut parts = text.split(mark).map(|part| number(part).ok());
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn bare(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(time("1231006505"), Ok(1_231_006_505));
        assert_eq!(time("2009-01-03 18:15:05 UTC"), Ok(1_231_006_505));
        assert_eq!(time("2009-01-03T18:15:05.000Z"), Ok(1_231_006_505));
        assert_eq!(time("2024-02-29 00:00:00 UTC"), Ok(1_709_164_800));
        for bad in ["2023-02-29 00:00:00 UTC", "2009-01-03", "2009-13-03 00:00:00 UTC", "now"] {
            assert_eq!(time(bad), Err(TableFault::Time(bad.to_owned())));
        }
    }

    #[test]
    fn numbers_of_256_bits_are_exact() {
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(word(most), Ok([0xff; 32]));
        assert_eq!(word("258").map(|word| word[30..].to_vec()), Ok(vec![1, 2]));
        let more = most.replace("935", "936");
        assert_eq!(word(&more), Err(TableFault::Beyond { text: more.clone(), bits: 256 }));
        assert_eq!(word("1e9"), Err(TableFault::Number("1e9".to_owned())));
    }

    #[test]
    fn versions_have_a_sign_or_not() {
        let read = |text| version(text).ok();
        assert_eq!(read("-1"), Some(-1));
        assert_eq!(read("4294967295"), Some(-1));
        assert_eq!((read("+1"), read("4294967296"), read("2.0")), (None, None, None));
    }
}
