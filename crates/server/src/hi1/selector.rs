//! Which identifier formats a task may use, and which kind of selector each one means. The
//! spelling itself is `records`' business; this is only the table.

use records::{Selector, SelectorError, SelectorKind};

use super::words::OWNER;

/// One format that `task:RequestValue` may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Who defines it.
    pub owner: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it means here.
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
        kind: SelectorKind::Ip,
        description: "IPv4 address from which an account was used; one without port and moment \
                      is over-broad, use IPAddressPortTime",
        pattern: "^[0-9]{1,3}(\\.[0-9]{1,3}){3}$",
    },
    Format {
        owner: "ETSI",
        name: "IPv6Address",
        kind: SelectorKind::Ip,
        description: "IPv6 address from which an account was used",
        pattern: "^[0-9a-f:]{2,39}$",
    },
    // ETSI TS 103 280 has address and port as a structure without a moment, which a text cannot
    // hold.
    Format {
        owner: OWNER,
        name: "IPAddressPortTime",
        kind: SelectorKind::IpPort,
        description: "IP address, port and moment or interval of at most an hour from which an \
                      account was used, like 192.0.2.1:50386 2026-05-01T10:00:00Z",
        pattern: "^[0-9A-Fa-f:.\\[\\]]{3,47}:[0-9]{1,5} [0-9TZ:.+/-]{17,80}$",
    },
    Format {
        owner: "ETSI",
        name: "IMEI",
        kind: SelectorKind::Imei,
        description: "IMEI of 14 digits, without its check digit",
        pattern: "^[0-9]{14}$",
    },
    Format {
        owner: "ETSI",
        name: "IMEICheckDigit",
        kind: SelectorKind::Imei,
        description: "IMEI of 15 digits; its check digit must hold",
        pattern: "^[0-9]{15}$",
    },
    Format {
        owner: "ETSI",
        name: "IMEISV",
        kind: SelectorKind::Imei,
        description: "IMEI of 14 digits with a software version of two, which is left out",
        pattern: "^[0-9]{16}$",
    },
    Format {
        owner: "ETSI",
        name: "IMSI",
        kind: SelectorKind::Imsi,
        description: "IMSI",
        pattern: "^[0-9]{6,15}$",
    },
    Format {
        owner: "ETSI",
        name: "MACAddress",
        kind: SelectorKind::Mac,
        description: "MAC address of a network card",
        pattern: "^([a-f0-9]{2}:){5}[a-f0-9]{2}$",
    },
    // Neither a domain nor a company's id of a device has a format in ETSI TS 103 280.
    Format {
        owner: OWNER,
        name: "DomainName",
        kind: SelectorKind::Domain,
        description: "Domain name, in IDNA's ASCII form or as it is written",
        pattern: "^[^\\s/@*]{3,253}$",
    },
    Format {
        owner: OWNER,
        name: "DeviceID",
        kind: SelectorKind::DeviceId,
        description: "Device by the id that this company or its app gave it",
        pattern: "^[^\\s]{1,128}$",
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
        kind: SelectorKind::Txid,
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
        if self.name == "BitcoinAddress" && value.trim_start().starts_with("0x") {
            return Err(SelectorError::Address { why: records::Flaw::NotBitcoin });
        }
        match (self.kind, self.name) {
            // ETSI's format has the digits only; `records` wants the international prefix.
            (SelectorKind::Phone, _) => Selector::read(SelectorKind::Phone, &format!("+{value}")),
            (SelectorKind::Imei, "IMEI" | "IMEISV") => {
                let digits_count = if self.name == "IMEI" { 14 } else { 16 };
                if value.trim().len() != digits_count {
                    return Err(SelectorError::Imei { why: records::Flaw::ImeiBody });
                }
                Selector::read(SelectorKind::Imei, &records::imei_without_check(value)?)
            }
            (kind, _) => Selector::read(kind, value),
        }
    }

    /// Writes a normal spelling as this format does.
    pub fn write(&self, selector: &Selector) -> String {
        let value = selector.value();
        match self.name {
            "IMEI" => value.chars().take(14).collect(),
            // The software version was left out when it was read; 00 stands for none that is known.
            "IMEISV" => value.chars().take(14).chain("00".chars()).collect(),
            _ => value.trim_start_matches('+').to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check((owner, name): (&str, &str), value: &str, expected: Expect) {
        let format = format(owner, name).expect("a format");
        expected.assert_eq(&match format.read(value) {
            Ok(selector) => {
                let again = format.read(&format.write(&selector));
                assert_eq!(again.as_ref(), Ok(&selector), "what is written reads as itself");
                format!("{} {}", selector.kind(), selector.value())
            }
            Err(error) => format!("refused: {error}"),
        });
    }

    #[test]
    fn places_and_devices_have_etsi_s_formats_where_it_has_one() {
        check(("ETSI", "IMEI"), "49015420323751", expect!["imei 490154203237518"]);
        check(
            ("ETSI", "IMEI"),
            "490154203237518",
            expect![
                "refused: not an IMEI: 14 digits, or 16 with the software version, are expected here"
            ],
        );
        check(("ETSI", "IMEICheckDigit"), "490154203237518", expect!["imei 490154203237518"]);
        check(
            ("ETSI", "IMEICheckDigit"),
            "490154203237519",
            expect!["refused: not an IMEI: its check digit does not fit; a digit is wrong"],
        );
        check(("ETSI", "IMEISV"), "4901542032375107", expect!["imei 490154203237518"]);
        check(("ETSI", "IMSI"), "001010123456789", expect!["imsi 001010123456789"]);
        check(("ETSI", "MACAddress"), "00:1b:44:11:3a:b7", expect!["mac 00:1b:44:11:3a:b7"]);
        check(
            ("ETSI", "IPv6Address"),
            "2001:0db8:0000:0000:0000:0000:0000:0001",
            expect!["ip 2001:db8::1"],
        );
        check((OWNER, "DomainName"), "Bücher.example", expect!["domain xn--bcher-kva.example"]);
        check((OWNER, "DeviceID"), "app-2f9c", expect!["device_id app-2f9c"]);
        check(
            (OWNER, "IPAddressPortTime"),
            "[2001:db8::1]:443 2026-05-01T12:00:00+02:00",
            expect!["ip_port [2001:db8::1]:443 2026-05-01T10:00:00Z"],
        );
        check(
            (OWNER, "IPAddressPortTime"),
            "192.0.2.1:443",
            expect![
                "refused: not an IP address with port and moment: the moment is missing; address and port go from hand to hand, behind carrier-grade NAT within seconds: write it after a blank, as in `192.0.2.1:50386 2026-05-01T10:00:00Z`"
            ],
        );
    }
}
