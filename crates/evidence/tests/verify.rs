//! Sound packages are found sound, and what was not checked is said.

mod kit;

use expect_test::{Expect, expect};
use kit::{Files, Kit, check, officer, sample, typical, unzip, zipped};

use evidence::package::ReportWanted;
use evidence::verify::{Anchors, Approval, Subject, Verdict, check_approval};

#[test]
fn the_writers_package_is_sound_with_all_anchors() {
    let kit = Kit::new();
    let report = check(&kit.sound_zip(typical()), &kit.anchors());
    assert!(report.defects.is_empty(), "{report}");
    assert_eq!((report.verdict, report.exit_code()), (Verdict::Sound, 0), "{report}");
    expect![[r#"
        req-2026-000417-1: sound: integrity and origin both hold
          ok      zip container: one zip, every byte accounted for, only listed files
          ok      payload manifests: 9 payload files, SHA-256 and SHA-512 of each
          ok      tag manifest: the files of the root are those the seal signs
          ok      exhibits agree: the same rows in CSV and JSON; report and graph agree with them
          not run officer's approval: authenticated by channel: the agency's certificate; nobody signed
          ok      seal signature: the seal certificate's key signed the lists
          ok      time-stamp: the seal existed at the time the authority states
          ok      seal certificate: the seal certificate leads to the company's root
          ok      log record: the log record names the seal's digests
          ok      log proof: the record is in a log that the policy trusts
          note    rows: 12 in 2 tables, in CSV and JSON
          note    sealed by: Example Exchange Seal
          note    time of the seal: 2026-11-20T11:06:41Z, the time-stamp authority's
          note    log record: 2026-11-20T11:06:42Z of request 01934cd2-7a10-7c3e-9b51-2f6d10a477e2
          note    log: log.example/desk, leaf 2 of 5
          note    cosigned: witness.example/w1 at 2026-11-20T11:08:20Z
    "#]]
    .assert_eq(&report.to_string());
}

#[test]
fn the_kits_own_writer_makes_sound_packages_too() {
    let kit = Kit::new();
    let mut files = unzip(&kit.sound_zip(typical()));
    let report = check(&zipped(&files), &kit.anchors());
    assert!(report.defects.is_empty(), "as read: {report}");
    kit.relist(&mut files);
    let report = check(&zipped(&files), &kit.anchors());
    assert!(report.defects.is_empty(), "made again: {report}");
}

#[test]
fn a_signed_request_is_checked_down_to_the_log() {
    let kit = Kit::new();
    for algorithm in officer::ALGORITHMS {
        let key = officer::Passkey::new(algorithm);
        let approvals = vec![
            officer::approval(&kit, &key, |_| {}),
            officer::approval(&kit, &key, |plan| plan.request.act = officer::correction()),
        ];
        let input = officer::signed(approvals);
        let report = check(&kit.sound_zip(input), &kit.anchors());
        assert_eq!((report.verdict, report.exit_code()), (Verdict::Sound, 0), "{report}");
        let approval = report.checks.iter().find(|check| check.what == Subject::Approval);
        expect!["the passkey of officer key 01934cd2-7a10-7c3e-9b51-2f6d10a40002 approved these bytes; it does not prove what the screen showed"]
            .assert_eq(&approval.expect("asked").note);
        let signed: Vec<_> =
            report.facts.iter().filter(|fact| fact.name.starts_with("signed")).collect();
        assert_eq!(signed.len(), 2, "{report}");
        assert!(signed[0].value.contains(algorithm), "{report}");
    }
}

#[test]
fn the_check_at_intake_is_the_check_of_the_package() {
    let kit = Kit::new();
    let key = officer::Passkey::new("ES256");
    let files = officer::approval(&kit, &key, |_| {});
    let approval = Approval {
        request: &files.request,
        assertion: &files.assertion,
        enrolment: &files.enrolment,
    };
    let approved = check_approval(&approval, Some(&kit.policy())).expect("sound");
    assert_eq!((approved.act.as_str(), approved.is_practice), ("file", false));
    let mut other = files.request.clone();
    let last = other.len() - 2;
    other[last] = b'2';
    let defects = check_approval(&Approval { request: &other, ..approval }, None);
    let defects: Vec<String> =
        defects.expect_err("changed").iter().map(|d| d.what.clone()).collect();
    expect![[r#"
        [
            "a version this verifier does not know",
            "the passkey signed another challenge: other bytes or another nonce",
        ]
    "#]]
    .assert_debug_eq(&defects);
}

fn check_anchors(change: impl Fn(&Kit) -> Anchors, code: u8, expected: Expect) {
    let kit = Kit::new();
    let report = check(&kit.sound_zip(typical()), &change(&kit));
    assert_eq!(report.exit_code(), code, "{report}");
    expected.assert_eq(&report.summary());
}

#[test]
fn what_has_no_anchor_is_intact_and_not_more() {
    check_anchors(
        |_| Anchors::none(),
        3,
        expect!["intact; origin not checked: seal certificate, log proof"],
    );
    check_anchors(
        |kit| Anchors::none().with_policy(kit.policy()),
        3,
        expect!["intact; origin not checked: seal certificate"],
    );
    check_anchors(
        |kit| Anchors::none().with_roots(&kit.root.der).expect("a root"),
        3,
        expect!["intact; origin not checked: log proof"],
    );
    check_anchors(
        |kit| {
            let anchors = Anchors::none().with_roots(&kit.root.der).expect("a root");
            anchors.with_policy(kit.policy())
        },
        0,
        expect!["sound: integrity and origin both hold"],
    );
}

#[test]
fn what_is_no_package_is_told_apart_from_a_bad_one() {
    let kit = Kit::new();
    let whole = kit.sound_zip(typical());
    let empty_zip = kit::pack::zip(&[], &kit::Tail::default());
    let foreign = kit::pack::zip(&[kit::Item::stored("a/b.txt", b"x")], &kit::Tail::default());
    for bytes in [&b""[..], b"PK", b"hello", &whole[..whole.len() / 2], &empty_zip, &foreign] {
        let report = check(bytes, &kit.anchors());
        assert_eq!(report.exit_code(), 2, "{report}");
    }
}

#[test]
fn a_package_without_report_and_time_stamp_can_be_sound() {
    let kit = Kit::new();
    let mut files: Files = unzip(&kit.sound_zip(sample::answer(0, ReportWanted::None)));
    kit.reseal(&mut files, |plan| plan.tsr = kit::TokenPlan::None);
    let report = check(&zipped(&files), &kit.anchors());
    assert_eq!(report.exit_code(), 0, "{report}");
}

#[test]
fn the_json_form_has_everything() {
    let kit = Kit::new();
    let report = check(&kit.sound_zip(typical()), &Anchors::none());
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["verdict"], "intact");
    assert_eq!(json["defects"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["checks"].as_array().map(Vec::len), Some(10));
}
