//! Words of a rule pack, in the languages that it has them in. Knows no language and translates
//! nothing: whoever shows them asks for one, and gets English where the pack has no such words.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::said::{Blank, Fills, Word};

/// The language that every text of a pack has.
const ENGLISH: &str = "en";

/// The most languages of one text.
pub const LANGUAGES_MAX: usize = 64;

/// Words of a pack: a text alone is English, a table has one text for each language.
///
/// ```
/// let text: desk::pack::Text = toml::from_str::<std::collections::BTreeMap<String, _>>(
///     "text = { en = \"Incomplete\", de = \"Unvollständig\" }",
/// )
/// .unwrap()
/// .remove("text")
/// .unwrap();
/// assert_eq!(text.in_language("de"), Some("Unvollständig"));
/// assert_eq!((text.in_language("fr"), text.english()), (None, "Incomplete"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Text {
    english: String,
    others: BTreeMap<String, String>,
}

impl Text {
    /// The English words, which every text has.
    pub fn english(&self) -> &str {
        &self.english
    }

    /// The words in a language (BCP 47, such as `de`), if the pack has them.
    pub fn in_language(&self, code: &str) -> Option<&str> {
        if code == ENGLISH {
            return Some(&self.english);
        }
        self.others.get(code).map(String::as_str)
    }
}

impl From<String> for Text {
    fn from(english: String) -> Self {
        Self { english, others: BTreeMap::new() }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.english)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

/// Whose rule a rule is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Article {
    /// As the pack cites it.
    Cited(Text),
    /// A rule of the desk itself, whatever the pack says.
    DeskRule,
    /// The pack names no source, and says that it is unchecked.
    Unnamed,
}

impl Article {
    const fn word(&self) -> &'static str {
        match self {
            Self::DeskRule => "desk rule",
            Self::Cited(_) | Self::Unnamed => "no source named",
        }
    }
}

impl fmt::Display for Article {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cited(text) => text.fmt(out),
            other => out.pad(other.word()),
        }
    }
}

impl Fills for Article {
    fn blank(&self) -> Blank {
        match self {
            Self::Cited(text) => Blank::Text(text.clone()),
            other => Blank::Words(vec![Word { family: "article", word: other.word() }]),
        }
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("words, or a table with `en` and other languages")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::from(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        let mut others = BTreeMap::new();
        while let Some((code, text)) = map.next_entry::<String, String>()? {
            let letters = code.bytes().all(|byte| byte.is_ascii_lowercase());
            if !letters || !(2..=3).contains(&code.len()) {
                let why = format!("`{code}` is no code of a language; use one such as de");
                return Err(A::Error::custom(why));
            }
            if others.len() >= LANGUAGES_MAX {
                let why = format!("more than {LANGUAGES_MAX} languages in one text");
                return Err(A::Error::custom(why));
            }
            others.insert(code, text);
        }
        let english = others.remove(ENGLISH).ok_or_else(|| {
            A::Error::custom("the words in `en` are missing, which stand in for other languages")
        })?;
        Ok(Text { english, others })
    }
}
