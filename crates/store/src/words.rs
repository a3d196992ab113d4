//! Words that a payload is found by, and what may be asked for. Knows no language: a word is what
//! stands between spaces, with its case, accents and punctuation taken off. It has no order, so a
//! phrase cannot be asked for, and a name in another spelling is not found.
//!
//! `Jo.Doe@example.org` is one word, `jodoeexampleorg`, and its parts `jo`, `doe`, `example`,
//! `org`.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::act::BlobDigest;
use crate::db::Connection;

/// Bytes of one word; a longer one is cut, in what is kept as in what is asked for.
const WORD_BYTES_MAX: usize = 128;
/// Bytes of all words of one payload: PostgreSQL's vector of words holds 1 MiB with its own
/// numbers. Words beyond it are not found.
pub const WORDS_BYTES_MAX: usize = 512 * 1024;
/// Words of one question.
pub const QUESTION_WORDS_MAX: usize = 16;
/// Parts of all words of one question.
pub const QUESTION_PARTS_MAX: usize = 64;
/// Bytes of one question.
pub const QUESTION_BYTES_MAX: usize = 2 * 1024;
/// A beginning of a word is only looked for from this length on: a shorter one begins too many.
pub const BEGINNING_BYTES_MIN: usize = 5;

/// The words of one payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// The words of these texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Words {
        let mut words = BTreeSet::new();
        let mut bytes = 0;
        for chunk in texts.into_iter().flat_map(str::split_whitespace) {
            let (whole, parts) = Chunk::read(chunk).into_words();
            for word in std::iter::once(whole).chain(parts) {
                if word.is_empty() || words.contains(&word) {
                    continue;
                }
                bytes += word.len() + 1;
                if bytes > WORDS_BYTES_MAX {
                    return Words(words);
                }
                words.insert(word);
            }
        }
        Words(words)
    }

    /// Whether nothing can be found by them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Words with spaces between them, in their order: how they are stored.
    pub(crate) fn text(&self) -> String {
        let words: Vec<&str> = self.0.iter().map(String::as_str).collect();
        words.join(" ")
    }
}

/// What is looked for: all of these words, in one payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(Vec<Wanted>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// The word, or all of its parts.
    Word { whole: String, parts: Vec<String> },
    /// A word that begins so.
    Beginning(String),
}

/// Why a text cannot be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// There is no letter and no digit in it.
    #[error("there is no word in it: a word has a letter or a digit")]
    Empty,
    /// Too many words, parts or bytes.
    #[error(
        "it is too long (at most {QUESTION_WORDS_MAX} words, of {QUESTION_PARTS_MAX} parts and \
         {QUESTION_BYTES_MAX} bytes together): ask for the rarest of them"
    )]
    TooLong,
    /// A beginning too short to be looked for.
    #[error("`*` stands after at least {BEGINNING_BYTES_MIN} letters or digits of a word")]
    ShortBeginning,
}

impl Question {
    /// Reads what was typed: words with spaces between them; `*` at the end of one stands for the
    /// rest of it.
    ///
    /// # Errors
    /// [`QuestionError`], in words for whoever typed it.
    pub fn parse(text: &str) -> Result<Question, QuestionError> {
        if text.len() > QUESTION_BYTES_MAX {
            return Err(QuestionError::TooLong);
        }
        let mut wanted = Vec::new();
        let mut parts_count = 0;
        for chunk in text.split_whitespace() {
            let beginning = chunk.strip_suffix('*');
            let (whole, parts) = Chunk::read(beginning.unwrap_or(chunk)).into_words();
            parts_count += parts.len();
            if parts_count > QUESTION_PARTS_MAX {
                return Err(QuestionError::TooLong);
            }
            match beginning {
                Some(_) if whole.len() < BEGINNING_BYTES_MIN => {
                    return Err(QuestionError::ShortBeginning);
                }
                Some(_) => wanted.push(Wanted::Beginning(whole)),
                None if whole.is_empty() => (),
                None => wanted.push(Wanted::Word { whole, parts }),
            }
        }
        match wanted.len() {
            0 => Err(QuestionError::Empty),
            1..=QUESTION_WORDS_MAX => Ok(Question(wanted)),
            _ => Err(QuestionError::TooLong),
        }
    }

    /// The same question of those payloads only that have this word too: letters and digits, small.
    #[must_use]
    pub fn also(mut self, word: &str) -> Question {
        self.0.push(Wanted::Word { whole: word.to_owned(), parts: Vec::new() });
        self
    }

    /// The payloads that name a blob: its digest in hexadecimal is one of their words.
    pub(crate) fn of_digest(digest: BlobDigest) -> Question {
        Question(vec![Wanted::Word { whole: digest.to_string(), parts: Vec::new() }])
    }

    /// The condition on `request_words` and the value of its `$1`, for the engine of a connection.
    pub(crate) fn on(&self, connection: &Connection) -> (&'static str, String) {
        match connection {
            Connection::Sqlite(_) => ("request_words match $1", self.fts5()),
            // The expression is that of the index.
            Connection::Postgres(_) => {
                ("array_to_tsvector(string_to_array(words, ' ')) @@ $1::tsquery", self.tsquery())
            }
        }
    }

    /// In the language of SQLite's FTS5. Words hold letters and digits only, so that nothing in
    /// them means anything there.
    fn fts5(&self) -> String {
        self.written(" AND ", " OR ", |word| format!("\"{word}\""), |word| format!("\"{word}\"*"))
    }

    /// In the language of PostgreSQL's `tsquery`.
    fn tsquery(&self) -> String {
        self.written(" & ", " | ", |word| format!("'{word}'"), |word| format!("'{word}':*"))
    }

