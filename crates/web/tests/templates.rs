//! No page has words of its own: every word comes from the locales, so that every language is whole.

use std::path::{Path, PathBuf};

/// Words that stand in pages as they are: the product's name.
const NAMES: [&str; 1] = ["Comity"];
/// Attributes whose text people read or hear.
const SPOKEN: [&str; 5] = ["alt=\"", "aria-label=\"", "title=\"", "placeholder=\"", "summary=\""];

fn templates(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the templates are here") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            templates(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The text without what stands between two marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(at) = rest.find(open) {
        kept.push_str(&rest[..at]);
        let Some(end) = rest[at..].find(close) else { break };
        rest = &rest[at + end + close.len()..];
    }
    kept + rest
}

fn words_of(template: &str) -> Vec<String> {
    let plain = without(template, "{#", "#}");
    let plain = without(&plain, "{%", "%}");
    let plain = without(&plain, "{{", "}}");
    let mut words = Vec::new();
    for mark in SPOKEN {
        for part in plain.split(mark).skip(1) {
            words.push(part.split('"').next().unwrap_or_default().to_owned());
        }
    }
    let text = without(&without(&plain, "<!", ">"), "<", ">");
    words.extend(text.split_whitespace().map(str::to_owned));
    words.retain(|word| word.chars().any(char::is_alphabetic) && !NAMES.contains(&word.as_str()));
    words
}

#[test]
fn every_word_comes_from_the_locales() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files = Vec::new();
    templates(&root, &mut files);
    assert!(files.len() > 10, "the templates are read");
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a template");
        let name = file.strip_prefix(&root).expect("below the root").display().to_string();
        found.extend(words_of(&text).into_iter().map(|word| format!("{name}: {word}")));
    }
    assert!(found.is_empty(), "words that are in no locale:\n{}", found.join("\n"));
}

#[test]
fn a_hard_wired_word_is_found_wherever_it_hides() {
    assert_eq!(words_of("<p>{{ x }} Send</p>"), ["Send"]);
    assert_eq!(words_of("<a title=\"Send it\">{% if x %}</a>"), ["Send it"]);
    assert_eq!(words_of("<p>{{ say(\"key\") }} · Comity 12</p>"), [""; 0]);
}

#[test]
fn every_word_that_a_template_asks_for_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files = Vec::new();
    templates(&root, &mut files);
    let english = web::words::Words::of(Some("en"));
    let mut missing = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a template");
        for call in ["say(\"", "say1(\""] {
            for part in text.split(call).skip(1) {
                let key = part.split('"').next().unwrap_or_default();
                if !english.has(key) {
                    missing.push(format!("{}: {key}", file.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no words for:\n{}", missing.join("\n"));
}
