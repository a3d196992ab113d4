use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use expect_test::{Expect, expect};

use super::super::{compose, parse};
use super::*;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/etsi/examples/");

fn official(name: &str) -> Option<Vec<u8>> {
    let raw = std::fs::read(format!("{EXAMPLES}{name}")).ok();
    if raw.is_none() {
        println!("SKIPPED: ETSI's signed example {name}, because ../shared/data/etsi is absent");
    }
    raw
}

fn secret() -> EnrolledKey {
    EnrolledKey { algorithm: Algorithm::Hs256, public_key: b"secret_key".to_vec() }
}

fn published() -> EnrolledKey {
    EnrolledKey { algorithm: Algorithm::Ed25519, public_key: PUBLISHED_TEST_KEY.to_vec() }
}

fn is_signed(raw: &[u8], key: &EnrolledKey) -> bool {
    match parse(raw) {
        Ok(message) => {
            matches!(check(&message.claim, std::slice::from_ref(key)), Ok(Verified::SignedBy(_)))
        }
        Err(_) => false,
    }
}

#[test]
fn the_official_jws_verifies_and_covers_every_byte() {
    let Some(raw) = official("request1_signed.json") else { return };
    assert!(is_signed(&raw, &secret()));
    let text = raw.trim_ascii_end().len();
    for index in 0..text {
        let mut changed = raw.clone();
        changed[index] ^= 1;
        assert!(!is_signed(&changed, &secret()), "byte {index} may change");
    }
    for index in 0..text {
        let mut longer = raw.clone();
        longer.insert(index + 1, b' ');
        let outside = index + 1 == text;
        assert_eq!(is_signed(&longer, &secret()), outside, "a blank after byte {index}");
    }
}

#[test]
fn the_official_jss_verifies_and_covers_every_meaning() {
    let Some(raw) = official("response1_signed.json") else { return };
    assert!(is_signed(&raw, &published()));
    let mut in_text = false;
    for index in 0..raw.len() {
        in_text ^= raw[index] == b'"';
        let mut changed = raw.clone();
        changed[index] ^= 1;
        // X.590 signs the canonical form: white space outside texts is not part of it.
        if !in_text && raw[index].is_ascii_whitespace() && changed[index].is_ascii_whitespace() {
            continue;
        }
        assert!(!is_signed(&changed, &published()), "byte {index} may change");
    }
}

#[test]
fn the_published_key_is_refused_in_production() {
    let Some(raw) = official("response1_signed.json") else { return };
    let message = parse(&raw).expect("the example can be read");
    let error = verify(&message.claim, &[published()]).expect_err("anybody has this key");
    expect![
        "$.Signatures[0]: this key is published in ITU-T X.590 as a test key; sign with your own"
    ]
    .assert_eq(&error.to_string());
}

fn message() -> Vec<u8> {
    let endpoint = |name: &str| super::super::EndpointId {
        country: super::super::CountryCode::new("XX").expect("two letters"),
        identifier: name.to_owned(),
    };
    let at = "2026-11-22T10:00:00Z".parse().expect("a time");
    let header = compose::header(&endpoint("A"), &endpoint("B"), uuid::Uuid::from_u128(7), at);
    super::super::write_requests(&header, &[super::super::Act::GetCspConfig])
}

fn spki(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    key.as_der().expect("a key has a DER form").as_ref().to_vec()
}

