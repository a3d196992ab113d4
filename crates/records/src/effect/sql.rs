//! One attempt at an effect by SQL: look, act, look again, in one transaction.
//!
//! The first look makes it idempotent even where the company's statements are not: an effect that
//! is confirmed already is not asked for again.

use std::time::Duration;

use super::{Effect, Outcome, detail};
use crate::catalog::SqlEffect;
use crate::source::{Arguments, Connection, OpenSource, SourceError};
use crate::sql::{Parameter, Statement};
use crate::value::Raw;

/// Columns of a confirming query.
pub(crate) const CONFIRM_COLUMNS: [&str; 2] = ["amount", "detail"];

/// Looks, acts unless confirmed already, looks again.
pub(super) async fn request(
    source: &OpenSource,
    sql: &SqlEffect,
    effect: &Effect,
    wait_max: Duration,
) -> Outcome {
    timed(wait_max, act(source, sql, effect, wait_max)).await
}

/// Looks only.
pub(super) async fn poll(
    source: &OpenSource,
    sql: &SqlEffect,
    effect: &Effect,
    wait_max: Duration,
) -> Outcome {
    timed(wait_max, look(source, sql, effect, wait_max)).await
}

async fn timed(
    wait_max: Duration,
    attempt: impl Future<Output = Result<Outcome, SourceError>>,
) -> Outcome {
    match tokio::time::timeout(wait_max, attempt).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::Failed { retryable: error.is_passing(), why: error.detail() },
        Err(_) => Outcome::Failed {
            retryable: true,
            why: format!("no answer within {} s", wait_max.as_secs()),
        },
    }
}

async fn act(
    source: &OpenSource,
    sql: &SqlEffect,
    effect: &Effect,
    wait_max: Duration,
) -> Result<Outcome, SourceError> {
    let mut connection = source.connect_writing(wait_max).await?;
    if let Some(confirmed) = confirmed(source, &mut connection, &sql.confirm, effect).await? {
        return Ok(confirmed);
    }
    for statement in &sql.statements {
        let arguments = arguments(statement, effect);
        source.execute(&mut connection, statement, arguments).await?;
    }
    let outcome = confirmed(source, &mut connection, &sql.confirm, effect).await?;
    source.commit(&mut connection).await?;
    Ok(outcome.unwrap_or_else(pending))
}

async fn look(
    source: &OpenSource,
    sql: &SqlEffect,
    effect: &Effect,
    wait_max: Duration,
) -> Result<Outcome, SourceError> {
    let mut connection = source.connect_writing(wait_max).await?;
    let outcome = confirmed(source, &mut connection, &sql.confirm, effect).await?;
    Ok(outcome.unwrap_or_else(pending))
}

fn pending() -> Outcome {
    Outcome::Pending { detail: "the confirming query has no row yet".to_owned() }
}

async fn confirmed(
    source: &OpenSource,
    connection: &mut Connection,
    confirm: &Statement,
    effect: &Effect,
) -> Result<Option<Outcome>, SourceError> {
    let arguments = arguments(confirm, effect);
    let columns = CONFIRM_COLUMNS.map(str::to_owned);
    let row = source.fetch_first(connection, confirm, arguments, &columns).await?;
    let Some(row) = row else { return Ok(None) };
    let amount = match &row[0] {
        Raw::Null => None,
        Raw::Integer(units) => u128::try_from(*units).ok(),
        Raw::Text(text) => text.parse().ok(),
        Raw::Real | Raw::Blob => None,
    };
    if amount.is_none() && row[0] != Raw::Null {
        return Ok(Some(Outcome::Failed {
            retryable: false,
            why: "the confirming query's `amount` is no whole number of smallest units".to_owned(),
        }));
    }
    let words = match &row[1] {
        Raw::Text(text) => detail(text),
        Raw::Integer(number) => number.to_string(),
        _ => "confirmed".to_owned(),
    };
    Ok(Some(Outcome::Confirmed { detail: words, amount }))
}

fn arguments(statement: &Statement, effect: &Effect) -> Arguments {
    let mut arguments = Arguments::default();
    for parameter in statement.parameters() {
        match parameter {
            Parameter::EffectId => arguments.text(Some(effect.id.0.to_string())),
            Parameter::EffectAccount => arguments.text(Some(effect.account.clone())),
            Parameter::EffectAsset => arguments.text(effect.asset.clone()),
            // Text holds every amount; SQL's largest integer does not.
            Parameter::EffectAmount => match effect.amount.map(i64::try_from) {
                None => arguments.integer(None),
                Some(Ok(amount)) => arguments.integer(Some(amount)),
                Some(Err(_)) => arguments.text(effect.amount.map(|amount| amount.to_string())),
            },
            Parameter::EffectUntil => {
                arguments.text(effect.until.map(crate::value::fixed_width_time));
            }
            Parameter::EffectReleases => {
                arguments.text(effect.releases.map(|id| id.0.to_string()));
            }
            Parameter::EffectNotice => arguments.text(effect.notice.clone()),
            // `Statement::read` lets no other parameter into an effect.
            _ => arguments.text(None),
        }
    }
    arguments
}
