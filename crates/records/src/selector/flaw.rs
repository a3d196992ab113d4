//! What does not fit in a selector, word by word. Knows no language: each flaw has a stable word,
//! and the English that programs read.

use std::fmt;

/// Declares each flaw once: what it means, its stable word, its English.
macro_rules! flaws {
    ($($(#[$doc:meta])* $flaw:ident = $word:literal: $english:literal,)*) => {
        /// What does not fit in a selector.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Flaw {
            $($(#[$doc])* $flaw,)*
        }

        impl Flaw {
            /// Every flaw.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$flaw),*];

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$flaw => $word,)*
                }
            }
        }

        impl fmt::Display for Flaw {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$flaw => $english,)*
                })
            }
        }
    };
}

flaws! {
    /// Not 64 digits.
    DigitsOfTxid = "digits_of_txid":
        "it has 64 hexadecimal digits",
    /// Something else than hexadecimal digits.
    NotHex = "not_hex":
        "only the digits 0-9 and a-f are allowed",
    /// No @.
    NoAt = "no_at":
        "there is no @",
    /// Nothing before or after the @.
    HalfAddress = "half_address":
        "nothing stands before or after the @",
    /// A blank within.
    Blank = "blank":
        "it holds a blank",
    /// No country code.
    NoCountryCode = "no_country_code":
        "start with + and the country code",
    /// Something else than digits after the +.
    NotDigits = "not_digits":
        "only digits may follow the +",
    /// A country code that begins with 0.
    CountryCodeZero = "country_code_zero":
        "a country code never starts with 0",
    /// Too few or too many digits.
    DigitsOfPhone = "digits_of_phone":
        "7 to 15 digits are expected after the +",
    /// Too short or too long for an IBAN.
    LengthOfIban = "length_of_iban":
        "it has 15 to 34 characters",
    /// Neither letter nor digit.
    NotAlphanumeric = "not_alphanumeric":
        "only letters and digits are allowed",
    /// No country and check digits in front.
    HeadOfIban = "head_of_iban":
        "it starts with two letters and two digits",
    /// Check digits that do not fit.
    CheckDigits = "check_digits":
        "its check digits do not fit",
    /// Not 40 digits after 0x.
    DigitsOfEvm = "digits_of_evm":
        "0x is followed by 40 hexadecimal digits",
    /// The case of the letters does not fit.
    LetterCase = "letter_case":
        "the case of its letters does not fit (EIP-55); a character is wrong",
    /// Both cases in bech32.
    MixedCase = "mixed_case":
        "bech32 never mixes upper and lower case",
    /// No separator.
    NoSeparator = "no_separator":
        "the separator 1 is missing",
    /// A length that no address has.
    Length = "length":
        "its length does not fit",
    /// A character that bech32 has not.
    NotBech32 = "not_bech32":
        "a character is outside the bech32 set",
    /// A checksum that does not fit.
    Checksum = "checksum":
        "its checksum does not fit; a character is wrong or missing",
    /// A character that base58 has not.
    NotBase58 = "not_base58":
        "a character is outside the base58 set",
    /// More bytes than an address has.
    TooManyBytes = "too_many_bytes":
        "it is longer than 25 bytes",
    /// Leading ones that do not fit.
    LeadingOnes = "leading_ones":
        "its leading ones do not fit its bytes",
    /// An address of another chain where a Bitcoin one belongs.
    NotBitcoin = "not_bitcoin":
        "this format is for Bitcoin",
    /// A port of 0.
    PortRange = "port_range":
        "a port is a number from 1 to 65535",
    /// An interval that ends first.
    EndsBeforeBegin = "ends_before_begin":
        "the interval ends before it begins",
    /// More than an hour.
    IntervalTooLong = "interval_too_long":
        "the interval is longer than an hour, in which ports change hands; give the moment \
         of each connection",
    /// No address with port and moment.
    IpPortForm = "ip_port_form":
        "write address, port and moment as `192.0.2.1:50386 2026-05-01T12:00:00+02:00` or \
         `[2001:db8::1]:443 2026-05-01T10:00:00Z`",
    /// No port.
    NoPort = "no_port":
        "the port is missing; behind carrier-grade NAT many people have one address at the \
         same moment, and only the port tells them apart: write it after a colon, as in \
         `192.0.2.1:50386 2026-05-01T10:00:00Z`",
    /// No moment.
    NoMoment = "no_moment":
        "the moment is missing; address and port go from hand to hand, behind carrier-grade \
         NAT within seconds: write it after a blank, as in `192.0.2.1:50386 \
         2026-05-01T10:00:00Z`",
    /// A moment without a zone.
    MomentWithoutZone = "moment_without_zone":
        "the moment has no zone; end it with Z for UTC, or with an offset such as +02:00",
    /// No moment.
    MomentUnreadable = "moment_unreadable":
        "the moment cannot be read; write it as 2026-05-01T12:00:00+02:00",
    /// A moment that no calendar here has.
    MomentTooLate = "moment_too_late":
        "the moment is beyond the year 9999",
    /// No IP address.
    IpForm = "ip_form":
        "write it as 192.0.2.1 or 2001:db8::1, without a port; with a port and the moment \
         it is an ip_port",
    /// An address of private networks.
    PrivateIp = "private_ip":
        "it is an address of private networks, which many use at once; ask for the public \
         one",
    /// An address inside carrier-grade NAT.
    SharedIp = "shared_ip":
        "it is an address inside a provider's carrier-grade NAT (RFC 6598), which many use \
         at once; ask for the public one, with port and moment",
    /// No host's address.
    NoHostIp = "no_host_ip":
        "it is no address of one host",
    /// A whole web address.
    DomainWithScheme = "domain_with_scheme":
        "leave out https:// and whatever follows the name",
    /// An @.
    DomainWithAt = "domain_with_at":
        "it holds an @; with one it is an email",
    /// A star.
    DomainWildcard = "domain_wildcard":
        "`*` stands for names that nobody can count; write one name",
    /// An IP address.
    DomainIsIp = "domain_is_ip":
        "it is an IP address; name its kind, ip",
    /// Something that no name has.
    DomainLabels = "domain_labels":
        "a name has labels of letters, digits and hyphens with dots between them",
    /// One part only.
    DomainOnePart = "domain_one_part":
        "a name has at least two parts, as in example.org",
    /// Too long.
    DomainLength = "domain_length":
        "a part has 1 to 63 characters, the whole at most 253 (RFC 1035)",
    /// A number at the end.
    DomainEndsInNumber = "domain_ends_in_number":
        "no name ends with a number",
    /// Too long for a device's id.
    DeviceLength = "device_length":
        "an id has at most 128 characters",
    /// A blank in a device's id.
    DeviceBlank = "device_blank":
        "an id has no blank; for a phone name its kind, imei",
    /// Something else than digits.
    DigitsOnly = "digits_only":
        "only digits, with hyphens or blanks between them, are allowed",
    /// 14 digits.
    ImeiWithoutCheck = "imei_without_check":
        "its check digit is missing; an IMEI has 15 digits",
    /// A check digit that does not fit.
    ImeiCheckDigit = "imei_check_digit":
        "its check digit does not fit; a digit is wrong",
    /// 16 digits.
    ImeiWithVersion = "imei_with_version":
        "16 digits are an IMEI with software version; write the IMEI of 15 digits",
    /// Not 15 digits.
    DigitsOfImei = "digits_of_imei":
        "it has 15 digits",
    /// Neither 14 nor 16 digits.
    ImeiBody = "imei_body":
        "14 digits, or 16 with the software version, are expected here",
    /// Not 6 to 15 digits.
    DigitsOfImsi = "digits_of_imsi":
        "it has 6 to 15 digits",
    /// Not 12 digits.
    MacDigits = "mac_digits":
        "it has 12 hexadecimal digits, as in 00:1b:44:11:3a:b7",
    /// A group's address.
    MacOfGroup = "mac_of_group":
        "it is the address of a group of devices, not of one",
    /// All zeros.
    MacZero = "mac_zero":
        "it is all zeros, which is no device's",
}
