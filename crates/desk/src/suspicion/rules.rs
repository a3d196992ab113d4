//! What each sign is worth: data, in `signs.toml`.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{Finding, SCORE_MAX};

/// A file larger than this is something else.
const RULES_BYTES_MAX: usize = 64 * 1024;

/// Weights and thresholds. They only ever ask for a call-back; `signs.toml` says what each means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct Rules {
    pub version: String,
    /// From this score on only a call-back proves the sender.
    pub hold_from: u16,
    pub velocity: Velocity,
    pub breadth: Breadth,
    pub new_identifier: Earlier,
    pub off_hours: OffHours,
    pub geography: Points,
    pub template: Template,
    pub connection: Points,
    pub new_country: Earlier,
    pub anonymiser: Points,
    pub reference: Earlier,
    pub issuer: Earlier,
    pub document: Earlier,
    pub new_category: Earlier,
    pub new_key: Points,
    pub emergency: Points,
    pub canary: Points,
    pub foreign_mark: Points,
    pub known_order: Points,
}

/// See `signs.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct Velocity {
    pub points: u16,
    pub hour_min: u32,
    pub day_min: u32,
    pub habit_times: u16,
}

/// See `signs.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct Breadth {
    pub points: u16,
    pub selectors_min: u32,
    pub habit_times: u16,
}

/// See `signs.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct Earlier {
    pub points: u16,
    pub earlier_min: u32,
}

/// See `signs.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct OffHours {
    pub points: u16,
    pub opens: i8,
    pub shuts: i8,
}

/// See `signs.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct Template {
    pub points: u16,
    pub earlier_min: u32,
    pub similarity_min_percent: u8,
}

/// See `signs.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "every key is explained in signs.toml")]
pub struct Points {
    pub points: u16,
}

/// Why a file of rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct RulesError {
    /// The file as named by the caller.
    pub file: String,
    /// What is wrong, where, and what to do.
    pub why: String,
}

impl Rules {
    /// Reads rules. `name` is what errors call the file.
    ///
    /// # Errors
    /// Unknown or missing keys with their line; numbers that make no sense by their key.
    pub fn parse(text: &str, name: &str) -> Result<Self, RulesError> {
        let wrong = |why: String| RulesError { file: name.to_owned(), why };
        if text.len() > RULES_BYTES_MAX {
            return Err(wrong(format!("{} bytes, at most {RULES_BYTES_MAX}", text.len())));
        }
        let rules: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if !(1..=SCORE_MAX).contains(&rules.hold_from) {
            let why = format!("hold_from is {}; give 1 to {SCORE_MAX}", rules.hold_from);
            return Err(wrong(why));
        }
        let (opens, shuts) = (rules.off_hours.opens, rules.off_hours.shuts);
        if !(0..=24).contains(&opens) || !(0..=24).contains(&shuts) || opens >= shuts {
            let why = format!("off_hours opens at {opens} and shuts at {shuts}; give full hours");
            return Err(wrong(why));
        }
        let weights = [
            ("velocity", rules.velocity.points),
            ("breadth", rules.breadth.points),
            ("new_identifier", rules.new_identifier.points),
            ("off_hours", rules.off_hours.points),
            ("geography", rules.geography.points),
            ("template", rules.template.points),
            ("connection", rules.connection.points),
            ("new_country", rules.new_country.points),
            ("anonymiser", rules.anonymiser.points),
            ("reference", rules.reference.points),
            ("issuer", rules.issuer.points),
            ("document", rules.document.points),
            ("new_category", rules.new_category.points),
            ("new_key", rules.new_key.points),
            ("emergency", rules.emergency.points),
            ("canary", rules.canary.points),
            ("foreign_mark", rules.foreign_mark.points),
            ("known_order", rules.known_order.points),
        ];
        if let Some((sign, points)) = weights.iter().find(|(_, points)| *points > SCORE_MAX) {
            return Err(wrong(format!("{sign}.points is {points}; at most {SCORE_MAX}")));
        }
        Ok(rules)
    }

    /// The rules that come with the program.
    ///
    /// # Panics
    /// Never in a released build: a test parses them.
    pub fn embedded() -> &'static Self {
        static RULES: OnceLock<Rules> = OnceLock::new();
        RULES.get_or_init(|| {
            match Self::parse(include_str!("../../signs.toml"), "signs.toml") {
                Ok(rules) => rules,
                // The text is compiled in, and a test parses it.
                Err(error) => panic!("embedded rules: {error}"),
            }
        })
    }

    /// What a finding adds.
    pub const fn points(&self, finding: &Finding) -> u16 {
        match finding {
            Finding::Velocity { .. } => self.velocity.points,
            Finding::Breadth { .. } => self.breadth.points,
            Finding::NewIdentifier { .. } => self.new_identifier.points,
            Finding::OffHours { .. } => self.off_hours.points,
            Finding::Geography { .. } => self.geography.points,
            Finding::Template { .. } => self.template.points,
            Finding::Connection { .. } => self.connection.points,
            Finding::NewCountry { .. } => self.new_country.points,
            Finding::Anonymiser => self.anonymiser.points,
            Finding::Reference { .. } => self.reference.points,
            Finding::Issuer { .. } => self.issuer.points,
            Finding::Document { .. } => self.document.points,
            Finding::NewCategory { .. } => self.new_category.points,
            Finding::NewKey { .. } => self.new_key.points,
            Finding::Emergency { .. } => self.emergency.points,
            Finding::Canary { .. } => self.canary.points,
            Finding::ForeignMark { .. } => self.foreign_mark.points,
            Finding::KnownOrder { .. } => self.known_order.points,
        }
    }
}
