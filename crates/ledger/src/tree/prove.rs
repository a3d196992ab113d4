//! Makes proofs from stored nodes. Knows nothing of how they are verified: `verify` shares no
//! code with this file, so that one mistake cannot hide in both.

use std::ops::Range;

use super::{NodeId, TreeError, check_size};
use crate::hash::{Hash, LeafIndex, TreeSize, node_hash};

/// Inclusion proof of leaf `index` in the tree of `size` leaves: PATH(m, D\[n\]) of RFC 6962
/// section 2.1.1, the leaf's sibling first, the root's child last.
///
/// `reader` answers for stored nodes; [`nodes_for_inclusion`] tells which it will be asked for.
pub fn inclusion_proof(
    index: LeafIndex,
    size: TreeSize,
    reader: impl Fn(NodeId) -> Option<Hash>,
) -> Result<Vec<Hash>, TreeError> {
    inclusion_ranges(index, size)?.into_iter().map(|range| range_hash(range, &reader)).collect()
}

/// Consistency proof from the tree of `old` leaves to the tree of `new` leaves: PROOF(m, D\[n\])
/// of RFC 6962 section 2.1.2. Empty when the sizes are equal or `old` is 0 (C2SP tlog-witness).
///
/// `reader` answers for stored nodes; [`nodes_for_consistency`] tells which it will be asked for.
pub fn consistency_proof(
    old: TreeSize,
    new: TreeSize,
    reader: impl Fn(NodeId) -> Option<Hash>,
) -> Result<Vec<Hash>, TreeError> {
    consistency_ranges(old, new)?.into_iter().map(|range| range_hash(range, &reader)).collect()
}

/// The stored nodes that [`inclusion_proof`] reads, so that a store can fetch them in one query.
pub fn nodes_for_inclusion(index: LeafIndex, size: TreeSize) -> Result<Vec<NodeId>, TreeError> {
    Ok(inclusion_ranges(index, size)?.into_iter().flat_map(cover).collect())
}

/// The stored nodes that [`consistency_proof`] reads.
pub fn nodes_for_consistency(old: TreeSize, new: TreeSize) -> Result<Vec<NodeId>, TreeError> {
    Ok(consistency_ranges(old, new)?.into_iter().flat_map(cover).collect())
}

/// The perfect subtrees that make up `leaves`, left to right, for the ranges RFC 6962 speaks of:
/// those begin at a multiple of the largest power of two that fits into them.
pub(super) fn cover(leaves: Range<u64>) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut start = leaves.start;
    while start < leaves.end {
        let level = (leaves.end - start).ilog2();
        debug_assert!(start.is_multiple_of(1 << level), "{leaves:?} is not a subtree of RFC 6962");
        nodes.push(NodeId { level: level as u8, index: start >> level });
        start += 1 << level;
    }
    nodes
}

/// The root over neighbouring perfect subtrees, largest first; `None` for no subtree.
pub(super) fn fold(roots: &[Hash]) -> Option<Hash> {
    let (last, rest) = roots.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

fn range_hash(
    leaves: Range<u64>,
    reader: &impl Fn(NodeId) -> Option<Hash>,
) -> Result<Hash, TreeError> {
    let hashes = cover(leaves)
        .into_iter()
        .map(|id| reader(id).ok_or(TreeError::NodeMissing(id)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(fold(&hashes).expect("a proof never speaks of an empty range"))
}

/// The leaf range behind each hash of an inclusion proof, in proof order.
fn inclusion_ranges(index: LeafIndex, size: TreeSize) -> Result<Vec<Range<u64>>, TreeError> {
    check_size(size)?;
    if index.0 >= size.0 {
        return Err(TreeError::IndexBeyondSize { index, size });
    }
    let (mut leaves, mut ranges) = (0..size.0, Vec::new());
    while leaves.end - leaves.start > 1 {
        let middle = leaves.start + split(leaves.end - leaves.start);
        if index.0 < middle {
            ranges.push(middle..leaves.end);
            leaves.end = middle;
        } else {
            ranges.push(leaves.start..middle);
            leaves.start = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// The leaf range behind each hash of a consistency proof, in proof order.
fn consistency_ranges(old: TreeSize, new: TreeSize) -> Result<Vec<Range<u64>>, TreeError> {
    check_size(new)?;
    if old > new {
        return Err(TreeError::OldBeyondNew { old, new });
    }
    if old.0 == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut leaves, mut ranges) = (0..new.0, Vec::new());
    while leaves.end != old.0 {
        let middle = leaves.start + split(leaves.end - leaves.start);
        if old.0 <= middle {
            ranges.push(middle..leaves.end);
            leaves.end = middle;
        } else {
            ranges.push(leaves.start..middle);
            leaves.start = middle;
        }
    }
    // The verifier knows the old root; only when it is not itself a node of the new tree does
    // the proof begin with the last subtree of the old one (the flag b of RFC 6962).
    if leaves.start != 0 {
        ranges.push(leaves);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The largest power of two smaller than `count`, which is 2 at least.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}
