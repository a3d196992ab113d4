//! The one spelling of an address on each blockchain. Knows no tags.
//!
//! Two packs that write one address differently must meet: bech32 ignores case (BIP 173), EIP-55
//! hides a checksum in the case, Bitcoin Cash has two alphabets, Tron two encodings. A text whose
//! checksum is wrong is kept and said to be wrong: it may be a typing error of the pack.

use chain::account::AccountChain;
use std::borrow::Cow;
use std::fmt;

mod code;

/// A blockchain, by the code of its own coin in upper case; tokens are not blockchains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blockchain(Cow<'static, str>);

/// An address in its one spelling, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The text to look up.
    pub text: String,
    /// What is wrong with it, where something is.
    pub fault: Option<AddressFault>,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// The checksum does not match: most likely a typing error.
    #[error("its checksum does not match")]
    Checksum,
    /// Not of a form that this blockchain has.
    #[error("it has not the form of an address of this blockchain")]
    Form,
}

/// A code that cannot name a blockchain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a blockchain: write a code of 1 to {CODE_BYTES_MAX} letters, digits or -"
)]
pub struct BadBlockchain(pub String);

/// Longest code of a blockchain.
pub const CODE_BYTES_MAX: usize = 24;

/// Codes that mean the same blockchain: exchanges' and sanctions lists' names, token standards.
const ALIASES: [(&str, &str); 12] = [
    ("XBT", "BTC"),
    ("BITCOIN", "BTC"),
    ("OMNI", "BTC"),
    ("ETHEREUM", "ETH"),
    ("ERC20", "ETH"),
    ("TRON", "TRX"),
    ("TRC20", "TRX"),
    ("BEP20", "BSC"),
    ("POL", "MATIC"),
    ("POLYGON", "MATIC"),
    ("LITECOIN", "LTC"),
    ("RIPPLE", "XRP"),
];

/// Tokens that live on several blockchains; the form of the address says which.
const TOKENS: [&str; 6] = ["USDT", "USDC", "DAI", "BUSD", "TUSD", "WBTC"];

/// Codes of EVM chains by their number (EIP-155).
const EVM_CODES: [(u64, &str); 6] =
    [(1, "ETH"), (56, "BSC"), (61, "ETC"), (137, "MATIC"), (250, "FTM"), (42_161, "ARB")];

/// How addresses of a blockchain are spelled.
enum Form {
    Base58,
    Segwit(&'static str),
    Cash,
    Evm,
    Tron,
    Zcash,
    Other,
}

impl Blockchain {
    /// Bitcoin.
    pub const BITCOIN: Blockchain = Blockchain(Cow::Borrowed("BTC"));
    /// Ethereum.
    pub const ETHEREUM: Blockchain = Blockchain(Cow::Borrowed("ETH"));
    /// Tron.
    pub const TRON: Blockchain = Blockchain(Cow::Borrowed("TRX"));

    /// The blockchain of that code or name; case does not matter.
    pub fn named(name: &str) -> Result<Blockchain, BadBlockchain> {
        let bad = || BadBlockchain(name.chars().take(40).collect());
        let upper = name.trim().to_ascii_uppercase();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if upper.is_empty() || upper.len() > CODE_BYTES_MAX || !upper.bytes().all(fits) {
            return Err(bad());
        }
        let alias = ALIASES.iter().find(|(alias, _)| *alias == upper);
        Ok(Blockchain(match alias {
            Some((_, code)) => Cow::Borrowed(code),
            None => Cow::Owned(upper),
        }))
    }

    /// The blockchain of a chain of accounts. Chains without a code here go by number, such as
    /// `EVM-31337`: an address on one of them need not be the same owner's on another.
    pub fn of_accounts(chain: AccountChain) -> Blockchain {
        let number = match chain {
            AccountChain::Tron => return Blockchain::TRON,
            AccountChain::Evm { chain_id } => chain_id,
        };
        let known = EVM_CODES.iter().find(|(chain_id, _)| *chain_id == number);
        Blockchain(match known {
            Some((_, code)) => Cow::Borrowed(code),
            None => Cow::Owned(format!("EVM-{number}")),
        })
    }

