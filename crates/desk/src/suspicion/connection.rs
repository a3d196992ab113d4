//! Where a request was sent from, as far as the operator's lists of networks say.
//!
//! Knows no address: the shell looks it up and says the country. A country of a network is where it
//! is registered, which is not always where somebody sits.

use serde::{Deserialize, Serialize};

use super::{Facts, Finding, Rules, count};
use crate::ids::Country;

/// What the operator's lists say of the network a request was sent from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connection {
    /// Its country; none when no list has the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// True when the list of anonymisers has it: an exit of Tor, a public VPN.
    pub is_anonymiser: bool,
}

/// Another country than the agency's, a country new for this key, an anonymiser.
pub(super) fn findings(facts: &Facts<'_>, rules: &Rules) -> Vec<Finding> {
    let Some(connection) = facts.connection else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(country) = connection.country {
        let agency = facts.agency_country.filter(|agency| *agency != country);
        found.extend(agency.map(|agency| Finding::Connection { agency, connection: country }));
        let of_key =
            facts.earlier.iter().filter(|past| facts.key.is_some() && past.key == facts.key);
        let known: Vec<Country> = of_key.filter_map(|past| past.country).collect();
        let earlier = count(known.len());
        if earlier >= rules.new_country.earlier_min && !known.contains(&country) {
            found.push(Finding::NewCountry { connection: country, earlier });
        }
    }
    if connection.is_anonymiser {
        found.push(Finding::Anonymiser);
    }
    found
}
