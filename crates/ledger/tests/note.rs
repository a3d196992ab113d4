//! Notes, keys, checkpoints, cosignatures: what is refused, and what is passed over.

mod common;

use common::{LOG_VKEY, OWN_PROOF, WITNESS_VKEY, log_key, own_checkpoint, own_policy, witness_key};
use ledger::checkpoint::{Checkpoint, CheckpointError, SignError, SignedCheckpoint};
use ledger::note::{
    KeyError, KeyName, Note, NoteError, NoteSignature, NoteVerifyError, PosixSeconds,
    SignatureType, SigningKey, VerifierKey, parse_signatures,
};
use ledger::proof::TlogProof;
use ledger::{Hash, TreeSize, leaf_hash};
use proptest::prelude::*;

const LINE: &str = "— k AAAAAAE=\n"; // id 0, one byte of signature, by nobody

#[test]
fn notes_that_must_fail() {
    let parse = |text: &str| Note::parse(text.as_bytes()).unwrap_err();
    let line = |text: &str| match parse(text) {
        NoteError::SignatureLine { line, fault } => format!("{line}: {fault}"),
        other => panic!("{other}"),
    };
    assert_eq!(parse(""), NoteError::NoSignatures);
    assert_eq!(parse("text\n"), NoteError::NoSignatures);
    assert_eq!(parse(&format!("text\n{LINE}")), NoteError::NoSignatures);
    assert_eq!(parse("text\n\n"), NoteError::NoSignatures);
    assert_eq!(parse(&format!("text\n\n{}", LINE.trim_end())), NoteError::NoSignatures);
    assert_eq!(parse(&format!("a\tb\n\n{LINE}")), NoteError::ControlByte(1));
    assert_eq!(parse(&format!("text\r\n\r\n{LINE}")), NoteError::ControlByte(4));
    assert_eq!(Note::parse(b"a\xff\n\n"), Err(NoteError::NotUtf8(1)));
    assert_eq!(line("t\n\n- k AAAAAAE=\n"), "1: it does not begin with an em dash and a space");
    assert_eq!(
        line(&format!("t\n\n{LINE}x\n")),
        "2: it does not begin with an em dash and a space"
    );
    assert_eq!(line("t\n\n— kAAAAAAE=\n"), "1: it has no space after the key name");
    assert_eq!(line("t\n\n—  AAAAAAE=\n"), "1: its key name is not allowed");
    assert_eq!(line("t\n\n— a+b AAAAAAE=\n"), "1: its key name is not allowed");
    assert_eq!(line("t\n\n— a\u{a0}b AAAAAAE=\n"), "1: its key name is not allowed");
    let base64 = "1: its signature is not standard padded base64";
    assert_eq!(line("t\n\n— k AAAAAAE\n"), base64);
    assert_eq!(line("t\n\n— k AAAAAAF=\n"), base64); // unused bits set
    assert_eq!(line("t\n\n— k AAAAA-E=\n"), base64);
    assert_eq!(line("t\n\n— k  AAAAAAE=\n"), base64);
    assert_eq!(line("t\n\n— k AAAAAAE= \n"), base64);
    assert_eq!(line("t\n\n— k AAA=\n"), "1: its signature is shorter than a key id");
    assert_eq!(line("t\n\n— k AAAAAA==\n"), "1: its signature is empty or too long");
    let many = |count| format!("t\n\n{}", LINE.repeat(count));
    assert_eq!(Note::parse(many(100).as_bytes()).unwrap().signatures().len(), 100);
    assert_eq!(parse(&many(101)), NoteError::TooManySignatures);
    let long = "x".repeat(600_000);
    assert_eq!(parse(&long), NoteError::TooLong(600_000));
    assert_eq!(Note::new("no line feed".into(), vec![]), Err(NoteError::TextNotEnded));
    assert_eq!(Note::new("t\n".into(), vec![]), Err(NoteError::NoSignatures));
    assert_eq!(parse_signatures(""), Err(NoteError::NoSignatures));
}

