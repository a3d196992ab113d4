//! Every language says everything, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use desk::said::{Declared, Sentence};
use expect_test::{Expect, expect};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use super::*;

/// What a message says: its blanks, and the parts beside it with theirs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    blanks: BTreeSet<String>,
    parts: BTreeMap<String, BTreeSet<String>>,
}

/// Every message of some files.
fn messages(files: &[&str]) -> BTreeMap<String, Shape> {
    let mut messages = BTreeMap::new();
    for file in files {
        let parsed = parser::parse(*file);
        let parsed = parsed.unwrap_or_else(|(_, faults)| panic!("{faults:?} in\n{file}"));
        for entry in parsed.body {
            let Entry::Message(message) = entry else { continue };
            let mut shape = Shape::default();
            if let Some(value) = &message.value {
                blanks(value, &mut shape.blanks);
            }
            for attribute in &message.attributes {
                let part = shape.parts.entry(attribute.id.name.to_owned()).or_default();
                blanks(&attribute.value, part);
            }
            let key = message.id.name.to_owned();
            assert!(messages.insert(key.clone(), shape).is_none(), "{key} is there twice");
        }
    }
    messages
}

fn blanks(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        let inline = match expression {
            Expression::Inline(inline) => inline,
            Expression::Select { selector, variants } => {
                variants.iter().for_each(|variant| blanks(&variant.value, found));
                selector
            }
        };
        if let InlineExpression::VariableReference { id } = inline {
            found.insert(id.name.to_owned());
        }
    }
}

#[test]
fn every_language_says_every_sentence_with_the_same_blanks_and_no_other() {
    let english = messages(LANGUAGES[0].1);
    assert!(english.len() > 20, "the files are read");
    for (code, files) in LANGUAGES {
        let here = messages(files);
        let missing: Vec<_> = english.keys().filter(|key| !here.contains_key(*key)).collect();
        let more: Vec<_> = here.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(missing.is_empty() && more.is_empty(), "{code} lacks {missing:?}, adds {more:?}");
        for (key, shape) in &english {
            let other = &here[key];
            // A plural may say "one" in words, and so may leave the number out.
            assert_eq!(shape, other, "{key} in {code}");
        }
    }
}

/// Every sentence that other crates declare.
fn declared() -> impl Iterator<Item = &'static Declared> {
    use desk::check::{Aim, Fix, Note, Way};
    use desk::request::{Clause, Contradiction, Need, No, What};
    let desk = [
        Aim::DECLARED,
        Fix::DECLARED,
        Note::DECLARED,
        Way::DECLARED,
        Clause::DECLARED,
        Contradiction::DECLARED,
        Need::DECLARED,
        No::DECLARED,
        What::DECLARED,
    ];
    let server = [server::wrong::Wrong::DECLARED, server::directory::Fault::DECLARED];
    desk.into_iter().chain(server).flatten()
}

#[test]
fn every_sentence_of_the_desk_has_words_with_its_blanks() {
    let mut problems = Vec::new();
    for (code, files) in LANGUAGES {
        let messages = messages(files);
        for sentence in declared() {
            let Some(shape) = messages.get(sentence.code) else {
                problems.push(format!("{code}: no words for {}", sentence.code));
                continue;
            };
            let parts = shape.parts.values().flatten();
            for blank in shape.blanks.iter().chain(parts) {
                if !sentence.blanks.contains(&blank.as_str()) {
                    problems.push(format!("{code}: {} has no {blank}", sentence.code));
                }
            }
            if shape.parts.contains_key("fix") != sentence.has_fix {
                problems.push(format!("{code}: {} says what to do, or should", sentence.code));
            }
        }
    }
    assert_eq!(problems, [""; 0]);
}

/// Families whose words come one by one from a list that the program does not close.
const FAMILIES: [&str; 21] = [
    "event-",
    "action-",
    "role-",
    "role-what-",
    "ask-what-",
    "category-what-",
    "policy-",
    "policy-what-",
    "policy-legal-",
    "said-",
    "stage-",
    "act-",
    "portal-act-",
    "sign-",
    "account-policy-",
    "ended-",
    "receipt-",
    "report-state-",
    "reports-step-",
    "rest-seen-",
    "rest-what-",
];

