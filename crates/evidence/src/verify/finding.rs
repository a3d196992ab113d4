//! What the verifier says: defects, checks, and the exit code. Knows nothing of how it found out.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// The file concerned, relative to the top folder; or `package` for the zip itself.
    pub file: String,
    /// What is wrong, in words.
    pub what: String,
    /// What a sound package would have there.
    pub expected: String,
    /// What this one has.
    pub found: String,
}

/// One question that was asked of the package, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub what: Subject,
    /// The answer.
    pub outcome: CheckOutcome,
    /// What it proves, or why it was not done.
    pub note: String,
}

/// The questions, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The zip: structure, names, limits.
    Container,
    /// Every payload file against both manifests, and back.
    Payload,
    /// The tag manifest against the files of the root.
    TagManifest,
    /// CSV and JSON of each exhibit, the report, the CASE graph.
    Content,
    /// The passkey that approved the request, when it came signed.
    Approval,
    /// The CMS signature over the tag manifest.
    Signature,
    /// The seal's certificate up to the company's root.
    Certificate,
    /// The RFC 3161 token over the signature.
    TimeStamp,
    /// The log record that names the seal's digests.
    LogRecord,
    /// The record's place in the log, and who signed the log's head.
    LogProof,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It holds.
    Holds,
    /// It does not; the defects say why.
    Fails,
    /// It was not asked: an anchor is missing, or there is nothing to check.
    NotChecked,
}

/// What the whole comes to. The numbers are the exit codes of `comity evidence verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Integrity and origin both hold.
    Sound,
    /// Intact, but who made it was not checked in full: an anchor was not given.
    Intact,
    /// At least one defect.
    Unsound,
    /// These bytes are no evidence package at all.
    NotAPackage,
}

/// All that the verifier has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The top folder's name, once known.
    pub package: Option<String>,
    /// What the whole comes to.
    pub verdict: Verdict,
    /// Everything that is wrong, in the order of the checks.
    pub defects: Vec<Defect>,
    /// Everything that was asked.
    pub checks: Vec<Check>,
    /// Facts worth reading that are no defects: signer, times, witnesses, row counts.
    pub facts: Vec<Fact>,
}

/// A fact that the package states and the checks bear out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What it says.
    pub value: String,
}

impl Report {
    /// 0 integrity and origin both hold; 1 unsound; 2 not a package; 3 intact, origin not
    /// checked in full.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Sound => 0,
            Verdict::Unsound => 1,
            Verdict::NotAPackage => 2,
            Verdict::Intact => 3,
        }
    }

    /// One sentence for people.
    pub fn summary(&self) -> String {
        match self.verdict {
            Verdict::Sound => "sound: integrity and origin both hold".into(),
            Verdict::Intact => {
                let open: Vec<_> = self
                    .checks
                    .iter()
                    .filter(|check| {
                        check.outcome == CheckOutcome::NotChecked && check.what.is_origin()
                    })
                    .map(|check| check.what.to_string())
                    .collect();
                format!("intact; origin not checked: {}", open.join(", "))
            }
            Verdict::Unsound => format!("UNSOUND: {} defect(s)", self.defects.len()),
            Verdict::NotAPackage => "not an evidence package".into(),
        }
    }
}

impl Subject {
    /// Whether this check speaks about who made the package. A time-stamp does not count: a
    /// package without one can be sound.
    pub(super) fn is_origin(self) -> bool {
        matches!(self, Self::Certificate | Self::LogProof)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Container => "zip container",
            Self::Payload => "payload manifests",
            Self::TagManifest => "tag manifest",
            Self::Content => "exhibits agree",
            Self::Approval => "officer's approval",
            Self::Signature => "seal signature",
            Self::Certificate => "seal certificate",
            Self::TimeStamp => "time-stamp",
            Self::LogRecord => "log record",
            Self::LogProof => "log proof",
        })
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, what, expected, found } = self;
        write!(f, "{file}: {what}; expected {expected}, found {found}")
    }
}

/// The report in words, one line each: verdict, defects, checks, facts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.package.as_deref().unwrap_or("package");
        writeln!(f, "{name}: {}", self.summary())?;
        for defect in &self.defects {
            writeln!(f, "  DEFECT  {defect}")?;
        }
        for check in &self.checks {
            let mark = match check.outcome {
                CheckOutcome::Holds => "ok     ",
                CheckOutcome::Fails => "FAILS  ",
                CheckOutcome::NotChecked => "not run",
            };
            writeln!(f, "  {mark} {}: {}", check.what, check.note)?;
        }
        for fact in &self.facts {
            writeln!(f, "  note    {}: {}", fact.name, fact.value)?;
        }
        Ok(())
    }
}

/// Collects defects while one subject is checked.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub defects: Vec<Defect>,
    pub facts: Vec<Fact>,
    pub cut: bool,
}

/// Defects named in one report; a package with more is named up to here and says so.
pub const DEFECTS_COUNT_MAX: usize = 1_000;
/// Characters of a found value that are printed; the rest is cut with an ellipsis.
pub const FOUND_CHARS_MAX: usize = 160;

impl Findings {
    /// Notes a defect. Control characters of hostile names are escaped, long values cut.
    pub fn defect(
        &mut self,
        file: impl AsRef<str>,
        what: impl Into<String>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) {
        if self.defects.len() == DEFECTS_COUNT_MAX {
            self.cut = true;
            return;
        }
        let defect = Defect {
            file: printable(file.as_ref()),
            what: what.into(),
            expected: printable(&expected.to_string()),
            found: printable(&found.to_string()),
        };
        if !self.defects.contains(&defect) {
            self.defects.push(defect);
        }
    }

    /// Notes a fact.
    pub fn fact(&mut self, name: impl Into<String>, value: impl fmt::Display) {
        self.facts.push(Fact { name: name.into(), value: printable(&value.to_string()) });
    }
}

/// Text from a stranger, safe for a terminal: no control or direction characters, not endless.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == FOUND_CHARS_MAX {
            out.push('…');
            break;
        }
        let hidden = character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(character, '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hidden {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}
