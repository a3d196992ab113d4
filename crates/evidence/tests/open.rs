//! The recipient's side of envelopes: our own and those of openssl, and what is refused.

mod support;

use std::io::{self, Read, Write};
use std::sync::LazyLock;

use evidence::age::{AgeError, AgeRecipient, AgeWriter, open_age};
use evidence::cms::envelope::{ContentIv, ContentKey, EnvelopeWriter};
use evidence::cms::open::{OpenError, open};
use evidence::cms::recipient::Recipient;
use expect_test::expect;
use proptest::prelude::*;
use rcgen::{
    CertificateParams, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, RsaKeySize,
};
use support::*;

struct Holder {
    name: &'static str,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Two RSA and two EC recipients, and one of each kind to whom nothing is sent.
static HOLDERS: LazyLock<Vec<Holder>> = LazyLock::new(|| {
    let rsa = |size| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap();
    let ec = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    vec![
        holder("rsa2048", rsa(RsaKeySize::_2048), KeyUsagePurpose::KeyEncipherment),
        holder("rsa3072", rsa(RsaKeySize::_3072), KeyUsagePurpose::KeyEncipherment),
        holder("p256", ec(&PKCS_ECDSA_P256_SHA256), KeyUsagePurpose::KeyAgreement),
        holder("p384", ec(&PKCS_ECDSA_P384_SHA384), KeyUsagePurpose::KeyAgreement),
        holder("rsa stranger", rsa(RsaKeySize::_2048), KeyUsagePurpose::KeyEncipherment),
        holder("ec stranger", ec(&PKCS_ECDSA_P256_SHA256), KeyUsagePurpose::KeyAgreement),
    ]
});

fn holder(name: &'static str, key: KeyPair, usage: KeyUsagePurpose) -> Holder {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.key_usages = vec![usage];
    let certificate = params.self_signed(&key).unwrap().der().to_vec();
    Holder { name, certificate, key: key.serialize_der() }
}

fn named(name: &str) -> &'static Holder {
    HOLDERS.iter().find(|holder| holder.name == name).unwrap()
}

