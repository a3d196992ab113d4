//! Signature, certificates, time-stamp, log record and proof.

use super::Bench;
use super::kit::asn1::{self, Cms, DATA, attribute, tlv};
use super::kit::{Files, Kit, SealPlan, TokenPlan};

use evidence::format as f;

pub fn add(bench: &mut Bench) {
    signature(bench);
    form(bench);
    certificates(bench);
    chain_file(bench);
    time_stamp(bench);
    record(bench);
    proof(bench);
    checkpoint(bench);
}

/// A seal made with one thing wrong; token, record and proof are made over it.
fn sealed(
    bench: &mut Bench,
    name: &'static str,
    expected: &'static [&'static str],
    change: impl Fn(&Kit, &Files, &mut SealPlan),
) {
    bench.files(name, expected, |kit, files| {
        let before = files.clone();
        kit.reseal(files, |plan| change(kit, &before, plan));
    });
}

/// A seal whose CMS fields were changed before signing.
fn signed(
    bench: &mut Bench,
    name: &'static str,
    expected: &'static [&'static str],
    change: impl Fn(&Kit, &mut Cms),
) {
    sealed(bench, name, expected, |kit, files, plan| {
        let mut cms = Cms::detached(&files[f::TAGMANIFEST_PATH], &plan.certificates);
        change(kit, &mut cms);
        plan.cms = Some(cms);
    });
}

fn signature(bench: &mut Bench) {
    signed(
        bench,
        "a signature over another list",
        &["seal/tagmanifest-sha256.txt.p7s: the signature is over another tagmanifest-sha256.txt"],
        |kit, cms| *cms = Cms::detached(b"another list", &kit.chain()),
    );
    signed(
        bench,
        "a bit flipped in the signature's value",
        &["seal/tagmanifest-sha256.txt.p7s: the signature is not by the signer's key"],
        |_, cms| cms.flip_signature = true,
    );
    signed(
        bench,
        "a signing certificate attribute for another",
        &["seal/tagmanifest-sha256.txt.p7s: signing-certificate-v2 names another certificate"],
        |kit, cms| {
            let other = asn1::signing_certificate(&kit.root.der);
            cms.attributes[3] = attribute("1.2.840.113549.1.9.16.2.47", &other);
        },
    );
    signed(
        bench,
        "no signing certificate attribute",
        &["seal/tagmanifest-sha256.txt.p7s: signing-certificate-v2 is missing"],
        |_, cms| {
            cms.attributes.remove(3);
        },
    );
    signed(
        bench,
        "no signing time",
        &["seal/tagmanifest-sha256.txt.p7s: signing-time is missing"],
        |_, cms| {
            cms.attributes.remove(2);
        },
    );
    signed(
        bench,
        "a wrong content type attribute",
        &["seal/tagmanifest-sha256.txt.p7s: the signed content-type is wrong"],
        |_, cms| cms.attributes[0] = attribute("1.2.840.113549.1.9.3", &asn1::oid("1.2.3.4")),
    );
    signed(
        bench,
        "an attribute we never sign",
        &["seal/tagmanifest-sha256.txt.p7s: a signed attribute we never write"],
        |_, cms| cms.attributes.push(attribute("1.2.840.113549.1.9.15", &tlv(0x30, &[]))),
    );
    signed(
        bench,
        "an attribute that nobody signed",
        &["seal/tagmanifest-sha256.txt.p7s: the signature has unsigned attributes"],
        |_, cms| cms.unsigned = Some(attribute("1.2.3.4", &tlv(4, &[b"smuggled"]))),
    );
    sealed(
        bench,
        "a seal by another key",
        &["seal/tagmanifest-sha256.txt.p7s: the signature is not by the signer's key"],
        |kit, _, plan| plan.key = kit.other_seal.key.clone(),
    );
    bench.files(
        "a bit flipped where openssl does not look",
        &[
            "seal/tagmanifest-sha256.txt.p7s: the version of SignedData is wrong",
            "seal/tagmanifest-sha256.txt.p7s.tsr: the token is over another file",
            "seal/tagmanifest-sha256.txt.p7s: not the file that the log record names",
        ],
        |_, files| {
            // The version of SignedData: OpenSSL verifies with any.
            let p7s = files.get_mut(f::SEAL_P7S_PATH).expect("there");
            let at = p7s.windows(5).position(|w| w == [2, 1, 1, 0x31, 0x0d]).expect("a version");
            p7s[at + 2] ^= 2;
        },
    );
}

