//! A made-up but typical answer: one disclosure, one negative answer, one trace.

use std::borrow::Cow;

use evidence::digest::Sha256;
use evidence::package::{
    AskAnswer, Authentication, Content, CustodianStatement, CustodyStep, Entity, Exhibit,
    ExhibitFacts, Name, OrderFile, Outcome, PackageInput, Purpose, ReportWanted, RequestFacts,
    TimeRange, TraceExhibit, Withheld,
};
use evidence::table::{Amount, Column, ColumnKind, TableWriter, Value};
use jiff::{SignedDuration, Timestamp};

/// A time, from text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// The typical answer with `row_count` withdrawals.
pub fn answer(row_count: u64, report: ReportWanted) -> PackageInput<'static> {
    PackageInput {
        name: Name::new("req-2026-000417-1").expect("a name"),
        request: request(),
        answers: answers(),
        authentication: Authentication::ByChannel,
        order: vec![OrderFile {
            name: Name::new("epoc.json").expect("a name"),
            original_name: Some("EPOC 4711 (final).json".into()),
            media_type: "application/json".into(),
            content: Content::bytes(&b"{\"epoc\":\"LKA-BY 4711/26\"}\n"[..]),
        }],
        exhibits: vec![withdrawals(row_count), logins()],
        traces: vec![trace()],
        entities: vec![
            Entity::Account {
                identifier: "100482".into(),
                login: Some("m.huber".into()),
                is_active: Some(true),
                exhibit: 1,
            },
            Entity::Address {
                value: "bc1qexampleaddress0000000000000000000000".into(),
                description: "BTC deposit address".into(),
                account: Some("100482".into()),
                exhibit: 1,
            },
        ],
        custody: vec![
            step("2026-11-20T08:14:02.114Z", "received over HI-1", "intake service"),
            step("2026-11-20T08:14:02.381Z", "identity of the issuer verified", "intake service"),
            step("2026-11-20T09:02:17Z", "accepted: legal review", "Ana Keller, legal"),
            step("2026-11-20T10:31:44Z", "records searched", "Bo Lindqvist, operations"),
            step("2026-11-20T11:05:00Z", "disclosure approved", "Cleo Marsh, legal"),
        ],
        custodian: custodian(),
        made_at: at("2026-11-20T11:06:30Z"),
        tool_version: "comity 0.1.0".into(),
        report,
    }
}

fn request() -> RequestFacts {
    RequestFacts {
        request_id: uuid::Uuid::from_u128(0x0193_4cd2_7a10_7c3e_9b51_2f6d_10a4_77e2),
        package_number: 1,
        company_name: "Example Exchange Ltd".into(),
        agency_name: "Bayerisches Landeskriminalamt".into(),
        agency_reference: "LKA-BY 4711/26".into(),
        instrument: "EPOC".into(),
        instrument_number: Some("EPOC-DE-2026-88213".into()),
        legal_basis: "Regulation (EU) 2023/1543, Article 5(4)".into(),
        issued_at: Some(at("2026-11-19T15:40:00Z")),
        received_at: at("2026-11-20T08:14:02.114Z"),
        time_range: Some(TimeRange {
            from: at("2026-01-01T00:00:00Z"),
            to: at("2026-06-30T23:59:59Z"),
        }),
        categories: vec!["subscriber data".into(), "transactional data".into()],
        purpose: Purpose::Case,
    }
}

fn answers() -> Vec<AskAnswer> {
    vec![
        AskAnswer {
            number: 1,
            kind: "disclose".into(),
            outcome: Outcome::Partial {
                statement: "Withdrawals of account 100482 in the range asked for; rows that name \
                            another customer's address are withheld."
                    .into(),
            },
            exhibits: vec![1],
        },
        AskAnswer {
            number: 2,
            kind: "disclose".into(),
            outcome: Outcome::Negative {
                statement: "No login from the addresses named, as of 2026-11-20T10:31:44Z; the \
                            login journal was searched for all of them."
                    .into(),
            },
            exhibits: vec![2],
        },
        AskAnswer {
            number: 3,
            kind: "freeze".into(),
            outcome: Outcome::Full {
                statement: "0.40000000 BTC of account 100482 frozen until 2026-12-20.".into(),
            },
            exhibits: vec![3],
        },
    ]
}

fn custodian() -> CustodianStatement {
    CustodianStatement {
        name: "Ana Keller".into(),
        post: "Head of Legal Requests".into(),
        qualification: "I am responsible for the company's answers to orders of authorities since \
            2021 and know how the systems named in this report make and keep records."
            .into(),
        process: "The records come from the ledger database and the login journal of the company. \
            Both are written by the trading system itself at the moment of each event. The rows \
            were selected by the queries printed below, run read-only against a snapshot."
            .into(),
        accuracy: "The database servers take their time from two independent sources and alarm at \
            a difference of 100 milliseconds. Each exhibit was digested while it was written."
            .into(),
        practice: "The records were made at or near the time of the events by the system that \
            performed them, are kept in the course of a regularly conducted business, and making \
            them is a regular practice of that business."
            .into(),
        declaration: "I declare under penalty of perjury under the laws of the United States of \
            America that the foregoing is true and correct."
            .into(),
        place: "Valletta, Malta".into(),
    }
}

fn step(time: &str, act: &str, by: &str) -> CustodyStep {
    CustodyStep { at: at(time), act: act.into(), by: by.into() }
}

fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.into(), kind }
}

