//! The bytes that are hashed for an event. Knows no table. What is written here can never change:
//! every proof given out depends on it (docs/formats/store.md).

use jiff::Timestamp;
use ledger::Entry;
use uuid::Uuid;

/// Separates our records from all else that is hashed; the first part of every entry.
pub const RECORD_TAG: &str = "comity record v1";

/// The record of an event: compact JSON with its keys in this order.
pub fn record_json(
    stream: Uuid,
    seq: u64,
    at: Timestamp,
    event_json: &str,
    payload_json: Option<&str>,
) -> String {
    let payload = payload_json.unwrap_or("null");
    format!(
        "{{\"v\":1,\"stream\":\"{stream}\",\"seq\":{seq},\"at\":\"{at:.6}\",\
         \"event\":{event_json},\"payload\":{payload}}}"
    )
}

/// The entry of a record: what the log holds of it.
pub fn entry(salt: &[u8; 32], record_json: &str) -> Entry {
    Entry::of(RECORD_TAG, salt, record_json.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(at: &str, payload: Option<&str>, expected: Expect) {
        let json = record_json(
            Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
            7,
            at.parse().expect("a timestamp"),
            r#"{"kind":"received"}"#,
            payload,
        );
        expected.assert_eq(&json);
    }

    #[test]
    fn a_record_has_one_spelling() {
        check(
            "2027-01-05T09:00:00Z",
            None,
            expect![[
                r#"{"v":1,"stream":"01920000-0000-7000-8000-000000000001","seq":7,"at":"2027-01-05T09:00:00.000000Z","event":{"kind":"received"},"payload":null}"#
            ]],
        );
        check(
            "2027-01-05T09:00:00.123456789+01:00",
            Some(r#"{"name":"Žofie"}"#),
            expect![[
                r#"{"v":1,"stream":"01920000-0000-7000-8000-000000000001","seq":7,"at":"2027-01-05T08:00:00.123456Z","event":{"kind":"received"},"payload":{"name":"Žofie"}}"#
            ]],
        );
    }

    #[test]
    fn an_entry_is_the_documented_digest() {
        let entry = entry(&[7; 32], "{}");
        expect!["9cf66a20059a304534bb8966ac834a02b3043cb212d7870e6262fd71eae20c62"]
            .assert_eq(&entry.to_string());
    }
}
