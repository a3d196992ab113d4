//! Cases with the expected bytes beside them, and the agreement of CSV and JSON as a property.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.into(), kind }
}

fn written(columns: Vec<Column>, rows: &[Vec<Value<'_>>]) -> (String, String, TableSummary) {
    let mut table = TableWriter::new(columns, Vec::new(), Vec::new()).unwrap();
    for row in rows {
        table.write_row(row).unwrap();
    }
    let (csv, json, summary) = table.finish().unwrap();
    assert_eq!(summary.csv, Digests::of(&csv));
    assert_eq!(summary.json, Digests::of(&json));
    (String::from_utf8(csv).unwrap(), String::from_utf8(json).unwrap(), summary)
}

fn all_kinds() -> Vec<Column> {
    vec![
        column("note", ColumnKind::Text),
        column("count", ColumnKind::Integer),
        column("amount", ColumnKind::Amount),
        column("at", ColumnKind::Time),
        column("open", ColumnKind::Boolean),
    ]
}

#[test]
fn the_same_rows_stand_in_both() {
    let row = vec![
        Value::Text("=1+1, \"so\"\n\u{1}".into()),
        Value::Integer(i128::MAX),
        Value::Amount(Amount::new(-5, 8).unwrap()),
        Value::Time("2021-09-27T15:29:06.5Z".parse().unwrap()),
        Value::Boolean(true),
    ];
    let nulls = vec![Value::Null, Value::Null, Value::Null, Value::Null, Value::Null];
    let mut empty = nulls.clone();
    empty[0] = Value::Text("".into());
    empty[3] = Value::Time("1969-12-31T23:59:59Z".parse().unwrap());
    let (csv, json, summary) = written(all_kinds(), &[row, nulls, empty]);
    expect![[r#"
        "note,count,amount,at,open\r\n\"=1+1, \"\"so\"\"\n\u{1}\",170141183460469231731687303715884105727,-0.00000005,2021-09-27T15:29:06.5Z,true\r\n,,,,\r\n\"\",,,1969-12-31T23:59:59Z,\r\n"
    "#]]
    .assert_debug_eq(&csv);
    expect![[r#"
        {"columns":[{"name":"note","kind":"text"},{"name":"count","kind":"integer"},{"name":"amount","kind":"amount"},{"name":"at","kind":"time"},{"name":"open","kind":"boolean"}],"rows":[
        ["=1+1, \"so\"\n\u0001","170141183460469231731687303715884105727","-0.00000005","2021-09-27T15:29:06.5Z",true],
        [null,null,null,null,null],
        ["",null,null,"1969-12-31T23:59:59Z",null]
        ]}
    "#]]
    .assert_eq(&json);
    let range = summary.time_range.unwrap();
    assert_eq!(
        format!("{}/{}", range.from, range.to),
        "1969-12-31T23:59:59Z/2021-09-27T15:29:06.5Z"
    );
    assert_eq!(summary.row_count, 3);
}

#[test]
fn an_empty_table_has_its_headings() {
    let (csv, json, summary) = written(vec![column("a,b", ColumnKind::Text)], &[]);
    assert_eq!(csv, "\"a,b\"\r\n");
    assert_eq!(json, "{\"columns\":[{\"name\":\"a,b\",\"kind\":\"text\"}],\"rows\":[\n]}\n");
    assert_eq!((summary.row_count, summary.time_range), (0, None));
}

#[test]
fn amounts_print_every_decimal() {
    let check = |units, decimals, text: &str| {
        assert_eq!(Amount::new(units, decimals).unwrap().to_string(), text);
    };
    check(40_000_000, 8, "0.40000000");
    check(-1, 2, "-0.01");
    check(12_345, 0, "12345");
    check(i128::MIN, 38, "-1.70141183460469231731687303715884105728");
    assert!(Amount::new(1, 39).is_err());
}

fn check_refused(columns: Vec<Column>, row: &[Value<'_>], expect: Expect) {
    let refusal = TableWriter::new(columns, io::sink(), io::sink())
        .and_then(|mut table| table.write_row(row))
        .unwrap_err();
    expect.assert_eq(&refusal.to_string());
}

#[test]
fn bad_tables_are_refused_by_place() {
    let two = || vec![column("a", ColumnKind::Text), column("b", ColumnKind::Integer)];
    check_refused(vec![], &[], expect!["a table has 1 to 256 columns, not 0"]);
    check_refused(
        vec![column("a", ColumnKind::Text), column("a", ColumnKind::Text)],
        &[],
        expect!["column 2 has the name `a`, which is empty or taken; name each once"],
    );
    check_refused(two(), &[Value::Null], expect!["row 1 has 1 cells; the table has 2 columns"]);
    check_refused(
        two(),
        &[Value::Null, Value::Text("7".into())],
        expect!["row 1, column `b` holds text; the column is integer"],
    );
    check_refused(
        two(),
        &[Value::Text("x".repeat(CELL_BYTES_MAX + 1).into()), Value::Null],
        expect!["row 1, column `a` has 1048577 bytes; at most 1048576"],
    );
    check_refused(
        vec![column("a", ColumnKind::Text)],
        &[Value::Null],
        expect!["row 1 is null in the only column; select a second column, such as a row id"],
    );
}

fn any_cell(kind: ColumnKind) -> BoxedStrategy<Value<'static>> {
    let cell = match kind {
        ColumnKind::Text => prop_oneof![
            any::<String>(),
            prop::collection::vec(prop::sample::select(vec!['"', ',', '\r', '\n', ' ', 'é']), 0..6)
                .prop_map(|chars| chars.into_iter().collect()),
        ]
        .prop_map(|text| Value::Text(text.into()))
        .boxed(),
        ColumnKind::Integer => any::<i128>().prop_map(Value::Integer).boxed(),
        ColumnKind::Amount => (any::<i128>(), 0..=AMOUNT_DECIMALS_MAX)
            .prop_map(|(units, decimals)| Value::Amount(Amount::new(units, decimals).unwrap()))
            .boxed(),
        ColumnKind::Time => (-60_000_000_000i64..200_000_000_000, 0..1_000_000_000i32)
            .prop_map(|(second, nano)| Value::Time(Timestamp::new(second, nano).unwrap()))
            .boxed(),
        ColumnKind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 4 => cell].boxed()
}

fn any_row() -> impl Strategy<Value = Vec<Value<'static>>> {
    let cells: Vec<_> = all_kinds().iter().map(|column| any_cell(column.kind)).collect();
    cells
}

/// A cell as a text, null apart from empty text only where the form can tell them apart.
fn text_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

proptest! {
    // Two readers that know nothing of our writer must see the same cells.
    #[test]
    fn csv_and_json_agree(rows in prop::collection::vec(any_row(), 0..20)) {
        let (csv, json, summary) = written(all_kinds(), &rows);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let json_rows = json["rows"].as_array().unwrap();
        let csv_rows: Vec<csv::StringRecord> =
            csv::Reader::from_reader(csv.as_bytes()).into_records().map(Result::unwrap).collect();
        prop_assert_eq!(json_rows.len(), rows.len());
        prop_assert_eq!(csv_rows.len(), rows.len());
        prop_assert_eq!(summary.row_count, rows.len() as u64);
        for ((json_row, csv_row), row) in json_rows.iter().zip(&csv_rows).zip(&rows) {
            let json_row = json_row.as_array().unwrap();
            for (index, value) in row.iter().enumerate() {
                prop_assert_eq!(text_of(&json_row[index]), &csv_row[index]);
                prop_assert_eq!(json_row[index].is_null(), *value == Value::Null);
                if let Value::Text(text) = value {
                    prop_assert_eq!(&csv_row[index], text.as_ref());
                }
                if let Value::Time(at) = value {
                    prop_assert_eq!(csv_row[index].parse::<Timestamp>().unwrap(), *at);
                }
            }
        }
    }
}
