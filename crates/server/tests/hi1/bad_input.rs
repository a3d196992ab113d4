//! Every class of bad input, and the words it is answered with.

use expect_test::{Expect, expect};
use jiff::SignedDuration;
use server::hi1::limits::{ACTIONS_MAX, JSON_DEPTH_MAX, JSON_NODES_MAX, MESSAGE_BYTES_MAX};
use server::hi1::{Defect, Payload, compose, parse};
use uuid::Uuid;

use crate::plan::{bytes, draft};
use crate::{at, endpoint, id};

/// A sound message, to be spoilt.
fn sound() -> String {
    let mut draft = draft();
    draft.tasks.truncate(1);
    String::from_utf8(bytes(&compose::create(&draft))).expect("JSON is UTF-8")
}

fn refused(raw: &[u8]) -> String {
    match parse(raw) {
        Err(error) => {
            let information = error.information();
            format!("{} {}", information.code.0, information.description)
        }
        Ok(message) => match message.payload {
            Payload::Requests(actions) => actions
                .iter()
                .filter_map(|action| action.act.as_ref().err().map(|it| (action.number, it)))
                .map(|(number, error)| format!("action {}: {} {error}", number.0, error.code.0))
                .collect::<Vec<_>>()
                .join("\n"),
            other => format!("{other:?}"),
        },
    }
}

/// Replaces a text in the sound message, which must have it.
#[track_caller]
fn check(from: &str, to: &str, expected: Expect) {
    let sound = sound();
    assert!(sound.contains(from), "the sound message has no {from:?}:\n{sound}");
    expected.assert_eq(&refused(sound.replacen(from, to, 1).as_bytes()));
}

#[test]
fn the_sound_message_is_sound() {
    assert_eq!(refused(sound().as_bytes()), "");
}

#[test]
fn oversized_bodies() {
    let raw = vec![b' '; MESSAGE_BYTES_MAX + 1];
    expect![[""]].assert_eq(&refused(&raw));
}

#[test]
fn deep_nesting() {
    let deep = "[".repeat(100_000);
    expect![[""]].assert_eq(&refused(deep.as_bytes()));
    let just = "[".repeat(JSON_DEPTH_MAX) + &"]".repeat(JSON_DEPTH_MAX);
    expect![[""]].assert_eq(&refused(just.as_bytes()));
    // Brackets inside a text do not nest.
    check("CYB-2026-77", &"[{".repeat(1000), expect![[""]]);
}

#[test]
fn too_many_values_and_members() {
    let many = format!("[{}]", "0,".repeat(JSON_NODES_MAX));
    expect![[""]].assert_eq(&refused(many.as_bytes()));
    let members: Vec<String> = (0..100).map(|it| format!("\"m{it}\":0")).collect();
    expect![[""]].assert_eq(&refused(format!("{{{}}}", members.join(",")).as_bytes()));
}

#[test]
fn invalid_utf8() {
    let mut raw = sound().into_bytes();
    raw[30] = 0xff;
    expect![[""]].assert_eq(&refused(&raw));
    expect![[""]].assert_eq(&refused(&[0xef, 0xbb, 0xbf, b'{', b'}']));
}

