//! A language in which every text is marked: made from the English files when the test runs. Blanks
//! stand outside of the marks, so that an English word in a blank is seen as well.

use fluent_syntax::ast::{Entry, Expression, Pattern, PatternElement};
use fluent_syntax::{parser, serializer};

/// Its code, of those that BCP 47 keeps for private use.
pub const CODE: &str = "qps";
/// What stands before and after every text.
pub const MARKS: [char; 2] = ['\u{27e6}', '\u{27e7}'];

/// A file of English messages with marks around every text.
pub fn mark(file: &str) -> String {
    let parsed = parser::parse(file.to_owned());
    let mut resource = parsed.unwrap_or_else(|(_, faults)| panic!("{faults:?} in\n{file}"));
    for entry in &mut resource.body {
        if let Entry::Message(message) = entry {
            message.value.iter_mut().for_each(pattern);
            message.attributes.iter_mut().for_each(|attribute| pattern(&mut attribute.value));
        }
    }
    serializer::serialize(&resource)
}

fn pattern(pattern: &mut Pattern<String>) {
    for element in &mut pattern.elements {
        match element {
            PatternElement::TextElement { value } => {
                let text = value.trim_matches('\n');
                if !text.trim().is_empty() {
                    let marked = format!("{}{text}{}", MARKS[0], MARKS[1]);
                    *value = value.replacen(text, &marked, 1);
                }
            }
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                variants.iter_mut().for_each(|variant| self::pattern(&mut variant.value));
            }
            PatternElement::Placeable { .. } => {}
        }
    }
}

/// What stands outside of the marks.
pub fn unmarked(text: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for character in text.chars() {
        match character {
            open if open == MARKS[0] => depth += 1,
            close if close == MARKS[1] => {
                depth = depth.saturating_sub(1);
                out.push(' ');
            }
            other if depth == 0 => out.push(other),
            _ => {}
        }
    }
    out
}

#[test]
fn every_text_is_marked_and_no_blank() {
    let marked = mark(
        "a = Hello { $name }, how\nb = { $n ->\n    [one] one\n   *[other] { $n } more\n}\n    .fix = Do\n",
    );
    expect_test::expect![[r"
        a = ⟦Hello ⟧{ $name }⟦, how⟧
        b =
            { $n ->
                [one] ⟦one⟧
               *[other] { $n }⟦ more⟧
            }
            .fix = ⟦Do⟧
    "]]
    .assert_eq(&marked);
    assert_eq!(unmarked("⟦Hello ⟧Bo⟦, how⟧ are"), " Bo  are");
}