#[test]
fn a_note_keeps_its_limit_when_lines_are_added() {
    let mut note = Note::parse(format!("t\n\n{}", LINE.repeat(100)).as_bytes()).unwrap();
    let line = note.signatures()[0].clone();
    assert_eq!(note.add(line), Err(NoteError::TooManySignatures));
    assert_eq!(note.signatures().len(), 100);
}

#[test]
fn known_and_unknown_lines() {
    let (log, witness) = (log_key(), witness_key());
    let keys = [log.verifier(), witness.verifier()];
    let good = log.sign("text\n").unwrap();
    let other_text = log.sign("other\n").unwrap();
    let unknown = NoteSignature { key_id: ledger::note::KeyId([0; 4]), ..good.clone() };
    let renamed = NoteSignature { name: KeyName::parse("other").unwrap(), ..good.clone() };
    let verify = |lines: &[&NoteSignature]| {
        let lines = lines.iter().map(|line| (*line).clone()).collect();
        let note = Note::new("text\n".into(), lines).unwrap();
        note.verify(&keys).map(|verified| verified.len())
    };
    let bad = NoteVerifyError::BadSignature { name: log.name().clone(), id: log.verifier().id() };
    assert_eq!(verify(&[&good]), Ok(1));
    assert_eq!(verify(&[&unknown, &good, &renamed]), Ok(1));
    assert_eq!(verify(&[&good, &good]), Ok(1), "one key counts once");
    assert_eq!(verify(&[&unknown]), Err(NoteVerifyError::NoKnownSignature));
    assert_eq!(verify(&[&renamed]), Err(NoteVerifyError::NoKnownSignature));
    assert_eq!(verify(&[&other_text]), Err(bad.clone()));
    assert_eq!(verify(&[&good, &other_text]), Err(bad.clone()), "one bad line spoils the note");
    assert_eq!(verify(&[&other_text, &good]), Err(bad.clone()));
    let short = NoteSignature { bytes: good.bytes[..63].to_vec(), ..good.clone() };
    assert_eq!(verify(&[&short]), Err(bad));
}

/// A line of type 0x06 is unknown to us, whoever made it: passed over, never an error.
#[test]
fn ml_dsa_lines_are_passed_over() {
    let mut signed = own_checkpoint();
    let line = NoteSignature {
        name: log_key().name().clone(),
        key_id: ledger::note::KeyId([6, 6, 6, 6]),
        bytes: vec![6; 8 + 2420],
    };
    signed.add(line).unwrap();
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert!(read.verify(&log_key().verifier()).is_ok());
}

#[test]
fn keys_that_must_fail() {
    let parse = |text: &str| VerifierKey::parse(text).unwrap_err();
    assert_eq!(parse(""), KeyError::Form);
    assert_eq!(parse("k+00000000"), KeyError::Form);
    assert_eq!(parse(&LOG_VKEY.replace("log.example/desk", "")), KeyError::Name(String::new()));
    assert!(matches!(parse(&LOG_VKEY.replace("desk", "dusk")), KeyError::Id { .. }));
    assert!(matches!(parse(&LOG_VKEY.replace("e8b7186e", "E8B7186E")), KeyError::Id { .. }));
    assert_eq!(parse(&LOG_VKEY[..LOG_VKEY.len() - 1]), KeyError::Base64);
    assert_eq!(parse(&format!("{LOG_VKEY} ")), KeyError::Base64);
    // Made with: id = SHA-256(name || LF || type || key)
    let ml_dsa = vkey("k", 6, &[0; 1312]);
    assert_eq!(parse(&ml_dsa), KeyError::Unsupported(SignatureType::MlDsa44));
    assert_eq!(parse(&vkey("k", 2, &[0; 32])), KeyError::Unsupported(SignatureType::Other(2)));
    assert_eq!(parse(&vkey("k", 1, &[0; 31])), KeyError::Length(31));
    let mut one = [0; 32];
    one[0] = 1; // the neutral point: it verifies forgeries
    assert_eq!(parse(&vkey("k", 1, &one)), KeyError::Point);
    assert_eq!(parse(&vkey("k", 4, &[2; 32])), KeyError::Point);
    assert!(KeyName::parse(&"k".repeat(255)).is_ok());
    for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b", &"k".repeat(256)] {
        assert!(matches!(KeyName::parse(name), Err(KeyError::Name(_))), "{name:?}");
    }
    for byte in 0..=255 {
        assert_eq!(SignatureType::from_byte(byte).byte(), byte);
    }
}

