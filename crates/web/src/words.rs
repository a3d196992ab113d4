//! In which words people are spoken to: Fluent files, one folder for each language.
//!
//! Knows no page. The browser's `Accept-Language` chooses; English stands in where a word is
//! missing, and a test sees to it that none is.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use unic_langid::LanguageIdentifier;

/// Longest `Accept-Language` that is read; the rest is noise.
const ACCEPT_LANGUAGE_BYTES_MAX: usize = 256;

macro_rules! language {
    ($code:literal) => {
        (
            $code,
            &[
                include_str!(concat!("../locales/", $code, "/frame.ftl")),
                include_str!(concat!("../locales/", $code, "/door.ftl")),
                include_str!(concat!("../locales/", $code, "/people.ftl")),
                include_str!(concat!("../locales/", $code, "/jobs.ftl")),
                include_str!(concat!("../locales/", $code, "/guard.ftl")),
                include_str!(concat!("../locales/", $code, "/money.ftl")),
                include_str!(concat!("../locales/", $code, "/cases.ftl")),
                include_str!(concat!("../locales/", $code, "/fraud.ftl")),
                include_str!(concat!("../locales/", $code, "/order.ftl")),
                include_str!(concat!("../locales/", $code, "/portal.ftl")),
                include_str!(concat!("../locales/", $code, "/reports.ftl")),
                include_str!(concat!("../locales/", $code, "/terms.ftl")),
            ],
        )
    };
}

/// Every language: its code and its files. The first is the one that others fall back to.
const LANGUAGES: &[(&str, &[&str])] = &[language!("en"), language!("de")];

static ALL: LazyLock<Vec<Words>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, files)| Words::load(code, files)).collect());

