//! What was found, with the numbers that led to it. Knows no weight.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Country;
use crate::order::SelectorKind;
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
    },
    /// Another desk suspects this sender.
    ForeignMark {
        /// Which desk: the name of the log whose key signed its marks.
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
            Self::NewKey { .. } => "new_key",
            Self::Emergency { .. } => "emergency",
            Self::Canary { .. } => "canary",
            Self::ForeignMark { .. } => "foreign_mark",
        }
    }

    /// Where its numbers come from.
    pub const fn source(&self) -> &'static str {
        match self {
            Self::Velocity { .. }
            | Self::Breadth { .. }
            | Self::NewIdentifier { .. }
            | Self::Template { .. }
            | Self::NewKey { .. } => "history",
            Self::OffHours { .. } | Self::Emergency { .. } => "order",
            Self::Geography { .. } => "directory",
            Self::Canary { .. } => "canaries",
            Self::ForeignMark { .. } => "marks",
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
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                vec![("kinds", kinds.join(", ")), ("earlier", earlier.to_string())]
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
            Self::NewKey { earlier } => vec![("earlier", earlier.to_string())],
            Self::Emergency { earlier, of } => {
                vec![("earlier", earlier.to_string()), ("of", of.to_string())]
            }
            Self::Canary { selectors } => vec![("selectors", selectors.to_string())],
            Self::ForeignMark { by, reason } => {
                vec![("by", by.clone()), ("reason", reason.as_str().to_owned())]
            }
        }
    }
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
                match habit_hundredths {
                    Some(habit) => write!(out, "usually {}", hundredths(*habit)),
                    None => out.write_str("no habit is known yet"),
                }
            }
            Self::Breadth { selectors, habit } => {
                write!(out, "{selectors} selectors in one request; ")?;
                match habit {
                    Some(habit) => write!(out, "the agency's median is {habit}"),
                    None => out.write_str("no habit is known yet"),
                }
            }
            Self::NewIdentifier { kinds, earlier } => {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                let kinds = kinds.join(", ");
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
            Self::NewKey { earlier } => {
                write!(out, "no request by this key among the agency's {earlier} earlier ones")
            }
            Self::Emergency { earlier, of } => {
                write!(out, "an emergency is claimed; {earlier} of {of} earlier requests did")
            }
            Self::Canary { selectors } => {
                write!(out, "{selectors} of its selectors are decoys that no honest order names")
            }
            Self::ForeignMark { by, reason } => {
                write!(out, "{by} suspects this sender: {}", reason.as_str().replace('_', " "))
            }
        }
    }
}
