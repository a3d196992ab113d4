//! Reads one column of a catalog.

use super::{AmountForm, Column, ColumnKind, TimeForm, wire};

/// Most digits after the point: 18, as in ether.
const DECIMALS_MAX: u8 = 18;

pub(super) fn read(wire: wire::Column) -> Result<Column, String> {
    let kind = match (wire.kind.as_str(), wire.form.as_deref()) {
        ("text", None) => ColumnKind::Text,
        ("integer", None) => ColumnKind::Integer,
        ("boolean", None) => ColumnKind::Boolean,
        ("time", form) => ColumnKind::Time(time_form(form)?),
        ("amount", form) => {
            let decimals = wire.decimals.ok_or("an amount needs its decimals (8 for BTC)")?;
            if decimals > DECIMALS_MAX {
                return Err(format!("at most {DECIMALS_MAX} decimals"));
            }
            ColumnKind::Amount { decimals, form: amount_form(form)? }
        }
        ("text" | "integer" | "boolean", Some(_)) => {
            return Err("only time and amount have a form".to_owned());
        }
        (kind, _) => {
            return Err(format!("`{kind}` is none of text, integer, boolean, time, amount"));
        }
    };
    if wire.decimals.is_some() && !matches!(kind, ColumnKind::Amount { .. }) {
        return Err("only an amount has decimals".to_owned());
    }
    Ok(Column { name: wire.name, kind })
}

fn time_form(form: Option<&str>) -> Result<TimeForm, String> {
    match form {
        None | Some("offset") => Ok(TimeForm::Offset),
        Some("utc") => Ok(TimeForm::Utc),
        Some("unix_s") => Ok(TimeForm::UnixSeconds),
        Some("unix_ms") => Ok(TimeForm::UnixMilliseconds),
        Some(_) => Err("the form of a time is offset, utc, unix_s or unix_ms".to_owned()),
    }
}

fn amount_form(form: Option<&str>) -> Result<AmountForm, String> {
    match form {
        None | Some("smallest") => Ok(AmountForm::Smallest),
        Some("whole") => Ok(AmountForm::Whole),
        Some(_) => Err("the form of an amount is smallest or whole".to_owned()),
    }
}
