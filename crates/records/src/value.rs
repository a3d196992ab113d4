//! One cell of a row: what an engine returns, and what the exhibit holds.
//!
//! Knows no column of any company. A float is never read as an amount or a number: money that was
//! once a float cannot be proved afterwards.

use evidence::table::{self, Amount, Value};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::catalog::{AmountForm, Column, ColumnKind, TimeForm};

/// A cell as the engine returns it. PostgreSQL's cells all come as text, by a cast on the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    Null,
    Text(String),
    Integer(i64),
    /// A float; refused wherever it stands.
    Real,
    /// Bytes; refused as well.
    Blob,
}

/// The column as the exhibit has it.
pub(crate) fn table_column(column: &Column) -> table::Column {
    let kind = match column.kind {
        ColumnKind::Text => table::ColumnKind::Text,
        ColumnKind::Integer => table::ColumnKind::Integer,
        ColumnKind::Boolean => table::ColumnKind::Boolean,
        ColumnKind::Time(_) => table::ColumnKind::Time,
        ColumnKind::Amount { .. } => table::ColumnKind::Amount,
    };
    table::Column { name: column.name.clone(), kind }
}

/// Reads a cell as its column declares. The error never repeats the value.
pub(crate) fn read(raw: Raw, kind: ColumnKind) -> Result<Value<'static>, String> {
    let raw = match raw {
        Raw::Null => return Ok(Value::Null),
        Raw::Real => return Err("a float is not evidence; cast it to integer or text".to_owned()),
        Raw::Blob => return Err("bytes cannot be shown; select hex(column)".to_owned()),
        raw => raw,
    };
    match kind {
        ColumnKind::Text => Ok(Value::Text(text(raw).into())),
        ColumnKind::Integer => {
            let number: i128 = text(raw).parse().map_err(|_| "not a whole number".to_owned())?;
            Ok(Value::Integer(number))
        }
        ColumnKind::Boolean => match text(raw).as_str() {
            "1" | "true" | "t" => Ok(Value::Boolean(true)),
            "0" | "false" | "f" => Ok(Value::Boolean(false)),
            _ => Err("neither true nor false".to_owned()),
        },
        ColumnKind::Time(form) => Ok(Value::Time(time(&text(raw), form)?)),
        ColumnKind::Amount { decimals, form } => {
            let units = match form {
                AmountForm::Smallest => text(raw)
                    .parse()
                    .map_err(|_| "not a whole number of smallest units".to_owned())?,
                AmountForm::Whole => units_of(&text(raw), decimals)?,
            };
            Amount::new(units, decimals).map(Value::Amount).map_err(|error| error.to_string())
        }
    }
}

