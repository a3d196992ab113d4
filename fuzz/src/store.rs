//! Inputs to the readers of the chain store's files. Each function takes any bytes and must not
//! panic; what was read must be written again to the same bytes.

use chain::store::{count_records, parse_manifest, record_bytes};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[("chain_manifest", manifest), ("chain_journal", journal)];

/// A manifest without its digest, which is put behind it: changed bytes get past the digest.
pub fn manifest(input: &[u8]) {
    assert!(parse_manifest(input).is_err() || input.len() > 32, "a digest alone is no manifest");
    let whole = [input, &digest(input)].concat();
    if let Ok(again) = parse_manifest(&whole) {
        assert_eq!(again, whole);
    }
}

/// A journal; and a record's kind with its contents, which need no checksum.
pub fn journal(input: &[u8]) {
    if let Some((count, left)) = count_records(input, 0) {
        assert!(left as usize <= input.len() && count <= input.len());
    }
    if let Some((kind, contents)) = input.split_first()
        && let Some(bytes) = record_bytes(*kind, contents)
    {
        assert!(bytes <= contents.len());
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    let named = chain::NamedBytes { name: "manifest", bytes };
    chain::block::FileFacts::of(named).sha256.0
}