fn form(bench: &mut Bench) {
    signed(
        bench,
        "a signature with the text inside",
        &["seal/tagmanifest-sha256.txt.p7s: not a detached signature over data"],
        |_, cms| cms.content = Some(b"inside".to_vec()),
    );
    signed(
        bench,
        "another version of SignedData",
        &["seal/tagmanifest-sha256.txt.p7s: the version of SignedData is wrong"],
        |_, cms| cms.version = 3,
    );
    signed(
        bench,
        "two digest algorithms",
        &["seal/tagmanifest-sha256.txt.p7s: digestAlgorithms is not the signer's alone"],
        |_, cms| {
            let sha512 = tlv(0x30, &[&asn1::oid("2.16.840.1.101.3.4.2.3")]);
            cms.digest_algorithms.push(sha512);
        },
    );
    signed(
        bench,
        "a revocation list inside",
        &["seal/tagmanifest-sha256.txt.p7s: the signature carries revocation lists"],
        |_, cms| cms.crls = Some(tlv(0xa1, &[&tlv(0x30, &[])])),
    );
    signed(
        bench,
        "attributes out of order",
        &["seal/tagmanifest-sha256.txt.p7s: not a CMS signature in DER"],
        |_, cms| {
            cms.sorted = false;
            cms.attributes.sort();
            cms.attributes.reverse();
        },
    );
    signed(
        bench,
        "two signers",
        &["seal/tagmanifest-sha256.txt.p7s: not a CMS signature in DER"],
        |_, cms| cms.signer_count = 2,
    );
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let broken: [(&'static str, Change); 4] = [
        ("bytes after the signature", |p7s| [&p7s[..], b"\0"].concat()),
        ("a length in more bytes than needed", |p7s| [&p7s[..1], &[0x83, 0], &p7s[2..]].concat()),
        ("an indefinite length", |p7s| [&[0x30, 0x80], &p7s[4..], &[0, 0]].concat()),
        ("a signature cut off", |p7s| p7s[..p7s.len() - 9].to_vec()),
    ];
    for (name, change) in broken {
        sealed(
            bench,
            name,
            &["seal/tagmanifest-sha256.txt.p7s: not a CMS signature in DER"],
            |_, files, plan| plan.p7s = Some(change(files[f::SEAL_P7S_PATH].clone())),
        );
    }
}

fn certificates(bench: &mut Bench) {
    sealed(
        bench,
        "a seal of another company",
        &["seal/chain.pem: no path from the certificate to a given root"],
        |kit, _, plan| {
            plan.certificates = vec![kit.other_seal.der.clone(), kit.other_root.der.clone()];
            plan.signer = kit.other_seal.der.clone();
            plan.key = kit.other_seal.key.clone();
        },
    );
    sealed(
        bench,
        "an expired certificate",
        &["seal/chain.pem: a certificate was not valid at the time of the seal"],
        |kit, _, plan| {
            plan.certificates = vec![kit.expired.der.clone(), kit.root.der.clone()];
            plan.signer = kit.expired.der.clone();
            plan.key = kit.expired.key.clone();
        },
    );
    sealed(
        bench,
        "a certificate that is not for signing",
        &["seal/chain.pem: the certificate is not for signing"],
        |kit, _, plan| {
            plan.certificates = vec![kit.encipher_only.der.clone(), kit.root.der.clone()];
            plan.signer = kit.encipher_only.der.clone();
            plan.key = kit.encipher_only.key.clone();
        },
    );
    sealed(
        bench,
        "a certificate issued by a leaf",
        &[
            "seal/chain.pem: an issuer on the way may not issue this certificate",
            "seal/chain.pem: an issuer's key is not for signing certificates",
        ],
        |kit, _, plan| {
            let below = &kit.below_leaf;
            let chain = [&below.der, &kit.seal.der, &kit.root.der];
            plan.certificates = chain.into_iter().cloned().collect();
            plan.signer = below.der.clone();
            plan.key = below.key.clone();
        },
    );
    signed(
        bench,
        "the signer's certificate is not inside",
        &["seal/tagmanifest-sha256.txt.p7s: the signer's certificate is not inside"],
        |kit, cms| cms.certificates = vec![kit.root.der.clone()],
    );
    signed(
        bench,
        "a stranger's certificate inside",
        &["seal/tagmanifest-sha256.txt.p7s: the certificates inside are not those of the chain"],
        |kit, cms| cms.certificates.push(kit.other_root.der.clone()),
    );
}

/// `chain.pem` changed, and the log record made over it.
fn chain_file(bench: &mut Bench) {
    let mut form = |name, expected: &'static [&'static str], change: fn(&Kit, String) -> String| {
        bench.files(name, expected, |kit, files| {
            let text = String::from_utf8(files[f::CHAIN_PEM_PATH].clone()).expect("UTF-8");
            let changed = change(kit, text.clone());
            assert_ne!(text, changed);
            files.insert(f::CHAIN_PEM_PATH.into(), changed.into_bytes());
            kit.rerecord(files, |_| {});
        });
    };
    let one_form: &[&str] = &["seal/chain.pem: not the one form of PEM"];
    form("a chain with CR LF", one_form, |_, text| text.replace('\n', "\r\n"));
    form("a chain with text around it", one_form, |_, text| format!("subject=us\n{text}"));
    form("a chain in other lines", one_form, |_, text| {
        let (head, rest) = text.split_once('\n').expect("lines");
        format!("{head}\n{}\n{}", &rest[..10], &rest[10..])
    });
    form("base64 with loose bits", one_form, |_, text| {
        let at = text.find("==\n").or_else(|| text.find("=\n")).unwrap_or(0);
        if at == 0 {
            return text.replacen('\n', "\n\n", 1);
        }
        let letter = text.as_bytes()[at - 1];
        let next = if letter == b'z' { b'y' } else { letter + 1 };
        format!("{}{}{}", &text[..at - 1], char::from(next), &text[at..])
    });
    form(
        "a chain that starts with the root",
        &["seal/chain.pem: the first certificate is not the signer's"],
        |_, text| {
            let end = text.find("-----END CERTIFICATE-----\n").expect("an end") + 26;
            format!("{}{}", &text[end..], &text[..end])
        },
    );
    form(
        "a chain without the root",
        &["seal/tagmanifest-sha256.txt.p7s: the certificates inside are not those of the chain"],
        |_, text| {
            let end = text.find("-----END CERTIFICATE-----\n").expect("an end") + 26;
            text[..end].to_owned()
        },
    );
    bench.files(
        "a chain exchanged after sealing",
        &[
            "seal/tagmanifest-sha256.txt.p7s: the certificates inside are not those of the chain",
            "seal/chain.pem: not the file that the log record names",
        ],
        |kit, files| {
            let text = String::from_utf8(files[f::CHAIN_PEM_PATH].clone()).expect("UTF-8");
            let end = text.find("-----END CERTIFICATE-----\n").expect("an end") + 26;
            files.insert(f::CHAIN_PEM_PATH.into(), text.as_bytes()[..end].to_vec());
            let _ = kit;
        },
    );
}

