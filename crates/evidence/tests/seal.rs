//! Signatures and time-stamps, judged by openssl.

mod support;

use evidence::bag::Bag;
use evidence::cms::signature::{SignatureAlgorithm, sign_detached};
use evidence::timestamp::TimestampRequest;
use expect_test::{Expect, expect};
use support::*;

/// The command of VERIFY.txt.
fn openssl_verifies(keys: &Keys, p7s: &[u8], content: &[u8], root: &str) -> Result<(), String> {
    std::fs::write(keys.path("p7s"), p7s).unwrap();
    std::fs::write(keys.path("content"), content).unwrap();
    let verify = ["cms", "-verify", "-cades", "-purpose", "any", "-binary", "-inform", "DER"];
    let rest = ["-in", "p7s", "-content", "content", "-CAfile", root, "-out", "/dev/null"];
    let output = keys.openssl_any(&[&verify[..], &rest[..]].concat());
    if output.status.success() { Ok(()) } else { Err(words(&output)) }
}

fn check_seal(kind: &str, algorithm: SignatureAlgorithm) {
    let Some(keys) = Keys::new() else { return };
    keys.issue("seal", kind, "seal");
    keys.root("stranger");
    let bag = Bag::build(sample(3)).unwrap();
    let seal = keys.seal(&bag, "seal", algorithm);
    let p7s = &seal.parts.p7s;

    openssl_verifies(&keys, p7s, bag.tagmanifest(), "root.pem").unwrap();
    openssl_verifies(&keys, p7s, bag.tagmanifest(), "stranger.pem").unwrap_err();
    let mut changed = bag.tagmanifest().to_vec();
    changed[0] ^= 1;
    openssl_verifies(&keys, p7s, &changed, "root.pem").unwrap_err();

    // openssl reads and writes DER itself; what it writes must be what we wrote.
    let rewrite = ["cms", "-cmsout", "-inform", "DER", "-in", "p7s", "-outform", "DER"];
    keys.openssl(&[&rewrite[..], &["-out", "again"]].concat());
    assert_eq!(*p7s, keys.read("again"), "the signature is not canonical DER");
    let digests = seal.parts.digests(&bag);
    assert_eq!(digests.p7s_sha256, evidence::digest::Sha256::of(p7s));
    assert_eq!(digests.tagmanifest_sha256, bag.tagmanifest_sha256());
}

#[test]
fn openssl_accepts_a_seal_by_an_ec_key() {
    check_seal("EC:prime256v1", SignatureAlgorithm::EcdsaP256Sha256);
}

#[test]
fn openssl_accepts_a_seal_by_an_rsa_key() {
    check_seal("RSA:2048", SignatureAlgorithm::RsaPkcs1Sha256);
}

#[test]
fn the_signed_attributes_are_those_of_cades_b_b() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("seal", "EC:prime256v1", "seal");
    let bag = Bag::build(sample(1)).unwrap();
    let seal = keys.seal(&bag, "seal", SignatureAlgorithm::EcdsaP256Sha256);
    std::fs::write(keys.path("p7s"), &seal.parts.p7s).unwrap();
    let print = ["cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "p7s"];
    let printed = keys.openssl(&print);
    let (_, signed) = printed.split_once("signedAttrs:").unwrap();
    let attributes: Vec<&str> =
        signed.lines().map(str::trim).filter(|line| line.starts_with("object: ")).collect();
    expect![[r#"
        [
            "object: contentType (1.2.840.113549.1.9.3)",
            "object: signingTime (1.2.840.113549.1.9.5)",
            "object: messageDigest (1.2.840.113549.1.9.4)",
            "object: id-smime-aa-signingCertificateV2 (1.2.840.113549.1.9.16.2.47)",
        ]
    "#]]
    .assert_debug_eq(&attributes);
}

#[test]
fn a_key_that_is_not_the_certificates_is_found_at_once() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("seal", "EC:prime256v1", "seal");
    keys.issue("other", "EC:prime256v1", "seal");
    let sign = |signer: &'static str| {
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        sign_detached(b"text", &keys.chain("seal"), algorithm, at("2027-01-05T10:00:00Z"), |m| {
            if signer.is_empty() {
                Err("the key is locked".into())
            } else {
                keys.signature(signer, m)
            }
        })
        .map_err(|error| error.to_string())
    };
    sign("seal").unwrap();
    expect!["the signature does not verify with the seal certificate; key and certificate differ"]
        .assert_eq(&sign("other").unwrap_err());
    expect!["the seal key did not sign"].assert_eq(&sign("").unwrap_err());
}

