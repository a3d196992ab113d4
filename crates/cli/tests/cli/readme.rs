//! What the documents tell people to type is understood, and every `--help` shows how.

use crate::support::{Said, comity, said};

/// Documents whose commands people copy.
const DOCUMENTS: [(&str, &str); 2] = [
    ("README.md", include_str!("../../../../README.md")),
    ("docs/operate.md", include_str!("../../../../docs/operate.md")),
];

/// Words of a shell line: blanks part them, quotes keep them together, `#` ends them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_documented_command_is_understood() {
    let mut tried = 0;
    for (name, text) in DOCUMENTS {
        let mut is_shell = false;
        for line in text.lines() {
            if line.starts_with("```") {
                is_shell = line == "```sh";
            }
            let rest = ["comity ", "cargo run --release -- "]
                .iter()
                .find_map(|start| line.strip_prefix(start));
            let Some(rest) = rest.filter(|_| is_shell) else { continue };
            let mut arguments = words(rest);
            // Parsing stops at --help only after everything before it was understood.
            arguments.push("--help".to_owned());
            let said = comity(&arguments);
            assert_eq!(said.code, 0, "{name}: {line}\n{}", said.err);
            tried += 1;
        }
    }
    assert!(tried >= 10, "only {tried} commands were found");
    comity(&["trace", "run", "--bloks", "x", "--help"]).exits(2);
}

#[test]
fn every_help_has_an_example_or_its_exit_codes() {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    let mut leaves = 0;
    while let Some(path) = open.pop() {
        let mut arguments = path.clone();
        arguments.push("--help".to_owned());
        let Said { out: help, .. } = comity(&arguments).exits(0);
        let inner = subcommands(&help);
        if inner.is_empty() || path.is_empty() {
            let shows = help.contains("Example") || help.contains("Exit codes");
            assert!(shows, "comity {}: {help}", path.join(" "));
            leaves += 1;
        }
        for name in inner {
            let mut deeper = path.clone();
            deeper.push(name);
            open.push(deeper);
        }
    }
    assert!(leaves >= 14, "only {leaves} commands were found");
}

/// Names in the list that clap prints under `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn wrong_words_say_where_to_look() {
    comity(&["demmo"]).exits(2).complains("demo");
    let mut bare = crate::support::command();
    said(&mut bare).exits(2).complains("Usage: comity");
}
