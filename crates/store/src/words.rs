//! Words that requests are found by, and what may be asked for. Knows no language: a word is what
//! stands between spaces, with its case, accents and punctuation taken off. A name in another
//! spelling is not found.
//!
//! `Jo.Doe@example.org` is one word, `jodoeexampleorg`, and its parts `jo`, `doe`, `example`,
//! `org`. It is kept as `jo.doe.example.org`, in its place among the others: the index is over the
//! set of all words of a request, and order is looked up in what is kept.

use std::collections::{BTreeSet, HashSet};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

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

/// The words of one payload, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of these texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Words {
        let mut words = Vec::new();
        let mut bytes = 0;
        for chunk in texts.into_iter().flat_map(str::split_whitespace) {
            let word = Chunk::read(chunk).text();
            if word.is_empty() {
                continue;
            }
            bytes += word.len() + 1;
            if bytes > WORDS_BYTES_MAX {
                break;
            }
            words.push(word);
        }
        Words(words)
    }

    /// Whether nothing can be found by them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Words with spaces between them, parts with points: how they are kept.
    pub(crate) fn text(&self) -> String {
        self.0.join(" ")
    }
}

/// The set of all words and parts of some kept texts, with spaces between them: what the index is
/// over. Digests come first, so that none falls to the limit: by them it is known that a file is
/// still used.
pub(crate) fn set_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let words = texts.into_iter().flat_map(|text| text.split(' '));
    let (digests, others): (Vec<&str>, Vec<&str>) = words.partition(|word| is_digest(word));
    let mut set: BTreeSet<String> = BTreeSet::new();
    let mut bytes = 0;
    for kept in digests.into_iter().chain(others) {
        let parts = || kept.split('.').map(str::to_owned);
        let whole = kept.contains('.').then(|| cut(kept.replace('.', "")));
        for word in whole.into_iter().chain(parts()) {
            if word.is_empty() || set.contains(&word) {
                continue;
            }
            bytes += word.len() + 1;
            if bytes > WORDS_BYTES_MAX {
                return joined(set);
            }
            set.insert(word);
        }
    }
    joined(set)
}

fn joined(set: BTreeSet<String>) -> String {
    set.into_iter().collect::<Vec<_>>().join(" ")
}