fn time_stamp(bench: &mut Bench) {
    const TIME: &str = "20261120110641Z";
    let mut stamped =
        |name, expected: &'static [&'static str], make: fn(&Kit, &[u8]) -> Vec<u8>| {
            bench.files(name, expected, |kit, files| {
                let tsr = make(kit, &files[f::SEAL_P7S_PATH]);
                files.insert(f::SEAL_TSR_PATH.into(), tsr);
                kit.rerecord(files, |_| {});
            });
        };
    stamped(
        "a time-stamp of another file",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the token is over another file"],
        |kit, _| kit.token(b"another file"),
    );
    stamped(
        "a time-stamp with a broken signature",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the token's signature does not hold"],
        |kit, p7s| {
            let chain = [kit.tsa.der.clone()];
            asn1::time_stamp(p7s, TIME, &chain, &kit.tsa.key, |cms, _| cms.flip_signature = true)
        },
    );
    stamped(
        "a time-stamp whose content was exchanged",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the token's signature does not hold"],
        |kit, p7s| {
            let chain = [kit.tsa.der.clone()];
            let old = asn1::time_stamp(p7s, TIME, &chain, &kit.tsa.key, |_, _| {});
            let at = old.windows(15).position(|w| w == TIME.as_bytes()).expect("the time");
            let mut new = old;
            new[at + 13] = b'2';
            new
        },
    );
    stamped(
        "a time-stamp by nobody's authority",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the certificate is not a time-stamp authority's"],
        |kit, p7s| {
            let chain = [kit.tsa_plain.der.clone()];
            asn1::time_stamp(p7s, TIME, &chain, &kit.tsa_plain.key, |_, _| {})
        },
    );
    stamped(
        "a time-stamp authority whose usage is not critical",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the certificate is not a time-stamp authority's"],
        |kit, p7s| {
            let chain = [kit.tsa_loose.der.clone()];
            asn1::time_stamp(p7s, TIME, &chain, &kit.tsa_loose.key, |_, _| {})
        },
    );
    stamped(
        "a time-stamp by the company itself",
        &[
            "seal/tagmanifest-sha256.txt.p7s.tsr: the certificate is not a time-stamp authority's",
            "seal/tagmanifest-sha256.txt.p7s.tsr: no path from the certificate to a given root",
        ],
        |kit, p7s| {
            let chain = [kit.seal.der.clone()];
            asn1::time_stamp(p7s, TIME, &chain, &kit.seal.key, |_, _| {})
        },
    );
    stamped(
        "a time-stamp from before the signing time",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: the signing time is after the time-stamp"],
        |kit, p7s| {
            let chain = [kit.tsa.der.clone()];
            asn1::time_stamp(p7s, "20261120100000Z", &chain, &kit.tsa.key, |_, _| {})
        },
    );
    stamped(
        "a refused time-stamp",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: not a time-stamp response in DER"],
        |kit, p7s| {
            let chain = [kit.tsa.der.clone()];
            asn1::time_stamp(p7s, TIME, &chain, &kit.tsa.key, |_, status| *status = 2)
        },
    );
    stamped(
        "a time-stamp that is a signature over data",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: not a time-stamp response in DER"],
        |kit, p7s| {
            let chain = [kit.tsa.der.clone()];
            asn1::time_stamp(p7s, TIME, &chain, &kit.tsa.key, |cms, _| cms.content_type = DATA)
        },
    );
    bench.files(
        "a time-stamp that the log does not name",
        &["seal/tagmanifest-sha256.txt.p7s.tsr: a file that the log record does not name"],
        |kit, files| {
            let tsr = files.remove(f::SEAL_TSR_PATH).expect("there");
            kit.reseal(files, |plan| plan.tsr = TokenPlan::None);
            let _ = tsr;
            let p7s = files[f::SEAL_P7S_PATH].clone();
            files.insert(f::SEAL_TSR_PATH.into(), kit.token(&p7s));
        },
    );
}

