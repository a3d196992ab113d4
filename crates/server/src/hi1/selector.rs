//! Which identifier formats a task may use, and which kind of selector each one means. The
//! spelling itself is `records`' business; this is only the table.

use desk::order::SelectorKind;
use records::{Selector, SelectorError};

use super::words::OWNER;

/// One format that `task:RequestValue` may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Who defines it.
    pub owner: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The desk's kind.
    pub kind: SelectorKind,
    /// What it is, for GETCSPCONFIG.
    pub description: &'static str,
    /// A pattern for GETCSPCONFIG; this service also checks checksums.
    pub pattern: &'static str,
}

/// The formats we accept. ETSI's own where it has one.
pub const FORMATS: &[Format] = &[
    Format {
        owner: "ETSI",
        name: "InternationalE164",
        kind: SelectorKind::Phone,
        description: "Telephone number, digits with the country code",
        pattern: "^[0-9]{7,15}$",
    },
    Format {
        owner: "ETSI",
        name: "EmailAddress",
        kind: SelectorKind::Email,
        description: "E-mail address",
        pattern: "^[^@\\s]+@[^@\\s]+$",
    },
    Format {
        owner: "ETSI",
        name: "InternationalizedEmailAddress",
        kind: SelectorKind::Email,
        description: "E-mail address, any script",
        pattern: "^[^@\\s]+@[^@\\s]+$",
    },
    Format {
        owner: "ETSI",
        name: "IPv4Address",
        kind: SelectorKind::IpPort,
        description: "IPv4 address from which an account was used",
        pattern: "^[0-9]{1,3}(\\.[0-9]{1,3}){3}$",
    },
    Format {
        owner: "ETSI",
        name: "IPv6Address",
        kind: SelectorKind::IpPort,
        description: "IPv6 address from which an account was used",
        pattern: "^[0-9a-f:]{2,39}$",
    },
    Format {
        owner: OWNER,
        name: "AccountID",
        kind: SelectorKind::AccountId,
        description: "Account or customer number as this company prints it",
        pattern: "^.{1,320}$",
    },
    Format {
        owner: OWNER,
        name: "BitcoinAddress",
        kind: SelectorKind::Address,
        description: "Bitcoin address of any standard type; its checksum must hold",
        pattern: "^([13mn2][1-9A-HJ-NP-Za-km-z]{25,34}|(bc|tb|bcrt)1[02-9ac-hj-np-z]{8,87})$",
    },
    Format {
        owner: OWNER,
        name: "BitcoinTransactionID",
        kind: SelectorKind::TransactionId,
        description: "Bitcoin transaction identifier, 64 hexadecimal digits as explorers show it",
        pattern: "^[0-9a-fA-F]{64}$",
    },
    Format {
        owner: OWNER,
        name: "IBAN",
        kind: SelectorKind::Iban,
        description: "International bank account number; its check digits must hold",
        pattern: "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$",
    },
];

/// Format of the asset of a freeze, under our owner: "BTC", "EUR".
pub const ASSET: &str = "Asset";
/// Format of the amount of a freeze, under our owner: the asset's smallest unit, decimal.
pub const AMOUNT: &str = "Amount";
/// Pattern of [`ASSET`].
pub const ASSET_PATTERN: &str = "^[A-Za-z0-9._-]{1,32}$";
/// Pattern of [`AMOUNT`].
pub const AMOUNT_PATTERN: &str = "^(0|[1-9][0-9]{0,38})$";

/// The format of an owner and name.
pub fn format(owner: &str, name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.owner == owner && format.name == name)
}

/// The formats, for an error text.
pub fn format_names() -> String {
    let names: Vec<String> =
        FORMATS.iter().map(|format| format!("{}/{}", format.owner, format.name)).collect();
    names.join(", ")
}

impl Format {
    /// Brings a value into its normal spelling.
    ///
    /// # Errors
    /// [`SelectorError`] saying what does not fit.
    pub fn read(&self, value: &str) -> Result<Selector, SelectorError> {
        use records::SelectorKind as Kind;
        let kind = match self.kind {
            SelectorKind::AccountId => Kind::AccountId,
            SelectorKind::Address => Kind::Address,
            SelectorKind::TransactionId => Kind::Txid,
            SelectorKind::Email => Kind::Email,
            SelectorKind::Iban => Kind::Iban,
            SelectorKind::IpPort => Kind::Ip,
            // ETSI's format has the digits only; `records` wants the international prefix.
            _ => return Selector::read(Kind::Phone, &format!("+{value}")),
        };
        if self.name == "BitcoinAddress" && value.trim_start().starts_with("0x") {
            return Err(SelectorError::Address { why: records::Flaw::NotBitcoin });
        }
        Selector::read(kind, value)
    }

    /// Writes a normal spelling as this format does.
    pub fn write(&self, selector: &Selector) -> String {
        selector.value().trim_start_matches('+').to_owned()
    }
}