    /// The blockchain that holds an asset at an address: the asset's own, or for a token that lives
    /// on several, the one whose form the address has.
    pub fn of_asset(asset: &str, address: &str) -> Result<Blockchain, BadBlockchain> {
        let named = Blockchain::named(asset)?;
        if !TOKENS.contains(&named.code()) {
            return Ok(named);
        }
        let of_form = [Blockchain::ETHEREUM, Blockchain::TRON, Blockchain::BITCOIN];
        let fits = |chain: &Blockchain| chain.spell(address).fault != Some(AddressFault::Form);
        Ok(of_form.into_iter().find(fits).unwrap_or(named))
    }

    /// The code, such as `BTC`.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// The one spelling of an address.
    pub fn spell(&self, address: &str) -> Spelling {
        let address = address.trim();
        if address.contains(char::is_whitespace) {
            return Spelling { text: address.to_owned(), fault: Some(AddressFault::Form) };
        }
        let spelled = match self.form() {
            Form::Base58 => base58(address),
            Form::Segwit(prefix) => segwit(prefix, address).unwrap_or_else(|| base58(address)),
            Form::Cash => cash(address),
            Form::Evm => evm(address),
            Form::Tron => tron(address),
            // shielded and unified addresses have other encodings, which are left as they are
            Form::Zcash if address.starts_with('t') => base58(address),
            Form::Other if has_evm_form(address) => evm(address),
            Form::Zcash | Form::Other => Ok(address.to_owned()),
        };
        match spelled {
            // the case is no part of what an EVM address pays, so it is found all the same
            Ok(text) if has_evm_form(address) && miscased(address) => {
                Spelling { text, fault: Some(AddressFault::Checksum) }
            }
            Ok(text) => Spelling { text, fault: None },
            Err(fault) => Spelling { text: address.to_owned(), fault: Some(fault) },
        }
    }