fn text_of(files: &Files, path: &str) -> String {
    String::from_utf8(files[path].clone()).expect("UTF-8")
}

fn record(bench: &mut Bench) {
    let mut spelled = |name, expected: &'static [&'static str], from: &str, to: &str| {
        bench.files(name, expected, |_, files: &mut Files| {
            let text = text_of(files, f::SEALED_JSON_PATH);
            assert!(text.contains(from), "{text}");
            files.insert(f::SEALED_JSON_PATH.into(), text.replacen(from, to, 1).into_bytes());
        });
    };
    spelled(
        "a space in sealed.json",
        &["seal/sealed.json: not in its one spelling"],
        "\"v\":1,",
        "\"v\": 1,",
    );
    spelled(
        "an unknown key in sealed.json",
        &["seal/sealed.json: not the sealed record"],
        "{\"v\":1,",
        "{\"v\":1,\"note\":\"x\",",
    );
    spelled(
        "one key twice in sealed.json",
        &["seal/sealed.json: not the sealed record"],
        "{\"v\":1,",
        "{\"v\":1,\"v\":1,",
    );
    spelled(
        "an unknown version of sealed.json",
        &["seal/sealed.json: a version this verifier does not know"],
        "{\"v\":1,",
        "{\"v\":2,",
    );
    spelled(
        "another salt",
        &["seal/sealed.json.tlog-proof: the record is not in the log at this place"],
        "\"salt\":\"5a",
        "\"salt\":\"5b",
    );
    spelled(
        "a salt in capitals",
        &["seal/sealed.json: the salt is not one"],
        "\"salt\":\"5a",
        "\"salt\":\"5A",
    );
    spelled(
        "a record that says another time",
        &["seal/sealed.json.tlog-proof: the record is not in the log at this place"],
        "11:06:42",
        "11:06:43",
    );
    spelled(
        "a witness more expected",
        &["seal/sealed.json.tlog-proof: the cosignature of an expected witness is missing"],
        "[\"witness.example/w1\"]",
        "[\"witness.example/w1\",\"witness.example/w2\"]",
    );
    spelled(
        "no witness expected",
        &["seal/sealed.json.tlog-proof: a signature by a key that the seal does not name"],
        "[\"witness.example/w1\"]",
        "[]",
    );
    let mut told = |name, expected: &'static [&'static str], from: &str, to: &str| {
        bench.files(name, expected, |kit: &Kit, files: &mut Files| {
            kit.rerecord(files, |record| *record = record.replacen(from, to, 1));
        });
    };
    told(
        "a record of another act",
        &["seal/sealed.json: the record is of another act"],
        "\"kind\":\"sealed\"",
        "\"kind\":\"opened\"",
    );
    told(
        "a record with a field more",
        &["seal/sealed.json: the record is not one of a seal"],
        "\"asks\"",
        "\"by\":\"me\",\"asks\"",
    );
    told(
        "a record of another request",
        &["seal/sealed.json: the record is of another request"],
        "\"stream\":\"0",
        "\"stream\":\"1",
    );
    for (name, key, expected) in [
        (
            "a record of another list",
            "tagmanifest_sha256",
            &["tagmanifest-sha256.txt: not the file that the log record names"],
        ),
        (
            "a record of another signature",
            "p7s_sha256",
            &["seal/tagmanifest-sha256.txt.p7s: not the file that the log record names"],
        ),
        (
            "a record of another time-stamp",
            "tsr_sha256",
            &["seal/tagmanifest-sha256.txt.p7s.tsr: not the file that the log record names"],
        ),
        (
            "a record of another chain",
            "chain_sha256",
            &["seal/chain.pem: not the file that the log record names"],
        ),
    ] {
        bench.files(name, expected, |kit, files| {
            kit.rerecord(files, |record| {
                let at = record.find(&format!("\"{key}\":\"")).expect("the key") + key.len() + 4;
                let wrong = if record[at..].starts_with('0') { "1" } else { "0" };
                record.replace_range(at..=at, wrong);
            });
        });
    }
}

