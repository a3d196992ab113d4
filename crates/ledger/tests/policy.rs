//! Trust policies: what they accept, and what a bad file is told.

mod common;

use common::{LOG_VKEY, WITNESS_VKEY, log_key, own_checkpoint, witness_key_of};
use expect_test::{Expect, expect};
use ledger::checkpoint::SignedCheckpoint;
use ledger::note::{NoteSignature, PosixSeconds};
use ledger::policy::{Policy, PolicyRefusal};
use proptest::prelude::*;

/// Five witnesses, w0 to w4.
const WITNESSES: u8 = 5;

fn head() -> String {
    let mut text = format!("log {LOG_VKEY}\n");
    for number in 0..WITNESSES {
        let key = witness_key_of(&format!("witness.example/w{number}"), 0x30 + number);
        text += &format!("witness w{number} {}\n", key.vkey());
    }
    text
}

/// The own checkpoint, cosigned by some of the five.
fn cosigned(by: &[u8]) -> SignedCheckpoint {
    let mut signed = own_checkpoint();
    for number in by {
        let key = witness_key_of(&format!("witness.example/w{number}"), 0x30 + number);
        let at = PosixSeconds::new(1_700_000_000 + u64::from(*number)).unwrap();
        let line = key.cosign(signed.checkpoint(), at);
        signed.add(line).unwrap();
    }
    signed
}

fn check(rest: &str, by: &[u8], expected: Expect) {
    let policy = Policy::parse((head() + rest).as_bytes()).unwrap();
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy.clone()));
    let answer = match policy.satisfied(&cosigned(by)) {
        Ok(satisfied) => {
            let names: Vec<String> =
                satisfied.cosigned.iter().map(|by| format!("{}@{}", by.name, by.at)).collect();
            format!("yes: {} {}", satisfied.log, names.join(" "))
        }
        Err(refusal) => format!("no: {refusal}"),
    };
    expected.assert_eq(&answer);
}

#[test]
fn quorums() {
    check("quorum none\n", &[], expect!["yes: log.example/desk "]);
    check("quorum none\n", &[3], expect!["yes: log.example/desk w3@1700000003"]);
    check("quorum w1\n", &[1], expect!["yes: log.example/desk w1@1700000001"]);
    check("quorum w1\n", &[2], expect!["no: quorum w1 is not reached: cosigned by w2"]);
    check(
        "quorum w1\n",
        &[],
        expect!["no: quorum w1 is not reached: cosigned by no known witness"],
    );
    let two = "group g 2 w0 w1 w2\nquorum g\n";
    check(two, &[2, 0], expect!["yes: log.example/desk w0@1700000000 w2@1700000002"]);
    check(two, &[0, 0], expect!["no: quorum g is not reached: cosigned by w0"]);
    check(two, &[0, 3, 4], expect!["no: quorum g is not reached: cosigned by w0, w3, w4"]);
    let any = "group g any w0 w1\nquorum g\n";
    check(any, &[1], expect!["yes: log.example/desk w1@1700000001"]);
    let all = "group g all w0 w1\nquorum g\n";
    check(all, &[1], expect!["no: quorum g is not reached: cosigned by w1"]);
    check(all, &[1, 0], expect!["yes: log.example/desk w0@1700000000 w1@1700000001"]);
    // The two-level example of the specification.
    let nested = "group x 2 w0 w1 w2\ngroup y any w3 w4\ngroup x-and-y all x y\nquorum x-and-y\n";
    check(nested, &[0, 1, 2], expect!["no: quorum x-and-y is not reached: cosigned by w0, w1, w2"]);
    check(nested, &[0, 3, 4], expect!["no: quorum x-and-y is not reached: cosigned by w0, w3, w4"]);
    check(
        nested,
        &[0, 2, 4],
        expect!["yes: log.example/desk w0@1700000000 w2@1700000002 w4@1700000004"],
    );
}

