//! What a passkey signs: golden bytes, golden challenge, and readers that take nothing odd.

use evidence::passkey::{AuthenticatorData, ClientData, CoseKey};
use evidence::signed::{
    SignedAccount, SignedAct, SignedFile, SignedRequest, SignedSelector, challenge,
};
use expect_test::{Expect, expect, expect_file};
use serde_json::json;
use uuid::Uuid;

/// The request of docs/formats/signed-request.md.
fn golden() -> SignedRequest {
    SignedRequest {
        origin: "https://desk.example".into(),
        company: "Lantern Exchange".into(),
        agency: Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_0001),
        key: Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_0002),
        request: Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_77e2),
        at: "2026-11-20T08:14:02Z".parse().expect("a time"),
        act: SignedAct::File {
            order: json!({
                "instrument": "production_order", "issuing_country": "SG", "is_test": false,
                "channel": "portal", "authentication": "signed", "asks": [],
            }),
            reference: "CAD 12/26 \u{20ac}".into(),
            legal_basis: "Criminal Procedure Code 2010, s 20".into(),
            selectors: vec![SignedSelector {
                ask: 1,
                kind: "address".into(),
                value: "3DeGPs4LgGVCb4Wh5yUrp9VhpKY6ZeDEJj".into(),
            }],
            accounts: vec![SignedAccount { ask: 2, account: "LX-004711".into() }],
            files: vec![SignedFile {
                name: "Order \"final\".pdf".into(),
                media_type: "application/pdf".into(),
                bytes: 3,
                sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
            }],
        },
    }
}

#[test]
fn canonical_bytes_and_challenge_are_golden() {
    let bytes = golden().to_bytes().expect("canonical");
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    expect_file!["golden/request.json"].assert_eq(&text);
    expect!["d37e8080fdfd5df90a82584374b801647e43374484936994b1a68f3c99b8e713"]
        .assert_eq(&hex::encode(challenge(&[7; 32], &bytes)));
    let other = challenge(&[8; 32], &bytes);
    assert_ne!(other, challenge(&[7; 32], &bytes), "the nonce counts");
}

#[test]
fn every_act_has_its_own_bytes() {
    let act = |act| {
        let bytes = SignedRequest { act, ..golden() }.to_bytes().expect("canonical");
        String::from_utf8(bytes).expect("UTF-8")
    };
    expect![[r#"{"act":"withdraw","agency":"01934cd2-7a10-7c3e-9b51-2f6d10a40001","asks":[1,2],"at":"2026-11-20T08:14:02Z","company":"Lantern Exchange","key":"01934cd2-7a10-7c3e-9b51-2f6d10a40002","origin":"https://desk.example","request":"01934cd2-7a10-7c3e-9b51-2f6d10a477e2","text":"paid","v":1}"#]].assert_eq(&act(SignedAct::Withdraw { asks: vec![1, 2], text: "paid".into() }));
    expect![[r#"{"act":"correct","agency":"01934cd2-7a10-7c3e-9b51-2f6d10a40001","ask":1,"at":"2026-11-20T08:14:02Z","company":"Lantern Exchange","files":[],"key":"01934cd2-7a10-7c3e-9b51-2f6d10a40002","order":null,"origin":"https://desk.example","request":"01934cd2-7a10-7c3e-9b51-2f6d10a477e2","selectors":null,"text":"the account is in the letter","v":1}"#]].assert_eq(&act(SignedAct::Correct {
        ask: 1,
        order: None,
        reference: None,
        legal_basis: None,
        accounts: None,
        selectors: None,
        files: Vec::new(),
        text: "the account is in the letter".into(),
    }));
    let extend = act(SignedAct::Extend { asks: vec![1, 2], text: "paid".into() });
    assert!(extend.contains("\"act\":\"extend\""), "{extend}");
}

fn check_key(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&match CoseKey::read(bytes) {
        Ok(key) => key.algorithm().to_owned(),
        Err(error) => error.to_string(),
    });
}