/// `2021-10-01T12:00:00.000000Z`: one width, so that comparing the text compares the times.
pub(crate) fn fixed_width_time(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn text(raw: Raw) -> String {
    match raw {
        Raw::Text(text) => text,
        Raw::Integer(number) => number.to_string(),
        // Taken out by `read` before.
        Raw::Null | Raw::Real | Raw::Blob => String::new(),
    }
}

fn time(text: &str, form: TimeForm) -> Result<Timestamp, String> {
    let beyond = |_| "a time beyond the years -9999 to 9999".to_owned();
    let number = || text.parse::<i64>().map_err(|_| "not a whole number of time units".to_owned());
    match form {
        TimeForm::UnixSeconds => Timestamp::from_second(number()?).map_err(beyond),
        TimeForm::UnixMilliseconds => Timestamp::from_millisecond(number()?).map_err(beyond),
        TimeForm::Offset => text.parse().map_err(|_| {
            "not a time with an offset (2021-10-01T12:00:00Z); if it is UTC without one, declare \
             form = \"utc\""
                .to_owned()
        }),
        TimeForm::Utc => {
            if let Ok(at) = text.parse::<Timestamp>() {
                return Ok(at);
            }
            let civil: DateTime =
                text.parse().map_err(|_| "not a time (2021-10-01 12:00:00)".to_owned())?;
            let zoned = civil.to_zoned(TimeZone::UTC).map_err(beyond)?;
            Ok(zoned.timestamp())
        }
    }
}

/// Exact smallest units of a decimal text; more decimals than the asset has are an error.
fn units_of(text: &str, decimals: u8) -> Result<i128, String> {
    let wrong = || "not a decimal amount".to_owned();
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(magnitude) => (true, magnitude),
        None => (false, text),
    };
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    let kept = fraction.trim_end_matches('0');
    let missing = usize::from(decimals)
        .checked_sub(kept.len())
        .ok_or_else(|| format!("more than {decimals} decimals"))?;
    let units: i128 =
        format!("{whole}{kept}{}", "0".repeat(missing)).parse().map_err(|_| wrong())?;
    Ok(if negative { -units } else { units })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(raw: Raw, kind: ColumnKind, expected: Expect) {
        expected.assert_eq(&match read(raw, kind) {
            Ok(Value::Amount(amount)) => amount.to_string(),
            Ok(Value::Time(at)) => at.to_string(),
            Ok(value) => format!("{value:?}"),
            Err(why) => format!("refused: {why}"),
        });
    }

    fn words(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        let whole = ColumnKind::Amount { decimals: 8, form: AmountForm::Whole };
        let units = ColumnKind::Amount { decimals: 8, form: AmountForm::Smallest };
        check(words("0.10000001"), whole, expect!["0.10000001"]);
        check(words("21000000"), whole, expect!["21000000.00000000"]);
        check(words("1.500000000000"), whole, expect!["1.50000000"]);
        check(words("-0.1"), whole, expect!["-0.10000000"]);
        check(Raw::Integer(3), whole, expect!["3.00000000"]);
        check(Raw::Integer(3), units, expect!["0.00000003"]);
        check(words("0.123456789"), whole, expect!["refused: more than 8 decimals"]);
        check(words("1e3"), whole, expect!["refused: not a decimal amount"]);
        check(words(".5"), whole, expect!["refused: not a decimal amount"]);
        check(words("--1"), whole, expect!["refused: not a decimal amount"]);
        check(words("1.5"), units, expect!["refused: not a whole number of smallest units"]);
        check(
            Raw::Real,
            whole,
            expect!["refused: a float is not evidence; cast it to integer or text"],
        );
    }

    #[test]
    fn times_say_their_zone() {
        let kind = ColumnKind::Time;
        check(
            words("2021-10-01 14:00:00+02"),
            kind(TimeForm::Offset),
            expect!["2021-10-01T12:00:00Z"],
        );
        check(
            words("2021-10-01 12:00:00"),
            kind(TimeForm::Offset),
            expect![[
                r#"refused: not a time with an offset (2021-10-01T12:00:00Z); if it is UTC without one, declare form = "utc""#
            ]],
        );
        check(
            words("2021-10-01 12:00:00.5"),
            kind(TimeForm::Utc),
            expect!["2021-10-01T12:00:00.5Z"],
        );
        check(Raw::Integer(0), kind(TimeForm::UnixSeconds), expect!["1970-01-01T00:00:00Z"]);
        check(
            Raw::Integer(-1),
            kind(TimeForm::UnixMilliseconds),
            expect!["1969-12-31T23:59:59.999Z"],
        );
        check(
            Raw::Integer(i64::MAX),
            kind(TimeForm::UnixSeconds),
            expect!["refused: a time beyond the years -9999 to 9999"],
        );
    }

    #[test]
    fn other_kinds() {
        check(Raw::Integer(1), ColumnKind::Boolean, expect!["Boolean(true)"]);
        check(words("f"), ColumnKind::Boolean, expect!["Boolean(false)"]);
        check(Raw::Integer(2), ColumnKind::Boolean, expect!["refused: neither true nor false"]);
        check(words("007"), ColumnKind::Text, expect![[r#"Text("007")"#]]);
        check(Raw::Integer(7), ColumnKind::Text, expect![[r#"Text("7")"#]]);
        check(
            words("170141183460469231731687303715884105727"),
            ColumnKind::Integer,
            expect!["Integer(170141183460469231731687303715884105727)"],
        );
        check(words("x"), ColumnKind::Integer, expect!["refused: not a whole number"]);
        check(Raw::Null, ColumnKind::Integer, expect!["Null"]);
        check(
            Raw::Blob,
            ColumnKind::Text,
            expect!["refused: bytes cannot be shown; select hex(column)"],
        );
    }

    #[test]
    fn a_bound_time_has_one_width() {
        let at: Timestamp = "2021-10-01T12:00:00.5Z".parse().unwrap();
        expect!["2021-10-01T12:00:00.500000Z"].assert_eq(&fixed_width_time(at));
    }
}
