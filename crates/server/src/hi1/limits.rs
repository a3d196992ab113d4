//! Every bound of the HI-1 edge, in one place. Lengths of single texts follow ETSI TS 103 280.

/// Bytes of one message. Orders travel inside it as base64, so it is generous; evidence does not.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Nested JSON objects and lists. The deepest official message has 14.
pub const JSON_DEPTH_MAX: usize = 32;
/// JSON values in one message: bounds the memory that a hostile message can claim.
pub const JSON_NODES_MAX: usize = 250_000;
/// Members of one JSON object. The largest object of the schemas has 31.
pub const JSON_MEMBERS_MAX: usize = 64;
/// Actions in one message.
pub const ACTIONS_MAX: usize = 100;
/// Characters of a `ShortString` (TS 103 280).
pub const SHORT_TEXT_CHARACTERS_MAX: usize = 255;
/// Characters of a `LongString` (TS 103 280).
pub const LONG_TEXT_CHARACTERS_MAX: usize = 65_535;
/// Entries of any list that is not bounded more closely here.
pub const LIST_ENTRIES_MAX: usize = 1_000;
/// Identifiers in the `RequestValues` of one task.
pub const SELECTORS_MAX: usize = 10_000;
/// Tasks under one Authorisation.
pub const ASKS_MAX: usize = 50;
/// Documents under one Authorisation in one message.
pub const DOCUMENTS_MAX: usize = 20;
/// Signatures of one message (ITU-T X.590 allows several).
pub const SIGNATURES_MAX: usize = 8;
/// Records in one answer to LIST; more are asked for by a later `LastChanged`.
pub const LIST_RECORDS_MAX: usize = 1_000;
/// Bytes of evidence carried inside a DELIVER message; what is larger goes by URL.
pub const INLINE_DELIVERY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The first year of a date that a message may name.
pub const YEAR_MIN: i16 = 1970;
