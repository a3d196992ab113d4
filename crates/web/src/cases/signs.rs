//! Signs of fraud as a page says them: each with its points, its numbers and where they come from.
//! Knows no rule and no weight.

use desk::request::Request;
use desk::suspicion::Finding;
use jiff::Timestamp;

use crate::frame::Frame;

/// One look for signs.
pub(crate) struct LookShown {
    pub at: Timestamp,
    pub score: u16,
    pub holds: bool,
    pub earlier: u32,
    pub rules: String,
    pub signs: Vec<SignShown>,
}

/// One sign.
pub(crate) struct SignShown {
    pub points: u16,
    pub name: String,
    pub text: String,
    pub source_key: &'static str,
}

/// Every look at a request, the newest first.
pub(crate) fn looks(frame: &Frame, request: &Request) -> Vec<LookShown> {
    let look = |assessed: &desk::request::Assessed| {
        let assessment = &assessed.assessment;
        let sign = |scored: &desk::suspicion::Scored| SignShown {
            points: scored.points,
            name: frame.term("sign", scored.finding.word()),
            text: text(frame, &scored.finding),
            source_key: match scored.finding.source() {
                "order" => "signs-source-order",
                "directory" => "signs-source-directory",
                "canaries" => "signs-source-canaries",
                "marks" => "signs-source-marks",
                _ => "signs-source-history",
            },
        };
        LookShown {
            at: assessed.at,
            score: assessment.score,
            holds: assessment.holds,
            earlier: assessment.earlier,
            rules: assessment.rules.clone(),
            signs: assessment.signs.iter().map(sign).collect(),
        }
    };
    request.assessed.iter().rev().map(look).collect()
}

/// A finding in the reader's language, with its numbers.
fn text(frame: &Frame, finding: &Finding) -> String {
    let mut numbers = finding.numbers();
    for (name, value) in &mut numbers {
        *value = match (*name, finding) {
            ("of", Finding::Velocity { of, .. }) => frame.term("party", of.as_str()),
            ("reason", Finding::ForeignMark { reason, .. }) => frame.term("mark", reason.as_str()),
            ("kinds", Finding::NewIdentifier { kinds, .. }) => {
                let kinds = kinds.iter().map(|kind| frame.term("selector", kind.as_str()));
                kinds.collect::<Vec<_>>().join(", ")
            }
            _ => std::mem::take(value),
        };
    }
    let key = match finding {
        Finding::Velocity { habit_hundredths: None, .. } => "finding-velocity-new",
        Finding::Velocity { .. } => "finding-velocity",
        Finding::Breadth { habit: None, .. } => "finding-breadth-new",
        Finding::Breadth { .. } => "finding-breadth",
        Finding::NewIdentifier { .. } => "finding-new-identifier",
        Finding::OffHours { is_weekend: true, .. } => "finding-weekend",
        Finding::OffHours { .. } => "finding-off-hours",
        Finding::Geography { .. } => "finding-geography",
        Finding::Template { .. } => "finding-template",
        Finding::NewKey { .. } => "finding-new-key",
        Finding::Emergency { .. } => "finding-emergency",
        Finding::Canary { .. } => "finding-canary",
        Finding::ForeignMark { .. } => "finding-foreign-mark",
    };
    let blanks: Vec<(&str, &str)> =
        numbers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    frame.words.say_with(key, &blanks)
}
