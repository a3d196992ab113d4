//! `bag-info.txt`: labels that also stand elsewhere must agree. Knows nothing of free text.

use super::bag::{Files, Payload, Small};
use super::content::exhibit_number;
use super::finding::Findings;
use crate::format as f;
use crate::format::label;

/// Row counts found in the tables, by exhibit number.
pub type RowCounts = std::collections::BTreeMap<u16, u64>;

/// Checks form, counts and names.
pub fn check(
    small: &Small,
    files: &Files<'_>,
    payload: &Payload,
    rows: &RowCounts,
    findings: &mut Findings,
) {
    const PATH: &str = f::BAG_INFO_PATH;
    let Some(bytes) = small.get(PATH) else { return };
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.defect(PATH, "not UTF-8", "UTF-8", "other bytes");
        return;
    };
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let pair = line.strip_suffix('\n').and_then(|line| line.split_once(": "));
        if pair.is_none_or(|(label, _)| label.is_empty() || label.contains(' ')) {
            let what = format!("line {} is not a label and a value", index + 1);
            findings.defect(PATH, what, "Label: value", line);
        }
    }
    expect(text, "External-Identifier", &files.top, findings);
    // A file that is missing, extra or changed was named; its count would only say it again.
    let whole =
        payload.intact.len() == payload.sizes.len() && payload.sizes.len() == payload.sha256.len();
    if whole {
        let bytes: u64 = payload.sizes.values().sum();
        let count = payload.sizes.len();
        expect(text, "Payload-Oxum", &format!("{bytes}.{count}"), findings);
        check_exhibits(text, payload, rows, findings);
    }
}

/// The request's id, for the log record.
pub fn request_id(small: &Small) -> Option<String> {
    let text = std::str::from_utf8(small.get(f::BAG_INFO_PATH)?).ok()?;
    values(text, label::REQUEST).next().map(str::to_owned)
}

/// Every value of a label.
pub fn said<'a>(small: &'a Small, label: &str) -> Vec<&'a str> {
    let text = small.get(f::BAG_INFO_PATH).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.map_or_else(Vec::new, |text| values(text, label).collect())
}

fn values<'a>(text: &'a str, label: &str) -> impl Iterator<Item = &'a str> {
    let prefix = format!("{label}: ");
    text.lines().filter_map(move |line| line.strip_prefix(&prefix))
}

fn expect(text: &str, label: &str, value: &str, findings: &mut Findings) {
    let found: Vec<_> = values(text, label).collect();
    if found != [value] {
        let what = format!("{label} does not agree with the package");
        findings.defect(f::BAG_INFO_PATH, what, value, found.join(" and "));
    }
}

/// Every exhibit has one line, and that line counts the rows that are there.
fn check_exhibits(text: &str, payload: &Payload, rows: &RowCounts, findings: &mut Findings) {
    let mut listed = Vec::new();
    for line in values(text, label::EXHIBIT) {
        let stem = line.split(' ').next().unwrap_or_default();
        let Some(number) = exhibit_number(stem) else {
            let what = "an exhibit's line does not start with its name";
            findings.defect(f::BAG_INFO_PATH, what, "exhibit-0001", stem);
            continue;
        };
        listed.push(number);
        let Some(count) = rows.get(&number) else { continue };
        if !format!("{line};").contains(&format!("; rows {count};")) {
            let what = format!("{stem}: the row count is not that of the tables");
            let said = line.split("; ").find(|part| part.starts_with("rows ")).unwrap_or("none");
            findings.defect(f::BAG_INFO_PATH, what, format!("rows {count}"), said);
        }
    }
    listed.sort_unstable();
    let mut present: Vec<u16> = payload.sizes.keys().filter_map(|path| json_number(path)).collect();
    present.sort_unstable();
    if listed != present {
        let what = "the exhibits listed are not those in the package";
        findings.defect(f::BAG_INFO_PATH, what, format!("{present:?}"), format!("{listed:?}"));
    }
}

fn json_number(path: &str) -> Option<u16> {
    let name = path.strip_prefix(f::RECORDS_FOLDER).or(path.strip_prefix(f::TRACE_FOLDER))?;
    exhibit_number(name.strip_suffix(".json")?)
}
