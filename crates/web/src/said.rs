//! Sentences that have a code (`desk::said`) and words of rule packs, in the reader's language.
//!
//! Knows no rule. What has words in the reader's language is said in it; what has not is shown in
//! English and marked as such, so that it is read out rightly (WCAG 2.2, 3.1.2).

use std::fmt;

use desk::calendar::{Length, Unit};
use desk::check::{NoteText, Reason};
use desk::pack::{Article, Text};
use desk::request::RefusalCode;
use desk::said::{Blank, Joint, Sentence, Word};
use jiff::Timestamp;
use records::{LineFlaw, SelectorError};

use crate::words::Words;

/// Words with the language they are in, if it is not the page's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worded {
    text: String,
    /// BCP 47; none where the page's own language holds.
    language: Option<&'static str>,
}

impl Worded {
    /// Words in the page's language, or of a person, whose language nobody knows.
    #[must_use]
    pub const fn own(text: String) -> Self {
        Self { text, language: None }
    }

    /// English words on a page that may be in another language.
    #[must_use]
    pub fn english(words: &Words, text: String) -> Self {
        let language = (words.code != "en").then_some("en");
        Self { text, language }
    }

    /// The words of a pack: in the reader's language, or in English.
    #[must_use]
    pub fn of_pack(words: &Words, text: &Text) -> Self {
        match text.in_language(words.code) {
            Some(own) => Self::own(own.to_owned()),
            None => Self::english(words, text.english().to_owned()),
        }
    }

    /// Where a rule comes from.
    #[must_use]
    pub fn article(words: &Words, article: &Article) -> Self {
        match article {
            Article::Cited(text) => Self::of_pack(words, text),
            Article::DeskRule => Self::own(words.say("article-desk-rule")),
            Article::Unnamed => Self::own(words.say("article-no-source-named")),
        }
    }

    /// Words of a note.
    #[must_use]
    pub fn note(words: &Words, note: &NoteText) -> Self {
        match note {
            NoteText::Pack(text) => Self::of_pack(words, text),
            NoteText::Desk(note) => Self::own(words.sentence(&note.into())),
        }
    }

    /// What a clock on the record cites.
    #[must_use]
    pub fn recorded(words: &Words, pack: Option<&str>, article: &str) -> Self {
        let pack = pack.and_then(desk::pack::embedded);
        match pack.and_then(|pack| pack.article(article)) {
            Some(text) => Self::of_pack(words, text),
            None => Self::english(words, article.to_owned()),
        }
    }
}

/// As HTML: escaped, and within a mark of its language where it is not the page's.
impl fmt::Display for Worded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(language) = self.language {
            write!(out, "<span lang=\"{language}\">")?;
        }
        for character in self.text.chars() {
            match character {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                other => write!(out, "{other}")?,
            }
        }
        if self.language.is_some() { out.write_str("</span>") } else { Ok(()) }
    }
}

// What is written above is escaped already.
impl askama::filters::HtmlSafe for Worded {}

/// A reason against an ask.
pub(crate) struct ReasonShown {
    pub code: RefusalCode,
    pub article: Worded,
    pub unchecked: bool,
    pub fix: String,
}

impl ReasonShown {
    pub(crate) fn of(words: &Words, reason: &Reason) -> Self {
        Self {
            code: reason.code,
            article: Worded::article(words, &reason.article),
            unchecked: reason.unchecked,
            fix: words.sentence(&(&reason.fix).into()),
        }
    }
}

impl Words {
    /// A sentence with a code.
    #[must_use]
    pub fn sentence(&self, said: &Sentence) -> String {
        let blanks = self.blanks(said);
        self.say_with(said.code, &borrowed(&blanks))
    }

    /// What to do about it, if the sentence says so apart.
    #[must_use]
    pub fn fix(&self, said: &Sentence) -> Option<String> {
        said.english_fix.as_ref()?;
        let blanks = self.blanks(said);
        Some(self.say_more(said.code, "fix", &borrowed(&blanks)))
    }

    /// A sentence and what to do about it, beside a field.
    #[must_use]
    pub fn sentence_and_fix(&self, said: &Sentence) -> String {
        let why = self.sentence(said);
        match self.fix(said) {
            Some(fix) => format!("{why} {fix}"),
            None => why,
        }
    }

    /// A word of a closed list, or the word itself where there are no words for it.
    #[must_use]
    pub fn term(&self, family: &str, word: &str) -> String {
        let key = format!("{family}-{}", word.replace(['_', ' '], "-"));
        if self.has(&key) { self.say(&key) } else { word.replace('_', " ") }
    }