fn proof(bench: &mut Bench) {
    let mut text = |name, expected: &'static [&'static str], change: fn(String) -> String| {
        bench.files(name, expected, |_, files| {
            let text = text_of(files, f::SEALED_PROOF_PATH);
            let changed = change(text.clone());
            assert_ne!(text, changed);
            files.insert(f::SEALED_PROOF_PATH.into(), changed.into_bytes());
        });
    };
    text(
        "a proof for another leaf",
        &["seal/sealed.json.tlog-proof: the record is not in the log at this place"],
        |text| text.replacen("index 2", "index 3", 1),
    );
    text(
        "an index beyond the log",
        &["seal/sealed.json.tlog-proof: the record is not in the log at this place"],
        |text| text.replacen("index 2", "index 9", 1),
    );
    text(
        "an index with a leading zero",
        &["seal/sealed.json.tlog-proof: not a C2SP tlog-proof"],
        |text| text.replacen("index 2", "index 02", 1),
    );
    text(
        "a proof with a hash less",
        &["seal/sealed.json.tlog-proof: the record is not in the log at this place"],
        |text| {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.remove(2);
            lines.concat()
        },
    );
    text(
        "a proof with base64 that has loose bits",
        &["seal/sealed.json.tlog-proof: not a C2SP tlog-proof"],
        |text| {
            // 32 bytes leave two bits of the last letter unused.
            let line = text.lines().nth(2).expect("a hash").to_owned();
            let at = line.len() - 2;
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let place = alphabet.find(line.as_bytes()[at] as char).expect("base64");
            let loose = &alphabet[place + 1..place + 2];
            text.replacen(&line, &format!("{}{loose}=", &line[..at]), 1)
        },
    );
    text(
        "a proof with something extra",
        &["seal/sealed.json.tlog-proof: not in its one spelling"],
        |text| text.replacen("\nindex", "\nextra aGlkZGVu\nindex", 1),
    );
    text(
        "a proof of another kind",
        &["seal/sealed.json.tlog-proof: not a C2SP tlog-proof"],
        |text| text.replacen("@v1", "@v2", 1),
    );
    text(
        "a proof without its checkpoint",
        &["seal/sealed.json.tlog-proof: not a C2SP tlog-proof"],
        |text| text.split_once("\n\n").expect("two parts").0.to_owned() + "\n\n",
    );
    text(
        "a checkpoint of another size",
        &[
            "seal/sealed.json.tlog-proof: the record is not in the log at this place",
            "seal/sealed.json.tlog-proof: the policy does not trust this checkpoint",
        ],
        |text| text.replacen("\n5\n", "\n9\n", 1),
    );
    text(
        "a checkpoint without signatures",
        &["seal/sealed.json.tlog-proof: the checkpoint cannot be read"],
        |text| text.rsplit_once("\n\n").expect("two parts").0.to_owned() + "\n",
    );
}

