//! Packages per second on one core: a typical answer (three exhibits of twenty rows) from rows to
//! sealed zip, without the report. `cargo run --release -p evidence --example package_rate`
//!
//! Prints the share of each step, and how fast the same core signs alone.

use std::io::Cursor;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use evidence::archive::write_zip;
use evidence::bag::Bag;
use evidence::cms::certificate::Chain;
use evidence::cms::signature::SignatureAlgorithm;
use evidence::seal::{Seal, sealed_json, sign};

#[path = "../tests/support/mod.rs"]
mod support;

const PACKAGES_COUNT: u32 = 5_000;
const ROWS_COUNT: u32 = 20;

fn main() {
    let (chain, key) = seal_key();
    let random = SystemRandom::new();
    let at = support::at("2027-01-05T10:00:00Z");
    let mut spent = [Duration::ZERO; 4];
    let mut zip_bytes = 0;
    let mut out = Cursor::new(Vec::new());
    let start = Instant::now();
    for _ in 0..PACKAGES_COUNT {
        let begin = Instant::now();
        let input = support::sample(ROWS_COUNT);
        let tables = Instant::now();
        let bag = Bag::build(input).expect("the sample is sound");
        let built = Instant::now();
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        let parts = sign(&bag, &chain, algorithm, at, |message| {
            key.sign(&random, message).map(|signature| signature.as_ref().to_vec())
        })
        .expect("the key is the certificate's");
        let seal = Seal {
            parts,
            sealed_json: sealed_json("{\"v\":1}", &[7; 32], &[]),
            proof: "c2sp.org/tlog-proof@v1\nindex 0\n\n".into(),
        };
        let signed = Instant::now();
        out.set_position(0);
        out = write_zip(&bag, &seal, out).expect("memory does not fail");
        zip_bytes = out.position();
        let zipped = Instant::now();
        spent[0] += tables - begin;
        spent[1] += built - tables;
        spent[2] += signed - built;
        spent[3] += zipped - signed;
    }
    let elapsed = start.elapsed();
    let rate = f64::from(PACKAGES_COUNT) / elapsed.as_secs_f64();
    println!("{rate:.0} packages/s on one core, {zip_bytes} bytes each");
    for (step, spent) in ["tables", "bag and graph", "seal", "zip"].iter().zip(spent) {
        println!("  {step:<14} {:>6.1} us", spent.as_secs_f64() * 1e6 / f64::from(PACKAGES_COUNT));
    }
    let begin = Instant::now();
    for _ in 0..PACKAGES_COUNT {
        key.sign(&random, b"message").expect("the key signs");
    }
    let alone = begin.elapsed().as_secs_f64() * 1e6 / f64::from(PACKAGES_COUNT);
    println!("  (a signature alone: {alone:.1} us)");
}

fn seal_key() -> (Chain, EcdsaKeyPair) {
    let pair = rcgen::KeyPair::generate().expect("a key");
    let names = vec!["seal.example".to_owned()];
    let parameters = rcgen::CertificateParams::new(names).expect("parameters");
    let certificate = parameters.self_signed(&pair).expect("a certificate");
    let chain = Chain::from_der(vec![certificate.der().to_vec()]).expect("a chain");
    let pkcs8 = pair.serialize_der();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8);
    (chain, key.expect("the same key"))
}
