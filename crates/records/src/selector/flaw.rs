//! What does not fit in a selector, word by word. Knows no language: each flaw has a stable word,
//! and the English that programs read.

use std::fmt;

/// What does not fit in an address, transaction id, e-mail address, phone number or IBAN.
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
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 24] = [
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
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.both().1)
    }
}
