//! Rule packs: the embedded ones are sound, and what is wrong with another is named by its line.

use desk::order::DataCategory;
use desk::pack::{RulePack, embedded_all};
use desk::request::RefusalCode;
use expect_test::{Expect, expect};

const GENERIC: &str = include_str!("../packs/generic.toml");

fn refused(text: &str, expected: Expect) {
    let error = RulePack::parse(text, "mine.toml").expect_err("a fault");
    expected.assert_eq(&format!("{error}\n"));
}

#[test]
fn every_embedded_pack_is_read() {
    let ids: Vec<String> = embedded_all().iter().map(|pack| pack.reference.to_string()).collect();
    expect![[r#"
        eu-e-evidence-2023-1543 2026-11-22
        sg-cpc-2010 2026-11-22
        us-sca 2026-11-22
        generic 2026-11-22
    "#]]
    .assert_eq(&(ids.join("\n") + "\n"));
}

#[test]
fn the_regulation_has_every_clock_and_every_tick() {
    let pack = desk::pack::embedded("eu-e-evidence-2023-1543").expect("the pack");
    let text: String = pack
        .clocks
        .iter()
        .map(|clock| {
            let length = clock.length.map_or("-".to_owned(), |length| length.to_string());
            format!("{} {} {} {length}, {}\n", clock.name, clock.kind, clock.starts, clock.source)
        })
        .collect();
    expect![[r#"
        produce due_by receipt 10 days, Art 10(3), 10(6)
        release-window not_before receipt 10 days, Art 10(2), 8(4)
        produce-notified due_by receipt 10 days, Art 10(2), 10(6) (unchecked)
        produce-emergency due_by receipt 8 hours, Art 10(4), 8(4), 10(6)
        grounds window receipt 10 days, Art 12(1) (unchecked)
        grounds-emergency window receipt 96 hours, Art 10(4), 12(1)
        clarify-production due_by clarification 5 days, Art 10(6)
        clarify-preservation due_by clarification 5 days, Art 11(5)
        say-impossible due_by elsewhere 10 days, Art 10(8)
        third-country-objection window receipt 10 days, Art 17(2), 17(9)
        preserve due_by receipt 24 hours, Art 11(1) "without undue delay"; the day is the company's own (unchecked)
        subsequent-request window preservation 60 days, Art 11(1)
        end-of-preservation due_by elsewhere -, Art 11(3) "without undue delay"
        recognition window enforcement 5 working days, Art 16(2)
        reply-to-enforcing-authority due_by elsewhere 5 working days, Art 16(7)
        ex-post-validation window issue 48 hours, Art 4(5)
        statistics window elsewhere -, Art 28(4): 31 March for the calendar year before, voluntary
        third-person-review due_by delivery 72 hours, desk rule: every emergency answer is reviewed
    "#]].assert_eq(&text);
    for tick in 1..=10 {
        assert!(pack.refusals.iter().any(|rule| rule.tick == Some(tick)), "no tick {tick}");
    }
    for code in RefusalCode::ALL {
        assert!(pack.refusal(*code).is_some(), "no wording for {code}");
    }
}

#[test]
fn every_category_can_be_asked_for_somewhere() {
    for pack in embedded_all() {
        for category in DataCategory::ALL {
            let open = pack.issuers.iter().any(|rule| rule.categories.contains(category));
            assert!(open, "{}: {category}", pack.reference);
        }
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    refused(
        &GENERIC.replace("provisional = ", "provisionel = "),
        expect![[r#"
            mine.toml:270: unknown field `provisionel`, expected one of `provisional`, `orders`, `article`, `unchecked`
        "#]],
    );
}

#[test]
fn an_unknown_word_is_named_with_its_line() {
    refused(
        &GENERIC.replacen("kind = \"letter\"", "kind = \"postcard\"", 1),
        expect![[r#"
            mine.toml:70: unknown variant `postcard`, expected one of `epoc`, `epoc_pr`, `subpoena`, `court_order_2703d`, `warrant`, `preservation_letter`, `executive_agreement_order`, `non_disclosure_order`, `cpc_section_20_order`, `cpc_section_35_order`, `production_order`, `freeze_order`, `release_order`, `emergency_request`, `letter`
        "#]],
    );
}

#[test]
fn a_rule_without_article_must_say_that_it_is_unchecked() {
    let text = GENERIC.replace("[scope]\nselectors_max = 100", "[scope]\nselectors_max = 99");
    let (head, tail) = text.split_once("[scope]").expect("a scope");
    let tail = tail
        .replacen(
            "article.en = \"the company's own\"\narticle.de = \"Regel des Unternehmens\"\n",
            "",
            1,
        )
        .replacen("unchecked = true\n", "", 1);
    refused(
        &format!("{head}[scope]{tail}"),
        expect![[r#"
            mine.toml:162: this rule names no `article`; name it, or write `unchecked = true`
        "#]],
    );
}

#[test]
fn a_clock_named_twice_is_named() {
    refused(
        &GENERIC.replace("name = \"produce-emergency\"", "name = \"produce\""),
        expect![[r#"
            mine.toml:184: the clock `produce` is defined twice; rename one
        "#]],
    );
}

#[test]
fn a_length_that_is_none_is_named() {
    refused(
        &GENERIC.replace("\"20 working days\"", "\"20 moons\""),
        expect![[r#"
            mine.toml:177: a length is a number from 1 to 3700 and one of: hours, days, working days, months, years
        "#]],
    );
}

#[test]
fn a_zone_that_is_none_is_named() {
    refused(
        &GENERIC.replace("zone = \"UTC\"", "zone = \"Mars/Olympus\""),
        expect![[r#"
            mine.toml:10: `Mars/Olympus` is no IANA time zone
        "#]],
    );
}

#[test]
fn a_clock_without_length_after_receipt_is_refused() {
    refused(
        &GENERIC.replace("starts = \"delivery\"\nlength = \"48 hours\"", "starts = \"delivery\""),
        expect![[r#"
            mine.toml:236: the clock `ex-post-order` has no `length`; only one that starts at receipt may take its end from the order
        "#]],
    );
}

#[test]
fn no_toml_at_all() {
    refused(
        "id = \"x",
        expect![[r#"
        mine.toml:1: invalid basic string, expected `"`
    "#]],
    );
    refused(
        &"#".repeat(300_000),
        expect![[r#"
        mine.toml:1: the pack is larger than 262144 bytes; split the regime
    "#]],
    );
}
