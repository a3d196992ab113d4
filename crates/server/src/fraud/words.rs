//! What in free words could be an identifier: every way in which somebody can write one into a
//! message, a reference or a text file.
//!
//! Knows no decoy. The same work is done whatever is found; what is beyond a limit is not looked
//! at.

use std::collections::BTreeSet;

use records::{SELECTOR_BYTES_MAX, Selector, SelectorKind};
use serde_json::Value;

/// Words of one act that are looked at.
pub const WORDS_MAX: usize = 20_000;
/// An IBAN or a phone number is written in no more groups.
const GROUPS_MAX: usize = 9;
/// Members of payloads that hold no words of a sender: digests, and what a passkey signed, which
/// says again what stands beside it.
const NO_WORDS: [&str; 3] = ["approval", "sha256", "media_type"];

/// Identifiers that words may name, in their normal spelling, each once.
#[derive(Default)]
pub struct Candidates {
    found: BTreeSet<(SelectorKind, String)>,
    words: usize,
}

impl Candidates {
    /// Every text in a payload; the typed lists of selectors and accounts are not words.
    pub fn take_payload(&mut self, payload: &Value) {
        match payload {
            Value::String(text) => self.take(text),
            Value::Array(values) => values.iter().for_each(|value| self.take_payload(value)),
            Value::Object(fields) => {
                let worded = |key: &str| !NO_WORDS.contains(&key) && !TYPED.contains(&key);
                let worded = fields.iter().filter(|(key, _)| worded(key));
                worded.for_each(|(_, value)| self.take_payload(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// One text. An object that came as JSON is read as what it holds.
    pub fn take(&mut self, text: &str) {
        if text.starts_with('{')
            && let Ok(object @ Value::Object(_)) = serde_json::from_str(text)
        {
            return self.take_leaves(&object);
        }
        for line in text.lines().take(WORDS_MAX) {
            self.take_line(line);
        }
    }

    /// What was found.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.found.iter().map(|(kind, value)| (kind.as_str(), value.as_str()))
    }

    fn take_leaves(&mut self, value: &Value) {
        match value {
            Value::String(text) => text.lines().for_each(|line| self.take_line(line)),
            Value::Array(values) => values.iter().for_each(|value| self.take_leaves(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.take_leaves(value)),
            Value::Number(number) => self.try_all(&number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn take_line(&mut self, line: &str) {
        // An account's id may have blanks in it, when it has the line for itself.
        self.try_all(line);
        let is_between = |sign: char| {
            sign.is_whitespace() || "\"'`<>()[]{},;|\u{201e}\u{201c}\u{201d}".contains(sign)
        };
        let words: Vec<&str> = line.split(is_between).filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            if self.words >= WORDS_MAX {
                return;
            }
            self.words += 1;
            let word = word.trim_matches(['.', ':', '!', '?', '*', '_']);
            self.try_all(word);
            // `account=LX-1`, `acct:LX-1`, `LX-1/LX-2`, `#LX-1`.
            word.split(['=', ':', '/', '#']).filter(|part| *part != word).for_each(|part| {
                self.try_all(part);
            });
            // Groups of digits belong together when they begin as an IBAN or a phone number does.
            let starts = word.as_bytes();
            let is_iban = starts.len() >= 4
                && starts[..2].iter().all(u8::is_ascii_alphabetic)
                && starts[2..4].iter().all(u8::is_ascii_digit);
            let is_phone = word.starts_with('+') || word.starts_with("00");
            for end in (at + 2..=words.len()).take(GROUPS_MAX - 1) {
                let joined = words[at..end].join(" ");
                if is_iban {
                    self.try_one(SelectorKind::Iban, &joined);
                }
                if is_phone {
                    self.try_one(SelectorKind::Phone, &joined);
                }
            }
        }
    }

    fn try_all(&mut self, text: &str) {
        if text.len() <= SELECTOR_BYTES_MAX {
            SelectorKind::ALL.into_iter().for_each(|kind| self.try_one(kind, text));
        }
    }

    fn try_one(&mut self, kind: SelectorKind, text: &str) {
        let text = text.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if let Ok(selector) = Selector::read(kind, text) {
            self.found.insert((kind, selector.value().to_owned()));
        }
    }
}

/// Members of payloads that list selectors by kind; they are looked at as such.
const TYPED: [&str; 2] = ["selectors", "accounts"];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, kind: &str, value: &str) -> bool {
        let mut candidates = Candidates::default();
        candidates.take(text);
        candidates.iter().any(|found| found == (kind, value))
    }

    #[test]
    fn an_identifier_is_seen_however_it_is_written() {
        let account = [
            "LX-900017",
            "please add LX-900017.",
            "account=LX-900017, and others",
            "(acct:LX-900017)",
            "the accounts LX-1/LX-900017 belong together",
            "\u{201e}LX-900017\u{201c}",
            "a,b\r\nLX-900017\r\nc",
            "{\"common:ObjectIdentifier\":\"1\",\"Values\":[{\"Value\":\"LX-900017\"}]}",
        ];
        for text in account {
            assert!(names(text, "account_id", "LX-900017"), "{text}");
        }
        assert!(names("Konto DE89 3704 0044 0532 0130 00 bitte", "iban", "DE89370400440532013000"));
        assert!(!names("call +49 (0)30 / 1234567", "phone", "+49301234567"), "a zero more");
        assert!(names("call +49 30 1234567, today", "phone", "+49301234567"));
        assert!(names("Write to <Nobody@Lantern.example>!", "email", "nobody@lantern.example"));
        assert!(names("seen from 192.0.2.7:443", "ip", "192.0.2.7"));
        assert!(!names("LX-9000171", "account_id", "LX-900017"), "another account");
        assert!(names("{not JSON LX-900017", "account_id", "LX-900017"));
    }

    #[test]
    fn typed_lists_and_signed_copies_are_no_words() {
        let mut candidates = Candidates::default();
        candidates.take_payload(&serde_json::json!({
            "text": "see LX-1",
            "selectors": [{ "ask": 1, "kind": "account_id", "value": "LX-2" }],
            "approval": { "request": "LX-3" },
            "files": [{ "original_name": "LX-4.pdf LX-4", "sha256": "ab", "media_type": "x/LX-5" }],
        }));
        let accounts = candidates.iter().filter(|(kind, _)| *kind == "account_id");
        let accounts: Vec<&str> = accounts.map(|(_, value)| value).collect();
        assert_eq!(accounts, ["LX-1", "LX-4", "LX-4.pdf", "LX-4.pdf LX-4", "see", "see LX-1"]);
    }

    #[test]
    fn a_flood_of_words_is_looked_at_up_to_a_limit() {
        let mut candidates = Candidates::default();
        candidates.take(&"a ".repeat(WORDS_MAX * 2));
        assert!(candidates.words <= WORDS_MAX);
        let mut lines = Candidates::default();
        lines.take(&"b\n".repeat(WORDS_MAX * 2));
        // One word, which may be an account's or a device's.
        assert!(lines.words <= WORDS_MAX && lines.found.len() == 2);
    }
}
