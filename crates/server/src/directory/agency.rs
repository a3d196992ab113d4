//! What a new agency must be said to be. Knows nobody who is enrolled.

use crate::error::Error;
use crate::wrong::{Detail, Wrong};

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
        .ok_or_else(|| Error::wrong("country", Wrong::Country { given: country.to_owned() }))?;
    desk::pack::embedded(regime)
        .ok_or_else(|| Error::wrong("regime", Wrong::RegimeUnknown { given: regime.to_owned() }))?;
    if recipients_pem.is_empty() && recipients_age.is_empty() {
        return Err(Error::wrong("recipients_pem", Wrong::NoRecipient));
    }
    for (index, pem) in recipients_pem.iter().enumerate() {
        evidence::cms::recipient::Recipient::from_pem(pem).map_err(|error| {
            let place = format!("recipients_pem[{index}]");
            Error::wrong(place, Wrong::RecipientPem { detail: Detail::of(error) })
        })?;
    }
    for (index, text) in recipients_age.iter().enumerate() {
        text.parse::<age::x25519::Recipient>().map_err(|error| {
            let place = format!("recipients_age[{index}]");
            Error::wrong(place, Wrong::RecipientAge { detail: Detail::of(error) })
        })?;
    }
    Ok(())
}