#[test]
fn logs() {
    let signed = own_checkpoint();
    let own = Policy::of_log(log_key().verifier()).unwrap();
    assert!(!own.needs_witnesses());
    assert!(own.satisfied(&signed).is_ok());
    let none = Policy::parse(b"quorum none\n").unwrap();
    let unknown = PolicyRefusal::UnknownLog("log.example/desk".into());
    assert_eq!(none.satisfied(&signed), Err(unknown));
    // Same origin, another key: during a change of keys one of the two is enough.
    let new = ledger::note::SigningKey::from_seed("log.example/desk", [9; 32]).unwrap();
    let other = Policy::of_log(new.verifier()).unwrap();
    let refused = Err(PolicyRefusal::NotSigned(log_key().name().clone()));
    assert_eq!(other.satisfied(&signed), refused);
    let both = format!("log {LOG_VKEY}\nlog {}\nquorum none\n", new.vkey());
    let both = Policy::parse(both.as_bytes()).unwrap();
    assert!(both.satisfied(&signed).is_ok());
    let mut twice = signed.clone();
    twice.add(new.sign(signed.note().text()).unwrap()).unwrap();
    assert!(other.satisfied(&twice).is_ok() && own.satisfied(&twice).is_ok());
}

#[test]
fn a_forged_line_by_a_known_witness_refuses_all() {
    let policy = Policy::parse((head() + "quorum w0\n").as_bytes()).unwrap();
    let mut signed = cosigned(&[0]);
    let forged = cosigned(&[1]).note().signatures()[1].clone();
    let mut bytes = forged.bytes.clone();
    bytes[20] ^= 1;
    signed.add(NoteSignature { bytes, ..forged }).unwrap();
    assert!(matches!(policy.satisfied(&signed), Err(PolicyRefusal::Signature(_))));
}

fn refuse(text: &[u8], expected: Expect) {
    let error = Policy::parse(text).expect_err("this policy is wrong");
    expected.assert_eq(&error.to_string());
}

#[test]
fn files_that_must_fail() {
    let with = |rest: &str| (head() + rest).into_bytes();
    refuse(b"", expect!["line 1: the file ends without a quorum line"]);
    refuse(&with(""), expect!["line 7: the file ends without a quorum line"]);
    refuse(b"quorum none", expect!["line 1: the line does not end in a line feed"]);
    refuse(
        b"quorum none\r\n",
        expect![
            "line 1: byte 0x0d is not allowed; of the control characters only tab and line feed are"
        ],
    );
    refuse(
        b"quorum\x7fnone\n",
        expect![
            "line 1: byte 0x7f is not allowed; of the control characters only tab and line feed are"
        ],
    );
    refuse(b"quorum none\nquorum none\n", expect!["line 2: there is a quorum line already"]);
    refuse(b"quorum\n", expect!["line 1: expected: quorum <name>|none"]);
    refuse(
        b"Quorum none\n",
        expect!["line 1: a line begins with log, witness, group, quorum or #, not Quorum"],
    );
    refuse(b"quorum w1\n", expect!["line 1: no witness or group named w1 is defined above"]);
    refuse(b"log\n", expect!["line 1: expected: log <vkey> [<url>]"]);
    refuse(b"log x\n", expect!["line 1: a verifier key is written name+hash+key, this is not"]);
    let line = format!("\n# logs\nlog {WITNESS_VKEY}\n");
    refuse(
        line.as_bytes(),
        expect!["line 3: a log needs a key of type 0x01 and a witness one of type 0x04"],
    );
    let line = format!("witness w {LOG_VKEY}\n");
    refuse(
        line.as_bytes(),
        expect!["line 1: a log needs a key of type 0x01 and a witness one of type 0x04"],
    );
    let line = format!("log {LOG_VKEY} url more\n");
    refuse(line.as_bytes(), expect!["line 1: expected: log <vkey> [<url>]"]);
    refuse(
        &with(&format!("log {LOG_VKEY}\n")),
        expect!["line 7: this public key is listed already"],
    );
    let same_key = witness_key_of("another.name", 0x30).vkey();
    refuse(
        &with(&format!("witness w9 {same_key}\n")),
        expect!["line 7: this public key is listed already"],
    );
    refuse(&with(&format!("witness w0 {WITNESS_VKEY}\n")), expect!["line 7: the name w0 is taken"]);
    refuse(
        &with(&format!("witness none {WITNESS_VKEY}\n")),
        expect!["line 7: the name none is taken"],
    );
    refuse(
        &with("group g\n"),
        expect!["line 7: expected: group <name> all|any|<number> <member>..."],
    );
    refuse(
        &with("group g any\n"),
        expect!["line 7: expected: group <name> all|any|<number> <member>..."],
    );
    for number in ["0", "3", "-1", "+1", "01", "x", "99999999999999999999"] {
        refuse(
            &with(&format!("group g {number} w0 w1\n")),
            expect![
                "line 7: the threshold must be all, any, or a number from 1 to the number of members"
            ],
        );
    }
    refuse(&with("group none any w0\n"), expect!["line 7: the name none is taken"]);
    refuse(&with("group w1 any w0\n"), expect!["line 7: the name w1 is taken"]);
    refuse(
        &with("group g any g\n"),
        expect!["line 7: no witness or group named g is defined above"],
    );
    refuse(
        &with("group g any none\n"),
        expect!["line 7: no witness or group named none is defined above"],
    );
    refuse(
        &with("group g 1 w0 w0\n"),
        expect!["line 7: w0 is a group member already; each name may be one only once"],
    );
    refuse(
        &with("group g any w0\ngroup h any w0\n"),
        expect!["line 8: w0 is a group member already; each name may be one only once"],
    );
    refuse(&[b'#'; 300_000], expect!["line 1: the file has more than 262144 bytes"]);
}