#[test]
fn no_sentence_is_left_over() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut source = String::new();
    for folder in ["src", "templates"] {
        read_all(&root.join(folder), &mut source);
    }
    let declared: BTreeSet<&str> = declared().map(|sentence| sentence.code).collect();
    let lists: BTreeSet<String> = closed_lists()
        .into_iter()
        .map(|(family, word)| format!("{family}-{}", word.replace(['_', ' '], "-")))
        .collect();
    let used = |key: &str| {
        declared.contains(key)
            || lists.contains(key)
            || source.contains(&format!("\"{key}\""))
            || FAMILIES.iter().any(|family| key.starts_with(family))
            // What to do next stands beside the problem of any page.
            || key.strip_suffix("-next").is_some_and(|key| source.contains(&format!("\"{key}\"")))
    };
    let english = messages(LANGUAGES[0].1);
    let left: Vec<_> = english.keys().filter(|key| !used(key)).collect();
    assert!(left.is_empty(), "nothing says {left:?}");
}

fn read_all(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, text);
        } else {
            text.push_str(&std::fs::read_to_string(path).expect("text"));
        }
    }
}

#[test]
fn a_reference_is_no_number() {
    let german = Words::of(Some("de"));
    assert_eq!(german.say_with("case-title", &[("reference", "007")]), "Anfrage 007");
    assert_eq!(german.say_with("left-days", &[("count", "1")]), "noch ein Tag");
}

#[test]
fn a_refusal_is_said_in_the_reader_s_language() {
    use desk::request::No;
    let said = Sentence::from(&No::AsksUpTo { count: 3 });
    let check = |code: &str, expected: Expect| {
        expected.assert_eq(&Words::of(Some(code)).sentence_and_fix(&said));
    };
    check("en", expect!["The request has asks 1 to 3. Choose one of them."]);
    check("de", expect!["Die Anfrage hat die Verlangen 1 bis 3. Wählen Sie eines davon."]);
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

/// Every word of every list that the program closes, with its family.
fn closed_lists() -> Vec<(&'static str, String)> {
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
    list!("notice", desk::transparency::Notice::ALL);
    list!("end", desk::transparency::End::ALL);
    list!("report-by", desk::transparency::Dimension::ALL);
    list!("mark", desk::suspicion::MarkReason::ALL);
    list!("party", desk::suspicion::Party::ALL);
    list!("selector", desk::order::SelectorKind::ALL);
    list!("report-kind", desk::order::AskKind::ALL);
    list!("fate", desk::transparency::Fate::ALL);
    list!("deadline", desk::transparency::Deadline::ALL);
    list!("doing", desk::request::Doing::ALL);
    list!("effect", desk::request::EffectKind::ALL);
    list!("flaw", records::Flaw::ALL);
    list!("selector", records::SelectorKind::ALL);
    for pack in desk::pack::embedded_all() {
        keys.extend(pack.clocks.iter().map(|rule| ("clock", rule.name.as_str().to_owned())));
    }
    // The queue can be asked for emergencies beside the kinds of ask.
    keys.push(("ask", "emergency".to_owned()));
    keys.extend(["desk rule", "no source named"].map(|word| ("article", word.to_owned())));
    keys
}

#[test]
fn every_word_of_the_desk_s_closed_lists_has_words() {
    let keys = closed_lists();
    let unsaid = |words: &Words| {
        let key =
            |(family, word): &(&str, String)| format!("{family}-{}", word.replace(['_', ' '], "-"));
        let unsaid = keys.iter().map(key).filter(|key| !words.has(key));
        unsaid.map(|key| format!("{}: {key}", words.code)).collect::<Vec<_>>()
    };
    let unsaid: Vec<String> = ALL.iter().flat_map(unsaid).collect();
    assert_eq!(unsaid, [""; 0]);
}