fn enveloped(content: &[u8], holders: &[&Holder]) -> Vec<u8> {
    let key = ContentKey::new([3; 32]);
    let wrap = |one: &&Holder| Recipient::from_der(&one.certificate).unwrap().wrap(&key).unwrap();
    let infos: Vec<_> = holders.iter().map(wrap).collect();
    let iv = ContentIv::new([4; 16]);
    let mut writer =
        EnvelopeWriter::new(Vec::new(), content.len() as u64, &key, iv, &infos).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn opened(envelope: &[u8], holder: &Holder) -> Result<Vec<u8>, OpenError> {
    let (content, bytes) = open(envelope, &holder.certificate, &holder.key, Vec::new())?;
    assert_eq!(content.len() as u64, bytes);
    Ok(content)
}

fn refusal(envelope: &[u8], holder: &Holder) -> String {
    opened(envelope, holder).unwrap_err().to_string()
}

fn pattern(bytes: u32) -> Vec<u8> {
    (0..bytes).map(|index| (index % 251) as u8).collect()
}

#[test]
fn every_kind_of_recipient_opens_its_own_envelope_and_a_shared_one() {
    for holder in &HOLDERS[..4] {
        let envelope = enveloped(b"for one only", &[holder]);
        assert_eq!(opened(&envelope, holder).unwrap(), b"for one only", "{}", holder.name);
    }
    let all: Vec<&Holder> = HOLDERS[..4].iter().collect();
    // Lengths around a block, around a chunk, and where DER lengths grow.
    for bytes in [0, 1, 15, 16, 17, 127, 128, 255, 16_383, 16_384, 16_385, 65_536, 1_000_000] {
        let content = pattern(bytes);
        let envelope = enveloped(&content, &all);
        for holder in &all {
            assert_eq!(opened(&envelope, holder).unwrap(), content, "{bytes} {}", holder.name);
        }
    }
}

#[test]
fn a_stranger_is_refused_and_so_is_a_key_of_another_certificate() {
    let all: Vec<&Holder> = HOLDERS[..4].iter().collect();
    let envelope = enveloped(b"for four", &all);
    for stranger in ["rsa stranger", "ec stranger"] {
        let error = opened(&envelope, named(stranger)).unwrap_err();
        assert!(matches!(error, OpenError::NotForCertificate { recipients: 4 }), "{error}");
        expect!["the envelope is not encrypted to this certificate (none of its 4 recipients has this issuer and serial number); give the certificate it was made for, or ask the sender to encrypt to this one"]
            .assert_eq(&error.to_string());
    }
    for (own, other) in [("rsa2048", "rsa stranger"), ("p256", "ec stranger")] {
        let error = open(&envelope, &named(own).certificate, &named(other).key, io::sink());
        let error = error.unwrap_err();
        assert!(matches!(error, OpenError::WrongKey), "{error}");
    }
    let of = |own: &str, key: &[u8]| {
        open(&envelope, &named(own).certificate, key, io::sink()).unwrap_err().to_string()
    };
    expect!["the private key is not an RSA key from 2048 bits; give it as PKCS#8 in DER without a password"]
        .assert_eq(&of("rsa2048", &named("p256").key));
    expect!["the private key is not an EC key on the certificate's curve; give it as PKCS#8 in DER without a password"]
        .assert_eq(&of("p256", &named("p384").key));
    expect!["the private key is not an EC key on the certificate's curve; give it as PKCS#8 in DER without a password"]
        .assert_eq(&of("p384", b"-----BEGIN PRIVATE KEY-----"));
    let no_certificate = open(&envelope, b"?", &named("p256").key, io::sink()).unwrap_err();
    expect!["the certificate cannot be read; give it as X.509 in DER"]
        .assert_eq(&no_certificate.to_string());
}

#[test]
fn what_is_no_envelope_is_named() {
    let holder = named("p256");
    expect!["the file is not a CMS envelope: it is empty"].assert_eq(&refusal(b"", holder));
    expect!["the file is not a CMS envelope: it is PEM text; change it by `openssl cms -cmsout -inform PEM -outform DER`"]
        .assert_eq(&refusal(b"-----BEGIN CMS-----", holder));
    expect!["the file is not a CMS envelope: it is an age file; open it with the age identity"]
        .assert_eq(&refusal(b"age-encryption.org/v1\n", holder));
    expect![
        "the file is not a CMS envelope: it is a zip, so it is not encrypted or already opened"
    ]
    .assert_eq(&refusal(b"PK\x03\x04", holder));
    expect!["the file is not a CMS envelope: it does not start as one; give the file as it was received, in DER"]
        .assert_eq(&refusal(b"hello", holder));
    expect!["the file is CMS of the type signed data (1.2.840.113549.1.7.2), not an envelope (EnvelopedData)"]
        .assert_eq(&refusal(b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", holder));
    let mut envelope = enveloped(b"x", &[holder]);
    envelope.push(b'\n');
    expect!["1 bytes follow the envelope; get the file again, as binary and not as text"]
        .assert_eq(&refusal(&envelope, holder));
    // A length that no machine can hold, and one of too many bytes.
    expect!["the envelope is cut short: at least 18446744073709551605 bytes are missing at its end; get the file again"]
        .assert_eq(&refusal(b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff", holder));
    expect![
        "byte 1: the file has a length of more than 8 bytes; the envelope is damaged or of another kind, get it again"
    ]
    .assert_eq(&refusal(b"\x30\x89\x01\x00\x00\x00\x00\x00\x00\x00\x00", holder));
    expect!["byte 1: the file has a length that is not DER; the envelope is damaged or of another kind, get it again"]
        .assert_eq(&refusal(b"\x30\x81\x01\x00", holder));
}

#[test]
fn an_envelope_cut_anywhere_is_cut_short() {
    for holder in [named("rsa2048"), named("p256")] {
        let envelope = enveloped(&pattern(1000), &[holder]);
        for length in 1..envelope.len() {
            let error = opened(&envelope[..length], holder).unwrap_err();
            let OpenError::Truncated { bytes_missing } = error else { panic!("{length}: {error}") };
            let missing = (envelope.len() - length) as u64;
            assert!(bytes_missing == missing || length < 4 && bytes_missing > 0, "{length}");
        }
    }
}

#[test]
fn a_damaged_end_is_told_by_its_padding() {
    let holder = named("p256");
    let mut envelope = enveloped(&pattern(40), &[holder]);
    // The content ends 8 bytes into its last block; the byte changed turns the count 8 into 247.
    let index = envelope.len() - 17;
    envelope[index] ^= 0xff;
    let error = opened(&envelope, holder).unwrap_err();
    assert!(matches!(error, OpenError::Padding), "{error}");
}

/// An output that fails.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_fails_is_told_apart_from_a_bad_envelope() {
    let holder = named("p256");
    let envelope = enveloped(&pattern(40), &[holder]);
    let error = open(&envelope, &holder.certificate, &holder.key, Full).err().unwrap();
    assert!(matches!(error, OpenError::Write(_)), "{error}");
}

/// CBC cannot tell every change, but no change gives the content back as if nothing were.
#[test]
fn a_changed_byte_never_opens_to_the_content() {
    let content = pattern(100);
    for holder in [named("p256"), named("rsa2048")] {
        let mut envelope = enveloped(&content, &[holder]);
        // 112 encrypted bytes under a header of 2, after an initialisation vector of 16.
        let free_from = envelope.len() - 112 - 2 - 16;
        for index in 0..envelope.len() {
            for change in [0x01, 0x02, 0x40, 0xff] {
                envelope[index] ^= change;
                if let Ok(changed) = opened(&envelope, holder) {
                    assert!(index >= free_from, "byte {index} is not looked at");
                    assert_ne!(changed, content, "byte {index}");
                }
                envelope[index] ^= change;
            }
        }
        assert_eq!(opened(&envelope, holder).unwrap(), content);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_never_open(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(opened(&bytes, named("p256")).is_err());
        // The start of a real one, then anything.
        let envelope = enveloped(b"x", &[named("p256")]);
        let kept = bytes.len().min(60);
        bytes.splice(..kept, envelope[..kept].iter().copied());
        prop_assert!(opened(&bytes, named("p256")).is_err());
    }
}

/// A holder from openssl: certificate and key made and stored by it.
fn issued(keys: &Keys, name: &'static str, kind: &str, usage: &str) -> Holder {
    keys.issue(name, kind, usage);
    let (pem, der) = (format!("{name}.pem"), format!("{name}.crt"));
    keys.openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
    Holder { name, certificate: keys.read(&der), key: keys.read(&format!("{name}.der")) }
}

/// An envelope by `openssl cms -encrypt`; each recipient with its options.
fn by_openssl(keys: &Keys, content: &[u8], cipher: &str, recipients: &[&[&str]]) -> Vec<u8> {
    std::fs::write(keys.path("plain"), content).unwrap();
    let start = ["cms", "-encrypt", "-binary", cipher, "-in", "plain", "-outform", "DER"];
    let mut args = [&start[..], &["-out", "envelope"]].concat();
    recipients.iter().for_each(|recipient| args.extend_from_slice(recipient));
    keys.openssl(&args);
    keys.read("envelope")
}

const OAEP: [&str; 4] = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"];
const KDF: [&str; 2] = ["-keyopt", "ecdh_kdf_md:sha256"];

#[test]
fn envelopes_made_by_openssl_open() {
    let Some(keys) = Keys::new() else { return };
    let rsa = issued(&keys, "rsa", "RSA:2048", "rsa_recipient");
    let large = issued(&keys, "large", "RSA:3072", "rsa_recipient");
    let p256 = issued(&keys, "p256", "EC:prime256v1", "ec_recipient");
    let p384 = issued(&keys, "p384", "EC:secp384r1", "ec_recipient");
    let p521 = issued(&keys, "p521", "EC:secp521r1", "ec_recipient");
    let content = pattern(70_000);
    let to_rsa = [&["-recip", "rsa.pem"][..], &OAEP].concat();
    let to_large = [&["-recip", "large.pem"][..], &OAEP].concat();
    let to_p256 = [&["-recip", "p256.pem"][..], &KDF].concat();
    let to_p384 = [&["-recip", "p384.pem"][..], &KDF].concat();
    let to_p521 = [&["-recip", "p521.pem"][..], &KDF].concat();
    let only_rsa = by_openssl(&keys, &content, "-aes-256-cbc", &[&to_rsa]);
    assert_eq!(opened(&only_rsa, &rsa).unwrap(), content);
    let all = [&to_rsa[..], &to_large, &to_p256, &to_p384, &to_p521];
    let shared = by_openssl(&keys, &content, "-aes-256-cbc", &all);
    for holder in [&rsa, &large, &p256, &p384, &p521] {
        assert_eq!(opened(&shared, holder).unwrap(), content, "{}", holder.name);
    }
    assert!(matches!(opened(&only_rsa, &p256), Err(OpenError::NotForCertificate { .. })));
}

#[test]
fn other_algorithms_are_refused_by_name() {
    let Some(keys) = Keys::new() else { return };
    let rsa = issued(&keys, "rsa", "RSA:2048", "rsa_recipient");
    let p256 = issued(&keys, "p256", "EC:prime256v1", "ec_recipient");
    let refused = |holder: &Holder, cipher: &str, recipient: &[&str]| {
        let error = opened(&by_openssl(&keys, b"text", cipher, &[recipient]), holder).unwrap_err();
        assert!(matches!(error, OpenError::Algorithm { .. }), "{error}");
        error.to_string()
    };
    let (to_rsa, to_p256) = (["-recip", "rsa.pem"], ["-recip", "p256.pem"]);
    expect!["the wrapping of the content key uses ECDH with X9.63 KDF SHA-1 (1.3.133.16.840.63.0.2), which is not opened here; ask the sender for ephemeral ECDH with X9.63 KDF SHA-256 and AES-256 key wrap"]
        .assert_eq(&refused(&p256, "-aes-256-cbc", &to_p256));
    expect!["the wrapping of the content key uses RSA with PKCS #1 v1.5 padding (1.2.840.113549.1.1.1), which is not opened here; ask the sender for RSA-OAEP with SHA-256 and MGF1 with SHA-256, without a label"]
        .assert_eq(&refused(&rsa, "-aes-256-cbc", &to_rsa));
    let sha1 = [&to_rsa[..], &OAEP[..2]].concat();
    expect!["the wrapping of the content key uses RSA-OAEP with SHA-1, which is not opened here; ask the sender for RSA-OAEP with SHA-256 and MGF1 with SHA-256, without a label"]
        .assert_eq(&refused(&rsa, "-aes-256-cbc", &sha1));
    let mask = [&to_rsa[..], &OAEP, &["-keyopt", "rsa_mgf1_md:sha512"]].concat();
    expect!["the wrapping of the content key uses MGF1 with SHA-512 (2.16.840.1.101.3.4.2.3), which is not opened here; ask the sender for RSA-OAEP with SHA-256 and MGF1 with SHA-256, without a label"]
        .assert_eq(&refused(&rsa, "-aes-256-cbc", &mask));
    let label = [&to_rsa[..], &OAEP, &["-keyopt", "rsa_oaep_label:00ff"]].concat();
    expect!["the wrapping of the content key uses RSA-OAEP with a label, which is not opened here; ask the sender for RSA-OAEP with SHA-256 and MGF1 with SHA-256, without a label"]
        .assert_eq(&refused(&rsa, "-aes-256-cbc", &label));
    let wrap = [&to_p256[..], &KDF, &["-aes128-wrap"]].concat();
    expect!["the wrapping of the content key uses AES-128 key wrap (2.16.840.1.101.3.4.1.5), which is not opened here; ask the sender for ephemeral ECDH with X9.63 KDF SHA-256 and AES-256 key wrap"]
        .assert_eq(&refused(&p256, "-aes-256-cbc", &wrap));
    // Said before the content key turns out to have another length.
    expect!["the content uses AES-128-CBC (2.16.840.1.101.3.4.1.2), which is not opened here; ask the sender for AES-256-CBC"]
        .assert_eq(&refused(&rsa, "-aes-128-cbc", &[&to_rsa[..], &OAEP].concat()));
}

#[test]
fn the_number_of_recipients_is_bounded() {
    let Some(keys) = Keys::new() else { return };
    let p256 = issued(&keys, "p256", "EC:prime256v1", "ec_recipient");
    let to = [&["-recip", "p256.pem"][..], &KDF].concat();
    let sixteen = by_openssl(&keys, b"text", "-aes-256-cbc", &[&to[..]; 16]);
    assert_eq!(opened(&sixteen, &p256).unwrap(), b"text");
    let seventeen = by_openssl(&keys, b"text", "-aes-256-cbc", &[&to[..]; 17]);
    expect!["an envelope has 1 to 16 recipients, not 17"].assert_eq(&refusal(&seventeen, &p256));
}

#[test]
fn recipients_named_by_key_identifier_are_not_found() {
    let Some(keys) = Keys::new() else { return };
    let rsa = issued(&keys, "rsa", "RSA:2048", "rsa_recipient");
    let p256 = issued(&keys, "p256", "EC:prime256v1", "ec_recipient");
    let to_rsa = [&["-keyid", "-recip", "rsa.pem"][..], &OAEP].concat();
    let error = opened(&by_openssl(&keys, b"text", "-aes-256-cbc", &[&to_rsa]), &rsa).unwrap_err();
    assert!(matches!(error, OpenError::NotForCertificate { recipients: 1 }), "{error}");
    let to_p256 = [&["-keyid", "-recip", "p256.pem"][..], &KDF].concat();
    let error = refusal(&by_openssl(&keys, b"text", "-aes-256-cbc", &[&to_p256]), &p256);
    assert!(
        error.contains("the recipient is not one named by issuer and serial number"),
        "{error}"
    );
}

#[test]
fn an_envelope_in_pieces_opens_after_the_advice_is_taken() {
    let Some(keys) = Keys::new() else { return };
    let p256 = issued(&keys, "p256", "EC:prime256v1", "ec_recipient");
    let to = [&["-stream", "-recip", "p256.pem"][..], &KDF].concat();
    let envelope = by_openssl(&keys, &pattern(9000), "-aes-256-cbc", &[&to]);
    expect!["byte 1: the envelope is written in BER pieces, not in DER; rewrite it by `openssl cms -cmsout -inform DER -outform DER`"]
        .assert_eq(&refusal(&envelope, &p256));
    let rewrite = ["cms", "-cmsout", "-inform", "DER", "-outform", "DER"];
    keys.openssl(&[&rewrite[..], &["-in", "envelope", "-out", "again"]].concat());
    assert_eq!(opened(&keys.read("again"), &p256).unwrap(), pattern(9000));
}

fn aged(content: &[u8], identities: &[&age::x25519::Identity]) -> Vec<u8> {
    let recipients: Vec<AgeRecipient> = identities
        .iter()
        .map(|identity| AgeRecipient::parse(&identity.to_public().to_string()).unwrap())
        .collect();
    let mut writer = AgeWriter::new(Vec::new(), &recipients).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn secret(identity: &age::x25519::Identity) -> String {
    use age::secrecy::ExposeSecret;
    identity.to_string().expose_secret().to_owned()
}

#[test]
fn age_files_open_to_their_identities_only() {
    let [one, other, stranger] = [(); 3].map(|()| age::x25519::Identity::generate());
    for bytes in [0, 1, 65_535, 65_536, 65_537, 300_000] {
        let content = pattern(bytes);
        let file = aged(&content, &[&one, &other]);
        for identity in [&one, &other] {
            // As a slow stream that gives little at a time.
            let (opened, count) =
                open_age(file[..3].chain(&file[3..]), &secret(identity), Vec::new()).unwrap();
            assert_eq!((opened, count), (content.clone(), u64::from(bytes)));
        }
    }
    let file = aged(b"text", &[&one]);
    let key_file = format!("# created: today\n# public key: age1\n{}\n", secret(&one));
    assert_eq!(open_age(&file[..], &key_file, Vec::new()).unwrap().0, b"text");
    let refused = |file: &[u8], identity: &str| {
        open_age(file, identity, Vec::new()).err().unwrap().to_string()
    };
    expect!["the age file is not encrypted to this identity; give the identity it was made for, or ask the sender to encrypt to this one"]
        .assert_eq(&refused(&file, &secret(&stranger)));
    expect!["this is no age identity (incorrect HRP); it starts with AGE-SECRET-KEY-1"]
        .assert_eq(&refused(&file, &one.to_public().to_string()));
    expect!["this is no age identity (invalid Bech32 encoding); it starts with AGE-SECRET-KEY-1"]
        .assert_eq(&refused(&file, "# nothing\n"));
    expect!["this is not an age file of version 1 in binary; give the file as it was received"]
        .assert_eq(&refused(b"0\x82", &secret(&one)));
    let endless =
        [b"age-encryption.org/v1\n".as_slice(), &b"-> X25519 a\n".repeat(10_000)].concat();
    expect![
        "this is not an age file of version 1 in binary; its header has no end, get the file again"
    ]
    .assert_eq(&refused(&endless, &secret(&one)));
    let error = open_age(&file[..], &secret(&one), Full).err().unwrap();
    assert!(matches!(error, AgeError::WriteContent(_)), "{error}");
}

#[test]
fn an_age_file_cut_or_changed_anywhere_is_refused() {
    let identity = age::x25519::Identity::generate();
    let text = secret(&identity);
    let file = aged(&pattern(100), &[&identity]);
    for length in 0..file.len() {
        assert!(open_age(&file[..length], &text, io::sink()).is_err(), "cut to {length}");
        let mut changed = file.clone();
        changed[length] ^= 1;
        assert!(open_age(&changed[..], &text, io::sink()).is_err(), "byte {length}");
    }
    let mut longer = file.clone();
    longer.push(0);
    let error = open_age(&longer[..], &text, io::sink()).unwrap_err();
    assert!(matches!(error, AgeError::Damaged(_)), "{error}");
}
