//! Whether an officer's passkey approved a request, from the request's bytes to the log's leaves.
//!
//! Knows no desk. It proves that the passkey approved these bytes; it cannot prove what the screen
//! showed. Construction: docs/formats/signed-request.md.

mod assertion;
mod enrolment;
mod request;

use std::io::{Read, Seek};

use jiff::Timestamp;
use ledger::policy::Policy;
use uuid::Uuid;

use super::Run;
use super::anchors::Anchors;
use super::bag::{Files, Payload, Small, note_unreadable};
use super::finding::{Defect, Findings, Subject};
use super::info;
use super::zip::Archive;
use crate::format as f;
use crate::format::label;

/// The three files of one approval.
#[derive(Clone, Copy, Debug)]
pub struct Approval<'a> {
    /// The canonical request.
    pub request: &'a [u8],
    /// The passkey's answer.
    pub assertion: &'a [u8],
    /// The leaves that enrolled it.
    pub enrolment: &'a [u8],
}

/// What was approved, by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The officer's key.
    pub key: Uuid,
    /// The officer's agency.
    pub agency: Uuid,
    /// The request.
    pub request: Uuid,
    /// `file`, `correct`, `withdraw` or `extend`.
    pub act: String,
    /// When the request's bytes were made, by the company's clock.
    pub at: Timestamp,
    /// True for a practice request.
    pub is_practice: bool,
    /// SHA-256 of the files of the instrument, in hex.
    pub files_sha256: Vec<String>,
    /// Who admitted the officer, and when.
    pub admitted: (String, Timestamp),
    /// The algorithm of the passkey.
    pub algorithm: &'static str,
}

/// Checks one approval by itself: the same code at intake and, years later, in a package. With a
/// policy, the log's head under each leaf must satisfy it.
///
/// # Errors
/// Every defect, by file.
pub fn check_approval(
    approval: &Approval<'_>,
    policy: Option<&Policy>,
) -> Result<Approved, Vec<Defect>> {
    let mut findings = Findings::default();
    let approved = check_one(approval, &Names::of(1), policy, &mut findings);
    match approved {
        Some(approved) if findings.defects.is_empty() => Ok(approved),
        _ => Err(findings.defects),
    }
}

/// Names of the three files.
pub(super) struct Names {
    pub request: String,
    pub assertion: String,
    pub enrolment: String,
}

impl Names {
    fn of(number: usize) -> Self {
        let name = |stem: &str| match number {
            1 => format!("{}{stem}.json", f::ORDER_FOLDER),
            _ => format!("{}{stem}-{number}.json", f::ORDER_FOLDER),
        };
        Self {
            request: name(f::SIGNED_REQUEST_STEM),
            assertion: name(f::ASSERTION_STEM),
            enrolment: name(f::ENROLMENT_STEM),
        }
    }

    fn each(&self) -> [&str; 3] {
        [&self.request, &self.assertion, &self.enrolment]
    }
}

/// None when something could not be read; defects say what.
fn check_one(
    approval: &Approval<'_>,
    names: &Names,
    policy: Option<&Policy>,
    findings: &mut Findings,
) -> Option<Approved> {
    let request = request::read(approval.request, &names.request, findings);
    let answer = assertion::read(approval.assertion, &names.assertion, findings);
    let enrolled = enrolment::read(approval.enrolment, &names.enrolment, policy, findings);
    if let (Some(request), Some(enrolled)) = (&request, &enrolled) {
        enrolled.check_for(request, &names.enrolment, findings);
    }
    if let Some(answer) = &answer {
        let origin = request.as_ref().map(|request| request.origin.as_str());
        answer.check(approval.request, origin, enrolled.as_ref(), &names.assertion, findings);
    }
    let (request, enrolled, _) = (request?, enrolled?, answer?);
    Some(Approved {
        key: request.key,
        agency: request.agency,
        request: request.request,
        is_practice: request.is_practice(),
        files_sha256: request.files_sha256(),
        act: request.act,
        at: request.at,
        admitted: (enrolled.admitted_by, enrolled.admitted_at),
        algorithm: enrolled.key.algorithm(),
    })
}

