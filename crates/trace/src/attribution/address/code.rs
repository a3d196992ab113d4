//! Encodings with checksums: Base58Check, bech32 and bech32m (BIP 173, 350), CashAddr, EIP-55.

use super::AddressFault;
use sha2::Sha256;

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Longest Base58 text that is decoded; no address of these chains is longer than 36.
const BASE58_BYTES_MAX: usize = 64;

/// The payload of a Base58Check text.
pub(super) fn base58check(text: &str) -> Result<Vec<u8>, AddressFault> {
    if text.len() > BASE58_BYTES_MAX {
        return Err(AddressFault::Form);
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for letter in text.bytes() {
        let digit = BASE58.iter().position(|known| *known == letter).ok_or(AddressFault::Form)?;
        let mut carry = digit as u32;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(carry as u8);
            carry >>= 8;
        }
    }
    bytes.extend(text.bytes().take_while(|letter| *letter == b'1').map(|_| 0));
    bytes.reverse();
    // one byte of version and 20 of hash is the least that an address holds
    let cut = bytes.len().checked_sub(4).filter(|cut| *cut >= 21).ok_or(AddressFault::Form)?;
    let (payload, sum) = bytes.split_at(cut);
    if sum != &checksum(payload)[..] {
        return Err(AddressFault::Checksum);
    }
    bytes.truncate(cut);
    Ok(bytes)
}

/// A payload as Base58Check.
pub(super) fn to_base58check(payload: &[u8]) -> String {
    let mut digits: Vec<u8> = Vec::new();
    for byte in payload.iter().chain(&checksum(payload)) {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = payload.iter().take_while(|byte| **byte == 0).count();
    let ones = std::iter::repeat_n('1', zeros);
    ones.chain(digits.iter().rev().map(|digit| BASE58[usize::from(*digit)] as char)).collect()
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    use sha2::Digest as _;
    let twice = Sha256::digest(Sha256::digest(payload));
    [twice[0], twice[1], twice[2], twice[3]]
}

/// Whether the data part behind `prefix` and `1` is a witness program with its checksum.
pub(super) fn bech32(prefix: &str, data: &str) -> Result<(), AddressFault> {
    let values = base32(data)?;
    // version, at least two bytes of program, six of checksum; 90 in all (BIP 173)
    if values.len() < 11 || prefix.len() + 1 + data.len() > 90 || values[0] > 16 {
        return Err(AddressFault::Form);
    }
    let expected: u32 = if values[0] == 0 { 1 } else { 0x2bc8_30a3 };
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let sum = high.chain([0]).chain(low).chain(values).fold(1u32, |sum, value| {
        let top = sum >> 25;
        let next = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        let generators = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(next, |sum, bit| sum ^ generators[bit])
    });
    if sum == expected { Ok(()) } else { Err(AddressFault::Checksum) }
}

/// The older spelling of a CashAddr without its prefix (BCH specification of 2018).
pub(super) fn cash(data: &str) -> Result<String, AddressFault> {
    let values = base32(data)?;
    // 42 characters: 34 for version and a hash of 160 bits, 8 of checksum
    if values.len() != 42 {
        return Err(AddressFault::Form);
    }
    let prefix = "bitcoincash".bytes().map(|byte| byte & 31).chain([0]);
    let sum = prefix.chain(values.iter().copied()).fold(1u64, |sum, value| {
        let top = sum >> 35;
        let next = (sum & 0x07_ffff_ffff) << 5 ^ u64::from(value);
        let generators =
            [0x98_f2bc_8e61u64, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(next, |sum, bit| sum ^ generators[bit])
    });
    if sum != 1 {
        return Err(AddressFault::Checksum);
    }
    let (mut buffer, mut bits, mut bytes) = (0u32, 0, Vec::with_capacity(21));
    for value in &values[..34] {
        buffer = buffer << 5 | u32::from(*value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    bytes[0] = match bytes[0] {
        0 => 0x00,
        8 => 0x05,
        _ => return Err(AddressFault::Form),
    };
    Ok(to_base58check(&bytes))
}

fn base32(data: &str) -> Result<Vec<u8>, AddressFault> {
    let value = |letter| BECH32.iter().position(|known| *known == letter).map(|at| at as u8);
    data.bytes().map(|letter| value(letter).ok_or(AddressFault::Form)).collect()
}

/// The 40 digits in EIP-55's mixed case, from lower case.
pub(super) fn eip55(lower: &str) -> String {
    use sha3::Digest as _;
    let hash = sha3::Keccak256::digest(lower.as_bytes());
    let nibble = |at: usize| hash[at / 2] >> (4 * (1 - at % 2)) & 15;
    let cased = |(at, digit): (usize, char)| {
        if nibble(at) >= 8 { digit.to_ascii_uppercase() } else { digit }
    };
    lower.chars().enumerate().map(cased).collect()
}
