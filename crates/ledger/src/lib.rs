//! Tamper-evident log: Merkle tree, tiles, signed checkpoints, cosignatures, proofs.