    fn form(&self) -> Form {
        match self.code() {
            "BTC" => Form::Segwit("bc"),
            "LTC" => Form::Segwit("ltc"),
            "BCH" => Form::Cash,
            "DASH" | "DOGE" | "BSV" | "BTG" | "XVG" => Form::Base58,
            "ETH" | "ETC" | "BSC" | "ARB" | "MATIC" | "FTM" => Form::Evm,
            "TRX" => Form::Tron,
            "ZEC" => Form::Zcash,
            _ => Form::Other,
        }
    }
}

/// Base58 with its checksum; the text is case-sensitive and stays.
fn base58(address: &str) -> Result<String, AddressFault> {
    code::base58check(address).map(|_| address.to_owned())
}

/// Witness addresses in lower case; `None` when it has not their prefix.
fn segwit(prefix: &str, address: &str) -> Option<Result<String, AddressFault>> {
    let lower = address.to_ascii_lowercase();
    let data = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let one_case = address == lower || address == address.to_ascii_uppercase();
    if !one_case {
        return Some(Err(AddressFault::Form));
    }
    Some(code::bech32(prefix, data).map(|()| lower))
}

/// Bitcoin Cash in the older alphabet, which every tool reads, whichever was given.
fn cash(address: &str) -> Result<String, AddressFault> {
    let lower = address.to_ascii_lowercase();
    let one_case = address == lower || address == address.to_ascii_uppercase();
    let data = lower.strip_prefix("bitcoincash:").unwrap_or(&lower);
    let new_form = one_case && matches!(data.as_bytes().first(), Some(b'q' | b'p'));
    if new_form { code::cash(data) } else { base58(address) }
}

/// Lower case.
fn evm(address: &str) -> Result<String, AddressFault> {
    if !has_evm_form(address) {
        return Err(AddressFault::Form);
    }
    Ok(address.to_ascii_lowercase())
}

/// Whether an EVM address in mixed case has the wrong one (EIP-55).
fn miscased(address: &str) -> bool {
    let digits = &address[2..];
    let mixed = digits.bytes().any(|b| b.is_ascii_lowercase())
        && digits.bytes().any(|b| b.is_ascii_uppercase());
    mixed && code::eip55(&digits.to_ascii_lowercase()) != digits
}

fn has_evm_form(address: &str) -> bool {
    let digits = address.strip_prefix("0x").or_else(|| address.strip_prefix("0X"));
    digits.is_some_and(|d| d.len() == 40 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Base58 with version 0x41, whichever of the two encodings was given.
fn tron(address: &str) -> Result<String, AddressFault> {
    const VERSION: u8 = 0x41;
    if let Ok(bytes) = hex::decode(address) {
        let whole = bytes.len() == 21 && bytes[0] == VERSION;
        return if whole { Ok(code::to_base58check(&bytes)) } else { Err(AddressFault::Form) };
    }
    let payload = code::base58check(address)?;
    let whole = payload.len() == 21 && payload[0] == VERSION;
    if whole { Ok(address.to_owned()) } else { Err(AddressFault::Form) }
}

impl fmt::Display for Blockchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(asset: &str, address: &str, expected: Expect) {
        let said = match Blockchain::of_asset(asset, address) {
            Err(error) => error.to_string(),
            Ok(chain) => {
                let spelling = chain.spell(address);
                let fault = spelling.fault.map(|fault| format!("; {fault}")).unwrap_or_default();
                format!("{chain} {}{fault}", spelling.text)
            }
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn bitcoin() {
        check(
            "xbt",
            "1Archive1n2C579dMsAu3iC6tWzuQJz8dN",
            expect!["BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dN"],
        );
        check(
            "BTC",
            "1Archive1n2C579dMsAu3iC6tWzuQJz8dM",
            expect!["BTC 1Archive1n2C579dMsAu3iC6tWzuQJz8dM; its checksum does not match"],
        );
        check("BTC", "1O", expect!["BTC 1O; it has not the form of an address of this blockchain"]);
        // BIP 173 and BIP 350 vectors
        check(
            "BTC",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            expect!["BTC bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
        );
        check(
            "BTC",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            expect!["BTC bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"],
        );
        check(
            "BTC",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
            expect![
                "BTC bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd; its checksum does not match"
            ],
        );
        check(
            "BTC",
            "bc1qW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            expect![
                "BTC bc1qW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4; it has not the form of an address of this blockchain"
            ],
        );
        check(
            "BTC",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            expect!["BTC bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5; its checksum does not match"],
        );
    }

    #[test]
    fn others() {
        // vectors of EIP-55
        check(
            "ETH",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            expect!["ETH 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"],
        );
        check(
            "ETH",
            "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
            expect!["ETH 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"],
        );
        check(
            "ETH",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
            expect!["ETH 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed; its checksum does not match"],
        );
        check(
            "ETH",
            "vitalik.eth",
            expect!["ETH vitalik.eth; it has not the form of an address of this blockchain"],
        );
        // the specification of CashAddr has these two as one
        check(
            "BCH",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            expect!["BCH 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"],
        );
        check(
            "BCH",
            "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            expect!["BCH 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"],
        );
        check(
            "BCH",
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
            expect!["BCH 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"],
        );
        check(
            "BCH",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b",
            expect![
                "BCH bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b; it has not the form of an address of this blockchain"
            ],
        );
        // Tether's contract on Tron, both ways
        check(
            "TRX",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            expect!["TRX TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"],
        );
        check(
            "TRX",
            "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            expect!["TRX TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"],
        );
        check(
            "LTC",
            "LNf2JDiuunBz7GMDKFYHN4rq5meXWxiwfb",
            expect!["LTC LNf2JDiuunBz7GMDKFYHN4rq5meXWxiwfb"],
        );
        check(
            "ZEC",
            "t1MMXtBrSp1XG38Lx9cePcNUCJj5vdWfUWL",
            expect!["ZEC t1MMXtBrSp1XG38Lx9cePcNUCJj5vdWfUWL"],
        );
        check("ADA", " addr1x8 ", expect!["ADA addr1x8"]);
    }

    #[test]
    fn tokens_lie_where_their_address_does() {
        check(
            "USDT",
            "0x175d44451403Edf28469dF03A9280c1197ADb92c",
            expect!["ETH 0x175d44451403edf28469df03a9280c1197adb92c"],
        );
        check(
            "USDT",
            "TBHTJqAy4DhHhmT3dNceJYNRz4SdLofLre",
            expect!["TRX TBHTJqAy4DhHhmT3dNceJYNRz4SdLofLre"],
        );
        check(
            "USDT",
            "16iWn2J1McqjToYLHSsAyS6En3QA8YQ91H",
            expect!["BTC 16iWn2J1McqjToYLHSsAyS6En3QA8YQ91H"],
        );
        check("USDT", "elsewhere", expect!["USDT elsewhere"]);
        check(
            "a b",
            "x",
            expect!["`a b` cannot name a blockchain: write a code of 1 to 24 letters, digits or -"],
        );
    }
}
