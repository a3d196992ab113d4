//! What was found, with the numbers that led to it. Knows no weight.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::style::Shape;
use crate::ids::Country;
use crate::order::{DataCategory, SelectorKind};
use crate::words::words;

/// One sign with its weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    /// What it adds to the score.
    pub points: u16,
    /// What was found.
    pub finding: Finding,
}

words! {
    /// Whose habit is meant.
    Party {
        /// The key that sent the request.
        Key = "key",
        /// All keys of its agency.
        Agency = "agency",
    }
}

words! {
    /// Why a desk suspects a sender: the codes that desks exchange.
    MarkReason {
        /// The key or account is used by somebody else.
        StolenKey = "stolen_key",
        /// The order is forged.
        ForgedOrder = "forged_order",
        /// The agency does not exist, or does not know the officer.
        FakeAgency = "fake_agency",
        /// The emergency was made up.
        FakeEmergency = "fake_emergency",
        /// Records were asked for in bulk, without a case.
        Harvesting = "harvesting",
        /// A decoy was named.
        Canary = "canary",
        /// Something else.
        Other = "other",
    }
}

/// One sign of fraud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sign", rename_all = "snake_case", deny_unknown_fields)]
pub enum Finding {
    /// More requests than usual.
    Velocity {
        /// Whose.
        of: Party,
        /// In the last so many hours.
        hours: u16,
        /// So many requests, this one included.
        requests: u32,
        /// Usually so many in the same time, in hundredths; none when nothing is older than a day.
        habit_hundredths: Option<u64>,
    },
    /// More selectors than usual.
    Breadth {
        /// Selectors of this request.
        selectors: u64,
        /// The median of the agency's earlier requests; none without any.
        habit: Option<u64>,
    },
    /// Kinds of identifier that the agency has not used before.
    NewIdentifier {
        /// Which.
        kinds: Vec<SelectorKind>,
        /// Earlier requests that were looked at.
        earlier: u32,
    },
    /// Sent when offices are shut.
    OffHours {
        /// The time in the zone.
        local: String,
        /// True on Saturday and Sunday.
        is_weekend: bool,
        /// The zone.
        zone: String,
    },
    /// Issued in another country than the agency's.
    Geography {
        /// The agency's.
        agency: Country,
        /// The order's.
        order: Country,
    },
    /// Unlike the agency's earlier orders of its kind.
    Template {
        /// The likest of them is so alike.
        similarity_percent: u8,
        /// Orders that were compared.
        compared: u32,
    },
    /// Sent from another country than the agency's.
    Connection {
        /// The agency's.
        agency: Country,
        /// The network's.
        connection: Country,
    },
    /// Sent from a country from which this key never sent.
    NewCountry {
        /// The network's.
        connection: Country,
        /// Earlier requests of the key whose country is known.
        earlier: u32,
    },
    /// Sent through an anonymiser.
    Anonymiser,
    /// Its reference is written as in no earlier order of its kind.
    Reference {
        /// How.
        shape: Shape,
        /// Orders that were compared.
        compared: u32,
    },
    /// Issued by somebody whom no earlier order of its kind names.
    Issuer {
        /// Orders that were compared.
        compared: u32,
    },
    /// Its PDF is made unlike those of earlier orders of its kind.
    Document {
        /// By a program that made none of them.
        program: bool,
        /// In fonts of which none of them has one.
        fonts: bool,
        /// Orders that were compared.
        compared: u32,
    },
    /// Categories of records that no earlier order of its kind asked for.
    NewCategory {
        /// Which.
        categories: Vec<DataCategory>,
        /// Orders that were compared.
        compared: u32,
    },
    /// The first request by this key.
    NewKey {
        /// Earlier requests of the agency that were looked at.
        earlier: u32,
    },
    /// An emergency is claimed.
    Emergency {
        /// Emergencies among the earlier requests.
        earlier: u32,
        /// Earlier requests that were looked at.
        of: u32,
    },
    /// A decoy is named.
    Canary {
        /// So many selectors.
        selectors: u32,
        /// So many more in words and text files.
        #[serde(default, skip_serializing_if = "is_zero")]
        words: u32,
    },
    /// Another desk suspects this sender.
    ForeignMark {
        /// Which desk: the name of the log whose key signed its marks.
        by: String,
        /// Why.
        reason: MarkReason,
    },
    /// Another desk was sent the same paper and suspects it.
    KnownOrder {
        /// Which desk.
        by: String,
        /// Why.
        reason: MarkReason,
    },
}

