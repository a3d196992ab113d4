//! Words that requests are found by, and what may be asked for. Knows no language: a word is what
//! stands between spaces, with its case, accents and punctuation taken off. A name in another
//! spelling is not found.
//!
//! `Jo.Doe@example.org` is one word, `jodoeexampleorg`, and its parts `jo`, `doe`, `example`,
//! `org`. It is kept as `jo.doe.example.org`, in its place among the others: the index is over the
//! set of all words of a request and of the pairs that stand side by side (`words::index`), and the
//! order of more than two is looked up in what is kept.

pub(crate) mod index;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

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

/// The words of one payload, in their order, and who finds it by them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    words: Vec<String>,
    readers: Option<Uuid>,
}

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
        Words { words, readers: None }
    }

    /// The same of a payload that these readers see too, who do not see all of its request.
    #[must_use]
    pub fn read_by(mut self, readers: Uuid) -> Words {
        self.readers = Some(readers);
        self
    }

    /// Whether nothing can be found by them.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Words with spaces between them, parts with points: how they are kept.
    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }

    /// Who sees the payload without seeing all of its request.
    pub(crate) fn readers(&self) -> Option<Uuid> {
        self.readers
    }
}

/// What is looked for: all of these words, in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    wanted: Vec<Wanted>,
    /// Only payloads count that these readers see.
    readers: Option<Uuid>,
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
            1..=QUESTION_WORDS_MAX => Ok(Question { wanted, readers: None }),
            _ => Err(QuestionError::TooLong),
        }
    }

    /// The same question of those payloads only that these readers see. What stands in the other
    /// payloads of a request is not found, and moves no request to another place among those found.
    #[must_use]
    pub fn read_by(mut self, readers: Uuid) -> Question {
        self.readers = Some(readers);
        self
    }

    /// Who asks, if it is not whoever sees all.
    pub(crate) fn readers(&self) -> Option<Uuid> {
        self.readers
    }

    /// Whether it matters in which order words stand, which the index does not know for sure.
    pub(crate) fn needs_texts(&self) -> bool {
        self.wanted.iter().any(|wanted| matches!(wanted, Wanted::Phrase(it) if it.len() > 1))
    }

    /// Whether a request with these kept texts, which the index found, has each phrase in one of
    /// them.
    pub(crate) fn is_in(&self, texts: &[String]) -> bool {
        let kept: Vec<Vec<&str>> = texts.iter().map(|text| parts_of(text)).collect();
        self.wanted.iter().all(|wanted| match wanted {
            Wanted::Phrase(parts) => kept.iter().any(|text| count_of(text, parts) > 0),
            Wanted::Word { .. } | Wanted::Beginning(_) => true,
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

    /// The condition on `request_words` and the value of its `$1`, for the engine of a connection.
    pub(crate) fn on(&self, connection: &Connection) -> (String, String) {
        let (matches, asked) = match connection {
            Connection::Sqlite(_) => ("request_words match $1", self.fts5()),
            // The expression is that of the index.
            Connection::Postgres(_) => {
                ("array_to_tsvector(string_to_array(words, ' ')) @@ $1::tsquery", self.tsquery())
            }
        };
        let whole = if self.readers.is_none() { index::IS_WHOLE } else { "" };
        (format!("{matches}{whole}"), asked)
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
                let all = |words: Vec<String>| words.join(and);
                let words = || parts.iter().map(|part| word(part)).collect();
                let pairs: Vec<String> =
                    parts.windows(2).map(|two| word(&index::pair(&two[0], &two[1]))).collect();
                if pairs.is_empty() {
                    return all(words());
                }
                let uncounted: Vec<String> = [word(index::TOO_MANY_PAIRS), all(words())].into();
                format!("(({}){or}({}))", all(pairs), all(uncounted))
            }
            Wanted::Word { whole, parts } if parts.is_empty() => word(whole),
            Wanted::Word { whole, parts } => {
                let parts: Vec<String> = parts.iter().map(|part| word(part)).collect();
                format!("({}{or}({}))", word(whole), parts.join(and))
            }
        };
        let readers = self.readers.map(|readers| word(&index::key_of(readers)));
        let all: Vec<String> = self.wanted.iter().map(one).chain(readers).collect();
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
    use super::index::{Kept, rows, set_of};
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn kept(leaf: u64, readers: Option<u128>, text: &str) -> Kept {
        let (leaf, readers) = (ledger::LeafIndex(leaf), readers.map(Uuid::from_u128));
        Kept { leaf, readers, text: Words::of([text]).text() }
    }

    /// The words of a text without the keys of its pairs.
    fn set(text: &str) -> String {
        let set = set_of([Words::of([text]).text().as_str()].into_iter());
        set.into_iter().filter(|word| !word.starts_with('·')).collect::<Vec<_>>().join(" ")
    }

    fn words(text: &str, expected: Expect) {
        expected.assert_eq(&set(text));
    }

    fn finds(text: &str, asked: &str) -> bool {
        let question = Question::parse(asked).expect("words");
        let rows = rows(&[kept(1, None, text)]);
        let texts = [Words::of([text]).text()];
        rows.iter().any(|(_, row)| in_row(&question, row)) && question.is_in(&texts)
    }

    /// What an engine does with a question: in this one's language it is the same on both.
    fn in_row(question: &Question, row: &str) -> bool {
        let has = |word: &str| row.split(' ').any(|one| one == word);
        let words = question.wanted.iter().all(|wanted| match wanted {
            Wanted::Word { whole, parts } => {
                has(whole) || (!parts.is_empty() && parts.iter().all(|part| has(part)))
            }
            Wanted::Beginning(start) => row.split(' ').any(|one| one.starts_with(start.as_str())),
            Wanted::Phrase(parts) => {
                let mut pairs = parts.windows(2).map(|two| index::pair(&two[0], &two[1]));
                let uncounted = parts.len() == 1 || has(index::TOO_MANY_PAIRS);
                (parts.len() > 1 && pairs.all(|pair| has(&pair)))
                    || (uncounted && parts.iter().all(|part| has(part)))
            }
        });
        words && question.readers.is_none_or(|readers| has(&index::key_of(readers)))
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

    /// A row for whoever sees all, and another for readers where they do not; what they may not see
    /// neither is in theirs nor moves it.
    #[test]
    fn readers_have_a_row_of_what_they_see_where_that_is_not_all() {
        let numbers = |payloads: &[Kept]| {
            rows(payloads).into_iter().map(|(number, _)| number).collect::<Vec<_>>()
        };
        let ours = || kept(4, Some(7), "The account of jo.doe@example.org");
        let secret = |leaf| kept(leaf, None, "a secret account, anonymously");
        assert_eq!(numbers(&[]), [0; 0]);
        assert_eq!(numbers(&[ours()]), [8], "all of it is theirs");
        assert_eq!(numbers(&[secret(4)]), [8], "none of it is theirs");
        assert_eq!(numbers(&[ours(), secret(9)]), [18, 9], "theirs stays where it was");
        assert_eq!(numbers(&[secret(3), ours()]), [8, 9]);
        let both = rows(&[ours(), secret(9)]);
        let found = |asked: &str, readers: Option<u128>| {
            let mut question = Question::parse(asked).expect("words");
            question.readers = readers.map(Uuid::from_u128);
            // Whoever sees all asks of whole rows alone.
            let rows = both.iter().filter(|(number, _)| readers.is_some() || number % 2 == 0);
            let rows = rows.filter(|(_, row)| in_row(&question, row));
            rows.map(|(number, _)| *number).collect::<Vec<_>>()
        };
        for asked in ["account", "jo doe", "jodoeexampleorg", "jo.doe", "accou*", "\"jo doe\""] {
            assert_eq!((found(asked, Some(7)), found(asked, None)), (vec![9], vec![18]), "{asked}");
            assert_eq!(found(asked, Some(8)), [0; 0], "{asked}: another's");
        }
        for asked in ["secret", "account secret", "anony*", "\"secret account\"", "\"secret\""] {
            assert_eq!((found(asked, Some(7)), found(asked, None)), (vec![], vec![18]), "{asked}");
        }
        let key = index::key_of(Uuid::from_u128(7));
        assert!(!set(&format!("{key} {}", index::pair("jo", "doe"))).contains('·'), "no word");
    }

    /// A phrase narrows the index down to those who wrote its pairs.
    #[test]
    fn two_words_side_by_side_have_a_key() {
        let row = rows(&[kept(1, None, "police of crime"), kept(2, None, "crime police")]);
        let asks = |text: &str| in_row(&Question::parse(text).expect("words"), &row[0].1);
        for (asked, expected) in [
            ("\"police of crime\"", true),
            ("\"crime police\"", true),
            ("\"crime of\"", false),
            ("\"police crime\"", false),
            // Its pairs are there, in two payloads: the texts say no.
            ("\"of crime police\"", true),
        ] {
            assert_eq!(asks(asked), expected, "{asked}");
        }
        // More pairs than are kept: the texts of all that have the words are read.
        let many: String = (0..40_000).map(|n| format!("a{n} ")).collect();
        let row = rows(&[kept(1, None, &many)]);
        let asks = |text: &str| in_row(&Question::parse(text).expect("words"), &row[0].1);
        assert!(asks("\"a7 a8\"") && asks("\"a8 a7\"") && !asks("\"a7 b\""));
        assert!(row[0].1.len() < 1024 * 1024, "{}", row[0].1.len());
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
            "\"jo doe\"",
            expect![[r#"(("·35b0cc7c") OR ("··" AND "jo" AND "doe"))"#]],
            expect!["(('·35b0cc7c') | ('··' & 'jo' & 'doe'))"],
        );
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
            let words = set(&text);
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

        /// Stored words are parted by single spaces, and neither engine sees more in them; a key
        /// begins with its sign.
        #[test]
        fn words_hold_letters_and_digits_only(text in "\\PC{0,60}") {
            let row = rows(&[kept(1, None, &text)]);
            let stored = row.iter().flat_map(|(_, row)| row.split(' '));
            let word = |word: &str| word.strip_prefix('·').unwrap_or(word).to_owned();
            prop_assert!(stored.map(word).all(|word| word.chars().all(char::is_alphanumeric)));
        }
    }
}
