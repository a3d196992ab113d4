//! Words in several languages: Fluent messages, and those of what a user is told.
//!
//! Knows no page and no reader. English stands in where a language lacks a word, and a test sees to
//! it that none does.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// Every language in which users are told, English first.
const NOTICES: [(&str, &str); 2] = [
    ("en", include_str!("../locales/en/notice.ftl")),
    ("de", include_str!("../locales/de/notice.ftl")),
];

static VOICES: LazyLock<Vec<(&str, Voice)>> = LazyLock::new(|| {
    NOTICES.iter().map(|(code, file)| (*code, Voice::load(code, &[file]))).collect()
});

/// The voices that users are told in: of one language, or all where it is none of ours.
#[must_use]
pub fn notices(language: Option<&str>) -> Vec<&'static Voice> {
    let known = VOICES.iter().filter(|(code, _)| language == Some(*code));
    let known: Vec<&Voice> = known.map(|(_, voice)| voice).collect();
    if known.is_empty() { VOICES.iter().map(|(_, voice)| voice).collect() } else { known }
}

/// The code of a language of ours, of whatever region: `de` of `de-AT`.
#[must_use]
pub fn known(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    NOTICES.iter().map(|(code, _)| *code).find(|code| *code == primary)
}

/// The messages of one language.
pub struct Voice {
    bundle: FluentBundle<FluentResource>,
}

impl Voice {
    /// Loads a language. The files are part of the program and tests read them all, so a fault in
    /// them shows as a missing word there.
    #[must_use]
    pub fn load(code: &str, files: &[&str]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![code.parse().unwrap_or_default()]);
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
        Self { bundle }
    }

    /// Whether there is such a message.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A message with its blanks filled, or a part of it that stands beside it under a name.
    #[must_use]
    pub fn say(&self, key: &str, part: Option<&str>, blanks: &[(&str, &str)]) -> Option<String> {
        let message = self.bundle.get_message(key)?;
        let pattern = match part {
            None => message.value()?,
            Some(part) => message.get_attribute(part)?.value(),
        };
        let mut args = FluentArgs::new();
        for (name, value) in blanks {
            // A number chooses the plural; everything else is text, also a reference such as 007.
            let number = value.parse::<u32>().ok().filter(|number| number.to_string() == **value);
            let value = match number {
                Some(number) => FluentValue::from(f64::from(number)),
                None => FluentValue::from(*value),
            };
            args.set(*name, value);
        }
        let mut faults = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&args), &mut faults).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_s_language_chooses_and_an_unknown_one_gets_all() {
        assert_eq!(known("de-AT"), Some("de"));
        assert_eq!(known("EN"), Some("en"));
        assert_eq!(known("fr"), None);
        assert_eq!(notices(Some("de")).len(), 1);
        assert_eq!(notices(None).len(), NOTICES.len());
    }

    #[test]
    fn every_language_tells_the_same() {
        let keys = |file: &str| -> Vec<String> {
            let lines = file.lines().filter_map(|line| line.split_once(" = "));
            lines.map(|(key, _)| key.to_owned()).collect()
        };
        for (code, file) in NOTICES {
            assert_eq!(keys(file), keys(NOTICES[0].1), "{code}");
        }
    }
}
