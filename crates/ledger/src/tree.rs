//! The Merkle tree of RFC 6962: append, prove, verify. Knows no storage: new nodes are handed out
//! to be stored, and stored nodes are read back through a closure.
//!
//! Only *perfect* subtrees are stored: [`NodeId`] `{level, index}` is the root over the leaves
//! `index * 2^level .. (index + 1) * 2^level`. Such a node never changes once it exists, so a
//! stored row is never updated. About two rows are stored for each leaf.

mod prove;
mod verify;

pub use prove::{consistency_proof, inclusion_proof, nodes_for_consistency, nodes_for_inclusion};
pub use verify::{VerifyError, verify_consistency, verify_inclusion};

use crate::hash::{Hash, LeafIndex, TREE_SIZE_MAX, TreeSize, node_hash};

/// Most hashes a proof can hold: one for each level of the largest tree.
pub const PROOF_HASHES_MAX: usize = 63;

/// The growing edge of a tree: the roots of its perfect subtrees, one for each set bit of its
/// size. All that is needed to append and to know the root; rebuilt from at most 63 stored nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: TreeSize,
    /// Largest subtree (leftmost) first.
    roots: Vec<Hash>,
}

/// Place of a perfect subtree: its height above the leaves, and its number from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// 0 for a leaf hash, 63 at most.
    pub level: u8,
    /// Number of the subtree from the left among those of its level.
    pub index: u64,
}

/// A perfect subtree's root, to be stored once and never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub id: NodeId,
    /// Its hash.
    pub hash: Hash,
}

/// Why a tree could not be rebuilt or a proof not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A proof was asked for a leaf that the tree of that size does not have.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// The leaf asked for.
        index: LeafIndex,
        /// The size of the tree.
        size: TreeSize,
    },
    /// A consistency proof was asked from a larger to a smaller tree.
    #[error("a tree of {old} leaves cannot be a beginning of one of {new}")]
    OldBeyondNew {
        /// The size that should be the earlier one.
        old: TreeSize,
        /// The size that should be the later one.
        new: TreeSize,
    },
    /// The size is beyond [`TREE_SIZE_MAX`].
    #[error("tree size {0} is beyond the largest, {TREE_SIZE_MAX}")]
    TooLarge(TreeSize),
    /// The store does not have a node it must have: it is damaged, or smaller than was said.
    #[error("node {} of level {} is missing from the store", .0.index, .0.level)]
    NodeMissing(NodeId),
}

impl Frontier {
    /// The empty tree.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// The nodes from which [`Frontier::from_nodes`] rebuilds a tree of `size` leaves, so that a
    /// store can fetch them in one query.
    pub fn nodes_needed(size: TreeSize) -> Result<Vec<NodeId>, TreeError> {
        check_size(size)?;
        Ok(prove::cover(0..size.0))
    }

    /// Rebuilds the edge of a tree of `size` leaves from its stored nodes.
    pub fn from_nodes(
        size: TreeSize,
        reader: impl Fn(NodeId) -> Option<Hash>,
    ) -> Result<Frontier, TreeError> {
        let roots = Frontier::nodes_needed(size)?
            .into_iter()
            .map(|id| reader(id).ok_or(TreeError::NodeMissing(id)))
            .collect::<Result<_, _>>()?;
        Ok(Frontier { size, roots })
    }

    /// Appends one leaf hash and pushes the nodes that now exist (the leaf itself first, then
    /// every subtree it completes) onto `nodes`. Says where the leaf stands.
    ///
    /// # Panics
    /// When the tree already has [`TREE_SIZE_MAX`] leaves.
    pub fn append(&mut self, leaf: Hash, nodes: &mut Vec<Node>) -> LeafIndex {
        let index = self.size.0;
        assert!(index < TREE_SIZE_MAX, "the tree is full");
        let (mut level, mut hash) = (0, leaf);
        nodes.push(Node { id: NodeId { level, index }, hash });
        // Each trailing one bit of the index is a left neighbour of the same height.
        while (index >> level) & 1 == 1 {
            let left = self.roots.pop().expect("there is one root for each set bit of the size");
            hash = node_hash(&left, &hash);
            level += 1;
            nodes.push(Node { id: NodeId { level, index: index >> level }, hash });
        }
        self.roots.push(hash);
        self.size = TreeSize(index + 1);
        LeafIndex(index)
    }

    /// Appends a batch; the new nodes come in the order of [`Frontier::append`].
    pub fn append_all(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Vec<Node> {
        let leaves = leaves.into_iter();
        let mut nodes = Vec::with_capacity(2 * leaves.size_hint().0 + PROOF_HASHES_MAX);
        for leaf in leaves {
            self.append(leaf, &mut nodes);
        }
        nodes
    }

    /// Number of leaves.
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// Root hash over all leaves; of the empty tree [`Hash::EMPTY_ROOT`].
    pub fn root(&self) -> Hash {
        prove::fold(&self.roots).unwrap_or(Hash::EMPTY_ROOT)
    }
}

fn check_size(size: TreeSize) -> Result<(), TreeError> {
    if size.0 > TREE_SIZE_MAX { Err(TreeError::TooLarge(size)) } else { Ok(()) }
}