fn text(text: impl Into<Cow<'static, str>>) -> Value<'static> {
    Value::Text(text.into())
}

/// Exhibit 1.
pub fn withdrawals(row_count: u64) -> Exhibit<'static> {
    let columns = vec![
        column("time", ColumnKind::Time),
        column("withdrawal_id", ColumnKind::Integer),
        column("asset", ColumnKind::Text),
        column("amount", ColumnKind::Amount),
        column("destination", ColumnKind::Text),
        column("memo", ColumnKind::Text),
        column("reviewed", ColumnKind::Boolean),
    ];
    let mut table = TableWriter::new(columns.clone(), Vec::new(), Vec::new()).expect("columns fit");
    let start = at("2026-01-03T04:05:06Z");
    for row in 0..row_count {
        let seconds = i64::try_from(row * 86_399 % 15_000_000).expect("small");
        let memo = match row % 5 {
            0 => text("rent, \"March\""),
            1 => text("Müller & Söhne, Łódź"),
            2 => text(""),
            3 => text("給料"),
            _ => Value::Null,
        };
        let units = i128::from(row * 7_919 % 100_000_007 + 1);
        let address = format!("bc1q{:038x}", u128::from(row + 1) * 0x9e37_79b9_7f4a_7c15_f39c);
        table
            .write_row(&[
                Value::Time(start + SignedDuration::from_secs(seconds)),
                Value::Integer(i128::from(90_000 + row)),
                text("BTC"),
                Value::Amount(Amount::new(units, 8).expect("8 decimals")),
                text(address),
                memo,
                Value::Boolean(row % 3 == 0),
            ])
            .expect("a row");
    }
    let (csv, json, summary) = table.finish().expect("memory");
    let query = "select time, withdrawal_id, asset, amount, destination, memo, reviewed\nfrom \
                 ledger.withdrawal\nwhere account = $1 and time between $2 and $3\norder by time";
    Exhibit {
        facts: ExhibitFacts {
            number: 1,
            title: "Withdrawals of account 100482".into(),
            category: "transactional data".into(),
            source_system: "ledger database, replica 2".into(),
            query_text: query.into(),
            query_sha256: Sha256::of(query.as_bytes()),
            snapshot_at: at("2026-11-20T10:31:44Z"),
            row_count: summary.row_count,
            time_range: summary.time_range,
            withheld: vec![Withheld {
                row_count: 3,
                reason: "name the address of another customer (outside the scope asked for)".into(),
            }],
            operator: "Bo Lindqvist, operations".into(),
            approver: Some("Cleo Marsh, legal".into()),
            fiction: Some("all names and rows are made up for a demonstration".into()),
        },
        columns,
        csv: Content::bytes(csv),
        json: Content::bytes(json),
    }
}

/// Exhibit 2, of a negative answer.
fn logins() -> Exhibit<'static> {
    let columns = vec![column("time", ColumnKind::Time), column("address", ColumnKind::Text)];
    let table = TableWriter::new(columns.clone(), Vec::new(), Vec::new()).expect("columns fit");
    let (csv, json, summary) = table.finish().expect("memory");
    let query = "select time, address from journal.login where address = any($1)";
    Exhibit {
        facts: ExhibitFacts {
            number: 2,
            title: "Logins from the addresses named".into(),
            category: "traffic data".into(),
            source_system: "login journal".into(),
            query_text: query.into(),
            query_sha256: Sha256::of(query.as_bytes()),
            snapshot_at: at("2026-11-20T10:31:44Z"),
            row_count: summary.row_count,
            time_range: summary.time_range,
            withheld: Vec::new(),
            operator: "Bo Lindqvist, operations".into(),
            approver: Some("Cleo Marsh, legal".into()),
            fiction: None,
        },
        columns,
        csv: Content::bytes(csv),
        json: Content::bytes(json),
    }
}

/// Exhibit 3, in the shape of a trace exhibit.
fn trace() -> TraceExhibit<'static> {
    let txid = |n: u64| format!("{:064x}", u128::from(n) * 0x9e37_79b9_7f4a_7c15_0001);
    let hops: Vec<_> = (1..=6u64)
        .map(|hop| {
            serde_json::json!({
                "hop": hop, "txid": txid(hop),
                "outputs": [
                    {"vout": 0, "value": "0.40000000", "taint": "0.40000000",
                     "address": format!("bc1q{:038x}", hop * 77)},
                    {"vout": 1, "value": format!("{}.12000000", 12 - hop), "taint": "0.00000000",
                     "address": format!("bc1q{:038x}", hop * 1_077)},
                ],
            })
        })
        .collect();
    let json = serde_json::json!({
        "reached": [{"hop": 6, "txid": txid(6), "vout": 0, "value": "0.40000000",
                     "taint": "0.40000000", "address": "bc1qexampleaddress00000",
                     "fate": "reached a tagged address",
                     "tag": {"label": "Example Exchange, deposit"}}],
        "hops": hops,
    });
    TraceExhibit {
        number: 3,
        title: "From the payment named to a deposit address of the company".into(),
        engine: "comity trace 0.1.0".into(),
        inputs: vec![format!("block-702861.bin {}", "ab".repeat(32))],
        operator: "Bo Lindqvist, operations".into(),
        approver: Some("Cleo Marsh, legal".into()),
        fiction: Some("the attribution is made up for a demonstration".into()),
        json: Content::bytes(format!("{json:#}\n").into_bytes()),
        svg: Content::bytes(&b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"[..]),
    }
}