/// The words of one language.
pub struct Words {
    /// Its code (BCP 47).
    pub code: &'static str,
    id: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The language that a browser asks for, or English.
    #[must_use]
    pub fn of(accept_language: Option<&str>) -> &'static Self {
        let text = accept_language.unwrap_or_default();
        let wanted: Vec<LanguageIdentifier> = text
            .get(..text.len().min(ACCEPT_LANGUAGE_BYTES_MAX))
            .unwrap_or_default()
            .split(',')
            .filter_map(|part| part.split(';').next()?.trim().parse().ok())
            .collect();
        let known: Vec<&LanguageIdentifier> = ALL.iter().map(|words| &words.id).collect();
        let wanted: Vec<&LanguageIdentifier> = wanted.iter().collect();
        let found = negotiate_languages(&wanted, &known, None, NegotiationStrategy::Filtering);
        let chosen = found.first().and_then(|id| ALL.iter().find(|words| words.id == ***id));
        chosen.unwrap_or(&ALL[0])
    }

    /// A sentence without blanks to fill.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// A sentence with its blanks filled.
    #[must_use]
    pub fn say_with(&self, key: &str, blanks: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in blanks {
            // A number chooses the plural; everything else is text.
            let value = match value.parse::<u32>() {
                Ok(number) => FluentValue::from(f64::from(number)),
                Err(_) => FluentValue::from(*value),
            };
            args.set(*name, value);
        }
        self.find(key, &args)
            .or_else(|| ALL[0].find(key, &args))
            .unwrap_or_else(|| format!("[{key}]"))
    }

    /// Whether there is such a sentence.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    fn find(&self, key: &str, args: &FluentArgs) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut faults = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(args), &mut faults).into_owned())
    }

    /// Loads a language. The files are part of the program and a test reads them all, so a fault
    /// in them shows as a missing word there.
    fn load(code: &'static str, files: &[&str]) -> Self {
        let id: LanguageIdentifier = code.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id.clone()]);
        // Isolation marks would stand in every name that is copied from a page.
        bundle.set_use_isolating(false);
        for file in files {
            let resource = match FluentResource::try_new((*file).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            if let Err(faults) = bundle.add_resource(resource) {
                tracing::error!("Words of {code}: {faults:?}");
            }
        }
        Self { code, id, bundle }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::{Expect, expect};

    use super::*;

    fn keys(files: &[&str]) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for file in files {
            let resource = FluentResource::try_new((*file).to_owned());
            let resource = resource.unwrap_or_else(|(_, faults)| panic!("{faults:?} in\n{file}"));
            for line in resource.source().lines() {
                if let Some((key, _)) = line.split_once(" =")
                    && line.starts_with(|c: char| c.is_ascii_lowercase())
                {
                    assert!(keys.insert(key.to_owned()), "{key} is there twice");
                }
            }
        }
        keys
    }

    #[test]
    fn every_language_has_every_word_and_no_other() {
        let english = keys(LANGUAGES[0].1);
        assert!(english.len() > 20, "the files are read");
        for (code, files) in LANGUAGES {
            let here = keys(files);
            let missing: Vec<_> = english.symmetric_difference(&here).collect();
            assert!(missing.is_empty(), "{code}: only in one of en and {code}: {missing:?}");
        }
    }

    #[test]
    fn the_browser_chooses() {
        let check = |accept: Option<&str>, expected: Expect| {
            expected.assert_eq(Words::of(accept).code);
        };
        check(None, expect!["en"]);
        check(Some(""), expect!["en"]);
        check(Some("de-AT,en;q=0.5"), expect!["de"]);
        check(Some("fr, de;q=0.7, en;q=0.3"), expect!["de"]);
        check(Some("en-GB"), expect!["en"]);
        check(Some(&"x".repeat(10_000)), expect!["en"]);
        check(Some("\u{e4}\u{f6},;;q=,"), expect!["en"]);
    }

    #[test]
    fn every_word_of_the_desk_s_closed_lists_has_words() {
        let mut keys = Vec::new();
        macro_rules! list {
            ($family:literal, $all:expr) => {
                keys.extend($all.iter().map(|word| ($family, word.as_str().to_owned())));
            };
        }
        list!("instrument", desk::order::InstrumentKind::ALL);
        list!("issuer", desk::order::IssuerType::ALL);
        list!("rank", desk::order::Rank::ALL);
        list!("offence", desk::order::ListedOffence::ALL);
        list!("emergency", desk::order::EmergencyKind::ALL);
        list!("ask", desk::order::AskKind::ALL);
        list!("category", desk::order::DataCategory::ALL);
        list!("channel", desk::order::Channel::ALL);
        list!("format", desk::order::Format::ALL);
        list!("service", desk::order::Service::ALL);
        list!("authentication", desk::order::Authentication::ALL);
        list!("code", desk::request::RefusalCode::ALL);
        list!("hold", desk::request::HoldReason::ALL);
        list!("missing", desk::request::MissingReason::ALL);
        list!("method", desk::request::IdentityMethod::ALL);
        list!("outcome", desk::request::Outcome::ALL);
        let (cases, told) = (server::jobs::CASE_KINDS, server::jobs::TOLD_KINDS);
        for kind in cases.into_iter().chain(told).chain(server::jobs::SENT_KINDS) {
            // The watch of a key is never given up.
            let lost = (kind != "watch").then_some("job-lost");
            let families = ["job", "job-kept"].into_iter().chain(lost);
            keys.extend(families.map(|family| (family, kind.to_owned())));
        }
        list!("noticed", server::security::Kind::ALL);
        list!("alarm", server::security::alarm::Rule::ALL);
        list!("alarm-do", server::security::alarm::Rule::ALL);
        list!("mark", desk::suspicion::MarkReason::ALL);
        list!("party", desk::suspicion::Party::ALL);
        list!("selector", desk::order::SelectorKind::ALL);
        list!("report-kind", desk::order::AskKind::ALL);
        list!("fate", desk::transparency::Fate::ALL);
        list!("deadline", desk::transparency::Deadline::ALL);
        list!("notice", desk::transparency::Notice::ALL);
        list!("end", desk::transparency::End::ALL);
        list!("report-by", desk::transparency::Dimension::ALL);
        for pack in desk::pack::embedded_all() {
            keys.extend(pack.clocks.iter().map(|rule| ("clock", rule.name.as_str().to_owned())));
        }
        let unsaid = |words: &Words| {
            let key =
                |(family, word): &(&str, String)| format!("{family}-{}", word.replace('_', "-"));
            let unsaid = keys.iter().map(key).filter(|key| !words.has(key));
            unsaid.map(|key| format!("{}: {key}", words.code)).collect::<Vec<_>>()
        };
        let unsaid: Vec<String> = ALL.iter().flat_map(unsaid).collect();
        assert_eq!(unsaid, [""; 0]);
    }
}
