//! Inputs to the package verifier. The function takes any bytes and must not panic; what it says
//! of them must hang together.

use std::io::Cursor;

use evidence::passkey::{AuthenticatorData, ClientData, CoseKey};
use evidence::verify::{Anchors, Approval, Verdict, check_approval, verify};
use ledger::policy::Policy;

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] =
    &[("evidence_verify", package), ("evidence_passkey", passkey), ("evidence_approval", approval)];

/// Stands between the three files of an approval.
pub const MARK: &[u8] = b"\n--\n";

/// Root of the packages in the corpus; nobody has its key any more.
const ROOT: &[u8] = include_bytes!("evidence/root.der");
/// Root of their time-stamps.
const TIME_ROOT: &[u8] = include_bytes!("evidence/time-root.der");
/// Their log and witness.
const POLICY: &[u8] = include_bytes!("evidence/policy.txt");

/// A package, with all anchors and with none.
pub fn package(input: &[u8]) {
    let policy = Policy::parse(POLICY).expect("the policy above can be read");
    let anchored = Anchors::none()
        .with_roots(ROOT)
        .and_then(|anchors| anchors.with_tsa_roots(TIME_ROOT))
        .expect("the roots above can be read")
        .with_policy(policy);
    let strict = verify(Cursor::new(input), &anchored).expect("memory can be read");
    let loose = verify(Cursor::new(input), &Anchors::none()).expect("memory can be read");
    for report in [&strict, &loose] {
        let sound = matches!(report.verdict, Verdict::Sound | Verdict::Intact);
        assert_eq!(sound, report.defects.is_empty(), "{report}");
    }
    // Fewer anchors cannot find more: what is sound with all of them is intact with none.
    assert!(strict.verdict != Verdict::Sound || loose.verdict == Verdict::Intact, "{loose}");
    assert!(loose.defects.iter().all(|defect| strict.defects.contains(defect)), "{loose}{strict}");
}

/// Client data, authenticator data, or a key; each reader takes any bytes.
pub fn passkey(input: &[u8]) {
    if let Ok(key) = CoseKey::read(input) {
        assert!(!key.verifies(b"message", &[]), "an empty signature holds");
    }
    if let Ok(data) = AuthenticatorData::read(input) {
        assert_eq!(data.rp_id_sha256[..], input[..32]);
    }
    let _ = ClientData::read(input);
}

/// Three files of an approval. A changed one is never approved as the very thing that was signed:
/// whatever is approved says who signed and is found again.
pub fn approval(input: &[u8]) {
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(cut) = rest.windows(MARK.len()).position(|bytes| bytes == MARK) {
        parts.push(&rest[..cut]);
        rest = &rest[cut + MARK.len()..];
    }
    parts.push(rest);
    let [request, assertion, enrolment] = parts[..] else { return };
    let approval = Approval { request, assertion, enrolment };
    match check_approval(&approval, None) {
        Ok(approved) => {
            let text = std::str::from_utf8(request).expect("an approved request is text");
            assert!(text.contains(&approved.key.to_string()));
        }
        Err(defects) => assert!(!defects.is_empty(), "refused without a reason"),
    }
}
