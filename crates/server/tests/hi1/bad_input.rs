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
    expect![
        "7002 the message has 16777217 bytes; the limit is 16777216, send large files another way"
    ]
    .assert_eq(&refused(&raw));
}

#[test]
fn deep_nesting() {
    let deep = "[".repeat(100_000);
    expect!["7002 byte 32 opens level 33 of nesting; the limit is 32"]
        .assert_eq(&refused(deep.as_bytes()));
    let just = "[".repeat(JSON_DEPTH_MAX) + &"]".repeat(JSON_DEPTH_MAX);
    expect!["7001 $: is a list, give an object"].assert_eq(&refused(just.as_bytes()));
    // Brackets inside a text do not nest.
    check("CYB-2026-77", &"[{".repeat(1000), expect![[""]]);
}

#[test]
fn too_many_values_and_members() {
    let many = format!("[{}]", "0,".repeat(JSON_NODES_MAX));
    expect!["7002 the message has more than 250000 values up to byte 499998; split it"]
        .assert_eq(&refused(many.as_bytes()));
    let members: Vec<String> = (0..100).map(|it| format!("\"m{it}\":0")).collect();
    expect!["7000 line 1 column 508 cannot be read as JSON: an object has more than 64 members"]
        .assert_eq(&refused(format!("{{{}}}", members.join(",")).as_bytes()));
}

#[test]
fn invalid_utf8() {
    let mut raw = sound().into_bytes();
    raw[30] = 0xff;
    expect!["7000 byte 30 is not UTF-8; send the message as UTF-8"].assert_eq(&refused(&raw));
    expect!["7000 line 1 column 1 cannot be read as JSON: expected value"]
        .assert_eq(&refused(&[0xef, 0xbb, 0xbf, b'{', b'}']));
}

#[test]
fn broken_json_and_repeated_members() {
    expect!["7000 line 1 column 0 cannot be read as JSON: EOF while parsing a value"]
        .assert_eq(&refused(b""));
    expect!["7000 line 1 column 10 cannot be read as JSON: EOF while parsing a value"]
        .assert_eq(&refused(b"{\"Header\":"));
    expect!["7001 $: is a list, give an object"].assert_eq(&refused(b"[]"));
    check(
        r#""Header":"#,
        r#""Header":{},"Header":"#,
        expect![[
            r#"7000 line 1 column 691 cannot be read as JSON: the member "Header" appears twice"#
        ]],
    );
}

