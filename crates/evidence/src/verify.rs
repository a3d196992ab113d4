//! The other side: reads a package it trusts in nothing and names every defect.
//!
//! Knows no clock, no network and no file system: bytes and anchors come in, a [`Report`] goes
//! out. Shares with the writer only the constants of [`mod@crate::format`]; zip, DER, CMS,
//! certificates and manifests are read by code of this module alone, so that a mistake of the
//! writer's cannot hide itself here. What is checked, in which order, and what each check proves
//! stands in `docs/formats/verify.md`.

mod anchors;
mod approval;
mod bag;
mod case;
mod cms;
mod content;
mod csv;
mod der;
mod finding;
mod info;
mod leaf;
mod pdf;
mod receipt;
mod report;
mod seal;
mod token;
mod x509;
mod zip;

use std::io::{Read, Seek};

pub use anchors::{AnchorError, Anchors, ROOTS_COUNT_MAX};
pub use approval::{Approval, Approved, check_approval};
pub use bag::SMALL_FILE_BYTES_MAX;
pub use content::{DIFFERENCES_COUNT_MAX, ROW_BYTES_MAX};
pub use der::DerError;
pub use finding::{
    Check, CheckOutcome, DEFECTS_COUNT_MAX, Defect, FOUND_CHARS_MAX, Fact, Report, Subject, Verdict,
};
pub use receipt::{RECEIPTED, Receipt, check_receipt};
pub use report::{ReportFiles, ReportProof, check_report};
pub use seal::{CLOCK_AHEAD_MINUTES_MAX, WITNESSES_COUNT_MAX};
pub use zip::{
    DIRECTORY_BYTES_MAX, PATH_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX, UNPACKED_BYTES_MAX,
};

use finding::Findings;

/// Checks one package and says everything that is wrong with it.
///
/// Large files are read through once for their digests and once more to compare CSV with JSON;
/// none is held in memory. The same bytes and anchors give the same report.
///
/// # Errors
/// Only when the source itself cannot be read; what is in it is the report's business.
pub fn verify<R: Read + Seek>(source: R, anchors: &Anchors) -> std::io::Result<Report> {
    let mut findings = Findings::default();
    let archive = match zip::Archive::open(source, &mut findings) {
        Ok(archive) => archive,
        Err(zip::OpenError::Io(error)) => return Err(error),
        Err(zip::OpenError::NotAZip(why)) => return Ok(no_package(&why)),
    };
    let Some(files) = bag::lay_out(&archive, &mut findings) else {
        return Ok(no_package("no folder with bagit.txt and tagmanifest-sha256.txt"));
    };
    let small = bag::read_small(&archive, &files, &mut findings);
    let mut run = Run::new(files.top.clone(), findings);
    run.close(Subject::Container, "one zip, every byte accounted for, only listed files");

    let payload = bag::check_payload(&archive, &files, &small, &mut run.findings);
    let note = format!("{} payload files, SHA-256 and SHA-512 of each", payload.sha256.len());
    run.close(Subject::Payload, &note);
    bag::check_tags(&small, &mut run.findings);
    run.close(Subject::TagManifest, "the files of the root are those the seal signs");
    content::check(&archive, &files, &small, &payload, &mut run.findings);
    run.close(Subject::Content, "the same rows in CSV and JSON; report and graph agree with them");

    approval::check(&mut run, &archive, (&files, &small, &payload), anchors);
    seal::check(&mut run, &small, anchors);
    Ok(run.report())
}

/// One verification under way: collects what the current subject finds, then closes it.
struct Run {
    package: String,
    findings: Findings,
    closed_count: usize,
    checks: Vec<Check>,
}

impl Run {
    fn new(package: String, findings: Findings) -> Self {
        Self { package, findings, closed_count: 0, checks: Vec::new() }
    }

    /// Ends a subject: it holds if nothing was found since the one before.
    fn close(&mut self, what: Subject, note: &str) {
        let failed = self.findings.defects.len() - self.closed_count;
        self.closed_count = self.findings.defects.len();
        let check = if failed == 0 {
            Check { what, outcome: CheckOutcome::Holds, note: note.into() }
        } else {
            let note = format!("{failed} defect(s)");
            Check { what, outcome: CheckOutcome::Fails, note }
        };
        self.checks.push(check);
    }

    /// Ends a subject that could not be asked; defects found all the same count.
    fn leave(&mut self, what: Subject, why: &str) {
        if self.findings.defects.len() > self.closed_count {
            return self.close(what, "");
        }
        let outcome = CheckOutcome::NotChecked;
        self.checks.push(Check { what, outcome, note: why.into() });
    }

    fn report(mut self) -> Report {
        if self.findings.cut {
            self.findings.fact("defects", format!("more than {DEFECTS_COUNT_MAX}, not all named"));
        }
        let open =
            |check: &Check| check.outcome == CheckOutcome::NotChecked && check.what.is_origin();
        let verdict = if !self.findings.defects.is_empty() {
            Verdict::Unsound
        } else if self.checks.iter().any(open) {
            Verdict::Intact
        } else {
            Verdict::Sound
        };
        Report {
            package: Some(self.package),
            verdict,
            defects: self.findings.defects,
            checks: self.checks,
            facts: self.findings.facts,
        }
    }
}

fn no_package(why: &str) -> Report {
    let mut findings = Findings::default();
    findings.defect("package", "not an evidence package", "a zip of one bag", why);
    Report {
        package: None,
        verdict: Verdict::NotAPackage,
        defects: findings.defects,
        checks: Vec::new(),
        facts: Vec::new(),
    }
}