fn vkey(name: &str, type_byte: u8, public: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let bytes = [&[type_byte], public].concat();
    let digest = Sha256::digest([name.as_bytes(), b"\n", &bytes].concat());
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("{name}+{}+{base64}", hex::encode(&digest[..4]))
}

#[test]
fn two_keys_with_one_id_cannot_be_told_apart() {
    // Found by trying 78,447 seeds: four bytes do not identify a key to somebody who tries.
    let key = |number: u64| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        SigningKey::from_seed("log.example/desk", seed).unwrap()
    };
    let (one, two) = (key(51_152), key(78_446));
    let (first, second) = (one.verifier(), two.verifier());
    assert_eq!((first.id(), first.name()), (second.id(), second.name()));
    assert_ne!(first, second);
    let note = Note::new("text\n".into(), vec![one.sign("text\n").unwrap()]).unwrap();
    assert!(note.verify([&first]).is_ok());
    assert!(note.verify([&first, &first]).is_ok(), "the same key twice is no matter");
    assert!(matches!(note.verify([&second]), Err(NoteVerifyError::BadSignature { .. })));
    assert!(matches!(note.verify([&first, &second]), Err(NoteVerifyError::AmbiguousKey { .. })));
}

#[test]
fn secrets_are_not_printed() {
    let text = format!("{:?} {:?}", log_key(), witness_key());
    assert!(text.contains("secret not shown"));
    assert!(!text.contains("0001020304") && !text.contains("[0, 1, 2"), "{text}");
}

#[test]
fn checkpoints_that_must_fail() {
    let root = Hash::EMPTY_ROOT.to_base64();
    let parse = |text: &str| Checkpoint::parse(text).unwrap_err();
    assert_eq!(parse(""), CheckpointError::Line(1));
    assert_eq!(parse("\n"), CheckpointError::Line(1));
    assert_eq!(parse("o\n"), CheckpointError::Line(2));
    assert_eq!(parse("o\n0\n"), CheckpointError::Line(3));
    assert_eq!(parse(&format!("o\n0\n{root}")), CheckpointError::Line(1));
    assert_eq!(parse(&format!("o\n0\n{root}\n\n")), CheckpointError::Line(4));
    assert_eq!(parse(&format!("o\n\n{root}\n")), CheckpointError::Line(2));
    assert_eq!(parse(&format!("o\t\n0\n{root}\n")), CheckpointError::ControlCharacter(1));
    for size in ["-1", "+1", "01", "00", "1 ", "x", "9223372036854775808", "18446744073709551616"] {
        assert_eq!(parse(&format!("o\n{size}\n{root}\n")), CheckpointError::Size, "{size}");
    }
    for wrong in ["x", &root[..43], &root.replace("FU=", "FV="), "AAAA"] {
        assert_eq!(parse(&format!("o\n0\n{wrong}\n")), CheckpointError::Root, "{wrong}");
    }
    let lines = "e\n".repeat(17);
    assert_eq!(parse(&format!("o\n0\n{root}\n{lines}")), CheckpointError::TooManyExtensions);
    let most = Checkpoint::parse(&format!("o\n0\n{root}\n{}", &lines[2..])).unwrap();
    assert_eq!(most.extensions().len(), 16);
    let largest = Checkpoint::parse(&format!("o\n9223372036854775807\n{root}\n")).unwrap();
    assert_eq!(largest.size(), TreeSize(i64::MAX as u64));
}