impl Finding {
    /// The stable word of the sign.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Velocity { .. } => "velocity",
            Self::Breadth { .. } => "breadth",
            Self::NewIdentifier { .. } => "new_identifier",
            Self::OffHours { .. } => "off_hours",
            Self::Geography { .. } => "geography",
            Self::Template { .. } => "template",
            Self::Connection { .. } => "connection",
            Self::NewCountry { .. } => "new_country",
            Self::Anonymiser => "anonymiser",
            Self::Reference { .. } => "reference",
            Self::Issuer { .. } => "issuer",
            Self::Document { .. } => "document",
            Self::NewCategory { .. } => "new_category",
            Self::NewKey { .. } => "new_key",
            Self::Emergency { .. } => "emergency",
            Self::Canary { .. } => "canary",
            Self::ForeignMark { .. } => "foreign_mark",
            Self::KnownOrder { .. } => "known_order",
        }
    }

    /// Where its numbers come from.
    pub const fn source(&self) -> &'static str {
        match self {
            Self::Velocity { .. }
            | Self::Breadth { .. }
            | Self::NewIdentifier { .. }
            | Self::Template { .. }
            | Self::Reference { .. }
            | Self::Issuer { .. }
            | Self::Document { .. }
            | Self::NewCategory { .. }
            | Self::NewKey { .. } => "history",
            Self::Connection { .. } | Self::NewCountry { .. } | Self::Anonymiser => "networks",
            Self::OffHours { .. } | Self::Emergency { .. } => "order",
            Self::Geography { .. } => "directory",
            Self::Canary { .. } => "canaries",
            Self::ForeignMark { .. } | Self::KnownOrder { .. } => "marks",
        }
    }

    /// The numbers and words that led to it, by name, for whoever puts it in a language.
    pub fn numbers(&self) -> Vec<(&'static str, String)> {
        let none = || "-".to_owned();
        match self {
            Self::Velocity { of, hours, requests, habit_hundredths } => vec![
                ("of", of.as_str().to_owned()),
                ("hours", hours.to_string()),
                ("requests", requests.to_string()),
                ("habit", habit_hundredths.map_or_else(none, hundredths)),
            ],
            Self::Breadth { selectors, habit } => vec![
                ("selectors", selectors.to_string()),
                ("habit", habit.map_or_else(none, |habit| habit.to_string())),
            ],
            Self::NewIdentifier { kinds, earlier } => {
                vec![("kinds", listed(kinds)), ("earlier", earlier.to_string())]
            }
            Self::OffHours { local, zone, .. } => {
                vec![("local", local.clone()), ("zone", zone.clone())]
            }
            Self::Geography { agency, order } => {
                vec![("agency", agency.to_string()), ("order", order.to_string())]
            }
            Self::Template { similarity_percent, compared } => vec![
                ("percent", similarity_percent.to_string()),
                ("compared", compared.to_string()),
            ],
            Self::Connection { agency, connection } => {
                vec![("agency", agency.to_string()), ("connection", connection.to_string())]
            }
            Self::NewCountry { connection, earlier } => {
                vec![("connection", connection.to_string()), ("earlier", earlier.to_string())]
            }
            Self::Anonymiser => Vec::new(),
            Self::Reference { shape, compared } => {
                vec![("shape", shape.as_str().to_owned()), ("compared", compared.to_string())]
            }
            Self::Issuer { compared } | Self::Document { compared, .. } => {
                vec![("compared", compared.to_string())]
            }
            Self::NewCategory { categories, compared } => {
                vec![("categories", listed(categories)), ("compared", compared.to_string())]
            }
            Self::NewKey { earlier } => vec![("earlier", earlier.to_string())],
            Self::Emergency { earlier, of } => {
                vec![("earlier", earlier.to_string()), ("of", of.to_string())]
            }
            Self::Canary { selectors, words } => {
                vec![("selectors", selectors.to_string()), ("words", words.to_string())]
            }
            Self::ForeignMark { by, reason } | Self::KnownOrder { by, reason } => {
                vec![("by", by.clone()), ("reason", reason.as_str().to_owned())]
            }
        }
    }
}

