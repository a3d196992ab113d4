//! Placeholders in the URL and the JSON body of an HTTP effect.
//!
//! Knows no HTTP. In JSON a text that is exactly `{amount}` becomes the value itself (null when
//! there is none), so a catalog never glues JSON together; inside longer text and in URLs only
//! placeholders that always have a value are allowed.

use serde_json::Value;

use super::Effect;

/// Deepest JSON body of a catalog.
const BODY_DEPTH_MAX: usize = 20;

/// Placeholders that always have a value, and so may stand inside longer text.
const ALWAYS: [&str; 3] = ["id", "kind", "account"];
/// Placeholders that may stand alone as a JSON text.
const ALONE: [&str; 9] =
    ["id", "kind", "account", "asset", "amount", "amount:integer", "until", "releases", "notice"];

/// Checks the placeholders of a URL or of a longer text.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    for part in parts(text) {
        if let Part::Placeholder(name) = part
            && !ALWAYS.contains(&name)
        {
            return Err(format!(
                "`{{{name}}}` cannot stand here; use {{id}}, {{kind}}, {{account}}"
            ));
        }
    }
    Ok(())
}

/// Checks the placeholders of a JSON body.
pub(crate) fn check_body(body: &Value) -> Result<(), String> {
    check_depth(body, 0)
}

fn check_depth(body: &Value, depth: usize) -> Result<(), String> {
    if depth > BODY_DEPTH_MAX {
        return Err(format!("the body is nested deeper than {BODY_DEPTH_MAX}"));
    }
    match body {
        Value::String(text) if alone(text).is_some() => Ok(()),
        Value::String(text) => check_text(text),
        Value::Array(items) => items.iter().try_for_each(|item| check_depth(item, depth + 1)),
        Value::Object(members) => {
            members.values().try_for_each(|item| check_depth(item, depth + 1))
        }
        _ => Ok(()),
    }
}

/// The body with the effect's facts in it. The template has been checked.
pub(crate) fn body(template: &Value, effect: &Effect) -> Value {
    match template {
        Value::String(text) => match alone(text) {
            Some(name) => value(name, effect),
            None => Value::String(text_with(text, effect, |value| value.to_owned())),
        },
        Value::Array(items) => items.iter().map(|item| body(item, effect)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(key, item)| (key.clone(), body(item, effect))).collect(),
        ),
        plain => plain.clone(),
    }
}

/// The URL with the effect's facts in it, percent-encoded so that none can change its shape.
pub(crate) fn url(template: &str, effect: &Effect) -> String {
    text_with(template, effect, percent_encoded)
}

fn text_with(template: &str, effect: &Effect, encode: impl Fn(&str) -> String) -> String {
    let mut text = String::with_capacity(template.len());
    for part in parts(template) {
        match part {
            Part::Plain(plain) => text.push_str(plain),
            Part::Placeholder(name) => match value(name, effect) {
                Value::String(value) => text.push_str(&encode(&value)),
                other => text.push_str(&encode(&other.to_string())),
            },
        }
    }
    text
}

fn value(name: &str, effect: &Effect) -> Value {
    match name {
        "id" => effect.id.0.to_string().into(),
        "kind" => effect.kind.as_str().into(),
        "account" => effect.account.as_str().into(),
        "asset" => effect.asset.as_deref().into(),
        "amount" => effect.amount.map(|amount| amount.to_string()).into(),
        // JSON numbers end at 64 bits here; a larger amount (wei) stays exact as text.
        "amount:integer" => effect.amount.map_or(Value::Null, |amount| {
            u64::try_from(amount).map_or_else(|_| amount.to_string().into(), Value::from)
        }),
        "until" => effect.until.map(|until| until.to_string()).into(),
        "releases" => effect.releases.map(|id| id.0.to_string()).into(),
        "notice" => effect.notice.as_deref().into(),
        // Not reached for a checked template; text that is no placeholder stays as it is.
        other => format!("{{{other}}}").into(),
    }
}

/// The placeholder that the whole text is.
fn alone(text: &str) -> Option<&str> {
    let name = text.strip_prefix('{')?.strip_suffix('}')?;
    ALONE.contains(&name).then_some(name)
}

enum Part<'a> {
    Plain(&'a str),
    Placeholder(&'a str),
}

/// Splits at `{word}`; braces around anything else are plain text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let name = &rest[open + 1..open + length];
        let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b':');
        let end = open + length + 1;
        if is_word {
            parts.push(Part::Plain(&rest[..open]));
            parts.push(Part::Placeholder(name));
        } else {
            parts.push(Part::Plain(&rest[..end]));
        }
        rest = &rest[end..];
    }
    parts.push(Part::Plain(rest));
    parts
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        // RFC 3986 unreserved, less the dot: `..` would be a step up.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::EffectKind;
    use crate::effect::EffectId;
    use expect_test::expect;

    fn effect(account: &str) -> Effect {
        Effect {
            id: EffectId(uuid::Uuid::from_u128(7)),
            kind: EffectKind::Freeze,
            account: account.to_owned(),
            asset: Some("BTC".to_owned()),
            amount: Some(u128::from(u64::MAX)),
            until: None,
            releases: None,
            notice: Some("To: somebody\nOn: a day".to_owned()),
        }
    }

    #[test]
    fn values_keep_their_type() {
        let template = serde_json::json!({
            "hold": "{id}", "note": "for {account} ({kind})", "amount": "{amount}",
            "units": "{amount:integer}", "until": "{until}", "text": "{notice}", "deep": [{"asset": "{asset}"}],
            "css": "a {b c} {", "n": 1
        });
        check_body(&template).unwrap();
        expect![[r#"{"amount":"18446744073709551615","css":"a {b c} {","deep":[{"asset":"BTC"}],"hold":"00000000-0000-0000-0000-000000000007","n":1,"note":"for x\"y (freeze)","text":"To: somebody\nOn: a day","units":18446744073709551615,"until":null}"#]]
            .assert_eq(&body(&template, &effect("x\"y")).to_string());
    }

    #[test]
    fn an_account_cannot_change_the_shape_of_a_url() {
        expect![
            "https://a.test/holds/%2E%2E%2Fx%3Fy%23%20%7Bid%7D/00000000-0000-0000-0000-000000000007"
        ]
        .assert_eq(&url("https://a.test/holds/{account}/{id}", &effect("../x?y# {id}")));
    }

    #[test]
    fn a_placeholder_without_a_certain_value_is_refused_inside_text() {
        expect!["`{asset}` cannot stand here; use {id}, {kind}, {account}"]
            .assert_eq(&check_text("https://a.test/{asset}").unwrap_err());
        expect!["`{nonsense}` cannot stand here; use {id}, {kind}, {account}"]
            .assert_eq(&check_body(&serde_json::json!(["{nonsense}"])).unwrap_err());
    }
}