/// {1: 2, 3: -7, -1: 1, -2: x, -3: y}, as CTAP2 orders it.
fn es256() -> Vec<u8> {
    let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    key.extend([0x11; 32]);
    key.extend([0x22, 0x58, 0x20]);
    key.extend([0x22; 32]);
    key
}

#[test]
fn keys_have_one_form() {
    check_key(&es256(), expect!["ES256"]);
    let mut okp = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
    okp.extend([0x33; 32]);
    check_key(&okp, expect!["EdDSA"]);
    let mut rsa = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
    rsa.extend([0x44; 256]);
    rsa.extend([0x21, 0x43, 0x01, 0x00, 0x01]);
    check_key(&rsa, expect!["RS256"]);
    let changed = |place: usize, byte: u8| {
        let mut key = es256();
        key[place] = byte;
        key
    };
    check_key(&[], expect!["byte 0: cut off"]);
    check_key(&changed(0, 0xbf), expect!["byte 0: a length that is not definite"]);
    check_key(&changed(0, 0xa4), expect!["byte 42: something follows the key"]);
    check_key(&changed(3, 0x01), expect!["byte 4: the label before this stands twice"]);
    check_key(
        &changed(4, 0x27),
        expect!["not a key of ES256, EdDSA on Ed25519, or RS256 with 2048 to 8192 bits"],
    );
    check_key(&changed(8, 0x78), expect!["byte 8: neither a number nor a byte string"]);
    check_key(&es256()[..70], expect!["byte 45: the byte string is cut off"]);
    check_key(&[es256(), vec![0]].concat(), expect!["byte 77: something follows the key"]);
    // 1 written as two bytes, which CTAP2 forbids.
    check_key(
        &[vec![0xa5, 0x18, 0x01], es256()[2..].to_vec()].concat(),
        expect!["byte 1: a number that is not in its shortest form"],
    );
    check_key(&[0x11; 1_101], expect!["the key has 1101 bytes; at most 1100 are read"]);
}

#[test]
fn what_the_browser_and_the_passkey_say_is_read_strictly() {
    let read = |text: &str| match ClientData::read(text.as_bytes()) {
        Ok(data) => format!("{} at {}, cross {}", data.kind, data.origin, data.cross_origin),
        Err(error) => error.to_string(),
    };
    expect!["webauthn.get at https://a, cross false"].assert_eq(&read(
        r#"{"type":"webauthn.get","challenge":"AA","origin":"https://a","crossOrigin":false,"other":1}"#,
    ));
    expect!["not client data: missing field `origin` at line 1 column 40"]
        .assert_eq(&read(r#"{"type":"webauthn.get","challenge":"AA"}"#));
    expect!["not client data: duplicate field `type` at line 1 column 18"].assert_eq(&read(
        r#"{"type":"a","type":"webauthn.get","challenge":"AA","origin":"https://a"}"#,
    ));
    expect!["8193 bytes; at most 8192 are read"].assert_eq(&read(&" ".repeat(8_193)));
    let said = |flags: u8, more: usize| {
        let mut bytes = vec![9; 32];
        bytes.extend([flags, 0, 0, 0, 5]);
        bytes.extend(vec![0xa0; more]);
        match AuthenticatorData::read(&bytes) {
            Ok(data) => format!(
                "present {}, verified {}, count {}",
                data.is_user_present, data.is_user_verified, data.sign_count
            ),
            Err(error) => error.to_string(),
        }
    };
    expect!["present true, verified true, count 5"].assert_eq(&said(0x05, 0));
    expect!["present true, verified false, count 5"].assert_eq(&said(0x01, 0));
    expect!["present true, verified true, count 5"].assert_eq(&said(0x85, 1));
    expect!["byte 37: the flag for extensions is true, 0 bytes follow"].assert_eq(&said(0x85, 0));
    expect!["byte 37: the flag for extensions is false, 1 bytes follow"].assert_eq(&said(0x05, 1));
    expect!["byte 32: it carries a new credential, as only an enrolment does"]
        .assert_eq(&said(0x45, 60));
    assert!(AuthenticatorData::read(&[0; 36]).is_err());
}
