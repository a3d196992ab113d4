//! No page has words of its own: every page, and every answer to wrong input in every form, is
//! walked through in a language whose every text is marked, and in German.

#[path = "../support/exchange.rs"]
mod exchange;
#[path = "../security/visitor.rs"]
#[allow(dead_code, reason = "this walk needs less of the visitor")]
mod visitor;

mod data;
mod html;
mod marked;
mod story;
mod walk;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use web::words::Words;

use crate::walk::{Seen, Walk};

/// Pages that nobody reaches without a device or a time that has passed.
const UNREACHED: [&str; 3] = [
    // After an enrolment in a browser.
    "wait-title",
    // On a bad link only, and for whoever has no role.
    "empty-title",
    // The link that an administrator gives; made with a passkey's proof.
    "invited-title",
];

fn templates(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the templates are here") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { templates(&path, found) } else { found.push(path) }
    }
}

/// The keys of the titles of all templates.
fn titles() -> BTreeSet<String> {
    let mut files = Vec::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut files);
    let title = |file: PathBuf| {
        let text = std::fs::read_to_string(file).expect("a template");
        let (_, rest) = text.split_once("{% block title %}{{ frame.say(\"")?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    files.into_iter().filter_map(title).collect()
}

#[tokio::test]
async fn no_word_of_any_page_is_hard_wired() {
    let files: Vec<String> = Words::english().iter().map(|file| marked::mark(file)).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    Words::also_speak(marked::CODE, &files).expect("the first of this process");
    let (house, people) = story::tell().await;

    let mut walk = Walk::new(&house, marked::CODE);
    for person in &people {
        walk.through(person).await;
    }
    // The link of the first administrator, printed on the console.
    let new_house = visitor::House::open().await;
    let first = story::Person::with_first_link(&new_house).await;
    let mut first_walk = Walk::new(&new_house, marked::CODE);
    first_walk.through(&first).await;
    let enrolments = [&walk, &first_walk].map(|walk| walk.forms_of("/enrol/"));
    assert_eq!(enrolments, [(2, 3), (1, 3)], "a link, a wrong one, and the form three times");
    walk.seen.append(&mut first_walk.seen);
    let data = data::Data::of(&people);
    let problems: BTreeSet<String> =
        walk.seen.iter().flat_map(|seen| data.unexplained(seen)).collect();
    let problems: Vec<String> = problems.into_iter().collect();
    assert!(problems.is_empty(), "words that are in no locale:\n{}", problems.join("\n"));

    // The walk saw what there is to see.
    let words = Words::of(Some(marked::CODE));
    assert_eq!(words.code, marked::CODE);
    let seen: BTreeSet<&str> = walk.seen.iter().map(|seen| seen.page.title.as_str()).collect();
    let said = |key: &String| seen.iter().any(|title| title.starts_with(&words.say(key)));
    let missed: Vec<String> = titles().into_iter().filter(|key| !said(key)).collect();
    let missed: Vec<&String> =
        missed.iter().filter(|key| !UNREACHED.contains(&key.as_str())).collect();
    assert!(missed.is_empty(), "pages that the walk did not see: {missed:?}");
    assert!(walk.posted > 60, "{} forms were sent", walk.posted);

    in_german(&house, &people, &walk).await;
}

/// The same walk in German: nothing of it is English, and nothing that is marked as English has
/// words in German.
async fn in_german(house: &visitor::House, people: &[story::Person], marked: &Walk<'_>) {
    let (english, german) = (Words::of(Some("en")), Words::of(Some("de")));
    let keys: BTreeSet<&str> =
        Words::english().iter().flat_map(|file| file.lines()).filter_map(key).collect();
    let is_sentence = |text: &String| text.contains(' ') && !text.contains('{');
    let only_english: BTreeSet<String> = keys
        .into_iter()
        .map(|key| (english.say(key), german.say(key)))
        .filter(|(english, german)| english != german)
        .map(|(english, _)| english)
        .filter(is_sentence)
        .collect();
    assert!(only_english.len() > 300, "{} sentences", only_english.len());

    let mut walk = Walk::new(house, "de");
    for person in people {
        walk.through(person).await;
    }
    let mut problems = BTreeSet::new();
    for Seen { path, page } in &walk.seen {
        assert_eq!(page.language, "de", "{path}");
        for text in &page.texts {
            let words = text.text.trim();
            if only_english.contains(words) || words.starts_with('[') && words.ends_with(']') {
                problems.insert(format!("{path}: {words}"));
            }
            if text.language.as_deref() == Some("en") && data::has_german(words) {
                problems.insert(format!("{path}: marked as English: {words}"));
            }
        }
    }
    let problems: Vec<String> = problems.into_iter().collect();
    assert!(problems.is_empty(), "English on German pages:\n{}", problems.join("\n"));
    assert!(walk.seen.len() * 2 > marked.seen.len(), "as many pages, about");
}

fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" =")?;
    key.starts_with(|c: char| c.is_ascii_lowercase()).then_some(key)
}
