//! What a new agency must be said to be. Knows nobody who is enrolled.

use crate::error::Error;

/// Checks what a new agency is said to be, whichever way it comes in.
///
/// # Errors
/// Naming the field that is wrong.
pub fn check_agency(
    country: &str,
    regime: &str,
    recipients_pem: &[String],
    recipients_age: &[String],
) -> Result<(), Error> {
    desk::ids::Country::parse(country)
        .ok_or_else(|| Error::input("country", format!("{country:?}"), "two capital letters"))?;
    desk::pack::embedded(regime).ok_or_else(|| {
        Error::input("regime", format!("there is no {regime:?}"), "see comity check --help")
    })?;
    if recipients_pem.is_empty() && recipients_age.is_empty() {
        return Err(Error::input(
            "recipients_pem",
            "no key to encrypt packages to",
            "give a certificate in PEM or an age recipient",
        ));
    }
    for (index, pem) in recipients_pem.iter().enumerate() {
        evidence::cms::recipient::Recipient::from_pem(pem).map_err(|error| {
            let place = format!("recipients_pem[{index}]");
            Error::input(place, error.to_string(), "give an RSA or EC certificate in PEM")
        })?;
    }
    for (index, text) in recipients_age.iter().enumerate() {
        text.parse::<age::x25519::Recipient>().map_err(|error| {
            Error::input(format!("recipients_age[{index}]"), error, "give one that begins age1")
        })?;
    }
    Ok(())
}