/// Asks the authority `openssl ts` for an answer to `request`.
fn answer(keys: &Keys, request: &TimestampRequest) -> Vec<u8> {
    std::fs::write(keys.path("tsaserial"), "01\n").unwrap();
    std::fs::write(keys.path("query"), request.der()).unwrap();
    let reply = ["ts", "-reply", "-config", "openssl.cnf", "-section", "tsa_section"];
    keys.openssl_any(&[&reply[..], &["-queryfile", "query", "-out", "tsr"]].concat());
    keys.read("tsr")
}

fn der(keys: &Keys, name: &str) -> Vec<u8> {
    let pem = keys.text(&format!("{name}.pem"));
    evidence::cms::certificate::certificates_from_pem(&pem).unwrap().remove(0)
}

#[test]
fn a_time_stamp_is_checked_and_openssl_agrees() {
    for kind in ["EC:prime256v1", "EC:secp384r1", "RSA:2048"] {
        let Some(keys) = Keys::new() else { return };
        keys.issue("tsa", kind, "tsa");
        let data = b"the signature".as_slice();
        // A nonce whose first bit is set must not turn into a negative number.
        let request =
            TimestampRequest::new(data, [0xff, 0, 1, 2, 3, 4, 5, 6], Some("1.2.3.4.2")).unwrap();
        let response = answer(&keys, &request);
        let token = request.check(&response, &[der(&keys, "root")]).unwrap();
        assert_eq!(token.policy, "1.2.3.4.2");
        assert_eq!(token.response, response);

        std::fs::write(keys.path("data"), data).unwrap();
        let verify = ["ts", "-verify", "-in", "tsr", "-data", "data", "-CAfile", "root.pem"];
        assert!(keys.openssl(&verify).contains("Verification: OK"));
        std::fs::write(keys.path("token"), &token.token).unwrap();
        let verify = ["ts", "-verify", "-in", "token", "-token_in", "-data", "data"];
        let verified = keys.openssl(&[&verify[..], &["-CAfile", "root.pem"]].concat());
        assert!(verified.contains("Verification: OK"), "{verified}");

        // openssl prints the time with the fraction that it wrote.
        let printed = keys.openssl(&["ts", "-reply", "-in", "tsr", "-text"]);
        let line = printed.lines().find(|line| line.starts_with("Time stamp:")).unwrap();
        let text = line.trim_start_matches("Time stamp: ").trim_end_matches(" GMT");
        let civil = jiff::civil::DateTime::strptime("%b %e %H:%M:%S%.f %Y", text).unwrap();
        let expected = civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        assert_eq!(token.at, expected);
    }
}