#[test]
fn headers() {
    check(
        "V1.23.1",
        "V1.12.1",
        expect![
            "7003 $.Header.Version.ETSIVersion: V1.12.1 is not served; send V1.13.1 to V1.23.1"
        ],
    );
    check(
        "V1.23.1",
        "V1.24.0",
        expect![
            "7003 $.Header.Version.ETSIVersion: V1.24.0 is not served; send V1.13.1 to V1.23.1"
        ],
    );
    check(
        "V1.23.1",
        "1.23",
        expect![[
            r#"7001 $.Header.Version.ETSIVersion: "1.23" is not a version; give one like V1.23.1"#
        ]],
    );
    check(
        "2026-11-22T10:00:00.123456Z",
        "2026-11-22T10:00:00Z",
        expect![[
            r#"7001 $.Header.Timestamp: "2026-11-22T10:00:00Z" is not a time; give one like 2026-11-22T14:30:00.000000Z"#
        ]],
    );
    check(
        "2026-11-22T10:00:00.123456Z",
        "1969-12-31T23:59:59.999999Z",
        expect![
            "7001 $.Header.Timestamp: 1969-12-31T23:59:59.999999Z is before 1970; give a date from 1970 to 9999"
        ],
    );
    check(
        "2026-11-22T10:00:00.123456Z",
        "2026-02-30T10:00:00.123456Z",
        expect![
            "7001 $.Header.Timestamp: 2026-02-30T10:00:00.123456Z is not a day and time that exists; give one like 2026-11-22T14:30:00.000000Z"
        ],
    );
    check(
        "00000000-0000-0000-0000-000000000063",
        "not-a-uuid",
        expect![[
            r#"7001 $.Header.TransactionIdentifier: "not-a-uuid" is not a UUID; give one in lower case, like 7dbbc880-8750-4d3c-abe7-ea4a17646045"#
        ]],
    );
    check(
        r#""Timestamp""#,
        r#""Timestmp""#,
        expect![
            "7001 $.Header.Timestmp: is not known here; remove it (known: SenderIdentifier, ReceiverIdentifier, TransactionIdentifier, Timestamp, Version, WorkflowIdentifier)"
        ],
    );
    check(
        r#""UniqueIdentifier":"POLICE01""#,
        r#""UniqueIdentifier":7"#,
        expect!["7001 $.Header.SenderIdentifier.UniqueIdentifier: is a number, give a text"],
    );
    check(
        r#""CountryCode":"XX","UniqueIdentifier":"LANTERN""#,
        r#""CountryCode":"xx","UniqueIdentifier":"LANTERN""#,
        expect![[
            r#"7001 $.Header.ReceiverIdentifier.CountryCode: "xx" is not a country; give two capital letters"#
        ]],
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
    check(
        r#"{"ActionIdentifier":1,"#,
        r#"{"ActionIdentifier":0,"#,
        expect![
            "7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].ActionIdentifier: 0 is used twice; number the actions"
        ],
    );
    check(
        r#"{"ActionIdentifier":1,"#,
        r#"{"ActionIdentifier":-1,"#,
        expect![
            "7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].ActionIdentifier: is out of range; give a whole number from 0"
        ],
    );
    check(
        r#"{"ActionIdentifier":1,"#,
        r#"{"ActionIdentifier":1.5,"#,
        expect![
            "7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].ActionIdentifier: is out of range; give a whole number from 0"
        ],
    );
    check(
        r#"{"ActionIdentifier":0,"CREATE""#,
        r#"{"ActionIdentifier":0,"DELETE""#,
        expect![
            "action 0: 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].DELETE: is not an action; give one of CREATE, GET, UPDATE, LIST, DELIVER, GETCSPCONFIG"
        ],
    );
    check(
        r#"{"ActionIdentifier":0,"#,
        r#"{"ActionIdentifier":0,"GETCSPCONFIG":{},"#,
        expect![
            "action 0: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[0]: must have one of CREATE, GET, UPDATE, LIST, DELIVER, GETCSPCONFIG beside its ActionIdentifier"
        ],
    );
    let action = r#"{"ActionIdentifier":0,"GETCSPCONFIG":{}}"#;
    let many = vec![action; ACTIONS_MAX + 1].join(",");
    let sound = sound();
    let start = sound.find(r#"{"ActionIdentifier":0"#).expect("there is an action");
    let end = sound.rfind("]}}").expect("there is an end of the actions");
    let raw = format!("{}{many}{}", &sound[..start], &sound[end..]);
    expect!["7001 $.Payload.RequestPayload.ActionRequests.ActionRequest: has 101 entries; the limit is 100, split the message"].assert_eq(&refused(raw.as_bytes()));
}

#[test]
fn objects() {
    check(
        "Task}LDTaskObject",
        "Task}LITaskObject",
        expect![
            "action 2: 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.@xsi:type: LITaskObject asks for interception, which this service does not carry out; served are AuthorisationObject, LDTaskObject, LPTaskObject, DocumentObject, NotificationObject, DeliveryObject"
        ],
    );
    check(
        "Task}LDTaskObject",
        "Task}TDTaskObject",
        expect![[
            r#"action 2: 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.@xsi:type: "TDTaskObject" is not served; served are AuthorisationObject, LDTaskObject, LPTaskObject, DocumentObject, NotificationObject, DeliveryObject"#
        ]],
    );
    check(
        r#""ObjectIdentifier":"00000000-0000-0000-0000-000000000003""#,
        r#""ObjectIdentifier":"00000000-0000-0000-0000-00000000000G""#,
        expect![[
            r#"action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.ObjectIdentifier: "00000000-0000-0000-0000-00000000000G" is not a UUID; give one in lower case, like 7dbbc880-8750-4d3c-abe7-ea4a17646045"#
        ]],
    );
    check(
        r#""auth:AuthorisationReference""#,
        r#""auth:AuthorisationRef""#,
        expect![
            "action 0: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationRef: is not known here; remove it (known: @xsi:type, ObjectIdentifier, CountryCode, OwnerIdentifier, Generation, ExternalIdentifier, AssociatedObjects, LastChanged, NationalHandlingParameters, auth:AuthorisationReference, auth:AuthorisationLegalType, auth:AuthorisationPriority, auth:AuthorisationStatus, auth:AuthorisationDesiredStatus, auth:AuthorisationTimespan, auth:AuthorisationCSPID, auth:AuthorisationCreationTimestamp, auth:AuthorisationServedTimestamp, auth:AuthorisationTerminationTimestamp, auth:AuthorisationApprovalDetails, auth:AuthorisationInvalidReason, auth:AuthorisationFlags, auth:AuthorisationManualInformation, auth:NationalAuthorisationParameters, auth:AuthorisationJurisdiction, auth:AuthorisationTypeOfCase, auth:AuthorisationLegalEntity)"
        ],
    );
    check(
        "2021-09-01T00:00:00Z",
        "1969-09-01T00:00:00Z",
        expect![
            "action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:StartTime: 1969-09-01T00:00:00Z is before 1970; give a date from 1970 to 9999"
        ],
    );
    check(
        "2021-09-01T00:00:00Z",
        "1970-01-01T00:00:00+14:00",
        expect![
            "action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:StartTime: 1970-01-01T00:00:00+14:00 is before 1970; give a date from 1970 to 9999"
        ],
    );
    check(
        "2021-10-01T00:00:00Z",
        "10000-10-01T00:00:00Z",
        expect![[
            r#"action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:EndTime: "10000-10-01T00:00:00Z" is not a time; give one like 2026-11-22T14:30:00Z"#
        ]],
    );
    check(
        "2021-10-01T00:00:00Z",
        "2021-08-01T00:00:00Z",
        expect![
            "action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:EndTime: 2021-08-01T00:00:00Z is before task:StartTime 2021-09-01T00:00:00Z; correct one"
        ],
    );
    check(
        "2021-10-01T00:00:00Z",
        "2021-10-01T23:59:60Z",
        expect![[
            r#"action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:EndTime: "2021-10-01T23:59:60Z" is not a time; give one like 2026-11-22T14:30:00Z"#
        ]],
    );
    check(
        "XX-POLICE01-77",
        "POLICE01-77",
        expect![[
            r#"action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:Reference: "POLICE01-77" is not an LDID; give one like XX-ACTOR01-1234"#
        ]],
    );
    check(
        "XX-POLICE01-77",
        &"X".repeat(70_000),
        expect![
            "action 2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:Reference: has more than 65535 characters; shorten it"
        ],
    );
}

#[test]
fn documents() {
    check(
        "JVBERi0xLjcgb3JkZXI=",
        "JVBERi0xLjcgb3JkZXI!",
        expect![
            "action 1: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.doc:DocumentBody.doc:Contents: is not base64 (Invalid symbol 33, offset 19.); encode the bytes again, without line ends"
        ],
    );
    check(
        "JVBERi0xLjcgb3JkZXI=",
        "JVBERi0xLjggb3JkZXI=",
        expect![
            "action 1: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.doc:DocumentBody.doc:Checksum: is ffb254549aa70e1ec01bb0e6be8ef76f2b553cf9507993a6db590a662e37…, but the contents have c572f4e2398d06e6b1f50c25161895e234701a978c287e19282ec7516eb09a8f; send the file again"
        ],
    );
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
    expect!["7005 $.Header.Timestamp: 2026-11-22T09:54:59Z is 301 seconds before this service's clock (2026-11-22T10:00:00Z); the limit is 300, set the clock or send the message anew"].assert_eq(&said("2026-11-22T09:54:59Z"));
    expect!["7005 $.Header.Timestamp: 2026-11-22T10:05:01Z is 301 seconds after this service's clock (2026-11-22T10:00:00Z); the limit is 300, set the clock or send the message anew"].assert_eq(&said("2026-11-22T10:05:01Z"));
    assert_eq!(said("2026-11-22T09:55:00Z"), "in time");

    let foreign =
        header("2026-11-22T10:00:00Z").check_receiver(&[endpoint("OTHER"), endpoint("THIRD")]);
    expect!["$.Header.ReceiverIdentifier: XX/LANTERN is not served here; this service is XX/OTHER or XX/THIRD"].assert_eq(&foreign.expect_err("it is for LANTERN").to_string());
    assert_eq!(header("2026-11-22T10:00:00Z").check_receiver(&[endpoint("LANTERN")]), Ok(()));
    expect!["$.Header.TransactionIdentifier: 00000000-0000-0000-0000-000000000005 was used before; use a new one for each message, and the stored answer stands"].assert_eq(&Defect::RepeatedTransaction(id(5).0).to_string());
    expect!["$.Header.SenderIdentifier: the certificate of this connection is not enrolled for XX/POLICE01; connect with the certificate enrolled for it"].assert_eq(&Defect::WrongCertificate("XX/POLICE01".into()).to_string());
}

#[test]
fn text_from_outside_is_cut_and_tamed() {
    check(
        "V1.23.1",
        &format!("\\u001b[31m{}", "x".repeat(500)),
        expect![[
            r#"7001 $.Header.Version.ETSIVersion: "�[31mxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is not a version; give one like V1.23.1"#
        ]],
    );
}
