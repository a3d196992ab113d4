//! In which words people are spoken to: Fluent files, one folder for each language.
//!
//! Knows no page. The browser's `Accept-Language` chooses; English stands in where a word is
//! missing, and a test sees to it that none is.

use std::sync::LazyLock;
#[cfg(feature = "testing")]
use std::sync::OnceLock;

use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use server::words::Voice;
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
                include_str!(concat!("../locales/", $code, "/desk.ftl")),
                include_str!(concat!("../locales/", $code, "/wrong.ftl")),
            ],
        )
    };
}

/// Every language: its code and its files. The first is the one that others fall back to.
const LANGUAGES: &[(&str, &[&str])] = &[language!("en"), language!("de")];

static ALL: LazyLock<Vec<Words>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, files)| Words::load(code, files)).collect());

/// A language that the program does not bring along.
#[cfg(feature = "testing")]
static ONE_MORE: OnceLock<Words> = OnceLock::new();

/// The words of one language.
pub struct Words {
    /// Its code (BCP 47).
    pub code: &'static str,
    id: LanguageIdentifier,
    voice: Voice,
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
        #[cfg(feature = "testing")]
        let spoken = || ALL.iter().chain(ONE_MORE.get());
        #[cfg(not(feature = "testing"))]
        let spoken = || ALL.iter();
        let known: Vec<&LanguageIdentifier> = spoken().map(|words| &words.id).collect();
        let wanted: Vec<&LanguageIdentifier> = wanted.iter().collect();
        let found = negotiate_languages(&wanted, &known, None, NegotiationStrategy::Filtering);
        let chosen = found.first().and_then(|id| spoken().find(|words| words.id == ***id));
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
        self.say_part(key, None, blanks)
    }

    /// What stands beside a sentence under a name of its own, such as what to do.
    #[must_use]
    pub fn say_more(&self, key: &str, part: &str, blanks: &[(&str, &str)]) -> String {
        self.say_part(key, Some(part), blanks)
    }

    fn say_part(&self, key: &str, part: Option<&str>, blanks: &[(&str, &str)]) -> String {
        let said = self.voice.say(key, part, blanks);
        said.or_else(|| ALL[0].voice.say(key, part, blanks)).unwrap_or_else(|| format!("[{key}]"))
    }

    /// The English files, from which other languages are made.
    #[must_use]
    pub fn english() -> &'static [&'static str] {
        LANGUAGES[0].1
    }

    /// Speaks one more language in this process, which browsers can ask for as any other. For tests
    /// only: they make one whose every text is marked, and find what no language says.
    ///
    /// # Errors
    /// When one more is spoken already.
    #[cfg(feature = "testing")]
    pub fn also_speak(code: &'static str, files: &[&str]) -> Result<(), &'static str> {
        let spoken = ONE_MORE.set(Self::load(code, files));
        spoken.map_err(|_| "only one language more than the program's own is spoken")
    }

    /// Whether there is such a sentence.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.voice.has(key)
    }

    fn load(code: &'static str, files: &[&str]) -> Self {
        Self { code, id: code.parse().unwrap_or_default(), voice: Voice::load(code, files) }
    }
}

#[cfg(test)]
mod tests;
