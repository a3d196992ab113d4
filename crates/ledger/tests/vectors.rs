//! Published vectors of other implementations, and our own. The small ones stand here, with their
//! source, so that they always run; the file of all own vectors is read where it is present.

mod common;

use common::{hash, leaves, log_key, node_map, own_checkpoint, own_policy, own_tree, witness_key};
use ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger::note::{
    KeyError, KeyKind, Note, NoteVerifyError, PosixSeconds, SignatureType, SigningKey, VerifierKey,
};
use ledger::proof::{ProofParseError, TlogProof};
use ledger::tile::{self, TileId};
use ledger::tree::{consistency_proof, inclusion_proof, verify_consistency};
use ledger::witness::{AddCheckpoint, Seen, WitnessRefusal, check};
use ledger::{Hash, LeafIndex, TreeSize, leaf_hash};

// A. golang.org/x/mod sumdb/note/example_test.go @fe2ec04f
const NEUMANN_SEED: &str = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
const NEUMANN_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_NOTE: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

#[test]
fn go_note_is_signed_and_verified() {
    let key = VerifierKey::parse(NEUMANN_VKEY).unwrap();
    assert_eq!(key.to_string(), NEUMANN_VKEY);
    assert_eq!(key.kind(), KeyKind::Log);
    let note = Note::parse(NEUMANN_NOTE.as_bytes()).unwrap();
    assert_eq!(note.verify([&key]).unwrap().len(), 1);
    assert_eq!(note.to_string(), NEUMANN_NOTE);

    let seed = hex::decode(NEUMANN_SEED).unwrap().try_into().unwrap();
    let signer = SigningKey::from_seed("PeterNeumann", seed).unwrap();
    assert_eq!(signer.vkey(), NEUMANN_VKEY);
    let signed =
        Note::new(note.text().to_owned(), vec![signer.sign(note.text()).unwrap()]).unwrap();
    assert_eq!(signed.to_string(), NEUMANN_NOTE);
}

#[test]
fn go_keys_that_must_fail() {
    // golang.org/x/mod sumdb/note/note_test.go @fe2ec04f
    let long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    assert!(VerifierKey::parse(long).is_err());
    let unknown = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let refused = Err(KeyError::Unsupported(SignatureType::Other(0x65)));
    assert_eq!(VerifierKey::parse(unknown), refused);
}

// B. C2SP signed-note.md @5ba5ee8, example (CC BY 4.0)
#[test]
fn c2sp_note_verifies() {
    let key =
        VerifierKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
            .unwrap();
    let note = "This is an example message.\n\n\
        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify([&key]).unwrap()[0].at, None);
    let other = Note::new("This is another message.\n".into(), note.signatures().to_vec()).unwrap();
    assert!(matches!(other.verify([&key]), Err(NoteVerifyError::BadSignature { .. })));
}

// C. FiloSottile/torchwood cmd/litewitness/testdata/litewitness.txt @341dc2f0: a Sigsum log
const SIGSUM_VKEY: &str = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562\
    +5202289b+Af/cLU2Y5BJNP+r3iMDC+av9eWCD0fBJVDfzAux5zxAP";
const SIGSUM_HEADS: [(u64, &str, &str); 3] = [
    (
        1,
        "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
    ),
    (
        3,
        "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
        "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
    ),
    (
        5,
        "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
        "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
    ),
];
const SIGSUM_PROOF_1_3: [&str; 2] = [
    "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
];
const SIGSUM_PROOF_1_5: [&str; 3] = [
    "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=",
    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
];
const SIGSUM_PROOF_3_5: [&str; 4] = [
    "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "KgMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=",
    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
];

fn sigsum_request(old: u64, proof: &[&str], head: usize) -> AddCheckpoint {
    let (size, root, signature) = SIGSUM_HEADS[head];
    let origin = SIGSUM_VKEY.split('+').next().unwrap();
    let mut body = format!("old {old}\n");
    for hash in proof {
        body += &format!("{hash}\n");
    }
    body += &format!("\n{origin}\n{size}\n{root}\n\n— {origin} {signature}\n");
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!(request.to_string(), body);
    request
}