fn listed(words: &[impl fmt::Display]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.join(", ")
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// `150` as `1.50`.
fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Velocity { of, hours, requests, habit_hundredths } => {
                write!(out, "{requests} requests by this {of} in {hours} h; ")?;
                usually(out, "usually", habit_hundredths.map(hundredths))
            }
            Self::Breadth { selectors, habit } => {
                write!(out, "{selectors} selectors in one request; ")?;
                usually(out, "the agency's median is", *habit)
            }
            Self::NewIdentifier { kinds, earlier } => {
                let kinds = listed(kinds);
                write!(out, "{kinds}: in none of the agency's {earlier} earlier requests")
            }
            Self::OffHours { local, is_weekend, zone } => {
                let why = if *is_weekend { "a weekend" } else { "outside office hours" };
                write!(out, "sent at {local} in {zone}, {why}")
            }
            Self::Geography { agency, order } => {
                write!(out, "issued in {order}; the agency is in {agency}")
            }
            Self::Template { similarity_percent, compared } => write!(
                out,
                "the likest of {compared} earlier orders of this kind is {similarity_percent} % \
                 alike"
            ),
            Self::Connection { agency, connection } => {
                write!(out, "sent from a network of {connection}; the agency is in {agency}")
            }
            Self::NewCountry { connection, earlier } => write!(
                out,
                "sent from a network of {connection}, as none of this key's {earlier} earlier \
                 requests was"
            ),
            Self::Anonymiser => out.write_str("sent through an anonymiser"),
            Self::Reference { shape, compared } => write!(
                out,
                "its reference has the form `{}`, as in none of {compared} earlier orders of this \
                 kind",
                shape.as_str()
            ),
            Self::Issuer { compared } => {
                write!(out, "issued by nobody whom {compared} earlier orders of this kind name")
            }
            Self::Document { program, fonts, compared } => {
                document(out, *program, *fonts, *compared)
            }
            Self::NewCategory { categories, compared } => {
                let categories = listed(categories);
                write!(out, "{categories}: in none of {compared} earlier orders of this kind")
            }
            Self::NewKey { earlier } => {
                write!(out, "no request by this key among the agency's {earlier} earlier ones")
            }
            Self::Emergency { earlier, of } => {
                write!(out, "an emergency is claimed; {earlier} of {of} earlier requests did")
            }
            Self::Canary { selectors, words } => canary(out, *selectors, *words),
            Self::ForeignMark { by, reason } => {
                write!(out, "{by} suspects this sender: {}", spaced(*reason))
            }
            Self::KnownOrder { by, reason } => {
                write!(out, "{by} was sent the same paper and suspects it: {}", spaced(*reason))
            }
        }
    }
}

fn usually(
    out: &mut fmt::Formatter<'_>,
    words: &str,
    habit: Option<impl fmt::Display>,
) -> fmt::Result {
    match habit {
        Some(habit) => write!(out, "{words} {habit}"),
        None => out.write_str("no habit is known yet"),
    }
}

fn document(
    out: &mut fmt::Formatter<'_>,
    program: bool,
    fonts: bool,
    compared: u32,
) -> fmt::Result {
    let what = match (program, fonts) {
        (true, true) => "by a program and in fonts",
        (true, false) => "by a program",
        _ => "in fonts",
    };
    write!(out, "its PDF is made {what} unlike those of {compared} earlier orders")
}

fn spaced(reason: MarkReason) -> String {
    reason.as_str().replace('_', " ")
}

fn canary(out: &mut fmt::Formatter<'_>, selectors: u32, words: u32) -> fmt::Result {
    match words {
        0 => write!(out, "{selectors} of its selectors are decoys that no honest order names"),
        _ => write!(
            out,
            "{selectors} of its selectors and {words} identifiers in its words are decoys that \
             nobody honest names"
        ),
    }
}
