//! Accounts and hashes as bytes and as text. Knows no balances and no owners.

use bitcoin::base58;
use sha3::{Digest as _, Keccak256};
use std::fmt;

/// An account: the last 20 bytes of the Keccak-256 of a public key, or what a contract was given.
/// EVM chains and Tron share the bytes and differ in how they are written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(pub [u8; 20]);

/// A block's or transaction's hash, printed in the order of its bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash256(pub [u8; 32]);

/// Which chain of accounts, as far as names and rewards depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountChain {
    /// A chain of the Ethereum virtual machine.
    Evm {
        /// Its number (EIP-155); Ethereum mainnet is 1.
        chain_id: u64,
    },
    /// Tron.
    Tron,
}

/// What the letter case of a hexadecimal address says about typing errors (EIP-55).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// One case throughout, or not hexadecimal: says nothing.
    Absent,
    /// Mixed case, and the right one.
    Right,
    /// Mixed case, and not the right one: a digit was mistyped.
    Wrong,
}

/// Text that is no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not the hexadecimal form.
    #[error("`{0}` is not an address: write 0x and 40 hexadecimal digits")]
    Hex(String),
    /// Not the form of Tron.
    #[error("`{0}` is not a Tron address: write the 34 characters that begin with T")]
    Tron(String),
    /// Base58 with a digit mistyped.
    #[error("`{0}` is not a Tron address: its checksum is wrong, a character was mistyped")]
    TronChecksum(String),
}

/// First byte of an address of Tron's mainnet.
pub const TRON_PREFIX: u8 = 0x41;
/// Longest piece of a user's text that an error repeats.
const ECHO_CHARACTERS_MAX: usize = 80;

impl Account {
    /// The zero account: where tokens are minted from and burned to.
    pub const ZERO: Account = Account([0; 20]);

    /// 40 hexadecimal digits after `0x`, in any case.
    pub fn from_hex(text: &str) -> Result<Account, AddressError> {
        let wrong = || AddressError::Hex(clip(text));
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits.ok_or_else(wrong)?, &mut bytes).map_err(|_| wrong())?;
        Ok(Account(bytes))
    }

    /// Tron's forms: base58check, or 42 hexadecimal digits that begin with 41 (its HTTP API without
    /// `visible`).
    pub fn from_tron(text: &str) -> Result<Account, AddressError> {
        let wrong = || AddressError::Tron(clip(text));
        let mut bytes = [0; 21];
        if text.len() == 42 {
            hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong())?;
        } else if text.len() == 34 && text.starts_with('T') {
            let payload =
                base58::decode_check(text).map_err(|_| AddressError::TronChecksum(clip(text)))?;
            bytes = payload.try_into().map_err(|_| wrong())?;
        } else {
            return Err(wrong());
        }
        match bytes.split_first_chunk::<1>() {
            Some(([TRON_PREFIX], rest)) => Ok(Account(rest.try_into().map_err(|_| wrong())?)),
            _ => Err(wrong()),
        }
    }

    /// `0x` and 40 digits, their case carrying the checksum of EIP-55.
    pub fn eip55(self) -> String {
        let lower = hex::encode(self.0);
        let digest = Keccak256::digest(lower.as_bytes());
        let mut text = String::with_capacity(42);
        text.push_str("0x");
        for (index, digit) in lower.chars().enumerate() {
            let nibble = digest[index / 2] >> (4 * (1 - index % 2)) & 0xf;
            text.push(if nibble >= 8 { digit.to_ascii_uppercase() } else { digit });
        }
        text
    }

    /// The 34 characters of Tron: base58check of 0x41 and the bytes.
    pub fn tron(self) -> String {
        let mut bytes = [TRON_PREFIX; 21];
        bytes[1..].copy_from_slice(&self.0);
        base58::encode_check(&bytes)
    }
}

impl Checksum {
    /// What the case of `text` says, where it is a hexadecimal address.
    pub fn of(text: &str) -> Checksum {
        let Ok(account) = Account::from_hex(text) else { return Checksum::Absent };
        let digits = &text[2..];
        let mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
            && digits.bytes().any(|byte| byte.is_ascii_uppercase());
        match mixed {
            false => Checksum::Absent,
            true if account.eip55()[2..] == *digits => Checksum::Right,
            true => Checksum::Wrong,
        }
    }
}

