//! The HI-1 edge against ETSI's own messages and schemas, bad input of every class, and properties.

mod bad_input;
mod corpus;
mod official;
mod plan;
mod properties;
mod schema;
mod speed;
mod state;

use jiff::Timestamp;
use server::hi1::translate::Sender;
use server::hi1::{CountryCode, EndpointId, ObjectId};
use uuid::Uuid;

/// Where ETSI's files lie, if they are here.
pub(crate) const ETSI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/etsi");

/// ETSI's folder of that name, or a line that says what was skipped.
pub(crate) fn etsi(folder: &str) -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(ETSI).join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: ETSI TS 103 120 files, because ../shared/data/etsi/{folder} is absent");
    None
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a test's time is well formed")
}

pub(crate) fn id(number: u128) -> ObjectId {
    ObjectId(Uuid::from_u128(number))
}

pub(crate) fn endpoint(name: &str) -> EndpointId {
    let country = CountryCode::new("XX").expect("XX is two capital letters");
    EndpointId { country, identifier: name.to_owned() }
}

pub(crate) fn sender() -> Sender {
    Sender {
        country: CountryCode::new("XX").expect("XX is two capital letters"),
        rule_pack: "generic".to_owned(),
        rule_packs: vec!["generic".to_owned(), "eu-e-evidence-2023-1543".to_owned()],
        issuer: desk::order::IssuerType::Police,
        zone: None,
        service: desk::order::Service::Exchange,
        authentication: desk::order::Authentication::ByChannel,
    }
}
