//! A log and a witness talk through bytes alone: the client's reading of every answer, and the
//! witness's refusals.

mod common;

use common::{leaves, log_key, node_map, own_checkpoint, witness_key, witness_key_of};
use ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger::note::{Note, PosixSeconds, VerifierKey};
use ledger::tree::{Frontier, consistency_proof};
use ledger::witness::{
    AddCheckpoint, AddCheckpointError, AnswerError, Outcome, Seen, WitnessRefusal, check,
    read_answer,
};
use ledger::{Hash, TreeSize};

fn at() -> PosixSeconds {
    PosixSeconds::new(1_700_000_000).unwrap()
}

fn signed(size: usize) -> SignedCheckpoint {
    let mut frontier = Frontier::new();
    frontier.append_all(leaves(size));
    let log = log_key();
    Checkpoint::new(log.name(), frontier.size(), frontier.root()).sign(&log).unwrap()
}

fn request(old: usize, new: usize) -> AddCheckpoint {
    let mut frontier = Frontier::new();
    let nodes = node_map(frontier.append_all(leaves(new)));
    let (old, new_size) = (TreeSize(old as u64), frontier.size());
    let proof = consistency_proof(old, new_size, |id| nodes.get(&id).copied()).unwrap();
    AddCheckpoint { old, proof, checkpoint: signed(new) }
}

/// A witness as it should be: looks up, checks, stores, answers; state is one variable.
struct TestWitness {
    seen: Option<Seen>,
}

impl TestWitness {
    fn answer(&mut self, body: &[u8]) -> (u16, String) {
        let Ok(request) = AddCheckpoint::parse(body) else { return (400, String::new()) };
        match check(&request, &[log_key().verifier()], self.seen) {
            Ok(checkpoint) => {
                self.seen = Some(Seen { size: checkpoint.size(), root: checkpoint.root() });
                (200, format!("{}\n", witness_key().cosign(checkpoint, at())))
            }
            Err(refusal) => (refusal.status(), refusal.body()),
        }
    }
}

#[test]
fn a_log_finds_its_way_with_a_witness() {
    let mut witness = TestWitness { seen: None };
    let known = [witness_key().verifier()];
    let mut ask = |request: &AddCheckpoint| {
        let (status, body) = witness.answer(request.to_string().as_bytes());
        read_answer(request, status, body.as_bytes(), &known)
    };
    // From nothing, on, and once more the same.
    for (old, new) in [(0, 3), (3, 3), (3, 700), (700, 701)] {
        let request = request(old, new);
        let Outcome::Cosigned(lines) = ask(&request).unwrap() else { panic!("{old} to {new}") };
        let mut checkpoint = request.checkpoint.clone();
        lines.into_iter().for_each(|line| checkpoint.add(line).unwrap());
        assert_eq!(checkpoint.note().verify(&known).unwrap()[0].at, Some(at()));
    }
    // A log without memory is told where to prove from.
    assert_eq!(ask(&request(0, 900)), Ok(Outcome::Retry(TreeSize(701))));
    // An older head: the witness knows more than was sent.
    assert_eq!(ask(&request(3, 5)), Ok(Outcome::Behind(TreeSize(701))));
    // Another tree of the same size, signed by the same log.
    let log = log_key();
    let fork = Checkpoint::new(log.name(), TreeSize(701), Hash([1; 32])).sign(&log).unwrap();
    let fork = AddCheckpoint { old: TreeSize(701), proof: vec![], checkpoint: fork };
    assert_eq!(ask(&fork), Ok(Outcome::Forked));
    // A tree that grew from another one.
    let mut grown = request(701, 900);
    grown.proof[0] = Hash([1; 32]);
    assert_eq!(ask(&grown), Err(AnswerError::Proof));
    // None of it moved the witness.
    assert_eq!(ask(&request(701, 702)).map(|_| ()), Ok(()));
}

#[test]
fn every_refusal_and_its_status() {
    let keys = [log_key().verifier()];
    let seen = |size: usize| {
        let signed = signed(size);
        Some(Seen { size: TreeSize(size as u64), root: signed.checkpoint().root() })
    };
    let refuse = |request: &AddCheckpoint, keys: &[VerifierKey], seen| {
        let refusal = check(request, keys, seen).unwrap_err();
        (refusal.status(), refusal)
    };
    let (status, refusal) = refuse(&request(0, 3), &[], None);
    assert_eq!((status, refusal), (404, WitnessRefusal::UnknownOrigin("log.example/desk".into())));
    // A key for another origin is no key for this one.
    let other = ledger::note::SigningKey::from_seed("log.example/other", [1; 32]).unwrap();
    assert_eq!(refuse(&request(0, 3), &[other.verifier()], None).0, 404);
    // Another key for the same origin.
    let other = ledger::note::SigningKey::from_seed("log.example/desk", [1; 32]).unwrap();
    assert_eq!(refuse(&request(0, 3), &[other.verifier()], None).0, 403);
    let mut forged = request(0, 3);
    let text = forged.checkpoint.note().text().replace("\n3\n", "\n4\n");
    let note = Note::new(text, forged.checkpoint.note().signatures().to_vec()).unwrap();
    forged.checkpoint = SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(refuse(&forged, &keys, None).0, 403);
    let mut back = request(0, 3);
    back.old = TreeSize(5);
    let (old, new) = (TreeSize(5), TreeSize(3));
    assert_eq!(refuse(&back, &keys, seen(5)), (400, WitnessRefusal::OldBeyondNew { old, new }));
    let conflict = refuse(&request(3, 5), &keys, seen(4));
    assert_eq!(conflict, (409, WitnessRefusal::Conflict(TreeSize(4))));
    assert_eq!(conflict.1.body(), "4\n");
    assert_eq!(refuse(&request(3, 5), &keys, None).1.body(), "0\n");
    let log = log_key();
    let wrong = Checkpoint::new(log.name(), TreeSize(0), Hash([1; 32])).sign(&log).unwrap();
    let wrong = AddCheckpoint { old: TreeSize(0), proof: vec![], checkpoint: wrong };
    assert_eq!(refuse(&wrong, &keys, None), (422, WitnessRefusal::EmptyRoot));
    let mut padded = request(0, 3);
    padded.proof.push(Hash([1; 32]));
    assert_eq!(refuse(&padded, &keys, None).0, 422);
    let mut short = request(3, 5);
    short.proof.pop();
    assert_eq!(refuse(&short, &keys, seen(3)).0, 422);
    let fork = Some(Seen { size: TreeSize(5), root: Hash([1; 32]) });
    assert_eq!(refuse(&request(5, 5), &keys, fork), (422, WitnessRefusal::Forked));
    // The empty tree is fine, and stays fine.
    assert!(check(&request(0, 0), &keys, None).is_ok());
}

