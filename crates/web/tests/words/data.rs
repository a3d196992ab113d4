//! What stands on pages and is no word of ours: what people wrote, what the company's catalog and
//! records say, ids, numbers and moments.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use crate::marked::unmarked;
use crate::story::{GARBAGE, Person, TYPED};
use crate::walk::Seen;

/// Names that are the same in every language: the product, what rule packs and records are called
/// in formats, units of the chain.
const NAMES: [&str; 14] = [
    "Comity",
    "UTC",
    "SHA",
    "JSON",
    "CSV",
    "csv",
    "json",
    "svg",
    "BTC",
    "ES256",
    "PDF",
    "policy.txt",
    // The zone of the example company, and the name of its log.
    "Europe/Brussels",
    "log.lantern.example/desk",
];

/// Everything that is data.
pub struct Data {
    known: Vec<String>,
    /// Texts that are data alone; most stand on many pages.
    explained: RefCell<BTreeSet<String>>,
}

impl Data {
    /// What the story wrote, and the example company's own files.
    pub fn of(people: &[Person]) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange");
        let mut known: Vec<String> =
            TYPED.into_iter().chain(NAMES).chain([GARBAGE]).map(str::to_owned).collect();
        known.extend(people.iter().map(|person| person.name.to_owned()));
        // Articles are cited within sentences as the pack has them.
        let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../desk/packs");
        for pack in desk::pack::embedded_all() {
            known.push(pack.reference.id.clone());
            let file = packs.join(format!("{}.toml", pack.reference.id));
            let text = std::fs::read_to_string(file).expect("the pack's file");
            let cited = text.lines().filter(|line| line.starts_with("article"));
            known.extend(cited.filter_map(|line| Some(line.split_once(" = ")?.1.to_owned())));
        }
        // The company's own words: titles and columns of its catalog, its name, its notices.
        for name in ["catalog.toml", "comity.toml"] {
            let text = std::fs::read_to_string(from.join(name)).expect("the example's file");
            for key in ["name", "title", "fiction", "post", "contact"] {
                let start = format!("{key} = \"");
                let values = text.split(&start).skip(1);
                known.extend(values.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
        for entry in std::fs::read_dir(from.join("records")).expect("the example's records") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
            let cells = text.lines().flat_map(|line| line.split(','));
            known.extend(cells.map(|cell| cell.trim_matches('"').to_owned()));
        }
        for text in &mut known {
            *text = text.trim_matches('"').replace("\\\"", "\"");
        }
        known.retain(|text| text.chars().any(char::is_alphabetic));
        known.sort_by_key(|text| std::cmp::Reverse(text.len()));
        known.dedup();
        Self { known, explained: RefCell::default() }
    }

    /// The texts of a page that are neither marked nor data.
    pub fn unexplained(&self, seen: &Seen) -> Vec<String> {
        let mut problems = Vec::new();
        for text in &seen.page.texts {
            let mut rest = unmarked(&text.text);
            if words(&rest).is_empty() || is_route(&rest) || self.explained.borrow().contains(&rest)
            {
                continue;
            }
            if text.language.as_deref() == Some("en") && is_english_by_right(seen, &text.text) {
                continue;
            }
            let whole = rest.clone();
            for known in self.known.iter().filter(|known| known.len() <= whole.len()) {
                if rest.contains(known.as_str()) {
                    rest = without(&rest, known);
                }
            }
            let words = words(&rest);
            if words.is_empty() {
                self.explained.borrow_mut().insert(whole);
            } else {
                problems.push(format!("{}: {:?} in {:?}", seen.path, words, text.text.trim()));
            }
        }
        problems
    }
}

/// The words of a text. Ids, digests, moments and addresses have digits; initials of countries are
/// two letters.
fn words(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "·–—:;,()“”„/".contains(c));
    let word = |word: &&str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters > 0 && !word.chars().any(|c| c.is_ascii_digit()) && !is_country(word)
    };
    words.filter(word).collect()
}

/// A text without a known one, where that stands as a whole.
fn without(text: &str, known: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(known) {
        let (before, after) = (&rest[..at], &rest[at + known.len()..]);
        let is_whole =
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if is_whole { " " } else { known });
        rest = after;
    }
    out + rest
}

/// Where something was noticed: a method and an address with its blanks, as in the log.
fn is_route(text: &str) -> bool {
    let route = text.strip_prefix("GET ").or_else(|| text.strip_prefix("POST "));
    route.is_some_and(|route| route == "-" || route.starts_with('/') && !route.contains(' '))
}

fn is_country(word: &str) -> bool {
    word.len() == 2 && word.chars().all(|c| c.is_ascii_uppercase())
}

/// Texts that a page shows in English and says so: a rule pack without words in the reader's
/// language, an exhibit's own assumptions, a line of the log, the record of a translation.
fn is_english_by_right(seen: &Seen, text: &str) -> bool {
    let quoted = format!("{:?}", text.trim());
    let inner = quoted.trim_matches('"');
    let in_pack = |pack: &desk::pack::RulePack| format!("{pack:?}").contains(inner);
    // The assumptions of a trace stand in its exhibit, word for word.
    let in_exhibit = seen.path.starts_with("/money?");
    desk::pack::embedded_all().iter().any(in_pack) || in_exhibit
}

/// Whether a rule pack has German words for this English text.
pub fn has_german(text: &str) -> bool {
    let quoted = format!("{:?}", text.trim());
    let both = format!("english: {quoted}, others: {{\"de\"");
    desk::pack::embedded_all().iter().any(|pack| format!("{pack:?}").contains(&both))
}

#[test]
fn a_hard_wired_word_is_found_and_data_is_not() {
    let data = Data::of(&[]);
    let check = |html: &str| {
        let page = crate::html::Page::read(&format!("<html lang=\"qps\"><p>{html}</p></html>"));
        data.unexplained(&Seen { path: "/".to_owned(), page })
    };
    assert_eq!(check("⟦All is well⟧ LX-004711 2026-11-29"), [""; 0]);
    assert_eq!(check("⟦Request ⟧HP 2021/118"), [""; 0]);
    assert_eq!(check("⟦Request ⟧late"), ["/: [\"late\"] in \"⟦Request ⟧late\""]);
    assert_eq!(check("<i title=\"Close\">⟦x⟧</i>"), ["/: [\"Close\"] in \"Close\""]);
    assert_eq!(check("<i lang=\"en\">Close the door</i>").len(), 1, "English by no right");
}