fn seen(head: usize) -> Option<Seen> {
    let (size, root, _) = SIGSUM_HEADS[head];
    Some(Seen { size: TreeSize(size), root: Hash::from_base64(root).unwrap() })
}

#[test]
fn sigsum_log_is_witnessed() {
    let keys = [VerifierKey::parse(SIGSUM_VKEY).unwrap()];
    for (old, proof, head, last) in [
        (0, &[][..], 0, None),
        (1, &SIGSUM_PROOF_1_3[..], 1, seen(0)),
        (1, &SIGSUM_PROOF_1_5[..], 2, seen(0)),
        (3, &SIGSUM_PROOF_3_5[..], 2, seen(1)),
        (5, &[][..], 2, seen(2)),
    ] {
        let request = sigsum_request(old, proof, head);
        let checkpoint = check(&request, &keys, last).unwrap();
        assert_eq!(checkpoint.size().0, SIGSUM_HEADS[head].0);
    }
}

#[test]
fn sigsum_log_is_refused_where_the_script_says_so() {
    let keys = [VerifierKey::parse(SIGSUM_VKEY).unwrap()];
    let status = |request: &AddCheckpoint, last| {
        let refusal = check(request, &keys, last).unwrap_err();
        (refusal.status(), refusal.body())
    };
    // The last proof hash ends in ...AABA= in the script.
    let wrong = [SIGSUM_PROOF_1_3[0], "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAA="];
    assert_eq!(status(&sigsum_request(1, &wrong, 1), seen(0)).0, 422);
    assert_eq!(status(&sigsum_request(1, &[], 1), seen(0)).0, 422);
    // Size 3 is stored.
    let late = sigsum_request(1, &SIGSUM_PROOF_1_5, 2);
    assert_eq!(status(&late, seen(1)), (409, "3\n".to_owned()));
    // Size 5 is stored, the client knows nothing.
    assert_eq!(status(&sigsum_request(0, &[], 2), seen(2)), (409, "5\n".to_owned()));
    // A signature of another head.
    let mut forged = sigsum_request(1, &SIGSUM_PROOF_1_3, 1);
    let line = SIGSUM_HEADS[1].2.replace("UgIom2Vb", "UgIom2Vc");
    let text = forged.checkpoint.to_string().replace(SIGSUM_HEADS[1].2, &line);
    forged.checkpoint = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    assert_eq!(status(&forged, seen(0)).0, 403);
    // The script's own forgery, ...x6gx=, has unused base64 bits set: it does not even parse.
    let text = text.replace(&line, &SIGSUM_HEADS[1].2.replace("x6go=", "x6gx="));
    assert!(SignedCheckpoint::parse(text.as_bytes()).is_err());
    // No key for this origin.
    let request = sigsum_request(0, &[], 0);
    assert!(matches!(check(&request, &[], None), Err(WitnessRefusal::UnknownOrigin(_))));
}

// D. transparency-dev/formats note/note_cosigv1_test.go @0b850f1
#[test]
fn cosigner_key_of_another_project_parses() {
    let text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let key = VerifierKey::parse(text).unwrap();
    assert_eq!((key.kind(), key.to_string().as_str()), (KeyKind::Witness, text));
}

