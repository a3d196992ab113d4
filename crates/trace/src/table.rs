//! The flow as rows of CSV (docs/formats/trace-csv.md), for spreadsheets and scripts. Knows no
//! files. The exhibit proves, a table shows: it can be made again from the exhibit, and it leaves
//! out inputs, comparison of policies and assumptions.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, quoted or not,
//! and labels of tags are written by strangers. Such a cell gets one apostrophe before it.

use std::borrow::Cow;

use chain::Utxo;
use chain::account::{AccountNumber, EventNumber};

use crate::account::{AccountTrace, Held, Step};
use crate::{FeeRule, Hop, HopOutput, Stop, Trace};

/// Columns of a table of outputs.
pub const COLUMNS: [&str; 16] = [
    "row",
    "hop",
    "block",
    "height",
    "time",
    "txid",
    "vout",
    "address",
    "script_type",
    "value",
    "taint",
    "fate",
    "spent_by",
    "label",
    "tag_source",
    "fiction",
];

/// Columns of a table of accounts.
pub const ACCOUNT_COLUMNS: [&str; 18] = [
    "row",
    "hop",
    "block",
    "time",
    "transaction",
    "signer",
    "place",
    "kind",
    "asset",
    "from",
    "to",
    "amount",
    "taint",
    "unattributed",
    "fate",
    "label",
    "tag_source",
    "fiction",
];

/// Characters with which a spreadsheet begins a formula, or skips to one; the last four are their
/// full-width forms, which some take for the same.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// The tainted outputs of each transaction, the taint in fees, and where the trace was not entered,
/// in chain order. Amounts are in satoshis.
pub fn flow_csv<C: Utxo>(trace: &Trace<'_, C>) -> String {
    let mut table = Table::new(&COLUMNS);
    for hop in &trace.flow.hops {
        for output in hop.outputs.iter().filter(|output| output.lot.taint.0 > 0) {
            table.row(&output_row(trace, hop, output));
        }
        if let Some(fee) = hop.fee.as_ref().filter(|fee| fee.taint.0 > 0) {
            let fate = match trace.flow.fees {
                _ if trace.view.is_coinbase(hop.transaction) => "left unclaimed",
                FeeRule::Coinbase => "to the coinbase",
                FeeRule::Stop => "paid as a fee",
            };
            let mut row = begin(trace, "fee", hop.hop, hop.transaction);
            row[9] = fee.value.to_string();
            row[10] = fee.taint.to_string();
            row[11] = fate.to_owned();
            table.row(&row);
        }
    }
    for stop in &trace.flow.stops {
        table.row(&stop_row(trace, stop));
    }
    table.finish()
}

fn begin<C: Utxo>(
    trace: &Trace<'_, C>,
    sort: &str,
    hop: u32,
    transaction: chain::TxNumber,
) -> [String; COLUMNS.len()] {
    let block = trace.view.block_of(transaction);
    let mut row: [String; COLUMNS.len()] = Default::default();
    row[0] = sort.to_owned();
    row[1] = hop.to_string();
    row[2] = trace.view.block_hash(block).map_or(String::new(), |hash| hash.to_string());
    row[3] = trace.view.height(block).map_or(String::new(), |height| height.to_string());
    row[4] = trace.view.block_time(block).map_or(String::new(), |time| time.to_string());
    row[5] = trace.view.txid(transaction).to_string();
    row
}

fn output_row<C: Utxo>(
    trace: &Trace<'_, C>,
    hop: &Hop,
    output: &HopOutput,
) -> [String; COLUMNS.len()] {
    let mut row = begin(trace, "output", hop.hop, hop.transaction);
    row[6] = output.vout.to_string();
    row[7] = output.address.clone().unwrap_or_default();
    row[8] = output.script_type.name().to_owned();
    row[9] = output.lot.value.to_string();
    row[10] = output.lot.taint.to_string();
    row[11] = output.fate.name().to_owned();
    row[12] = output.spent_by.map_or(String::new(), |by| trace.view.txid(by).to_string());
    if let Some(tag) = trace.parameters.tags.get(&row[7]) {
        row[13] = tag.label.clone();
        row[14] = tag.source.clone();
        row[15] = tag.fiction.to_string();
    }
    row
}

fn stop_row<C: Utxo>(trace: &Trace<'_, C>, stop: &Stop) -> [String; COLUMNS.len()] {
    let mut row = begin(trace, "not entered", stop.hop, stop.transaction);
    let taint: u64 = stop.inputs.iter().map(|input| input.lot.taint.0).sum();
    row[10] = taint.to_string();
    row[11] = stop.reason.name().to_owned();
    row
}