    /// A moment as pages write it, in UTC.
    #[must_use]
    pub fn moment(&self, at: &Timestamp) -> String {
        let part = |format: &str| at.strftime(format).to_string();
        let (year, month, day) = (part("%Y"), part("%m"), part("%d"));
        let (hour, minute) = (part("%H"), part("%M"));
        let blanks = [
            ("year", year.as_str()),
            ("month", &month),
            ("day", &day),
            ("hour", &hour),
            ("minute", &minute),
        ];
        self.say_with("moment", &blanks)
    }

    /// A length of time as laws write it.
    #[must_use]
    pub fn length(&self, length: Length) -> String {
        let key = match length.unit {
            Unit::Hours => "length-hours",
            Unit::Days => "length-days",
            Unit::WorkingDays => "length-working-days",
            Unit::Months => "length-months",
            Unit::Years => "length-years",
        };
        self.say_with(key, &[("count", &length.count.to_string())])
    }

    /// What is wrong with a line of selectors, and what to write instead.
    #[must_use]
    pub fn line_flaw(&self, flaw: &LineFlaw) -> String {
        match flaw {
            LineFlaw::NoKind => self.say("line-no-kind"),
            LineFlaw::Columns { count } => {
                self.say_with("line-columns", &[("count", &count.to_string())])
            }
            LineFlaw::Unclear => self.say("line-unclear"),
            LineFlaw::Selector { kind, error } => {
                let kind = self.term("selector", kind.as_str());
                let why = self.selector_error(error);
                self.say_with("line-selector", &[("why", &why), ("kind", &kind)])
            }
        }
    }

    fn selector_error(&self, error: &SelectorError) -> String {
        let (key, flaw) = match error {
            SelectorError::Empty => return self.say("selector-error-empty"),
            SelectorError::TooLong { bytes } => {
                return self.say_with("selector-error-long", &[("bytes", &bytes.to_string())]);
            }
            SelectorError::Control { code } => {
                let code = format!("U+{code:04X}");
                return self.say_with("selector-error-control", &[("code", &code)]);
            }
            SelectorError::Address { why } => ("selector-error-address", why),
            SelectorError::Txid { why } => ("selector-error-txid", why),
            SelectorError::Email { why } => ("selector-error-email", why),
            SelectorError::Phone { why } => ("selector-error-phone", why),
            SelectorError::Iban { why } => ("selector-error-iban", why),
            SelectorError::Ip { why } => ("selector-error-ip", why),
            SelectorError::IpPort { why } => ("selector-error-ip-port", why),
            SelectorError::Domain { why } => ("selector-error-domain", why),
            SelectorError::Device { why } => ("selector-error-device", why),
            SelectorError::Imei { why } => ("selector-error-imei", why),
            SelectorError::Imsi { why } => ("selector-error-imsi", why),
            SelectorError::Mac { why } => ("selector-error-mac", why),
        };
        self.say_with(key, &[("why", &self.term("flaw", flaw.as_str()))])
    }

    fn blanks(&self, said: &Sentence) -> Vec<(&'static str, String)> {
        said.blanks.iter().map(|(name, blank)| (*name, self.blank(blank))).collect()
    }

    fn blank(&self, blank: &Blank) -> String {
        match blank {
            Blank::Number(number) => number.to_string(),
            Blank::Same(text) => text.clone(),
            Blank::Words(list) => {
                let word = |word: &Word| self.term(word.family, word.word);
                list.iter().map(word).collect::<Vec<_>>().join(", ")
            }
            Blank::Length(length) => self.length(*length),
            Blank::Moment(at) => self.moment(at),
            Blank::Day(day) => day.to_string(),
            Blank::Text(text) => {
                text.in_language(self.code).unwrap_or_else(|| text.english()).to_owned()
            }
            Blank::Sentences(list, joint) => {
                let joint = match joint {
                    Joint::And => "; ".to_owned(),
                    Joint::Or => self.say("join-or"),
                };
                let said = list.iter().map(|sentence| self.sentence(sentence));
                said.collect::<Vec<_>>().join(&joint)
            }
        }
    }
}

fn borrowed<'a>(blanks: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    blanks.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_another_language_are_escaped_and_marked() {
        let german = Words::of(Some("de"));
        let text = Worded::english(german, "a < b & \"c\"".to_owned());
        assert_eq!(text.to_string(), "<span lang=\"en\">a &lt; b &amp; &quot;c&quot;</span>");
        let english = Words::of(Some("en"));
        assert_eq!(Worded::english(english, "a".to_owned()).to_string(), "a");
    }
}