#[test]
fn each_algorithm_verifies_with_its_own_key_only() {
    let random = SystemRandom::new();
    let ed25519 = Ed25519KeyPair::generate().expect("a key");
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let sign_rsa = |input: &[u8]| {
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature).map(|()| signature)
    };
    let signed = [
        compose::sign(&message(), "EdDSA", |input| {
            Ok::<_, aws_lc_rs::error::Unspecified>(ed25519.sign(input).as_ref().to_vec())
        }),
        compose::sign(&message(), "ES256", |input| {
            p256.sign(&random, input).map(|it| it.as_ref().to_vec())
        }),
        compose::sign(&message(), "RS256", sign_rsa),
    ]
    .map(|signed| signed.expect("signing works"));
    let keys = [
        (Algorithm::Ed25519, spki(ed25519.public_key())),
        (Algorithm::Es256, spki(p256.public_key())),
        (Algorithm::Rs256, spki(rsa.public_key())),
    ]
    .map(|(algorithm, public_key)| EnrolledKey { algorithm, public_key });
    for (index, raw) in signed.iter().enumerate() {
        let message = parse(raw).expect("a signed message can be read");
        assert_eq!(verify(&message.claim, &keys), Ok(Verified::SignedBy(vec![index])));
        let others: Vec<EnrolledKey> = keys
            .iter()
            .enumerate()
            .filter(|(it, _)| *it != index)
            .map(|(_, key)| key.clone())
            .collect();
        let error = verify(&message.claim, &others).expect_err("its key is not enrolled");
        assert!(matches!(error, SignatureError::NotByEnrolledKey { .. }), "{error}");
        let at = raw.iter().position(|byte| *byte == b'7').expect("the identifier ends in 7");
        let mut changed = raw.clone();
        changed[at] = b'8';
        let message = parse(&changed).expect("it can still be read");
        assert!(verify(&message.claim, &keys).is_err());
    }
}

#[test]
fn an_unsigned_message_says_so() {
    let message = parse(&message()).expect("it can be read");
    assert_eq!(verify(&message.claim, &[]), Ok(Verified::Unsigned));
}

#[track_caller]
fn refused(member: &str, expected: Expect) {
    let text = String::from_utf8(message()).expect("JSON is UTF-8");
    let raw = format!("{},{member}}}", text.strip_suffix('}').expect("an object"));
    let words = match parse(raw.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(message) => verify(&message.claim, &[]).expect_err("it is not signed").to_string(),
    };
    expected.assert_eq(&words);
}

#[test]
fn bad_signatures_are_named() {
    let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let jws = |protected: &str| {
        format!(r#""Signature":{{"protected":"{protected}","signature":"AAAA"}}"#)
    };
    refused(
        &jws(&header(r#"{"alg":"none"}"#)),
        expect![[
            r#"$.Signature.protected: the algorithm "none" is not accepted; sign with EdDSA, ES256 or RS256"#
        ]],
    );
    refused(
        &jws(&header(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#)),
        expect![
            "$.Signature.protected: names an extension (crit or b64), none is understood; leave it out"
        ],
    );
    refused(
        &jws(&header("nonsense")),
        expect![
            "$.Signature.protected: holds no JSON header: line 1 column 2 cannot be read as JSON: expected ident"
        ],
    );
    refused(
        &jws("!"),
        expect![
            "$.Signature.protected: is not base64url without padding (Invalid symbol 33, offset 0.)"
        ],
    );
    refused(
        r#""Signature":{"protected":"\u0065yJhbGciOiJub25lIn0","signature":""}"#,
        expect!["$.Signature.protected: has escapes; write base64url as it is"],
    );
    refused(
        &(jws("e30") + r#","Signatures":[]"#),
        expect!["$: has both Signature and Signatures; send one of them"],
    );
    refused(
        r#""Signatures":[]"#,
        expect!["$.Signatures: is empty; sign the message or leave the member out"],
    );
    let jss = |hash: &str, algorithm: &str| {
        format!(
            r#""Signatures":[{{"hash_algorithm":"{hash}","algorithm":"{algorithm}","value":"AAAA"}}]"#
        )
    };
    refused(
        &jss("md5", "Ed25519"),
        expect![[r#"$.Signatures[0]: the hash "md5" is not accepted; use sha-256"#]],
    );
    refused(
        &jss("sha-256", "HS512"),
        expect![[
            r#"$.Signatures[0]: the algorithm "HS512" is not accepted; sign with EdDSA, ES256 or RS256"#
        ]],
    );
    refused(
        &jss("sha-256", "Ed25519"),
        expect![
            "$.Signatures[0]: no key enrolled for the sender made this signature; sign with an enrolled key, over the message exactly as it is sent"
        ],
    );
}
