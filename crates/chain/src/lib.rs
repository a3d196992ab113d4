//! What is on the chain: decoded Bitcoin blocks, outputs, spends, addresses.