// E. transparency-dev/formats proof/tlog_proof_test.go @0b850f1
#[test]
fn proof_texts_of_another_project() {
    use sha2::{Digest as _, Sha256};
    let hash = |text: &str| Hash(Sha256::digest(text).into()).to_base64();
    let (h1, h2) = (hash("hash1"), hash("hash2"));
    let text = format!("c2sp.org/tlog-proof@v1\nindex 5\n{h1}\n{h2}\n\ntest checkpoint\n");
    let proof = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(proof.to_string(), text);
    assert_eq!(proof.index(), LeafIndex(5));
    assert_eq!(proof.checkpoint_text(), "test checkpoint\n");

    let extra = "ZXh0cmEgaW5mb3JtYXRpb24="; // extra information
    let text =
        format!("c2sp.org/tlog-proof@v1\nextra {extra}\nindex 10\n{h1}\n{h2}\n\ncheckpoint data\n");
    let proof = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(proof.to_string(), text);
    assert_eq!(proof.extra(), Some(&b"extra information"[..]));

    let empty = "c2sp.org/tlog-proof@v1\nindex 0\n\ntest checkpoint\n";
    assert_eq!(TlogProof::parse(empty.as_bytes()).unwrap().hashes(), []);

    let long = "A".repeat(84) + "AA=="; // 64 bytes
    for (fault, text) in [
        (ProofParseError::Header, "c2sp.org/tlog-proof@v2\nindex 5\n\nc\n".to_owned()),
        (ProofParseError::Extra, "c2sp.org/tlog-proof@v1\nextra !\nindex 5\n\nc\n".into()),
        (ProofParseError::Index(2), format!("c2sp.org/tlog-proof@v1\n{h1}\n\nc\n")),
        (ProofParseError::Index(2), "c2sp.org/tlog-proof@v1\nindex x\n\nc\n".into()),
        (ProofParseError::Index(2), "c2sp.org/tlog-proof@v1\nindex -1\n\nc\n".into()),
        (ProofParseError::Hash(3), "c2sp.org/tlog-proof@v1\nindex 5\n!\n\nc\n".into()),
        (ProofParseError::Hash(3), format!("c2sp.org/tlog-proof@v1\nindex 5\n{long}\n\nc\n")),
    ] {
        assert_eq!(TlogProof::parse(text.as_bytes()), Err(fault), "{text}");
    }
}

// Own vectors. The same bytes were made by an independent program which verifies A to C too.
#[test]
fn own_keys_and_checkpoint() {
    assert_eq!(log_key().vkey(), common::LOG_VKEY);
    assert_eq!(witness_key().vkey(), common::WITNESS_VKEY);
    let (frontier, _) = own_tree();
    assert_eq!(
        leaves(1)[0],
        hash("773885a613489e24ce2cf76199d6a423f042e4bbf12d7eecee912ef276c65701")
    );
    assert_eq!(
        frontier.root(),
        hash("7caa345dbd892a66454d6c6512ea3c3ea3f0d3ec21be3fc2e2375705fd38f672")
    );
    let log = log_key();
    let signed = Checkpoint::new(log.name(), frontier.size(), frontier.root()).sign(&log).unwrap();
    assert_eq!(signed, own_checkpoint());
    assert_eq!(signed.to_string(), own_checkpoint().to_string());
}

#[test]
fn own_proof_file() {
    let (_, nodes) = own_tree();
    let mut checkpoint = own_checkpoint();
    let at = PosixSeconds::new(1_700_000_000).unwrap();
    let cosignature = witness_key().cosign(checkpoint.checkpoint(), at);
    checkpoint.add(cosignature).unwrap();
    let hashes = inclusion_proof(LeafIndex(2), TreeSize(5), |id| nodes.get(&id).copied()).unwrap();
    let proof = TlogProof::new(LeafIndex(2), hashes, &checkpoint);
    assert_eq!(proof.to_string(), common::OWN_PROOF);
    let parsed = TlogProof::parse(common::OWN_PROOF.as_bytes()).unwrap();
    assert_eq!(parsed, proof);
    let verified = parsed.verify(leaf_hash("entry 2"), &own_policy()).unwrap();
    assert_eq!(verified.signed.cosigned[0].at, at);
    assert_eq!(verified.size, TreeSize(5));
    assert!(parsed.verify(leaf_hash("entry 3"), &own_policy()).is_err());
}

