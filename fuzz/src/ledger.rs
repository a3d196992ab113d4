//! Inputs to the parsers of crate `ledger`. Each function takes any bytes, must not panic, and
//! checks that what was read prints to the same bytes, or reads back as the same thing.

use ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger::note::{Note, NoteSignature, VerifierKey};
use ledger::policy::Policy;
use ledger::proof::TlogProof;
use ledger::tile::{TileId, TileWidth, bundle as write_bundle, unbundle};
use ledger::tree::{verify_consistency, verify_inclusion};
use ledger::witness::{AddCheckpoint, Seen, check, read_answer};
use ledger::{Hash, LeafIndex, TreeSize, leaf_hash};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[
    ("ledger_note", note),
    ("ledger_vkey", vkey),
    ("ledger_checkpoint", checkpoint),
    ("ledger_proof", proof),
    ("ledger_policy", policy),
    ("ledger_witness", witness),
    ("ledger_witness_answer", witness_answer),
    ("ledger_tile_path", tile_path),
    ("ledger_bundle", bundle),
    ("ledger_verify", verify),
];

const LOG_VKEY: &str = "log.example/desk+e8b7186e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const WITNESS_VKEY: &str =
    "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";

/// A signed note is printed as it was read.
pub fn note(input: &[u8]) {
    if let Ok(note) = Note::parse(input) {
        assert_eq!(note.to_string().as_bytes(), input);
        let _ = note.verify(&keys());
    }
    if let Ok(line) = std::str::from_utf8(input)
        && let Ok(signature) = NoteSignature::parse(line)
    {
        assert_eq!(signature.to_string(), line);
    }
}

/// A verifier key has one spelling.
pub fn vkey(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(key) = VerifierKey::parse(text)
    {
        assert_eq!(key.to_string(), text);
    }
}

/// A checkpoint, signed or not, is printed as it was read.
pub fn checkpoint(input: &[u8]) {
    if let Ok(signed) = SignedCheckpoint::parse(input) {
        assert_eq!(signed.to_string().as_bytes(), input);
        assert_eq!(signed.checkpoint().to_string(), signed.note().text());
        keys().iter().for_each(|key| drop(signed.verify(key)));
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(checkpoint) = Checkpoint::parse(text)
    {
        assert_eq!(checkpoint.to_string(), text);
    }
}

/// A proof file is printed as it was read, and holds for no leaf but the one it was made for.
pub fn proof(input: &[u8]) {
    let Ok(proof) = TlogProof::parse(input) else { return };
    assert_eq!(proof.to_string().as_bytes(), input);
    let policy = Policy::of_log(keys().swap_remove(0)).expect("a policy of one log");
    let other = leaf_hash("never logged");
    assert!(proof.verify(other, &policy).is_err());
}

/// A policy reads back from what it prints.
pub fn policy(input: &[u8]) {
    let Ok(policy) = Policy::parse(input) else { return };
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy.clone()));
    let signed = SignedCheckpoint::parse(SIGNED.as_bytes()).expect("the fixed checkpoint");
    let _ = policy.satisfied(&signed);
}

/// An add-checkpoint body is printed as it was read; a witness never cosigns a step back.
pub fn witness(input: &[u8]) {
    let Ok(request) = AddCheckpoint::parse(input) else { return };
    assert_eq!(request.to_string().as_bytes(), input);
    let seen = Seen { size: TreeSize(3), root: Hash::EMPTY_ROOT };
    for seen in [None, Some(seen)] {
        if let Ok(checkpoint) = check(&request, &keys(), seen) {
            assert!(checkpoint.size() >= seen.map_or(TreeSize(0), |seen| seen.size));
        }
    }
}

/// The first byte picks the status, the rest is the body of a witness's answer.
pub fn witness_answer(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let status = [200, 400, 403, 404, 409, 422, 500][usize::from(*first) % 7];
    let checkpoint = SignedCheckpoint::parse(SIGNED.as_bytes()).expect("the fixed checkpoint");
    let request = AddCheckpoint { old: TreeSize(3), proof: Vec::new(), checkpoint };
    let _ = read_answer(&request, status, body, &keys());
}

/// A tile path has one spelling.
pub fn tile_path(input: &[u8]) {
    if let Ok(path) = std::str::from_utf8(input)
        && let Ok(tile) = TileId::parse(path)
    {
        assert_eq!(tile.to_string(), path);
        let size = TreeSize(tile.leaves().map_or(0, |leaves| leaves.end));
        assert!(size.0 == 0 || tile.exists_in(size));
    }
}

/// The first byte is the width less one, the rest a bundle; it is written as it was read.
pub fn bundle(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else { return };
    let width = TileWidth::new(u16::from(*first) + 1).expect("1 to 256");
    if let Ok(entries) = unbundle(width, bytes) {
        assert_eq!(write_bundle(&entries).as_deref(), Ok(bytes));
    }
}

/// Two numbers, then hashes: no proof made of arbitrary bytes holds, and none panics.
pub fn verify(input: &[u8]) {
    let Some((first, rest)) = input.split_first_chunk::<8>() else { return };
    let Some((second, rest)) = rest.split_first_chunk::<8>() else { return };
    let (a, b) = (u64::from_be_bytes(*first), u64::from_be_bytes(*second));
    let (chunks, _) = rest.as_chunks::<32>();
    let hashes: Vec<Hash> = chunks.iter().map(|chunk| Hash(*chunk)).collect();
    let (leaf, root) = (leaf_hash("leaf"), leaf_hash("root"));
    assert!(verify_inclusion(leaf, LeafIndex(a), TreeSize(b), &hashes, root).is_err());
    let consistent = verify_consistency(TreeSize(a), TreeSize(b), &hashes, leaf, root);
    assert!(consistent.is_err());
}

fn keys() -> Vec<VerifierKey> {
    [LOG_VKEY, WITNESS_VKEY]
        .map(|text| VerifierKey::parse(text).expect("the fixed keys parse"))
        .into()
}

const SIGNED: &str = concat!(
    "log.example/desk\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n\n",
    "— log.example/desk ",
    "6LcYboSl2X+81cxvAlkE4/RipzgZ14tFQ9/n77Lu24t8scwiYojGdb9328EhGzJDth97RhQBqAn4JG67E8OvTYJl7Qg=\n",
);
