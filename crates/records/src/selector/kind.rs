//! The kinds of selector that a catalog search can answer to, by name.

use std::fmt;
use std::str::FromStr;

/// The kinds of selector that a catalog search can answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelectorKind {
    /// The company's own id of an account or customer, as the company prints it.
    AccountId,
    /// An address: Bitcoin (base58check or bech32(m), any network), Tron (base58check), or of an
    /// EVM chain (hex; normal spelling is EIP-55).
    Address,
    /// A Bitcoin transaction id: 32 bytes in the usual reversed hex.
    Txid,
    /// An e-mail address; compared without regard to case.
    Email,
    /// A phone number in E.164: `+` and 7 to 15 digits.
    Phone,
    /// An IBAN (ISO 13616), check digits verified.
    Iban,
    /// An IPv4 or IPv6 address alone; RFC 5952 has the normal spelling.
    Ip,
    /// An IP address with its port and the moment, or short interval, of the connection.
    IpPort,
    /// A domain name: lower case, letters beyond ASCII as IDNA (UTS 46) has them.
    Domain,
    /// A device by the company's own id of it, or by one that its app has.
    DeviceId,
    /// A phone by its IMEI: 15 digits, check digit verified (3GPP TS 23.003, 6.2).
    Imei,
    /// A SIM by its IMSI: 6 to 15 digits (3GPP TS 23.003, 2.2).
    Imsi,
    /// A network card by its MAC address.
    Mac,
}

impl SelectorKind {
    /// Every kind, in the order of the catalog documentation.
    pub const ALL: [Self; 13] = [
        Self::AccountId,
        Self::Address,
        Self::Txid,
        Self::Email,
        Self::Phone,
        Self::Iban,
        Self::Ip,
        Self::IpPort,
        Self::Domain,
        Self::DeviceId,
        Self::Imei,
        Self::Imsi,
        Self::Mac,
    ];

    /// The word used in `catalog.toml`, and the name of the SQL parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountId => "account_id",
            Self::Address => "address",
            Self::Txid => "txid",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::Ip => "ip",
            Self::IpPort => "ip_port",
            Self::Domain => "domain",
            Self::DeviceId => "device_id",
            Self::Imei => "imei",
            Self::Imsi => "imsi",
            Self::Mac => "mac",
        }
    }
}

impl fmt::Display for SelectorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The words of all kinds, for a sentence.
pub(super) const KINDS: &str = "account_id, address, txid, email, phone, iban, ip, ip_port, \
                                domain, device_id, imei, imsi or mac";

/// The word is not a selector kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no selector kind; use {KINDS}")]
pub struct UnknownKind(pub String);

impl FromStr for SelectorKind {
    type Err = UnknownKind;
    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        known.ok_or_else(|| UnknownKind(word.to_owned()))
    }
}