    fn written(
        &self,
        and: &str,
        or: &str,
        word: impl Fn(&str) -> String,
        beginning: impl Fn(&str) -> String,
    ) -> String {
        let one = |wanted: &Wanted| match wanted {
            Wanted::Beginning(text) => beginning(text),
            Wanted::Word { whole, parts } if parts.is_empty() => word(whole),
            Wanted::Word { whole, parts } => {
                let parts: Vec<String> = parts.iter().map(|part| word(part)).collect();
                format!("({}{or}({}))", word(whole), parts.join(and))
            }
        };
        let all: Vec<String> = self.0.iter().map(one).collect();
        all.join(and)
    }
}

/// What stands between two spaces: its letters and digits, by the punctuation that parts them.
struct Chunk(Vec<String>);

impl Chunk {
    fn read(chunk: &str) -> Chunk {
        let mut parts = vec![String::new()];
        for character in chunk.nfkd().filter(|c| !is_combining_mark(*c)) {
            match parts.last_mut() {
                Some(part) if character.is_alphanumeric() => part.extend(character.to_lowercase()),
                Some(part) if part.is_empty() => (),
                _ => parts.push(String::new()),
            }
        }
        parts.retain(|part| !part.is_empty());
        Chunk(parts)
    }

    /// The whole as one word, and its parts where it has several.
    fn into_words(self) -> (String, Vec<String>) {
        let whole = cut(self.0.concat());
        match self.0.len() {
            0 | 1 => (whole, Vec::new()),
            _ => (whole, self.0.into_iter().map(cut).collect()),
        }
    }
}

fn cut(mut word: String) -> String {
    let mut end = word.len().min(WORD_BYTES_MAX);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    word.truncate(end);
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn words(text: &str, expected: Expect) {
        expected.assert_eq(&Words::of([text]).text());
    }

    fn question(text: &str, fts5: Expect, tsquery: Expect) {
        let question = Question::parse(text);
        fts5.assert_eq(&question.as_ref().map_or_else(|e| e.to_string(), Question::fts5));
        tsquery.assert_eq(&question.map_or_else(|e| e.to_string(), |asked| asked.tsquery()));
    }

    #[test]
    fn words_lose_case_accents_and_punctuation() {
        words("Žofie NOVÁKOVÁ, žofie", expect!["novakova zofie"]);
        words("Jo.Doe@Example.org", expect!["doe example jo jodoeexampleorg org"]);
        words("+49 151 2345", expect!["151 2345 49"]);
        words("ﬁnal STRASSE Straße", expect!["final strasse straße"]);
        words("0xAbC1 — ?!", expect!["0xabc1"]);
        words("東京 Ёлка", expect!["елка 東京"]);
        words("", expect![""]);
    }

    #[test]
    fn what_is_typed_cannot_mean_anything_to_an_engine() {
        question("Anna", expect![[r#""anna""#]], expect!["'anna'"]);
        question(
            "jo@ex.org  order",
            expect![[r#"("joexorg" OR ("jo" AND "ex" AND "org")) AND "order""#]],
            expect!["('joexorg' | ('jo' & 'ex' & 'org')) & 'order'"],
        );
        question("bc1qxy*", expect![[r#""bc1qxy"*"#]], expect!["'bc1qxy':*"]);
        question(
            r#"a" OR "b' ) \"#,
            expect![[r#""a" AND "or" AND "b""#]],
            expect!["'a' & 'or' & 'b'"],
        );
        let no_word = "there is no word in it: a word has a letter or a digit";
        question(
            " *** ",
            expect!["`*` stands after at least 5 letters or digits of a word"],
            expect!["`*` stands after at least 5 letters or digits of a word"],
        );
        assert_eq!(Question::parse(" .-/ ").expect_err("no word").to_string(), no_word);
        let many = "a b c d e f g h i j k l m n o p q";
        assert_eq!(Question::parse(many), Err(QuestionError::TooLong));
        assert_eq!(Question::parse(&"a-".repeat(100)), Err(QuestionError::TooLong));
        assert_eq!(Question::parse(&"a".repeat(3_000)), Err(QuestionError::TooLong));
    }

    #[test]
    fn many_words_are_cut_off_at_the_limit() {
        let many: String = (0..200_000).map(|n| format!("w{n:07} ")).collect();
        let words = Words::of([many.as_str()]);
        let bytes = words.text().len();
        assert!(bytes < WORDS_BYTES_MAX && bytes > WORDS_BYTES_MAX - 16, "{bytes}");
    }

    proptest! {
        /// Whatever is in a text is found by the text's own words.
        #[test]
        fn every_word_of_a_text_asks_for_words_it_has(text in "\\PC{0,60}") {
            let words = Words::of([text.as_str()]);
            for chunk in text.split_whitespace().filter(|chunk| !chunk.ends_with('*')) {
                let Ok(Question(wanted)) = Question::parse(chunk) else { continue };
                for wanted in wanted {
                    let Wanted::Word { whole, parts } = wanted else { continue };
                    prop_assert!(words.0.contains(&whole));
                    prop_assert!(parts.iter().all(|part| words.0.contains(part)));
                }
            }
        }

        /// Stored words are parted by single spaces, and neither engine sees more in them.
        #[test]
        fn words_hold_letters_and_digits_only(text in "\\PC{0,60}") {
            let stored = Words::of([text.as_str()]).text();
            prop_assert!(stored.split(' ').all(|word| word.chars().all(char::is_alphanumeric)));
        }
    }
}
