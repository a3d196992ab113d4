//! What does not fit in a selector, word by word. Knows no language: each flaw has a stable word,
//! and the English that programs read.

use std::fmt;

/// What does not fit in a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Not 64 digits.
    DigitsOfTxid,
    /// Something else than hexadecimal digits.
    NotHex,
    /// No @.
    NoAt,
    /// Nothing before or after the @.
    HalfAddress,
    /// A blank within.
    Blank,
    /// No country code.
    NoCountryCode,
    /// Something else than digits after the +.
    NotDigits,
    /// A country code that begins with 0.
    CountryCodeZero,
    /// Too few or too many digits.
    DigitsOfPhone,
    /// Too short or too long for an IBAN.
    LengthOfIban,
    /// Neither letter nor digit.
    NotAlphanumeric,
    /// No country and check digits in front.
    HeadOfIban,
    /// Check digits that do not fit.
    CheckDigits,
    /// Not 40 digits after 0x.
    DigitsOfEvm,
    /// The case of the letters does not fit.
    LetterCase,
    /// Both cases in bech32.
    MixedCase,
    /// No separator.
    NoSeparator,
    /// A length that no address has.
    Length,
    /// A character that bech32 has not.
    NotBech32,
    /// A checksum that does not fit.
    Checksum,
    /// A character that base58 has not.
    NotBase58,
    /// More bytes than an address has.
    TooManyBytes,
    /// Leading ones that do not fit.
    LeadingOnes,
    /// An address of another chain where a Bitcoin one belongs.
    NotBitcoin,
    /// A port of 0.
    PortRange,
    /// An interval that ends first.
    EndsBeforeBegin,
    /// More than an hour.
    IntervalTooLong,
    /// No address with port and moment.
    IpPortForm,
    /// No port.
    NoPort,
    /// No moment.
    NoMoment,
    /// A moment without a zone.
    MomentWithoutZone,
    /// No moment.
    MomentUnreadable,
    /// A moment that no calendar here has.
    MomentTooLate,
    /// No IP address.
    IpForm,
    /// An address of private networks.
    PrivateIp,
    /// An address inside carrier-grade NAT.
    SharedIp,
    /// No host's address.
    NoHostIp,
    /// A whole web address.
    DomainWithScheme,
    /// An @.
    DomainWithAt,
    /// A star.
    DomainWildcard,
    /// An IP address.
    DomainIsIp,
    /// Something that no name has.
    DomainLabels,
    /// One part only.
    DomainOnePart,
    /// Too long.
    DomainLength,
    /// A number at the end.
    DomainEndsInNumber,
    /// Too long for a device's id.
    DeviceLength,
    /// A blank in a device's id.
    DeviceBlank,
    /// Something else than digits.
    DigitsOnly,
    /// 14 digits.
    ImeiWithoutCheck,
    /// A check digit that does not fit.
    ImeiCheckDigit,
    /// 16 digits.
    ImeiWithVersion,
    /// Not 15 digits.
    DigitsOfImei,
    /// Neither 14 nor 16 digits.
    ImeiBody,
    /// Not 6 to 15 digits.
    DigitsOfImsi,
    /// Not 12 digits.
    MacDigits,
    /// A group's address.
    MacOfGroup,
    /// All zeros.
    MacZero,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 57] = [
        Self::DigitsOfTxid,
        Self::NotHex,
        Self::NoAt,
        Self::HalfAddress,
        Self::Blank,
        Self::NoCountryCode,
        Self::NotDigits,
        Self::CountryCodeZero,
        Self::DigitsOfPhone,
        Self::LengthOfIban,
        Self::NotAlphanumeric,
        Self::HeadOfIban,
        Self::CheckDigits,
        Self::DigitsOfEvm,
        Self::LetterCase,
        Self::MixedCase,
        Self::NoSeparator,
        Self::Length,
        Self::NotBech32,
        Self::Checksum,
        Self::NotBase58,
        Self::TooManyBytes,
        Self::LeadingOnes,
        Self::NotBitcoin,
        Self::PortRange,
        Self::EndsBeforeBegin,
        Self::IntervalTooLong,
        Self::IpPortForm,
        Self::NoPort,
        Self::NoMoment,
        Self::MomentWithoutZone,
        Self::MomentUnreadable,
        Self::MomentTooLate,
        Self::IpForm,
        Self::PrivateIp,
        Self::SharedIp,
        Self::NoHostIp,
        Self::DomainWithScheme,
        Self::DomainWithAt,
        Self::DomainWildcard,
        Self::DomainIsIp,
        Self::DomainLabels,
        Self::DomainOnePart,
        Self::DomainLength,
        Self::DomainEndsInNumber,
        Self::DeviceLength,
        Self::DeviceBlank,
        Self::DigitsOnly,
        Self::ImeiWithoutCheck,
        Self::ImeiCheckDigit,
        Self::ImeiWithVersion,
        Self::DigitsOfImei,
        Self::ImeiBody,
        Self::DigitsOfImsi,
        Self::MacDigits,
        Self::MacOfGroup,
        Self::MacZero,
    ];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.both().0
    }

    const fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::DigitsOfTxid => ("digits_of_txid", "it has 64 hexadecimal digits"),
            Self::NotHex => ("not_hex", "only the digits 0-9 and a-f are allowed"),
            Self::NoAt => ("no_at", "there is no @"),
            Self::HalfAddress => ("half_address", "nothing stands before or after the @"),
            Self::Blank => ("blank", "it holds a blank"),
            Self::NoCountryCode => ("no_country_code", "start with + and the country code"),
            Self::NotDigits => ("not_digits", "only digits may follow the +"),
            Self::CountryCodeZero => ("country_code_zero", "a country code never starts with 0"),
            Self::DigitsOfPhone => ("digits_of_phone", "7 to 15 digits are expected after the +"),
            Self::LengthOfIban => ("length_of_iban", "it has 15 to 34 characters"),
            Self::NotAlphanumeric => ("not_alphanumeric", "only letters and digits are allowed"),
            Self::HeadOfIban => ("head_of_iban", "it starts with two letters and two digits"),
            Self::CheckDigits => ("check_digits", "its check digits do not fit"),
            Self::DigitsOfEvm => ("digits_of_evm", "0x is followed by 40 hexadecimal digits"),
            Self::LetterCase => (
                "letter_case",
                "the case of its letters does not fit (EIP-55); a character is wrong",
            ),
            Self::MixedCase => ("mixed_case", "bech32 never mixes upper and lower case"),
            Self::NoSeparator => ("no_separator", "the separator 1 is missing"),
            Self::Length => ("length", "its length does not fit"),
            Self::NotBech32 => ("not_bech32", "a character is outside the bech32 set"),
            Self::Checksum => {
                ("checksum", "its checksum does not fit; a character is wrong or missing")
            }
            Self::NotBase58 => ("not_base58", "a character is outside the base58 set"),
            Self::TooManyBytes => ("too_many_bytes", "it is longer than 25 bytes"),
            Self::LeadingOnes => ("leading_ones", "its leading ones do not fit its bytes"),
            Self::NotBitcoin => ("not_bitcoin", "this format is for Bitcoin"),
            Self::PortRange => ("port_range", "a port is a number from 1 to 65535"),
            Self::EndsBeforeBegin => ("ends_before_begin", "the interval ends before it begins"),
            Self::IntervalTooLong => (
                "interval_too_long",
                "the interval is longer than an hour, in which ports change hands; give \
                 the moment of each connection",
            ),
            Self::IpPortForm => (
                "ip_port_form",
                "write address, port and moment as `192.0.2.1:50386 \
                 2026-05-01T12:00:00+02:00` or `[2001:db8::1]:443 2026-05-01T10:00:00Z`",
            ),
            Self::NoPort => (
                "no_port",
                "the port is missing; behind carrier-grade NAT many people have one \
                 address at the same moment, and only the port tells them apart: write it \
                 after a colon, as in `192.0.2.1:50386 2026-05-01T10:00:00Z`",
            ),
            Self::NoMoment => (
                "no_moment",
                "the moment is missing; address and port go from hand to hand, behind \
                 carrier-grade NAT within seconds: write it after a blank, as in \
                 `192.0.2.1:50386 2026-05-01T10:00:00Z`",
            ),
            Self::MomentWithoutZone => (
                "moment_without_zone",
                "the moment has no zone; end it with Z for UTC, or with an offset such as \
                 +02:00",
            ),
            Self::MomentUnreadable => (
                "moment_unreadable",
                "the moment cannot be read; write it as 2026-05-01T12:00:00+02:00",
            ),
            Self::MomentTooLate => ("moment_too_late", "the moment is beyond the year 9999"),
            Self::IpForm => (
                "ip_form",
                "write it as 192.0.2.1 or 2001:db8::1, without a port; with a port and \
                 the moment it is an ip_port",
            ),
            Self::PrivateIp => (
                "private_ip",
                "it is an address of private networks, which many use at once; ask for \
                 the public one",
            ),
            Self::SharedIp => (
                "shared_ip",
                "it is an address inside a provider's carrier-grade NAT (RFC 6598), which \
                 many use at once; ask for the public one, with port and moment",
            ),
            Self::NoHostIp => ("no_host_ip", "it is no address of one host"),
            Self::DomainWithScheme => {
                ("domain_with_scheme", "leave out https:// and whatever follows the name")
            }
            Self::DomainWithAt => ("domain_with_at", "it holds an @; with one it is an email"),
            Self::DomainWildcard => {
                ("domain_wildcard", "`*` stands for names that nobody can count; write one name")
            }
            Self::DomainIsIp => ("domain_is_ip", "it is an IP address; name its kind, ip"),
            Self::DomainLabels => (
                "domain_labels",
                "a name has labels of letters, digits and hyphens with dots between them",
            ),
            Self::DomainOnePart => {
                ("domain_one_part", "a name has at least two parts, as in example.org")
            }
            Self::DomainLength => {
                ("domain_length", "a part has 1 to 63 characters, the whole at most 253 (RFC 1035)")
            }
            Self::DomainEndsInNumber => ("domain_ends_in_number", "no name ends with a number"),
            Self::DeviceLength => ("device_length", "an id has at most 128 characters"),
            Self::DeviceBlank => {
                ("device_blank", "an id has no blank; for a phone name its kind, imei")
            }
            Self::DigitsOnly => {
                ("digits_only", "only digits, with hyphens or blanks between them, are allowed")
            }
            Self::ImeiWithoutCheck => {
                ("imei_without_check", "its check digit is missing; an IMEI has 15 digits")
            }
            Self::ImeiCheckDigit => {
                ("imei_check_digit", "its check digit does not fit; a digit is wrong")
            }
            Self::ImeiWithVersion => (
                "imei_with_version",
                "16 digits are an IMEI with software version; write the IMEI of 15 digits",
            ),
            Self::DigitsOfImei => ("digits_of_imei", "it has 15 digits"),
            Self::ImeiBody => {
                ("imei_body", "14 digits, or 16 with the software version, are expected here")
            }
            Self::DigitsOfImsi => ("digits_of_imsi", "it has 6 to 15 digits"),
            Self::MacDigits => {
                ("mac_digits", "it has 12 hexadecimal digits, as in 00:1b:44:11:3a:b7")
            }
            Self::MacOfGroup => {
                ("mac_of_group", "it is the address of a group of devices, not of one")
            }
            Self::MacZero => ("mac_zero", "it is all zeros, which is no device's"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.both().1)
    }
}