#[test]
fn answers_as_the_client_reads_them() {
    let known = [witness_key().verifier()];
    let request = request(3, 5);
    let read = |status, body: &str| read_answer(&request, status, body.as_bytes(), &known);
    let line = witness_key().cosign(request.checkpoint.checkpoint(), at());
    let stranger = witness_key_of("witness.example/w2", 9);
    let strange = stranger.cosign(request.checkpoint.checkpoint(), at());
    let cosigned = Ok(Outcome::Cosigned(vec![line.clone()]));
    assert_eq!(read(200, &format!("{line}\n")), cosigned);
    assert_eq!(read(200, &format!("{strange}\n{line}\n")), cosigned, "unknown keys are dropped");
    assert!(matches!(read(200, &format!("{strange}\n")), Err(AnswerError::Cosignature(_))));
    let other = witness_key().cosign(signed(4).checkpoint(), at());
    assert!(matches!(read(200, &format!("{other}\n")), Err(AnswerError::Cosignature(_))));
    for body in ["", "\n", "thanks\n", &line.to_string()] {
        assert!(matches!(read(200, body), Err(AnswerError::Malformed(_))), "{body:?}");
    }
    assert_eq!(read(409, "2\n"), Ok(Outcome::Retry(TreeSize(2))));
    assert_eq!(read(409, "5\n"), Ok(Outcome::Retry(TreeSize(5))));
    assert_eq!(read(409, "6\n"), Ok(Outcome::Behind(TreeSize(6))));
    for body in ["3\n", "", "-1\n", "03\n", "no\n", "2\n\n"] {
        assert_eq!(read(409, body), Err(AnswerError::Size), "{body:?}");
    }
    assert_eq!(read(422, ""), Err(AnswerError::Proof));
    assert_eq!(read(404, ""), Err(AnswerError::UnknownOrigin));
    assert_eq!(read(403, ""), Err(AnswerError::Signature));
    assert_eq!(read(400, ""), Err(AnswerError::BadRequest));
    assert_eq!(read(503, "later\n"), Err(AnswerError::Status(503)));
    // The same size: 422 on main and 409 in tag v1.0.0 mean a fork, whatever the body says.
    let same = AddCheckpoint { old: TreeSize(5), proof: vec![], checkpoint: own_checkpoint() };
    for (status, body) in [(422, ""), (409, "5\n"), (409, "conflict\n")] {
        let outcome = read_answer(&same, status, body.as_bytes(), &known);
        assert_eq!(outcome, Ok(Outcome::Forked), "{status} {body:?}");
    }
}

#[test]
fn bodies_that_must_fail() {
    let good = request(3, 5).to_string();
    assert!(AddCheckpoint::parse(good.as_bytes()).is_ok());
    let parse = |text: &str| AddCheckpoint::parse(text.as_bytes()).unwrap_err();
    assert_eq!(parse(""), AddCheckpointError::NoCheckpoint);
    assert_eq!(parse(&good.replace("\n\n", "\n")), AddCheckpointError::NoCheckpoint);
    for first in ["old  3", "old 03", "old -3", "old", "new 3", "old 3 ", "\told 3"] {
        assert_eq!(parse(&good.replacen("old 3", first, 1)), AddCheckpointError::Old, "{first}");
    }
    let hash = request(3, 5).proof[1].to_base64();
    assert_eq!(parse(&good.replace(&hash, "AAAA")), AddCheckpointError::Hash(3));
    let many = good.replace(&hash, &vec![hash.as_str(); 61].join("\n"));
    assert_eq!(parse(&many), AddCheckpointError::TooManyHashes);
    let most = good.replace(&hash, &vec![hash.as_str(); 60].join("\n"));
    assert_eq!(AddCheckpoint::parse(most.as_bytes()).unwrap().proof.len(), 63);
    assert!(matches!(parse("old 0\n\nx\n"), AddCheckpointError::Checkpoint(_)));
    let long = vec![b'\n'; ledger::witness::ADD_CHECKPOINT_BYTES_MAX + 1];
    assert!(matches!(AddCheckpoint::parse(&long), Err(AddCheckpointError::TooLong(_))));
}
