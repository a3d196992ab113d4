//! Inputs to the package verifier. The function takes any bytes and must not panic; what it says
//! of them must hang together.

use std::io::Cursor;

use evidence::verify::{Anchors, Verdict, verify};
use ledger::policy::Policy;

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[("evidence_verify", package)];

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