fn is_digest(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What is looked for: all of these words, in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    wanted: Vec<Wanted>,
    /// Only payloads with this word count.
    within: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// The word, or all of its parts.
    Word { whole: String, parts: Vec<String> },
    /// A word that begins so.
    Beginning(String),
    /// These words, one after another, in one payload.
    Phrase(Vec<String>),
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
    /// rest of it, and words in quotation marks must follow each other as they do there.
    ///
    /// # Errors
    /// [`QuestionError`], in words for whoever typed it.
    pub fn parse(text: &str) -> Result<Question, QuestionError> {
        if text.len() > QUESTION_BYTES_MAX {
            return Err(QuestionError::TooLong);
        }
        let mut wanted = Vec::new();
        let mut parts_count = 0;
        for (is_phrase, text) in quoted(text) {
            if is_phrase {
                let parts: Vec<String> =
                    text.split_whitespace().flat_map(|chunk| Chunk::read(chunk).parts()).collect();
                parts_count += parts.len();
                if parts_count > QUESTION_PARTS_MAX {
                    return Err(QuestionError::TooLong);
                }
                if !parts.is_empty() {
                    wanted.push(Wanted::Phrase(parts));
                }
                continue;
            }
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
        }
        match wanted.len() {
            0 => Err(QuestionError::Empty),
            1..=QUESTION_WORDS_MAX => Ok(Question { wanted, within: None }),
            _ => Err(QuestionError::TooLong),
        }
    }

    /// Whether it matters in which order or payload words stand, which the index does not know.
    pub(crate) fn needs_texts(&self) -> bool {
        let has_order = |wanted: &Wanted| matches!(wanted, Wanted::Phrase(it) if it.len() > 1);
        self.within.is_some() || self.wanted.iter().any(has_order)
    }

    /// Whether a request with these kept texts, which the index found, has what is looked for: each
    /// phrase in one of them, and everything in those that count.
    pub(crate) fn is_in(&self, texts: &[String]) -> bool {
        let counts = |text: &&String| {
            self.within.as_ref().is_none_or(|word| text.split(' ').any(|one| one == word))
        };
        let texts: Vec<&str> = texts.iter().filter(counts).map(String::as_str).collect();
        let kept: Vec<Vec<&str>> = texts.iter().map(|text| parts_of(text)).collect();
        // What the index found is only looked at again where not every payload counts.
        let set = self.within.as_ref().map(|_| set_of(texts.iter().copied()));
        let set: Option<HashSet<&str>> = set.as_deref().map(|set| set.split(' ').collect());
        self.wanted.iter().all(|wanted| match (wanted, &set) {
            (Wanted::Phrase(parts), _) => kept.iter().any(|text| count_of(text, parts) > 0),
            (_, None) => true,
            (Wanted::Beginning(start), Some(set)) => {
                set.iter().any(|word| word.starts_with(start.as_str()))
            }
            (Wanted::Word { whole, parts }, Some(set)) => {
                set.contains(whole.as_str())
                    || (!parts.is_empty() && parts.iter().all(|part| set.contains(part.as_str())))
            }
        })
    }

    /// How much these kept texts are about the question: BM25 (Robertson and Zaragoza, 2009,
    /// section 3.4) over all of them together. Every text that is compared has all the words, so
    /// how rare each is plays no part; nor does the average length, which is taken as fixed, so
    /// that the same request has the same number whatever else is in the store.
    pub(crate) fn relevance(&self, texts: &[String]) -> f64 {
        const SATURATION: f64 = 1.2;
        const LENGTH_SHARE: f64 = 0.75;
        const USUAL_WORDS: f64 = 100.0;
        let kept: Vec<Vec<&str>> = texts.iter().map(|text| parts_of(text)).collect();
        let wholes = || texts.iter().flat_map(|text| text.split(' '));
        let words: usize = kept.iter().map(Vec::len).sum();
        let length = 1.0 - LENGTH_SHARE + LENGTH_SHARE * words as f64 / USUAL_WORDS;
        let in_texts = |parts: &[String]| kept.iter().map(|text| count_of(text, parts)).sum();
        let count = |wanted: &Wanted| -> usize {
            match wanted {
                Wanted::Phrase(parts) => in_texts(parts),
                Wanted::Beginning(start) => {
                    kept.iter().flatten().filter(|word| word.starts_with(start.as_str())).count()
                }
                Wanted::Word { whole, parts } if parts.is_empty() => {
                    wholes().flat_map(|word| word.split('.')).filter(|word| word == whole).count()
                }
                Wanted::Word { whole, parts } => {
                    let as_one = wholes().filter(|word| word.replace('.', "") == *whole).count();
                    as_one.max(in_texts(parts))
                }
            }
        };
        let score = |wanted: &Wanted| {
            // A word that is there by its parts alone counts once.
            let count = count(wanted).max(1) as f64;
            count * (SATURATION + 1.0) / (count + SATURATION * length)
        };
        self.wanted.iter().map(score).sum()
    }

    /// The same question of those payloads only that have this word too: letters and digits, small.
    /// What stands in the other payloads of a request is not found.
    #[must_use]
    pub fn within(mut self, word: &str) -> Question {
        self.wanted.push(Wanted::Word { whole: word.to_owned(), parts: Vec::new() });
        self.within = Some(word.to_owned());
        self
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
            Wanted::Phrase(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| word(part)).collect();
                parts.join(and)
            }
            Wanted::Word { whole, parts } if parts.is_empty() => word(whole),
            Wanted::Word { whole, parts } => {
                let parts: Vec<String> = parts.iter().map(|part| word(part)).collect();
                format!("({}{or}({}))", word(whole), parts.join(and))
            }
        };
        let all: Vec<String> = self.wanted.iter().map(one).collect();
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

    /// Its parts with points between them: how it is kept.
    fn text(self) -> String {
        self.parts().join(".")
    }

    fn parts(self) -> Vec<String> {
        self.0.into_iter().map(cut).collect()
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

/// What was typed, by its quotation marks: whether it stands between two of them, and what. A mark
/// that is never closed is closed at the end.
fn quoted(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let is_mark = |c: char| matches!(c, '"' | '“' | '”' | '„' | '«' | '»');
    text.split(is_mark).enumerate().map(|(number, text)| (number % 2 == 1, text))
}

/// The words of a kept text, those with several parts by their parts.
fn parts_of(text: &str) -> Vec<&str> {
    text.split([' ', '.']).collect()
}

/// How often words follow each other in a text.
fn count_of(text: &[&str], parts: &[String]) -> usize {
    text.windows(parts.len().max(1)).filter(|window| *window == parts).count()
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
        expected.assert_eq(&set_of([Words::of([text]).text().as_str()]));
    }

    fn finds(text: &str, asked: &str) -> bool {
        let texts = [Words::of([text]).text()];
        let set = set_of(texts.iter().map(String::as_str));
        let question = Question::parse(asked).expect("words");
        let has = |word: &String| set.split(' ').any(|one| one == word);
        let has_words = question.wanted.iter().all(|wanted| match wanted {
            Wanted::Word { whole, parts } => {
                has(whole) || (!parts.is_empty() && parts.iter().all(has))
            }
            Wanted::Beginning(start) => set.split(' ').any(|one| one.starts_with(start.as_str())),
            Wanted::Phrase(parts) => parts.iter().all(has),
        });
        has_words && question.is_in(&texts)
    }

    #[test]
    fn words_in_quotation_marks_follow_each_other() {
        let text = "The account of Jo Doe (jo.doe@example.org), closed on 2027-03-01.";
        for asked in [
            "\"account of jo\"",
            "\"Jo Doe\" closed",
            "\"doe jo doe example\"",
            "„jo.doe@example.org“",
            "\"2027 03\"",
            "\"never closed",
            "closed \"\"",
        ] {
            assert_eq!(finds(text, asked), !asked.contains("never"), "{asked}");
        }
        for asked in ["\"doe jo closed\"", "\"account jo\"", "\"of the\""] {
            assert!(!finds(text, asked), "{asked}");
        }
    }

    #[test]
    fn only_payloads_with_the_word_of_a_reader_count() {
        let texts = ["ours The account of jo.doe@example.org", "a secret account, anonymously"];
        let texts = texts.map(|text| Words::of([text]).text());
        let is_in = |asked: &str| {
            let question = Question::parse(asked).expect("words").within("ours");
            (question.is_in(&texts), Question::parse(asked).expect("words").is_in(&texts))
        };
        for asked in ["account", "jo doe", "jodoeexampleorg", "jo.doe", "accou*", "\"jo doe\""] {
            assert_eq!(is_in(asked), (true, true), "{asked}");
        }
        for asked in ["secret", "account secret", "anony*", "\"secret account\"", "\"secret\""] {
            assert_eq!(is_in(asked), (false, true), "{asked}");
        }
    }

    #[test]
    fn what_says_it_more_often_in_fewer_words_is_more_relevant() {
        let question = Question::parse("\"jo doe\" account").expect("words");
        let relevance = |texts: &[&str]| {
            let kept: Vec<String> = texts.iter().map(|text| Words::of([*text]).text()).collect();
            question.relevance(&kept)
        };
        let once = relevance(&["the account of Jo Doe"]);
        assert!(relevance(&["the account of Jo Doe", "jo doe, again: jo-doe"]) > once);
        let long = format!("the account of Jo Doe {}", "and so on ".repeat(100));
        assert!(relevance(&[&long]) < once);
        assert_eq!(once, relevance(&["the account of Jo Doe"]));
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
            let words = set_of([Words::of([text.as_str()]).text().as_str()]);
            // Quotation marks part a question where they do not part a word.
            let plain = |chunk: &&str| !chunk.ends_with('*') && quoted(chunk).count() == 1;
            for chunk in text.split_whitespace().filter(plain) {
                let Ok(Question { wanted, .. }) = Question::parse(chunk) else { continue };
                for wanted in wanted {
                    let Wanted::Word { whole, parts } = wanted else { continue };
                    let has = |word: &String| words.split(' ').any(|one| one == word);
                    prop_assert!(has(&whole));
                    prop_assert!(parts.iter().all(has));
                }
            }
        }

        /// Stored words are parted by single spaces, and neither engine sees more in them.
        #[test]
        fn words_hold_letters_and_digits_only(text in "\\PC{0,60}") {
            let stored = set_of([Words::of([text.as_str()]).text().as_str()]);
            prop_assert!(stored.split(' ').all(|word| word.chars().all(char::is_alphanumeric)));
        }
    }
}