fn checkpoint(bench: &mut Bench) {
    bench.files(
        "a checkpoint signed by another log's key",
        &["seal/sealed.json.tlog-proof: the policy does not trust this checkpoint"],
        |kit, files| kit.reprove(files, |plan| plan.log = kit.other_log.clone()),
    );
    bench.files(
        "a checkpoint of another log",
        &["seal/sealed.json.tlog-proof: the policy does not trust this checkpoint"],
        |kit, files| {
            let key = ledger::note::SigningKey::from_seed("elsewhere.example/log", [9; 32]);
            kit.reprove(files, |plan| {
                plan.origin = "elsewhere.example/log".into();
                plan.log = key.clone().expect("a key");
            });
        },
    );
    bench.files(
        "a cosignature taken away",
        &[
            "seal/sealed.json.tlog-proof: the cosignature of an expected witness is missing",
            "seal/sealed.json.tlog-proof: the policy does not trust this checkpoint",
        ],
        |kit, files| kit.reprove(files, |plan| plan.cosigners.clear()),
    );
    bench.files(
        "a stranger's cosignature",
        &["seal/sealed.json.tlog-proof: a signature by a key that the seal does not name"],
        |kit, files| kit.reprove(files, |plan| plan.cosigners.push(kit.stranger.clone())),
    );
    bench.files(
        "a forged cosignature",
        &["seal/sealed.json.tlog-proof: the policy does not trust this checkpoint"],
        |_, files| {
            let text = text_of(files, f::SEALED_PROOF_PATH);
            let line = text.lines().last().expect("a cosignature").to_owned();
            let at = line.len() - 12;
            let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
            let forged = format!("{}{other}{}", &line[..at], &line[at + 1..]);
            let text = text.replacen(&line, &forged, 1);
            files.insert(f::SEALED_PROOF_PATH.into(), text.into_bytes());
        },
    );
    bench.files(
        "a proof in another tree",
        &["seal/sealed.json.tlog-proof: the record is not in the log at this place"],
        |kit, files| kit.reprove(files, |plan| plan.salt = [1; 32]),
    );
}
