//! The tree against an independent implementation (ct-merkle), and the properties of proofs.

mod common;

use common::{hash, leaves, node_map};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::tree::{
    Frontier, Node, NodeId, TreeError, VerifyError, consistency_proof, inclusion_proof,
    nodes_for_consistency, nodes_for_inclusion, verify_consistency, verify_inclusion,
};
use ledger::{Entry, Hash, LeafIndex, TreeSize, leaf_hash, node_hash};
use proptest::prelude::*;
use sha2::Sha256;
use std::collections::HashMap;

/// All sizes up to this are compared, with all leaves and all older sizes.
const SIZE_EVERY_MAX: usize = 260;

struct Both {
    ours: HashMap<NodeId, Hash>,
    roots: Vec<Hash>,
    theirs: MemoryBackedTree<Sha256, String>,
}

impl Both {
    fn new() -> Both {
        Both {
            ours: HashMap::new(),
            roots: vec![Hash::EMPTY_ROOT],
            theirs: MemoryBackedTree::new(),
        }
    }

    fn grow(&mut self, frontier: &mut Frontier) {
        let entry = format!("entry {}", frontier.size());
        let mut nodes = Vec::new();
        frontier.append(leaf_hash(&entry), &mut nodes);
        self.ours.extend(node_map(nodes));
        self.theirs.push(entry);
        self.roots.push(frontier.root());
        assert_eq!(self.theirs.root().as_bytes().as_slice(), frontier.root().0);
    }

    fn compare_inclusion(&self, index: usize) {
        let (leaf, size) = (LeafIndex(index as u64), TreeSize(self.roots.len() as u64 - 1));
        let proof = inclusion_proof(leaf, size, |id| self.ours.get(&id).copied()).unwrap();
        assert_eq!(concat(&proof), self.theirs.prove_inclusion(index).as_bytes());
        let root = *self.roots.last().unwrap();
        let hash = leaf_hash(format!("entry {index}"));
        verify_inclusion(hash, leaf, size, &proof, root).unwrap();
    }

    fn compare_consistency(&self, old: usize) {
        let new = self.roots.len() - 1;
        let sizes = (TreeSize(old as u64), TreeSize(new as u64));
        let reader = |id: NodeId| self.ours.get(&id).copied();
        let proof = consistency_proof(sizes.0, sizes.1, reader).unwrap();
        // ct-merkle has no proof from the empty tree or to the same one.
        if old > 0 && old < new {
            assert_eq!(concat(&proof), self.theirs.prove_consistency(new - old).as_bytes());
        }
        verify_consistency(sizes.0, sizes.1, &proof, self.roots[old], self.roots[new]).unwrap();
    }
}

