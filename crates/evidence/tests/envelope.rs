//! Envelopes, opened by openssl and by age's own reader.

mod support;

use std::io::{Read, Write};

use evidence::age::{AgeRecipient, AgeWriter};
use evidence::cms::envelope::{ContentIv, ContentKey, EnvelopeWriter};
use evidence::cms::recipient::Recipient;
use expect_test::expect;
use support::*;

fn enveloped(content: &[u8], recipients: &[Recipient]) -> Vec<u8> {
    let key = ContentKey::new([3; 32]);
    let infos: Vec<_> = recipients.iter().map(|one| one.wrap(&key).unwrap()).collect();
    let iv = ContentIv::new([4; 16]);
    let mut writer =
        EnvelopeWriter::new(Vec::new(), content.len() as u64, &key, iv, &infos).unwrap();
    // In uneven pieces, as a stream comes.
    for piece in content.chunks(10_007) {
        writer.write_all(piece).unwrap();
    }
    writer.finish().unwrap()
}

fn opened(keys: &Keys, envelope: &[u8], recipient: &str) -> Vec<u8> {
    std::fs::write(keys.path("envelope"), envelope).unwrap();
    let (cert, key) = (format!("{recipient}.pem"), format!("{recipient}.key"));
    let decrypt = ["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope"];
    let rest = ["-recip", &cert, "-inkey", &key, "-out", "content"];
    keys.openssl(&[&decrypt[..], &rest[..]].concat());
    keys.read("content")
}

fn recipient(keys: &Keys, name: &str) -> Recipient {
    Recipient::from_pem(&keys.text(&format!("{name}.pem"))).unwrap()
}

#[test]
fn openssl_opens_what_each_kind_of_recipient_gets() {
    let Some(keys) = Keys::new() else { return };
    let kinds = [
        ("rsa2048", "RSA:2048", "rsa_recipient"),
        ("rsa3072", "RSA:3072", "rsa_recipient"),
        ("p256", "EC:prime256v1", "ec_recipient"),
        ("p384", "EC:secp384r1", "ec_recipient"),
        ("p521", "EC:secp521r1", "ec_recipient"),
    ];
    for (name, kind, usage) in kinds {
        keys.issue(name, kind, usage);
        let envelope = enveloped(b"for one only", &[recipient(&keys, name)]);
        assert_eq!(opened(&keys, &envelope, name), b"for one only", "{name}");
    }
    // Lengths around a block and around the places where DER lengths grow.
    for bytes in [0, 1, 15, 16, 17, 100, 127, 128, 255, 256, 65_535, 65_536, 300_000] {
        let content: Vec<u8> = (0..bytes).map(|index: u32| (index % 251) as u8).collect();
        let both = [recipient(&keys, "rsa2048"), recipient(&keys, "p384")];
        let envelope = enveloped(&content, &both);
        for name in ["rsa2048", "p384"] {
            assert_eq!(opened(&keys, &envelope, name), content, "{bytes} bytes for {name}");
        }
        let rewrite = ["cms", "-cmsout", "-inform", "DER", "-in", "envelope", "-outform", "DER"];
        keys.openssl(&[&rewrite[..], &["-out", "again"]].concat());
        assert_eq!(envelope, keys.read("again"), "{bytes} bytes: not canonical DER");
    }
}

#[test]
fn a_wrong_length_is_an_error_and_not_a_wrong_envelope() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("p256", "EC:prime256v1", "ec_recipient");
    let key = ContentKey::new([3; 32]);
    let info = [recipient(&keys, "p256").wrap(&key).unwrap()];
    let start = || EnvelopeWriter::new(Vec::new(), 4, &key, ContentIv::new([4; 16]), &info);
    let mut short = start().unwrap();
    short.write_all(b"abc").unwrap();
    expect!["1 bytes of the announced content were not written"]
        .assert_eq(&short.finish().unwrap_err().to_string());
    let long = start().unwrap().write_all(b"abcde").unwrap_err();
    expect!["more content than was announced for the envelope"].assert_eq(&long.to_string());
    let none = EnvelopeWriter::new(Vec::new(), 4, &key, ContentIv::new([4; 16]), &[]);
    expect!["an envelope has 1 to 16 recipients, not 0"]
        .assert_eq(&none.err().unwrap().to_string());
}

#[test]
fn certificates_that_cannot_take_a_key_are_refused() {
    let Some(keys) = Keys::new() else { return };
    keys.issue("seal", "EC:prime256v1", "seal");
    keys.issue("rsa_seal", "RSA:2048", "seal");
    keys.issue("koblitz", "EC:secp256k1", "ec_recipient");
    let refusal = |name: &str| {
        Recipient::from_pem(&keys.text(&format!("{name}.pem"))).err().unwrap().to_string()
    };
    expect!["the certificate does not allow keyAgreement; its key usage lacks it"]
        .assert_eq(&refusal("seal"));
    expect!["the certificate does not allow keyEncipherment; its key usage lacks it"]
        .assert_eq(&refusal("rsa_seal"));
    expect!["the certificate's key is EC on curve 1.3.132.0.10; use RSA from 2048 bits, or EC on P-256, P-384 or P-521"]
        .assert_eq(&refusal("koblitz"));
    let broken = Recipient::from_pem("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----");
    expect!["line 3: the lines above are not base64"].assert_eq(&broken.err().unwrap().to_string());
    assert!(Recipient::from_pem("").is_err());
}

#[test]
fn age_recipients_open_an_age_file_and_others_do_not() {
    let identities = [age::x25519::Identity::generate(), age::x25519::Identity::generate()];
    let stranger = age::x25519::Identity::generate();
    let recipients: Vec<AgeRecipient> = identities
        .iter()
        .map(|identity| AgeRecipient::parse(&identity.to_public().to_string()).unwrap())
        .collect();
    let content = vec![9; 200_000];
    let mut writer = AgeWriter::new(Vec::new(), &recipients).unwrap();
    writer.write_all(&content).unwrap();
    let file = writer.finish().unwrap();
    let open = |identity: &age::x25519::Identity| {
        let decryptor = age::Decryptor::new(&file[..]).unwrap();
        let mut opened = Vec::new();
        let mut reader = decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).ok()?;
        reader.read_to_end(&mut opened).unwrap();
        Some(opened)
    };
    assert_eq!(open(&identities[0]), Some(content.clone()));
    assert_eq!(open(&identities[1]), Some(content));
    assert_eq!(open(&stranger), None);
    expect!["`age1x` is no age recipient (invalid Bech32 encoding); it starts with age1"]
        .assert_eq(&AgeRecipient::parse("age1x").err().unwrap().to_string());
    assert!(AgeWriter::new(Vec::new(), &[]).is_err());
}
