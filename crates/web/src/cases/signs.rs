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
    /// What the lists of networks say of where it was sent from; nothing for words.
    pub network: Vec<String>,
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
                "networks" => "signs-source-networks",
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
            network: if assessment.words_only { Vec::new() } else { network(frame, assessment) },
        }
    };
    // A message in which nothing was found says nothing.
    let tells = |it: &&desk::request::Assessed| {
        !it.assessment.words_only || !it.assessment.signs.is_empty()
    };
    request.assessed.iter().filter(tells).rev().map(look).collect()
}

fn network(frame: &Frame, assessment: &desk::suspicion::Assessment) -> Vec<String> {
    let Some(connection) = assessment.connection else {
        return vec![frame.say("signs-network-none")];
    };
    let mut said = vec![match connection.country {
        Some(country) => frame.say1("signs-network-known", "country", country),
        None => frame.say("signs-network-unknown"),
    }];
    if connection.is_anonymiser {
        said.push(frame.say("signs-network-anonymiser"));
    }
    said
}

/// A finding in the reader's language, with its numbers.
fn text(frame: &Frame, finding: &Finding) -> String {
    let mut numbers = finding.numbers();
    for (name, value) in &mut numbers {
        *value = match (*name, finding) {
            ("of", Finding::Velocity { of, .. }) => frame.term("party", of.as_str()),
            (
                "reason",
                Finding::ForeignMark { reason, .. } | Finding::KnownOrder { reason, .. },
            ) => frame.term("mark", reason.as_str()),
            ("kinds", Finding::NewIdentifier { kinds, .. }) => {
                let kinds = kinds.iter().map(|kind| frame.term("selector", kind.as_str()));
                kinds.collect::<Vec<_>>().join(", ")
            }
            ("categories", Finding::NewCategory { categories, .. }) => {
                let words = categories.iter().map(|one| frame.term("category", one.as_str()));
                words.collect::<Vec<_>>().join(", ")
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
        Finding::Connection { .. } => "finding-connection",
        Finding::NewCountry { .. } => "finding-new-country",
        Finding::Anonymiser => "finding-anonymiser",
        Finding::Reference { .. } => "finding-reference",
        Finding::Issuer { .. } => "finding-issuer",
        Finding::Document { program: true, fonts: true, .. } => "finding-document-both",
        Finding::Document { program: true, .. } => "finding-document-program",
        Finding::Document { .. } => "finding-document-fonts",
        Finding::NewCategory { .. } => "finding-new-category",
        Finding::NewKey { .. } => "finding-new-key",
        Finding::Emergency { .. } => "finding-emergency",
        Finding::Canary { words: 0, .. } => "finding-canary",
        Finding::Canary { .. } => "finding-canary-words",
        Finding::ForeignMark { .. } => "finding-foreign-mark",
        Finding::KnownOrder { .. } => "finding-known-order",
    };
    let blanks: Vec<(&str, &str)> =
        numbers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    frame.words.say_with(key, &blanks)
}