fn concat(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn equals_ct_merkle_at_every_size() {
    let (mut both, mut frontier) = (Both::new(), Frontier::new());
    for size in 1..=SIZE_EVERY_MAX {
        both.grow(&mut frontier);
        (0..size).for_each(|index| both.compare_inclusion(index));
        (0..=size).for_each(|old| both.compare_consistency(old));
    }
}

#[test]
fn equals_ct_merkle_at_larger_sizes() {
    let (mut both, mut frontier) = (Both::new(), Frontier::new());
    let mut pick = 12_345usize; // a small generator is enough: the cases are printed by assert
    for size in 1..=9_000usize {
        both.grow(&mut frontier);
        if size % 371 == 0 || size.is_power_of_two() || size == 8_191 {
            for _ in 0..20 {
                pick = pick.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 1;
                both.compare_inclusion(pick % size);
                both.compare_consistency(pick % (size + 1));
            }
        }
    }
}

/// The roots and proofs that RFC 9162 section 2.1.5 draws for a tree of seven leaves.
#[test]
fn seven_leaves_of_the_rfc() {
    let d = leaves(7);
    let (g, h) = (node_hash(&d[0], &d[1]), node_hash(&d[2], &d[3]));
    let (i, j) = (node_hash(&d[4], &d[5]), d[6]);
    let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
    let mut frontier = Frontier::new();
    let nodes = node_map(frontier.append_all(d.clone()));
    assert_eq!(frontier.root(), node_hash(&k, &l));
    let inclusion = |index| {
        inclusion_proof(LeafIndex(index), TreeSize(7), |id| nodes.get(&id).copied()).unwrap()
    };
    assert_eq!(inclusion(0), [d[1], h, l]);
    assert_eq!(inclusion(3), [d[2], g, l]);
    assert_eq!(inclusion(4), [d[5], j, k]);
    assert_eq!(inclusion(6), [i, k]);
    let consistency =
        |old| consistency_proof(TreeSize(old), TreeSize(7), |id| nodes.get(&id).copied()).unwrap();
    assert_eq!(consistency(3), [d[2], d[3], g, l]);
    assert_eq!(consistency(4), [l]);
    assert_eq!(consistency(6), [i, j, k]);
}

#[test]
fn entry_commits_to_tag_salt_and_record() {
    let entry = Entry::of("comity record v1", &[7; 32], b"{\"v\":1}");
    // The same bytes were put through sha256sum.
    let expected =
        expect_test::expect!["6aeea335542301825ee24eacf9ffd1496a458cca6bfe7010268d2e3809336468"];
    expected.assert_eq(&entry.to_string());
    assert_eq!(entry.leaf_hash(), leaf_hash(entry.0));
    assert_ne!(entry, Entry::of("comity record v2", &[7; 32], b"{\"v\":1}"));
    assert_ne!(entry, Entry::of("comity record v1", &[8; 32], b"{\"v\":1}"));
    assert_ne!(entry, Entry::of("comity record v1", &[7; 32], b"{\"v\":2}"));
}

#[test]
#[should_panic(expected = "zero byte")]
fn entry_tag_with_a_zero_byte_is_a_mistake() {
    Entry::of("a\0b", &[0; 32], b"");
}

#[test]
fn hashes_have_one_spelling() {
    let text = Hash::EMPTY_ROOT.to_base64();
    assert_eq!(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_eq!(Hash::from_base64(&text), Ok(Hash::EMPTY_ROOT));
    for wrong in [
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", // unused bits set
        "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", // URL alphabet
        " 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==",
        "",
    ] {
        assert!(Hash::from_base64(wrong).is_err(), "{wrong}");
    }
    let hex = Hash::EMPTY_ROOT.to_string();
    assert_eq!(hash(&hex), Hash::EMPTY_ROOT);
    assert!(Hash::from_hex(&hex.to_uppercase()).is_err());
    assert!(Hash::from_hex(&hex[2..]).is_err());
}

#[test]
fn proofs_that_cannot_be_made() {
    let none = |_: NodeId| None;
    let (size, index) = (TreeSize(5), LeafIndex(5));
    assert_eq!(inclusion_proof(index, size, none), Err(TreeError::IndexBeyondSize { index, size }));
    assert_eq!(
        inclusion_proof(LeafIndex(4), size, none),
        Err(TreeError::NodeMissing(NodeId { level: 2, index: 0 }))
    );
    let (old, new) = (TreeSize(6), TreeSize(5));
    assert_eq!(consistency_proof(old, new, none), Err(TreeError::OldBeyondNew { old, new }));
    let huge = TreeSize(u64::MAX);
    assert_eq!(Frontier::nodes_needed(huge), Err(TreeError::TooLarge(huge)));
    assert!(Frontier::from_nodes(TreeSize(5), none).is_err());
}

#[test]
fn proofs_that_do_not_hold() {
    let empty = Hash::EMPTY_ROOT;
    let leaf = leaf_hash("entry 0");
    let sizes = |old, new, proof: &[Hash], old_root, new_root| {
        verify_consistency(TreeSize(old), TreeSize(new), proof, old_root, new_root).is_ok()
    };
    assert!(sizes(0, 0, &[], empty, empty));
    assert!(sizes(0, 1, &[], empty, leaf));
    assert!(sizes(1, 1, &[], leaf, leaf));
    assert!(!sizes(0, 1, &[leaf], empty, leaf), "a proof from nothing must be empty");
    assert!(!sizes(0, 1, &[], leaf, leaf), "the empty tree has one root");
    assert!(!sizes(0, 0, &[], empty, leaf));
    assert!(!sizes(1, 1, &[], leaf, empty), "same size, other root");
    assert!(!sizes(1, 1, &[leaf], leaf, leaf));
    assert!(!sizes(2, 1, &[], leaf, leaf));
    assert!(!sizes(3, 5, &[], leaf, leaf));
    let nothing = verify_inclusion(leaf, LeafIndex(0), TreeSize(0), &[], empty);
    assert!(matches!(nothing, Err(VerifyError::IndexBeyondSize { .. })));
    // The deepest climb there is.
    let last = LeafIndex(u64::MAX - 1);
    assert!(verify_inclusion(leaf, last, TreeSize(u64::MAX), &[leaf; 63], empty).is_err());
    assert!(!sizes(u64::MAX - 1, u64::MAX, &[leaf; 64], leaf, leaf));
}

#[test]
fn a_full_size_tree_needs_63_hashes() {
    let size = TreeSize(i64::MAX as u64);
    let nodes = nodes_for_inclusion(LeafIndex(0), size).unwrap();
    let proof = inclusion_proof(LeafIndex(0), size, |_| Some(Hash::EMPTY_ROOT)).unwrap();
    // Only the outermost right range is unfinished: 62 subtrees for it, one for each other hash.
    assert_eq!((proof.len(), nodes.len()), (63, 62 + 62));
}

fn tree_of(count: usize) -> (Frontier, Vec<Node>) {
    let mut frontier = Frontier::new();
    let nodes = frontier.append_all(leaves(count));
    (frontier, nodes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every proof verifies, reads only the nodes it announces, and no neighbour of it verifies.
    #[test]
    fn inclusion_holds_and_nothing_near_it(
        count in 1usize..700, pick: prop::sample::Index, which: prop::sample::Index,
        byte in 0usize..32, bit in 0u8..8,
    ) {
        let (frontier, nodes) = tree_of(count);
        let nodes = node_map(nodes);
        let index = LeafIndex(pick.index(count) as u64);
        let (size, root) = (frontier.size(), frontier.root());
        let announced = nodes_for_inclusion(index, size).unwrap();
        let known: HashMap<NodeId, Hash> =
            announced.iter().map(|id| (*id, nodes[id])).collect();
        let proof = inclusion_proof(index, size, |id| known.get(&id).copied()).unwrap();
        let leaf = leaf_hash(format!("entry {index}"));
        prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, root), Ok(()));

        let flip = |hash: Hash| { let mut h = hash; h.0[byte] ^= 1 << bit; h };
        prop_assert!(verify_inclusion(flip(leaf), index, size, &proof, root).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &proof, flip(root)).is_err());
        for other in [index.0.wrapping_sub(1), index.0 + 1, index.0 ^ 2] {
            prop_assert!(verify_inclusion(leaf, LeafIndex(other), size, &proof, root).is_err());
        }
        let mut longer = proof.clone();
        longer.push(root);
        prop_assert!(verify_inclusion(leaf, index, size, &longer, root).is_err());
        if !proof.is_empty() {
            let place = which.index(proof.len());
            let mut changed = proof.clone();
            changed[place] = flip(changed[place]);
            prop_assert!(verify_inclusion(leaf, index, size, &changed, root).is_err());
            let mut shorter = proof.clone();
            shorter.remove(place);
            prop_assert!(verify_inclusion(leaf, index, size, &shorter, root).is_err());
            // Doubling the size puts another level on top.
            let double = TreeSize(size.0 * 2);
            prop_assert!(verify_inclusion(leaf, index, double, &proof, root).is_err());
        }
    }

    #[test]
    fn consistency_holds_and_nothing_near_it(
        new in 1usize..700, pick: prop::sample::Index, which: prop::sample::Index,
        byte in 0usize..32, bit in 0u8..8,
    ) {
        let old = pick.index(new + 1);
        let (before, _) = tree_of(old);
        let (after, nodes) = tree_of(new);
        let nodes = node_map(nodes);
        let announced = nodes_for_consistency(before.size(), after.size()).unwrap();
        let known: HashMap<NodeId, Hash> =
            announced.iter().map(|id| (*id, nodes[id])).collect();
        let proof =
            consistency_proof(before.size(), after.size(), |id| known.get(&id).copied()).unwrap();
        let verify = |proof: &[Hash], old: u64, new: u64, old_root, new_root| {
            verify_consistency(TreeSize(old), TreeSize(new), proof, old_root, new_root)
        };
        let (old, new) = (old as u64, new as u64);
        prop_assert_eq!(verify(&proof, old, new, before.root(), after.root()), Ok(()));

        let flip = |hash: Hash| { let mut h = hash; h.0[byte] ^= 1 << bit; h };
        prop_assert!(verify(&proof, old, new, flip(before.root()), after.root()).is_err());
        if old > 0 {
            prop_assert!(verify(&proof, old, new, before.root(), flip(after.root())).is_err());
        }
        let mut longer = proof.clone();
        longer.push(after.root());
        prop_assert!(verify(&longer, old, new, before.root(), after.root()).is_err());
        if !proof.is_empty() {
            let place = which.index(proof.len());
            let mut changed = proof.clone();
            changed[place] = flip(changed[place]);
            prop_assert!(verify(&changed, old, new, before.root(), after.root()).is_err());
            let mut shorter = proof.clone();
            shorter.remove(place);
            prop_assert!(verify(&shorter, old, new, before.root(), after.root()).is_err());
            prop_assert!(verify(&proof, old, new * 2, before.root(), after.root()).is_err());
        }
    }

    /// Appending in any batches, and after any restart from stored nodes, gives the same tree.
    #[test]
    fn batches_and_restarts_change_nothing(batches in prop::collection::vec(0usize..60, 0..12)) {
        let all = leaves(batches.iter().sum());
        let (mut frontier, mut stored, mut from) = (Frontier::new(), Vec::new(), 0);
        for count in batches {
            let map = node_map(stored.clone());
            frontier =
                Frontier::from_nodes(frontier.size(), |id| map.get(&id).copied()).unwrap();
            stored.extend(frontier.append_all(all[from..from + count].iter().copied()));
            from += count;
        }
        let (whole, nodes) = tree_of(all.len());
        prop_assert_eq!(&frontier, &whole);
        prop_assert_eq!(&stored, &nodes);
        // No row is ever written twice.
        prop_assert_eq!(node_map(stored.clone()).len(), stored.len());
        // For any size that was, the old edge is found among the stored nodes.
        let map = node_map(stored);
        for size in 0..=all.len() {
            let (then, _) = tree_of(size);
            let again = Frontier::from_nodes(then.size(), |id| map.get(&id).copied()).unwrap();
            prop_assert_eq!(again.root(), then.root());
            if size > 40 { break; }
        }
    }
}