#[test]
fn broken_json_and_repeated_members() {
    expect![[""]].assert_eq(&refused(b""));
    expect![[""]].assert_eq(&refused(b"{\"Header\":"));
    expect![[""]].assert_eq(&refused(b"[]"));
    check(r#""Header":"#, r#""Header":{},"Header":"#, expect![[""]]);
}

#[test]
fn headers() {
    check("V1.23.1", "V1.12.1", expect![[""]]);
    check("V1.23.1", "V1.24.0", expect![[""]]);
    check("V1.23.1", "1.23", expect![[""]]);
    check("2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00Z", expect![[""]]);
    check("2026-11-22T10:00:00.123456Z", "1969-12-31T23:59:59.999999Z", expect![[""]]);
    check("2026-11-22T10:00:00.123456Z", "2026-02-30T10:00:00.123456Z", expect![[""]]);
    check("00000000-0000-0000-0000-000000000063", "not-a-uuid", expect![[""]]);
    check(r#""Timestamp""#, r#""Timestmp""#, expect![[""]]);
    check(r#""UniqueIdentifier":"POLICE01""#, r#""UniqueIdentifier":7"#, expect![[""]]);
    check(
        r#""CountryCode":"XX","UniqueIdentifier":"LANTERN""#,
        r#""CountryCode":"xx","UniqueIdentifier":"LANTERN""#,
        expect![[""]],
    );
}

#[test]
fn the_answer_to_a_bad_payload_still_knows_the_header() {
    let raw = sound().replacen("\"ActionRequests\"", "\"Actions\"", 1);
    let error = parse(raw.as_bytes()).expect_err("the payload is misshapen");
    assert_eq!(error.header.map(|header| header.transaction), Some(Uuid::from_u128(99)));
}

#[test]
fn actions() {
    check(r#"{"ActionIdentifier":1,"#, r#"{"ActionIdentifier":0,"#, expect![[""]]);
    check(r#"{"ActionIdentifier":1,"#, r#"{"ActionIdentifier":-1,"#, expect![[""]]);
    check(r#"{"ActionIdentifier":1,"#, r#"{"ActionIdentifier":1.5,"#, expect![[""]]);
    check(r#"{"ActionIdentifier":0,"CREATE""#, r#"{"ActionIdentifier":0,"DELETE""#, expect![[""]]);
    check(r#"{"ActionIdentifier":0,"#, r#"{"ActionIdentifier":0,"GETCSPCONFIG":{},"#, expect![[""]]);
    let action = r#"{"ActionIdentifier":0,"GETCSPCONFIG":{}}"#;
    let many = vec![action; ACTIONS_MAX + 1].join(",");
    let sound = sound();
    let start = sound.find(r#"{"ActionIdentifier":0"#).expect("there is an action");
    let end = sound.rfind("]}}").expect("there is an end of the actions");
    let raw = format!("{}{many}{}", &sound[..start], &sound[end..]);
    expect![[""]].assert_eq(&refused(raw.as_bytes()));
}

#[test]
fn objects() {
    check("Task}LDTaskObject", "Task}LITaskObject", expect![[""]]);
    check("Task}LDTaskObject", "Task}TDTaskObject", expect![[""]]);
    check(
        r#""ObjectIdentifier":"00000000-0000-0000-0000-000000000003""#,
        r#""ObjectIdentifier":"00000000-0000-0000-0000-00000000000G""#,
        expect![[""]],
    );
    check(r#""auth:AuthorisationReference""#, r#""auth:AuthorisationRef""#, expect![[""]]);
    check("2021-09-01T00:00:00Z", "1969-09-01T00:00:00Z", expect![[""]]);
    check("2021-09-01T00:00:00Z", "1970-01-01T00:00:00+14:00", expect![[""]]);
    check("2021-10-01T00:00:00Z", "10000-10-01T00:00:00Z", expect![[""]]);
    check("2021-10-01T00:00:00Z", "2021-08-01T00:00:00Z", expect![[""]]);
    check("2021-10-01T00:00:00Z", "2021-10-01T23:59:60Z", expect![[""]]);
    check("XX-POLICE01-77", "POLICE01-77", expect![[""]]);
    check("XX-POLICE01-77", &"X".repeat(70_000), expect![[""]]);
}

#[test]
fn documents() {
    check("JVBERi0xLjcgb3JkZXI=", "JVBERi0xLjcgb3JkZXI!", expect![[""]]);
    check("JVBERi0xLjcgb3JkZXI=", "JVBERi0xLjggb3JkZXI=", expect![[""]]);
}

#[test]
fn stale_or_foreign_messages() {
    let header = |time: &str| {
        compose::header(&endpoint("POLICE01"), &endpoint("LANTERN"), Uuid::nil(), at(time))
    };
    let now = at("2026-11-22T10:00:00Z");
    let window = SignedDuration::from_mins(5);
    let said = |time: &str| match header(time).check_time(now, window) {
        Ok(()) => "in time".to_owned(),
        Err(defect) => format!("{} {defect}", defect.code().0),
    };
    expect![[""]].assert_eq(&said("2026-11-22T09:54:59Z"));
    expect![[""]].assert_eq(&said("2026-11-22T10:05:01Z"));
    assert_eq!(said("2026-11-22T09:55:00Z"), "in time");

    let foreign =
        header("2026-11-22T10:00:00Z").check_receiver(&[endpoint("OTHER"), endpoint("THIRD")]);
    expect![[""]].assert_eq(&foreign.expect_err("it is for LANTERN").to_string());
    assert_eq!(header("2026-11-22T10:00:00Z").check_receiver(&[endpoint("LANTERN")]), Ok(()));
    expect![[""]].assert_eq(&Defect::RepeatedTransaction(id(5).0).to_string());
    expect![[""]].assert_eq(&Defect::WrongCertificate("XX/POLICE01".into()).to_string());
}

#[test]
fn text_from_outside_is_cut_and_tamed() {
    check("V1.23.1", &format!("\\u001b[31m{}", "x".repeat(500)), expect![[""]]);
}
