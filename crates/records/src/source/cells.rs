//! What goes into a query and what comes out of it, on each engine.
//!
//! Knows no connection. Values are bound; names come from a checked catalog.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Postgres, Row as _, Type, TypeInfo as _, ValueRef as _};

use crate::sql::{Parameter, Statement};
use crate::value::Raw;

/// Values for `$1`, `$2` ..: bound, never pasted.
#[derive(Default)]
pub(crate) struct Arguments(Vec<Argument>);

enum Argument {
    Text(Option<String>),
    Integer(Option<i64>),
}

impl Arguments {
    pub(crate) fn text(&mut self, value: Option<String>) {
        self.0.push(Argument::Text(value));
    }

    pub(crate) fn integer(&mut self, value: Option<i64>) {
        self.0.push(Argument::Integer(value));
    }

    pub(super) fn sqlite(self) -> Result<SqliteArguments, sqlx::Error> {
        let mut bound = SqliteArguments::default();
        for argument in self.0 {
            match argument {
                Argument::Text(value) => bound.add(value),
                Argument::Integer(value) => bound.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(bound)
    }

    pub(super) fn postgres(self) -> Result<PgArguments, sqlx::Error> {
        let mut bound = PgArguments::default();
        for argument in self.0 {
            match argument {
                Argument::Text(value) => bound.add(value),
                Argument::Integer(value) => bound.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(bound)
    }
}

/// PostgreSQL's many types come over as text, cast on the server, so that numeric stays exact.
pub(super) fn as_text(statement: &Statement, columns: &[String]) -> String {
    let casts: Vec<String> =
        columns.iter().map(|column| format!("as_declared.\"{column}\"::text")).collect();
    let query = statement.numbered();
    // The line break ends a trailing `--` comment.
    format!("select {} from (\n{query}\n) as as_declared", casts.join(", "))
}

pub(super) fn postgres_types(statement: &Statement) -> Vec<sqlx::postgres::PgTypeInfo> {
    let integer = [
        Parameter::FromUnixSeconds,
        Parameter::UntilUnixSeconds,
        Parameter::EffectAmount,
        Parameter::Port,
        Parameter::SeenFromUnixSeconds,
        Parameter::SeenUntilUnixSeconds,
    ];
    let type_of = |parameter| match integer.contains(parameter) {
        true => <i64 as Type<Postgres>>::type_info(),
        false => <String as Type<Postgres>>::type_info(),
    };
    statement.parameters().iter().map(type_of).collect()
}

pub(super) fn postgres_cells(row: &PgRow) -> Result<Vec<Raw>, sqlx::Error> {
    let cell = |index| row.try_get::<Option<String>, _>(index);
    (0..row.len()).map(|index| Ok(cell(index)?.map_or(Raw::Null, Raw::Text))).collect()
}

pub(super) fn sqlite_cells(row: &SqliteRow) -> Result<Vec<Raw>, sqlx::Error> {
    let mut cells = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            cells.push(Raw::Null);
            continue;
        }
        let type_info = value.type_info();
        cells.push(match type_info.name() {
            "TEXT" => Raw::Text(row.try_get_unchecked(index)?),
            "INTEGER" => Raw::Integer(row.try_get_unchecked(index)?),
            "REAL" => Raw::Real,
            _ => Raw::Blob,
        });
    }
    Ok(cells)
}
