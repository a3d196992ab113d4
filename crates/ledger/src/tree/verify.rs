//! Verifies proofs by the algorithms of RFC 9162, section 2.1.3.2 and 2.1.4.2. Knows nothing of
//! how proofs are made and shares no code with `prove`, save the hash of two children.

use crate::hash::{Hash, LeafIndex, TreeSize, node_hash};

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The leaf cannot be in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// The leaf the proof speaks of.
        index: LeafIndex,
        /// The signed size.
        size: TreeSize,
    },
    /// The old tree is larger than the new one.
    #[error("a tree of {old} leaves cannot be a beginning of one of {new}")]
    OldBeyondNew {
        /// The size that should be the earlier one.
        old: TreeSize,
        /// The size that should be the later one.
        new: TreeSize,
    },
    /// The proof has more or fewer hashes than the sizes ask for.
    #[error("the proof has {0} hashes, which does not fit the sizes")]
    HashCount(usize),
    /// The proof does not lead to the root that was signed.
    #[error("the proof leads to root {reached}, but the signed root is {signed}")]
    Root {
        /// What the proof leads to.
        reached: Hash,
        /// What was signed.
        signed: Hash,
    },
    /// The proof does not lead to the root of the older tree.
    #[error("the proof leads to old root {reached}, but the known old root is {known}")]
    OldRoot {
        /// What the proof leads to.
        reached: Hash,
        /// What was known.
        known: Hash,
    },
}

/// Checks that `leaf` stands at `index` in the tree of `size` leaves with this `root`
/// (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(
    leaf: Hash,
    index: LeafIndex,
    size: TreeSize,
    proof: &[Hash],
    root: Hash,
) -> Result<(), VerifyError> {
    if index.0 >= size.0 {
        return Err(VerifyError::IndexBeyondSize { index, size });
    }
    let mut climb = Climb { node: index.0, last: size.0 - 1 };
    let mut reached = leaf;
    for sibling in proof {
        reached = match climb.step() {
            Some(Side::Left) => node_hash(sibling, &reached),
            Some(Side::Right) => node_hash(&reached, sibling),
            None => return Err(VerifyError::HashCount(proof.len())),
        };
    }
    if climb.last != 0 {
        return Err(VerifyError::HashCount(proof.len()));
    }
    if reached == root { Ok(()) } else { Err(VerifyError::Root { reached, signed: root }) }
}

/// Checks that the tree of `new` leaves begins with the tree of `old` leaves
/// (RFC 9162 section 2.1.4.2). With `old` 0 the proof must be empty (C2SP tlog-witness), and a
/// root that belongs to an empty tree must be [`Hash::EMPTY_ROOT`].
pub fn verify_consistency(
    old: TreeSize,
    new: TreeSize,
    proof: &[Hash],
    old_root: Hash,
    new_root: Hash,
) -> Result<(), VerifyError> {
    if old > new {
        return Err(VerifyError::OldBeyondNew { old, new });
    }
    for (size, signed) in [(old, old_root), (new, new_root)] {
        if size.0 == 0 && signed != Hash::EMPTY_ROOT {
            return Err(VerifyError::Root { reached: Hash::EMPTY_ROOT, signed });
        }
    }
    if old.0 == 0 || old == new {
        if !proof.is_empty() {
            return Err(VerifyError::HashCount(proof.len()));
        }
        if old == new && old_root != new_root {
            return Err(VerifyError::Root { reached: old_root, signed: new_root });
        }
        return Ok(());
    }
    // An old tree of a power of two is a node of the new one, so the proof leaves it out.
    let (seed, rest) = match (old.0.is_power_of_two(), proof) {
        (true, _) => (old_root, proof),
        (false, [first, rest @ ..]) => (*first, rest),
        (false, []) => return Err(VerifyError::HashCount(0)),
    };
    let mut climb = Climb { node: old.0 - 1, last: new.0 - 1 };
    climb.shift(climb.node.trailing_ones());
    let (mut old_reached, mut new_reached) = (seed, seed);
    for sibling in rest {
        match climb.step() {
            Some(Side::Left) => {
                old_reached = node_hash(sibling, &old_reached);
                new_reached = node_hash(sibling, &new_reached);
            }
            Some(Side::Right) => new_reached = node_hash(&new_reached, sibling),
            None => return Err(VerifyError::HashCount(proof.len())),
        }
    }
    if climb.last != 0 {
        return Err(VerifyError::HashCount(proof.len()));
    }
    if old_reached != old_root {
        return Err(VerifyError::OldRoot { reached: old_reached, known: old_root });
    }
    if new_reached != new_root {
        return Err(VerifyError::Root { reached: new_reached, signed: new_root });
    }
    Ok(())
}

/// The way up: `fn` and `sn` of RFC 9162.
struct Climb {
    node: u64,
    last: u64,
}

/// On which side of us the proof's hash stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// One level up; `None` when the root was reached already.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // At the right edge of an unfinished tree the levels without a sibling are skipped.
            self.shift(self.node.trailing_zeros());
            Side::Left
        } else {
            Side::Right
        };
        self.shift(1);
        Some(side)
    }

    fn shift(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }
}