#[test]
fn a_log_signs_its_own_origin_only() {
    let other = SigningKey::from_seed("log.example/other", [1; 32]).unwrap();
    let checkpoint = own_checkpoint().checkpoint().clone();
    assert!(matches!(checkpoint.sign(&other), Err(SignError::OtherOrigin { .. })));
    // A checkpoint signed by a key whose name is not the origin is by no known log.
    let text = own_checkpoint().note().text().to_owned();
    let note = Note::new(text.clone(), vec![other.sign(&text).unwrap()]).unwrap();
    let signed = SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
    let refused = Err(NoteVerifyError::NoKnownSignature);
    assert_eq!(signed.verify(&other.verifier()), refused);
    assert_eq!(signed.verify(&log_key().verifier()), refused);
}

#[test]
fn cosignatures_cover_time_and_extension_lines() {
    let (log, witness) = (log_key(), witness_key());
    let text = |extension: &str| {
        format!("log.example/desk\n0\n{}\n{extension}\n", Hash::EMPTY_ROOT.to_base64())
    };
    let checkpoint = Checkpoint::parse(&text("one")).unwrap();
    let at = PosixSeconds::new(1_700_000_000).unwrap();
    let line = witness.cosign(&checkpoint, at);
    let keys = [witness.verifier()];
    let judge = |text: String, line: NoteSignature| {
        let note = Note::new(text.clone(), vec![log.sign(&text).unwrap(), line]).unwrap();
        note.verify(&keys).map(|verified| verified[0].at)
    };
    assert_eq!(judge(text("one"), line.clone()), Ok(Some(at)));
    assert!(judge(text("two"), line.clone()).is_err());
    let mut later = line.clone();
    later.bytes[7] ^= 1;
    assert!(judge(text("one"), later).is_err());
    // Beyond 2^63 - 1 no time is accepted, however it was signed.
    let mut never = line.clone();
    never.bytes[0] |= 0x80;
    assert!(judge(text("one"), never).is_err());
    assert_eq!(PosixSeconds::new(1 << 63), None);
    // A plain signature by the witness's key is no cosignature.
    let mut plain = line;
    plain.bytes.drain(..8);
    assert!(judge(text("one"), plain).is_err());
}

/// Every bit of a proof file matters: none can be flipped, none left out, nothing added.
#[test]
fn no_changed_proof_verifies() {
    let policy = own_policy();
    let holds = |bytes: &[u8]| {
        TlogProof::parse(bytes)
            .is_ok_and(|proof| proof.verify(leaf_hash("entry 2"), &policy).is_ok())
    };
    assert!(holds(OWN_PROOF.as_bytes()));
    for place in 0..OWN_PROOF.len() {
        for bit in 0..8 {
            let mut changed = OWN_PROOF.as_bytes().to_vec();
            changed[place] ^= 1 << bit;
            assert!(!holds(&changed), "bit {bit} of byte {place}");
        }
        let mut shorter = OWN_PROOF.as_bytes().to_vec();
        shorter.remove(place);
        assert!(!holds(&shorter), "without byte {place}");
        assert!(!holds(&OWN_PROOF.as_bytes()[..place]), "the first {place} bytes");
    }
    for added in ["\n", "x", "— k AAAAAAE="] {
        assert!(!holds(format!("{OWN_PROOF}{added}").as_bytes()), "{added:?} added");
    }
    // What is not authenticated may change: a line by nobody, and extra data.
    assert!(holds(format!("{OWN_PROOF}{LINE}").as_bytes()));
    assert!(holds(OWN_PROOF.replace("\nindex", "\nextra AAAA\nindex").as_bytes()));
    for leaf in ["entry 1", "entry 3", ""] {
        let proof = TlogProof::parse(OWN_PROOF.as_bytes()).unwrap();
        assert!(proof.verify(leaf_hash(leaf), &policy).is_err(), "{leaf}");
    }
}

