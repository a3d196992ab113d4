//! What a court receives: tables, package, report, CASE graph, seal, envelopes, verification.
//!
//! Knows no database, no network, no clock, no file system and holds no key: rows, bytes, times
//! and random numbers come in as arguments, signatures come from closures. Two places let the
//! crypto library draw its own random bytes, and say so: [`cms::recipient`] and [`age`]
//! (docs/decisions/040).
//!
//! The way of a package, each step a module:
//!
//! | step | module | result |
//! |---|---|---|
//! | rows from a source | [`table`] | CSV and JSON with the same rows, counts, digests |
//! | what an officer's passkey signs | [`signed`] | canonical request, challenge, assertion |
//! | everything that is answered | [`package`], [`bag`] | [`bag::Bag`], deterministic |
//! | the paper for people | [`report`] | PDF/A-3 |
//! | the graph for machines | [`case`] | CASE/UCO JSON-LD |
//! | the company's signature | [`cms`], [`timestamp`], [`seal`] | CAdES B-B, RFC 3161 token |
//! | one file | [`archive`] | the zip, byte for byte repeatable |
//! | for one recipient only | [`cms::envelope`], [`age`] | encrypted zip |
//! | with the parcel | [`transmission`] | manifest of what was sent |
//! | the other side | [`verify`] | every defect by name |
//!
//! Layout and formats are written up in `docs/formats/package.md`; [`mod@format`] has the
//! constants that writer and verifier share, and they share nothing else.

#![forbid(unsafe_code)]

pub mod age;
pub mod archive;
pub mod bag;
pub mod case;
pub mod cms;
pub mod digest;
pub mod format;
pub mod package;
pub mod passkey;
pub mod report;
pub mod seal;
pub mod signed;
pub mod table;
pub mod timestamp;
pub mod transmission;
pub mod verify;
mod verify_text;
