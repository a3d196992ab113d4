//! A trace over accounts in the report: where payments ended, who holds it, every payment.
//!
//! Knows no rule of tracing: it prints what the exhibit says (docs/formats/account-exhibit.md), and
//! leaves empty what is not there.

use serde_json::Value;

use super::{minor, scalar};
use crate::report::faces::Face;
use crate::report::flow::{Flow, Kind};
use crate::report::grid::GridCell;
use crate::report::rows::ROWS_PRINTED_MAX;
use crate::report::text::{NOTE, column, number_column, table};

/// The value of the `format` field of exhibits over accounts.
const FORMAT: &str = "comity account exhibit";
/// Fates of payments that went on.
const WENT_ON: [&str; 2] = ["followed", "wrapped or unwrapped"];

/// Whether a trace is one over accounts.
pub(super) fn is_over_accounts(trace: &Value) -> bool {
    trace.get("format").and_then(Value::as_str) == Some(FORMAT)
}

/// Its tables.
pub(super) fn print(flow: &mut Flow, trace: &Value, path: &str) {
    ends(flow, trace);
    payments(flow, trace, path);
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(scalar)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn ends(flow: &mut Flow, trace: &Value) {
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    let tags = list(&trace["parameters"], "tags");
    let known = |account: &Option<String>| {
        let tag = tags.iter().find(|tag| text(tag, "address") == *account)?;
        text(tag, "label")
    };
    for step in list(trace, "steps") {
        let fate = text(step, "fate");
        if fate.as_deref().is_none_or(|fate| WENT_ON.contains(&fate)) {
            continue;
        }
        let to = text(step, "to");
        let label = known(&to).filter(|_| fate.as_deref() == Some("reached a tagged account"));
        rows.push(vec![
            text(step, "hop"),
            to,
            label,
            fate,
            text(step, "asset"),
            text(step, "amount"),
            text(step, "taint"),
        ]);
    }
    for held in list(trace, "held") {
        rows.push(vec![
            text(held, "hop"),
            text(held, "account"),
            None,
            Some("holds it at the end of the blocks read".to_owned()),
            text(held, "asset"),
            text(held, "balance"),
            text(held, "taint"),
        ]);
    }
    if rows.is_empty() {
        return;
    }
    minor(flow, "Where the money came to rest");
    rows.truncate(ROWS_PRINTED_MAX as usize);
    let columns = vec![
        number_column("Hop"),
        column("Account", Face::Mono),
        column("Known as", Face::Sans),
        column("Fate", Face::Sans),
        column("Asset", Face::Mono),
        number_column("Amount"),
        number_column("Traced"),
    ];
    table(flow, columns, &rows);
}

fn payments(flow: &mut Flow, trace: &Value, path: &str) {
    let steps = list(trace, "steps");
    if steps.is_empty() {
        return;
    }
    let row = |step: &Value| {
        vec![
            text(step, "hop"),
            text(step, "transaction"),
            text(step, "from"),
            text(step, "to"),
            text(step, "asset"),
            text(step, "taint"),
        ]
    };
    let rows: Vec<Vec<GridCell>> = steps.iter().take(ROWS_PRINTED_MAX as usize).map(row).collect();
    minor(flow, "Payments, in each asset's smallest unit");
    let columns = vec![
        number_column("Hop"),
        column("Transaction", Face::Mono),
        column("From", Face::Mono),
        column("To", Face::Mono),
        column("Asset", Face::Mono),
        number_column("Traced"),
    ];
    table(flow, columns, &rows);
    if steps.len() > rows.len() {
        flow.space(4.0);
        let (printed, count) = (rows.len(), steps.len());
        let note = format!("Printed: the first {printed} of {count} payments. All are in {path}.");
        flow.paragraph(Kind::Paragraph, &note, NOTE, 0.0);
    }
}