prop_compose! {
    fn any_note()(
        lines in prop::collection::vec("[^\\x00-\\x1f]{0,20}", 1..6),
        names in prop::collection::vec("[a-z/.é—]{1,10}", 1..5),
        bytes in prop::collection::vec(any::<u8>(), 1..90),
        id: [u8; 4],
    ) -> Note {
        let signatures = names.iter().map(|name| NoteSignature {
            name: KeyName::parse(name).unwrap(),
            key_id: ledger::note::KeyId(id),
            bytes: bytes.clone(),
        });
        let signatures = signatures.collect();
        Note::new(lines.join("\n") + "\n", signatures).unwrap()
    }
}

proptest! {
    #[test]
    fn notes_read_back(note in any_note()) {
        prop_assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note));
    }

    #[test]
    fn signed_checkpoints_read_back_and_verify(
        size in 0..=i64::MAX as u64, root: [u8; 32], seed: [u8; 32], at in 0..=i64::MAX as u64,
        flip in 0usize..64, bit in 0u8..8,
    ) {
        let log = SigningKey::from_seed("log.example/desk", seed).unwrap();
        let key = VerifierKey::parse(&log.vkey()).unwrap();
        prop_assert_eq!(&key, &log.verifier());
        let checkpoint = Checkpoint::new(log.name(), TreeSize(size), Hash(root));
        let mut signed = checkpoint.clone().sign(&log).unwrap();
        let at = PosixSeconds::new(at).unwrap();
        signed.add(witness_key().cosign(&checkpoint, at)).unwrap();
        let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read, &signed);
        prop_assert_eq!(read.checkpoint(), &checkpoint);
        prop_assert!(read.verify(&key).is_ok());
        let witness = VerifierKey::parse(WITNESS_VKEY).unwrap();
        prop_assert_eq!(read.note().verify([&witness]).unwrap()[0].at, Some(at));
        let mut line = signed.note().signatures()[0].clone();
        line.bytes[flip] ^= 1 << bit;
        let forged = Note::new(signed.note().text().to_owned(), vec![line]).unwrap();
        prop_assert!(forged.verify([&key]).is_err());
    }
}

/// A key that lies elsewhere signs as one that lies here; what does not verify is no signature.
#[test]
fn a_key_may_lie_elsewhere() {
    let here = log_key();
    let name = here.name().as_str();
    let public = *here.verifier().public_key();
    let elsewhere = |sign: ledger::note::SignElsewhere| SigningKey::elsewhere(name, &public, sign);
    let own = log_key();
    let far = elsewhere(std::sync::Arc::new(move |message: &[u8]| {
        let text = std::str::from_utf8(message).map_err(|error| error.to_string())?;
        let signed = own.sign(text).map_err(|error| error.to_string())?;
        signed.bytes.try_into().map_err(|_| "64 bytes".to_owned())
    }));
    let far = far.unwrap();
    assert_eq!(far.vkey(), here.vkey());
    assert_eq!(far.sign("text\n"), here.sign("text\n"));
    assert!(far.is_elsewhere() && !here.is_elsewhere());

    let refused = |sign: ledger::note::SignElsewhere| {
        elsewhere(sign).unwrap().sign("text\n").unwrap_err().to_string()
    };
    assert_eq!(
        refused(std::sync::Arc::new(|_| Err("it was pulled out".to_owned()))),
        format!("the key {name} has not signed: it was pulled out")
    );
    let other: [u8; 64] = here.sign("other\n").unwrap().bytes.try_into().unwrap();
    for wrong in [[0; 64], other] {
        assert_eq!(
            refused(std::sync::Arc::new(move |_| Ok(wrong))),
            format!(
                "the key {name} has not signed: the signature from there does not verify with its \
                 public half"
            )
        );
    }
    // The few points that verify anything are no public half.
    let weak = SigningKey::elsewhere(name, &[0; 32], std::sync::Arc::new(|_| Ok([0; 64])));
    assert_eq!(weak.unwrap_err(), KeyError::Point);
}