/// What proves the sender, as the package says and as its files bear out.
pub fn check<R: Read + Seek>(
    run: &mut Run,
    archive: &Archive<R>,
    (files, small, payload): (&Files<'_>, &Small, &Payload),
    anchors: &Anchors,
) {
    if small.get(f::BAG_INFO_PATH).is_none_or(|bytes| std::str::from_utf8(bytes).is_err()) {
        return run.leave(Subject::Approval, "bag-info.txt cannot be read");
    }
    let said = info::said(small, label::AUTHENTICATION);
    let findings = &mut run.findings;
    let known = ["signed", "by_channel", "none"];
    if said.len() != 1 || !known.contains(&said[0]) {
        let what = format!("{} is not said once", label::AUTHENTICATION);
        findings.defect(f::BAG_INFO_PATH, what, known.join(" or "), said.join(" and "));
        return run.close(Subject::Approval, "");
    }
    if said != ["signed"] {
        for path in payload.sha256.keys().filter(|path| is_reserved(path)) {
            let what = "a file of a signed request, in a package that is not of one";
            findings.defect(path, what, "no such file", said[0]);
        }
        let how = match said[0] {
            "by_channel" => "authenticated by channel: the agency's certificate; nobody signed",
            _ => "not authenticated by what was sent; the custody list says how it was proven",
        };
        return run.leave(Subject::Approval, how);
    }
    let numbers = 1..=count(payload);
    let mut approvals = Vec::new();
    for number in numbers {
        let names = Names::of(number);
        let found = read_files(archive, files, payload, &names, findings);
        let Some([request, assertion, enrolment]) = found else { continue };
        let approval = Approval { request: &request, assertion: &assertion, enrolment: &enrolment };
        if let Some(approved) = check_one(&approval, &names, anchors.policy(), findings) {
            check_place(&approved, number, &names, (small, payload), findings);
            approvals.push(approved);
        }
    }
    check_together(&approvals, findings);
    let note = approvals.first().map_or_else(String::new, |first| {
        let key = first.key;
        format!(
            "the passkey of officer key {key} approved these bytes; it does not prove what \
             the screen showed"
        )
    });
    run.close(Subject::Approval, &note);
}

/// How many approvals the payload lists: the highest number of any of their files, at least 1.
fn count(payload: &Payload) -> usize {
    let listed = |number: &usize| {
        Names::of(*number).each().iter().any(|name| payload.sha256.contains_key(*name))
    };
    (2..=f::APPROVALS_COUNT_MAX).rev().find(listed).unwrap_or(1)
}

/// Whether a path is one that only a signed request has.
fn is_reserved(path: &str) -> bool {
    let name = path.strip_prefix(f::ORDER_FOLDER).and_then(|name| name.strip_suffix(".json"));
    let Some(name) = name else { return false };
    [f::SIGNED_REQUEST_STEM, f::ASSERTION_STEM, f::ENROLMENT_STEM].iter().any(|stem| {
        name.strip_prefix(stem).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('-').is_some_and(|n| n.parse::<u16>().is_ok())
        })
    })
}

/// The three files; a missing one is a defect, a changed one was named already.
fn read_files<R: Read + Seek>(
    archive: &Archive<R>,
    files: &Files<'_>,
    payload: &Payload,
    names: &Names,
    findings: &mut Findings,
) -> Option<[Vec<u8>; 3]> {
    let mut read = Vec::with_capacity(3);
    for name in names.each() {
        let Some(entry) = files.by_path.get(name) else {
            if !payload.sha256.contains_key(name) {
                findings.defect(name, "the file of a signed request is missing", "a file", "none");
            }
            continue;
        };
        if !payload.intact.iter().any(|path| path == name) {
            continue;
        }
        match archive.read(entry, f::APPROVAL_BYTES_MAX) {
            Ok(bytes) => read.push(bytes),
            Err(error) => note_unreadable(name, error, findings),
        }
    }
    read.try_into().ok()
}

/// The approval is of this package's request, and its files are here.
fn check_place(
    approved: &Approved,
    number: usize,
    names: &Names,
    (small, payload): (&Small, &Payload),
    findings: &mut Findings,
) {
    let path = &names.request;
    let request = info::request_id(small).unwrap_or_default();
    if request != approved.request.to_string() {
        findings.defect(path, "the signed request is another one", request, approved.request);
    }
    let acts: &[&str] = if number == 1 { &["file"] } else { &["correct", "withdraw", "extend"] };
    if !acts.contains(&approved.act.as_str()) {
        findings.defect(path, "not the act that stands here", acts.join(" or "), &approved.act);
    }
    for sha256 in &approved.files_sha256 {
        let mut listed = payload.sha256.iter();
        if !listed.any(|(path, own)| path.starts_with(f::ORDER_FOLDER) && own == sha256) {
            let what = "a file that was signed is not in the package";
            findings.defect(path, what, sha256, "none of that digest");
        }
    }
    let said = info::said(small, label::PRACTICE).len() == 1;
    if number == 1 && said != approved.is_practice {
        let word = |practice| if practice { "practice" } else { "a case" };
        let what = "the package and what was signed differ on whether it is practice";
        findings.defect(path, what, word(said), word(approved.is_practice));
    }
    let (by, at) = &approved.admitted;
    findings.fact(
        if number == 1 { "signed".to_owned() } else { format!("signed ({})", approved.act) },
        format!(
            "{} by officer key {} of agency {}, {}; admitted by {by} at {at}",
            approved.at, approved.key, approved.agency, approved.algorithm
        ),
    );
}

/// Whoever corrects a request is of the agency that filed it, and corrects it afterwards.
fn check_together(approvals: &[Approved], findings: &mut Findings) {
    for pair in approvals.windows(2) {
        let [one, next] = pair else { continue };
        if one.agency != next.agency {
            let what = "a later act is signed by an officer of another agency";
            findings.defect(f::ORDER_FOLDER, what, one.agency, next.agency);
        }
        if next.at < one.at {
            let what = "a later act was signed before an earlier one";
            findings.defect(f::ORDER_FOLDER, what, one.at, next.at);
        }
    }
}