/// The tree of 70,000 leaves: three tile levels, each with a partial tile.
#[test]
fn seventy_thousand_leaves() {
    let mut frontier = ledger::tree::Frontier::new();
    let nodes = node_map(frontier.append_all(leaves(70_000)));
    let root = hash("a3920fba7f239a071a9bd10721f1341addefbaededb41c7e24437a9d16bdf00a");
    assert_eq!(frontier.root(), root);
    let size = frontier.size();
    let names: Vec<String> = tile::tiles_of_size(size).map(|tile| tile.to_string()).collect();
    let partial: Vec<&String> = names.iter().filter(|name| name.contains(".p/")).collect();
    assert_eq!(
        partial,
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"]
    );
    let full = |prefix| {
        names.iter().filter(|name| name.starts_with(prefix) && !name.contains(".p/")).count()
    };
    assert_eq!([full("tile/0/"), full("tile/1/"), full("tile/2/")], [273, 1, 0]);
    // A client that has only tiles proves the same things.
    let mut from_tiles = std::collections::HashMap::new();
    for tile in tile::tiles_of_size(size).filter(|tile| tile.kind() != tile::TileKind::Entries) {
        let bytes = tile::contents(tile, size, |id| nodes.get(&id).copied()).unwrap();
        from_tiles.extend(node_map(tile::expand(tile, &bytes).unwrap()));
    }
    assert_eq!(from_tiles, nodes);
}

#[test]
fn file_of_own_vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/c2sp/vectors.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: ../shared/data/c2sp/vectors.json is absent");
        return;
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let text = |key: &str| file[key].as_str().unwrap().to_owned();
    let (frontier, nodes) = own_tree();
    let reader = |id| nodes.get(&id).copied();
    assert_eq!(log_key().vkey(), text("log_vkey"));
    assert_eq!(witness_key().vkey(), text("witness_vkey"));
    for (index, leaf) in file["leaf_hashes_hex"].as_array().unwrap().iter().enumerate() {
        assert_eq!(leaves(5)[index].to_string(), leaf.as_str().unwrap());
    }
    let mut roots = Vec::new();
    for size in 0..=5 {
        let mut tree = ledger::tree::Frontier::new();
        tree.append_all(leaves(size));
        assert_eq!(tree.root().to_string(), file["roots_hex"][size.to_string()].as_str().unwrap());
        let log = log_key();
        let signed = Checkpoint::new(log.name(), tree.size(), tree.root()).sign(&log).unwrap();
        if [3, 5].contains(&size) {
            assert_eq!(signed.to_string(), text(&format!("checkpoint_{size}")));
        }
        roots.push(tree.root());
    }
    let at = PosixSeconds::new(1_700_000_000).unwrap();
    let checkpoint = own_checkpoint();
    let line = witness_key().cosign(checkpoint.checkpoint(), at);
    assert_eq!(format!("{line}\n"), text("cosignature_5_at_1700000000"));
    let message = ledger::cosignature::cosigned_message(at, checkpoint.note().text());
    assert_eq!(message, text("cosigned_message_5"));
    let proof = consistency_proof(TreeSize(3), TreeSize(5), reader).unwrap();
    verify_consistency(TreeSize(3), TreeSize(5), &proof, roots[3], roots[5]).unwrap();
    let request = AddCheckpoint { old: TreeSize(3), proof, checkpoint };
    assert_eq!(request.to_string(), text("add_checkpoint_body_3_to_5"));
    let proof = inclusion_proof(LeafIndex(2), TreeSize(5), reader).unwrap();
    let inclusion: Vec<String> = proof.iter().map(Hash::to_base64).collect();
    assert_eq!(serde_json::json!(inclusion), file["inclusion_2_of_5"]);
    assert_eq!(common::OWN_PROOF, text("tlog_proof_2_of_5"));
    let tile = TileId::parse(&text("tile_path_size5")).unwrap();
    let bytes = tile::contents(tile, frontier.size(), reader).unwrap();
    assert_eq!(hex::encode(bytes), text("tile_bytes_hex"));
    let entries: Vec<String> = (0..5).map(|i| format!("entry {i}")).collect();
    assert_eq!(hex::encode(tile::bundle(&entries).unwrap()), text("bundle_bytes_hex"));
    for (index, path) in file["tile_index_paths"].as_object().unwrap() {
        let tile = TileId::parse(&format!("tile/0/{}", path.as_str().unwrap())).unwrap();
        assert_eq!(tile.index().to_string(), *index);
    }
}