/// Every payment that carried taint, in chain order; then who holds tainted money at the end, and
/// the taint in fees as one row. Amounts are in each asset's smallest unit.
pub fn account_csv(trace: &AccountTrace<'_>) -> String {
    let mut table = Table::new(&ACCOUNT_COLUMNS);
    for step in &trace.flow.steps {
        table.row(&step_row(trace, step));
    }
    for held in &trace.flow.held {
        table.row(&held_row(trace, held));
    }
    if trace.flow.totals.fees > 0 {
        let mut row: [String; ACCOUNT_COLUMNS.len()] = Default::default();
        row[0] = "fees".to_owned();
        row[12] = trace.flow.totals.fees.to_string();
        row[14] = "paid as fees".to_owned();
        table.row(&row);
    }
    table.finish()
}

fn step_row(trace: &AccountTrace<'_>, step: &Step) -> [String; ACCOUNT_COLUMNS.len()] {
    let ledgers = trace.ledgers;
    let event = ledgers.event(EventNumber(step.event.0));
    let block = ledgers.block(event.block);
    let text = |one: Option<AccountNumber>| one.map_or(String::new(), |a| ledgers.account_text(a));
    let transaction = event.transaction.map(|number| ledgers.transaction(number));
    let hash = transaction.map(|row| ledgers.chain().hash_text(row.hash));
    let payee = text(event.to);
    let tag = trace.parameters.tags.get(&payee);
    [
        "payment".to_owned(),
        step.hop.to_string(),
        block.number.to_string(),
        block.time.to_string(),
        hash.unwrap_or_default(),
        text(transaction.map(|row| row.sender)),
        crate::account::exhibit::place(event.place),
        event.kind.name().to_owned(),
        ledgers.asset(event.asset).text(ledgers.chain()),
        text(event.from),
        payee,
        event.amount.to_string(),
        step.taint.to_string(),
        step.unattributed.to_string(),
        step.fate.name().to_owned(),
        tag.map_or(String::new(), |tag| tag.label.clone()),
        tag.map_or(String::new(), |tag| tag.source.clone()),
        tag.map_or(String::new(), |tag| tag.fiction.to_string()),
    ]
}

fn held_row(trace: &AccountTrace<'_>, held: &Held) -> [String; ACCOUNT_COLUMNS.len()] {
    let mut row: [String; ACCOUNT_COLUMNS.len()] = Default::default();
    row[0] = "held".to_owned();
    row[1] = held.hop.to_string();
    row[8] = trace.ledgers.asset(held.asset).text(trace.ledgers.chain());
    row[10] = trace.ledgers.account_text(held.account);
    row[11] = held.balance.to_string();
    row[12] = held.taint.to_string();
    row[13] = held.unattributed.to_string();
    row[14] = "held at the end".to_owned();
    row
}

/// Rows that are being written.
struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new(columns: &[&str]) -> Table {
        let mut writer = csv::WriterBuilder::new();
        writer.terminator(csv::Terminator::CRLF);
        let mut table = Table(writer.from_writer(Vec::new()));
        table.write(columns.iter().map(|name| Cow::Borrowed(*name)));
        table
    }

    fn row(&mut self, cells: &[String]) {
        self.write(cells.iter().map(|cell| safe(cell)));
    }

    fn write<'a>(&mut self, cells: impl Iterator<Item = Cow<'a, str>>) {
        let cells: Vec<Cow<'a, str>> = cells.collect();
        self.0
            .write_record(cells.iter().map(|cell| cell.as_bytes()))
            .expect("rows of equal length are written into memory");
    }

    fn finish(self) -> String {
        let bytes = self.0.into_inner().expect("writing into memory does not fail");
        String::from_utf8(bytes).expect("cells are text")
    }
}

/// A cell that no spreadsheet takes for a formula. One that begins with an apostrophe gets another,
/// so that taking one away always gives the text back.
fn safe(cell: &str) -> Cow<'_, str> {
    let begins = cell.trim_start_matches(' ').starts_with(|first| FORMULA.contains(&first));
    match begins || cell.starts_with('\'') {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        for (cell, written) in [
            ("Exchange", "Exchange"),
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r\n=1", "'\r\n=1"),
            ("  =1", "'  =1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("'s Exchange", "''s Exchange"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(safe(cell), written);
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_and_none_begins_a_formula(cells in proptest::array::uniform3(".{0,9}")) {
            let mut table = Table::new(&["a", "b", "c"]);
            table.row(&cells);
            let text = table.finish();
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            for (read, cell) in row.iter().zip(&cells) {
                prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
                prop_assert_eq!(read.strip_prefix('\'').unwrap_or(read), cell);
            }
        }
    }
}