#[test]
fn an_answer_that_is_not_the_one_asked_for_is_refused() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("tsa", "EC:prime256v1", "tsa");
    keys.root("stranger");
    let root = [der(&keys, "root")];
    let request = TimestampRequest::new(b"data", [1; 8], None).unwrap();
    let response = answer(&keys, &request);
    request.check(&response, &root).unwrap();
    let check = |request: &TimestampRequest, response: &[u8], roots: &[Vec<u8>], text: Expect| {
        text.assert_eq(&request.check(response, roots).unwrap_err().to_string());
    };

    let other_data = TimestampRequest::new(b"datum", [1; 8], None).unwrap();
    check(
        &other_data,
        &response,
        &root,
        expect![
            "the token's digest is not what was asked: found 3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7, expected f5259fbfbce9732c4b7628a3244a5ae14e95460b33f80222fcf5dd4fdc21784e"
        ],
    );
    let other_nonce = TimestampRequest::new(b"data", [2; 8], None).unwrap();
    check(
        &other_nonce,
        &response,
        &root,
        expect![
            "the token's nonce is not what was asked: found 0101010101010101, expected 0202020202020202"
        ],
    );
    let other_policy = TimestampRequest::new(b"data", [1; 8], Some("1.2.3.4.2")).unwrap();
    check(
        &other_policy,
        &response,
        &root,
        expect!["the token's policy is not what was asked: found 1.2.3.4.1, expected 1.2.3.4.2"],
    );
    check(
        &request,
        &response,
        &[der(&keys, "stranger")],
        expect![
            "the token is not trusted: nobody known issued the certificate of CN=Example root: CN=Example root"
        ],
    );
    check(
        &request,
        &response,
        &[],
        expect![
            "the token is not trusted: nobody known issued the certificate of CN=Example root: CN=Example root"
        ],
    );
    check(&request, b"", &root, expect!["the response of the answer cannot be read"]);

    let unknown_policy = TimestampRequest::new(b"data", [1; 8], Some("1.9.9")).unwrap();
    let refusal = answer(&keys, &unknown_policy);
    check(
        &unknown_policy,
        &refusal,
        &root,
        expect!["the authority refused: status 2 Requested policy is not supported."],
    );

    let mut flipped = response.clone();
    *flipped.last_mut().unwrap() ^= 1;
    check(
        &request,
        &flipped,
        &root,
        expect!["the token is not trusted: the signature does not hold"],
    );
    assert!(TimestampRequest::new(b"data", [1; 8], Some("one")).is_err());
}

#[test]
fn no_single_bit_of_an_answer_can_flip_unnoticed_where_it_counts() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("tsa", "EC:prime256v1", "tsa");
    let root = [der(&keys, "root")];
    let request = TimestampRequest::new(b"data", [1; 8], None).unwrap();
    let response = answer(&keys, &request);
    let token = request.check(&response, &root).unwrap();
    for bit in 0..response.len() * 8 {
        let mut flipped = response.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // Unsigned parts may differ; what is stated may not.
        if let Ok(other) = request.check(&flipped, &root) {
            assert_eq!((other.at, &other.policy), (token.at, &token.policy), "bit {bit}");
        }
    }
}

/// The authority's statement, signed anew by the certificate `name`: what an authority with a
/// wrong certificate would answer. `openssl ts` refuses to, `openssl cms` does not know better.
fn signed_by(keys: &Keys, name: &str) -> Vec<u8> {
    let unwrap = ["cms", "-verify", "-noverify", "-inform", "DER", "-in", "token", "-out", "tst"];
    keys.openssl(&unwrap);
    let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
    let sign = ["cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256"];
    let kind = ["-econtent_type", "1.2.840.113549.1.9.16.1.4", "-in", "tst", "-outform", "DER"];
    let who = ["-signer", &cert, "-inkey", &key, "-certfile", "root.pem", "-out", "forged"];
    keys.openssl(&[&sign[..], &kind[..], &who[..]].concat());
    let token = keys.read("forged");
    let length = (token.len() + 5) as u16;
    let [high, low] = length.to_be_bytes();
    [&[0x30, 0x82, high, low, 0x30, 3, 2, 1, 0][..], &token].concat()
}

#[test]
fn only_a_certificate_for_time_stamps_will_do() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("tsa", "EC:prime256v1", "tsa");
    keys.issue("loose", "EC:prime256v1", "loose_tsa");
    keys.issue("seal", "EC:prime256v1", "seal");
    let root = [der(&keys, "root")];
    let request = TimestampRequest::new(b"data", [1; 8], None).unwrap();
    let token = request.check(&answer(&keys, &request), &root).unwrap();
    std::fs::write(keys.path("token"), &token.token).unwrap();
    let check = |name: &str| {
        let answer = signed_by(&keys, name);
        request.check(&answer, &root).map(|token| token.at).map_err(|error| error.to_string())
    };
    assert_eq!(check("tsa"), Ok(token.at));
    let refusal = expect![
        "the token is not trusted: its certificate must be for time-stamps only (critical extension 2.5.29.37)"
    ];
    refusal.assert_eq(&check("loose").unwrap_err());
    refusal.assert_eq(&check("seal").unwrap_err());
}
