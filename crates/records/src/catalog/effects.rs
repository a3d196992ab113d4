//! Reads the effects of a catalog.

use std::time::Duration;

use toml::Spanned;

use super::read::Reader;
use super::{
    Catalog, CatalogError, Confirmation, EffectEntry, EffectKind, EffectWay, HeaderValue, HttpCall,
    HttpEffect, HttpMethod, SqlEffect, wire,
};
use crate::effect::template;
use crate::sql::Purpose;

/// Wait for one attempt when the catalog names none, in seconds.
const ATTEMPT_SECONDS_DEFAULT: u64 = 10;
/// Longest wait that a catalog may name, in seconds.
const ATTEMPT_SECONDS_MAX: u64 = 300;
/// Most statements in one SQL effect.
const STATEMENT_COUNT_MAX: usize = 20;

pub(super) fn entry(
    reader: &Reader<'_>,
    kind: &str,
    effect: Spanned<wire::Effect>,
    catalog: &Catalog,
) -> Result<EffectEntry, CatalogError> {
    let place = effect.span();
    let wire = effect.into_inner();
    let field = format!("effects.{kind}");
    let refuse =
        |key: &str, why: &str| reader.at(place.clone(), &format!("{field}.{key}"), why.to_owned());
    let kind =
        EffectKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(|| {
            reader.at(
                place.clone(),
                &field,
                "use freeze, unfreeze, hold_records, release_records or notify_user",
            )
        })?;
    let seconds = wire.seconds_max.unwrap_or(ATTEMPT_SECONDS_DEFAULT);
    if !(1..=ATTEMPT_SECONDS_MAX).contains(&seconds) {
        return Err(refuse("seconds_max", &format!("1 to {ATTEMPT_SECONDS_MAX}")));
    }
    let has_sql = wire.source.is_some() || wire.statements.is_some() || wire.confirm.is_some();
    let has_http = wire.request.is_some()
        || wire.poll.is_some()
        || wire.success.is_some()
        || wire.confirmation.is_some()
        || wire.idempotency_header.is_some();
    let way = match wire.way.get_ref().as_str() {
        "http" if has_sql => return Err(refuse("way", "an http effect has no SQL fields")),
        "sql" if has_http => return Err(refuse("way", "an sql effect has no HTTP fields")),
        "http" => EffectWay::Http(Box::new(http(wire, &refuse)?)),
        "sql" => EffectWay::Sql(sql(reader, wire, catalog, &field, &refuse)?),
        _ => return Err(refuse("way", "use http or sql")),
    };
    Ok(EffectEntry { kind, way, wait_max: Duration::from_secs(seconds) })
}

fn sql(
    reader: &Reader<'_>,
    wire: wire::Effect,
    catalog: &Catalog,
    field: &str,
    refuse: &impl Fn(&str, &str) -> CatalogError,
) -> Result<SqlEffect, CatalogError> {
    let source = wire.source.ok_or_else(|| refuse("source", "name the source"))?;
    let dialect = reader.dialect(&source, catalog, field)?;
    if !catalog.source(source.get_ref()).is_some_and(|source| source.writes) {
        return Err(refuse("source", "this source is not marked `writes = true`"));
    }
    let texts = wire.statements.ok_or_else(|| refuse("statements", "list the statements"))?;
    if texts.is_empty() || texts.len() > STATEMENT_COUNT_MAX {
        return Err(refuse("statements", &format!("1 to {STATEMENT_COUNT_MAX} statements")));
    }
    let statements = texts
        .iter()
        .map(|text| reader.sql(text, dialect, Purpose::Effect, &format!("{field}.statements")))
        .collect::<Result<_, _>>()?;
    let confirm = wire.confirm.ok_or_else(|| refuse("confirm", "give the confirming select"))?;
    let confirm = reader.sql(&confirm, dialect, Purpose::Confirm, &format!("{field}.confirm"))?;
    if !confirm.parameters().contains(&crate::sql::Parameter::EffectId) {
        return Err(refuse("confirm", "it must select by :effect_id"));
    }
    Ok(SqlEffect { source: source.into_inner(), statements, confirm })
}

fn http(
    wire: wire::Effect,
    refuse: &impl Fn(&str, &str) -> CatalogError,
) -> Result<HttpEffect, CatalogError> {
    let request = wire.request.ok_or_else(|| refuse("request", "give method and url"))?;
    let confirmation =
        wire.confirmation.ok_or_else(|| refuse("confirmation", "say what confirms"))?;
    let success = wire.success.unwrap_or_else(|| vec![200, 201, 202]);
    if success.is_empty() || success.iter().any(|code| !(200..300).contains(code)) {
        return Err(refuse("success", "list status codes from 200 to 299"));
    }
    let pointers = [Some(&confirmation.state), confirmation.amount.as_ref()];
    if pointers.into_iter().flatten().any(|pointer| !pointer.starts_with('/')) {
        return Err(refuse("confirmation", "a JSON pointer starts with `/`"));
    }
    let header = wire.idempotency_header.unwrap_or_else(|| "Idempotency-Key".to_owned());
    if reqwest::header::HeaderName::from_bytes(header.as_bytes()).is_err() {
        return Err(refuse("idempotency_header", "not a header name"));
    }
    Ok(HttpEffect {
        request: call(request.into_inner(), "request", refuse)?,
        idempotency_header: header,
        success,
        poll: wire.poll.map(|poll| call(poll.into_inner(), "poll", refuse)).transpose()?,
        confirmation: Confirmation {
            state: confirmation.state,
            confirmed: confirmation.confirmed,
            failed: confirmation.failed,
            amount: confirmation.amount,
        },
    })
}

fn call(
    wire: wire::HttpCall,
    key: &str,
    refuse: &impl Fn(&str, &str) -> CatalogError,
) -> Result<HttpCall, CatalogError> {
    let method = match wire.method.as_str() {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "DELETE" => HttpMethod::Delete,
        _ => return Err(refuse(key, "the method is GET, POST, PUT or DELETE")),
    };
    let is_safe = reqwest::Url::parse(&wire.url).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")),
        _ => false,
    });
    if !is_safe {
        let why = "the url starts with https://; http:// is for this machine only (127.0.0.1, \
            [::1], localhost)";
        return Err(refuse(key, why));
    }
    template::check_text(&wire.url).map_err(|why| refuse(key, &why))?;
    if let Some(body) = &wire.body {
        template::check_body(body).map_err(|why| refuse(key, &why))?;
    }
    let headers = wire.headers.into_iter().map(|(name, value)| {
        let value = match value {
            wire::Header::Written(value) => HeaderValue::Written(value),
            wire::Header::Environment(place) => HeaderValue::Environment(place.env),
        };
        (name, value)
    });
    Ok(HttpCall { method, url: wire.url, headers: headers.collect(), body: wire.body })
}