#[test]
fn as_many_members_as_the_specification_asks() {
    let mut text = String::new();
    for number in 0..=255u8 {
        let seed = [number; 32];
        let log = ledger::note::SigningKey::from_seed(&format!("log/{number}"), seed).unwrap();
        let witness =
            ledger::cosignature::CosigningKey::from_seed(&format!("w/{number}"), seed).unwrap();
        text += &format!("log {}\nwitness w{number} {}\n", log.vkey(), witness.vkey());
        let below = if number == 0 { String::new() } else { format!(" g{}", number - 1) };
        text += &format!("group g{number} all w{number}{below}\n");
    }
    text += "quorum g255\n";
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!((policy.logs().len(), policy.witnesses().count()), (256, 256));
    let more =
        ledger::note::SigningKey::from_seed("log/256", [99, 1, 2, 3].repeat(8).try_into().unwrap());
    text += &format!("log {}\n", more.unwrap().vkey());
    refuse(text.as_bytes(), expect!["line 770: more than 256 lines of this kind"]);
}

#[test]
fn names_are_opaque_bytes() {
    let text = [
        b"witness \xe2\x84\xaa " as &[u8],
        WITNESS_VKEY.as_bytes(),
        b" http://\xff\n",
        b"  group\tK  any  \xe2\x84\xaa \nquorum K\n",
    ]
    .concat();
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
}

proptest! {
    /// A group is satisfied exactly when enough of its members signed, counted another way.
    #[test]
    fn thresholds_count(members in 1u8..=WITNESSES, k in 1u8..=WITNESSES, by: [bool; 5]) {
        let k = k.min(members);
        let names: Vec<String> = (0..members).map(|n| format!("w{n}")).collect();
        let text = format!("{}group g {k} {}\nquorum g\n", head(), names.join(" "));
        let policy = Policy::parse(text.as_bytes()).unwrap();
        let signers: Vec<u8> = (0..WITNESSES).filter(|n| by[usize::from(*n)]).collect();
        let enough = signers.iter().filter(|n| **n < members).count() >= usize::from(k);
        prop_assert_eq!(policy.satisfied(&cosigned(&signers)).is_ok(), enough);
    }
}