impl Hash256 {
    /// 64 hexadecimal digits, with or without `0x`, in any case.
    pub fn from_hex(text: &str) -> Option<Hash256> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Hash256(bytes))
    }
}

impl AccountChain {
    /// An account as this chain writes it.
    pub fn text(self, account: Account) -> String {
        match self {
            AccountChain::Evm { .. } => account.eip55(),
            AccountChain::Tron => account.tron(),
        }
    }

    /// Reads an account as this chain writes it, in any case where that says nothing.
    pub fn parse(self, text: &str) -> Result<Account, AddressError> {
        match self {
            AccountChain::Evm { .. } => Account::from_hex(text),
            AccountChain::Tron => Account::from_tron(text),
        }
    }

    /// A hash as this chain writes it: Tron leaves out the `0x`.
    pub fn hash_text(self, hash: Hash256) -> String {
        match self {
            AccountChain::Evm { .. } => format!("0x{}", hex::encode(hash.0)),
            AccountChain::Tron => hex::encode(hash.0),
        }
    }

    /// The name of the unit in which its own coin is counted here.
    pub fn unit(self) -> &'static str {
        match self {
            AccountChain::Evm { .. } => "wei",
            AccountChain::Tron => "sun",
        }
    }
}

impl fmt::Display for AccountChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountChain::Evm { chain_id } => write!(f, "evm {chain_id}"),
            AccountChain::Tron => f.write_str("tron"),
        }
    }
}

impl std::str::FromStr for AccountChain {
    type Err = String;

    fn from_str(text: &str) -> Result<AccountChain, String> {
        let wrong = || format!("`{}` is no chain: write `tron` or `evm NUMBER`", clip(text));
        match text.strip_prefix("evm ") {
            Some(number) => {
                number.parse().map(|chain_id| AccountChain::Evm { chain_id }).map_err(|_| wrong())
            }
            None if text == "tron" => Ok(AccountChain::Tron),
            None => Err(wrong()),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.eip55())
    }
}

impl fmt::Debug for Hash256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

pub(crate) fn clip(text: &str) -> String {
    text.chars().take(ECHO_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[test]
    fn checksums_are_those_of_eip_55() {
        // The examples of EIP-55 itself.
        for text in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            for given in [text.to_owned(), text.to_lowercase()] {
                assert_eq!(Account::from_hex(&given).unwrap().eip55(), text);
            }
            assert_ne!(Checksum::of(text), Checksum::Wrong);
        }
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(Checksum::of(good), Checksum::Right);
        assert_eq!(Checksum::of(&good.replace("0x5a", "0x5b")), Checksum::Wrong);
        assert_eq!(Checksum::of(&good.to_lowercase()), Checksum::Absent);
    }

    #[test]
    fn tron_addresses_are_base58check() {
        // The contract of Tether on Tron, by its two public names.
        let usdt = Account::from_tron("41a614f803b6fd780986a42c78ec9c7f77e6ded13c").unwrap();
        assert_eq!(usdt.tron(), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
        assert_eq!(Account::from_tron(&usdt.tron()), Ok(usdt));
    }

    fn refused(text: &str, expected: Expect) {
        let error = match AccountChain::Tron.parse(text) {
            Err(error) => error,
            Ok(account) => panic!("{account:?}"),
        };
        expected.assert_eq(&error.to_string().replace("` is", "`\nis"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        refused(
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u",
            expect![[r#"
            `TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u`
            is not a Tron address: its checksum is wrong, a character was mistyped"#]],
        );
        refused(
            "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c",
            expect![[r#"
            `0xa614f803b6fd780986a42c78ec9c7f77e6ded13c`
            is not a Tron address: write the 34 characters that begin with T"#]],
        );
        refused(
            "42a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            expect![[r#"
            `42a614f803b6fd780986a42c78ec9c7f77e6ded13c`
            is not a Tron address: write the 34 characters that begin with T"#]],
        );
        for text in ["", "0x", "0x12", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xé"] {
            assert!(Account::from_hex(text).is_err(), "{text}");
        }
    }
}
