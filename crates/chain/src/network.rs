//! Which Bitcoin network. Knows no ports and no peers.

use crate::{BlockHash, Height, Satoshi};
use bitcoin::hashes::Hash as _;
use std::fmt;
use std::str::FromStr;

/// The network whose address prefixes, block magic and subsidy rule hold; chosen by the caller,
/// because a block does not say which network it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The network where bitcoin has a price.
    Mainnet,
    /// Testnet 3.
    Testnet,
    /// The default signet (BIP 325).
    Signet,
    /// A private network for tests.
    Regtest,
}

/// A name that is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network: write mainnet, testnet, signet or regtest")]
pub struct UnknownNetwork(pub String);

impl Network {
    /// The four bytes before each block in a file of framed blocks.
    pub fn magic(self) -> [u8; 4] {
        self.inner().magic().to_bytes()
    }

    /// The hash of the block at height 0.
    pub fn genesis(self) -> BlockHash {
        let chain = bitcoin::constants::ChainHash::using_genesis_block_const(self.inner());
        BlockHash(chain.to_bytes())
    }

    /// How many new satoshis the block at this height may create.
    pub fn subsidy(self, height: Height) -> Satoshi {
        let interval = if self == Network::Regtest { 150 } else { SUBSIDY_HALVING_BLOCKS };
        Satoshi(SUBSIDY_FIRST.checked_shr(height.0 / interval).unwrap_or(0))
    }

    pub(crate) fn inner(self) -> bitcoin::Network {
        match self {
            Network::Mainnet => bitcoin::Network::Bitcoin,
            Network::Testnet => bitcoin::Network::Testnet,
            Network::Signet => bitcoin::Network::Signet,
            Network::Regtest => bitcoin::Network::Regtest,
        }
    }
}

/// The subsidy halves every so many blocks; 150 on regtest.
const SUBSIDY_HALVING_BLOCKS: u32 = 210_000;
const SUBSIDY_FIRST: u64 = 50 * crate::SATOSHI_PER_BITCOIN;

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Network::Mainnet => "mainnet",
            Network::Testnet => "testnet",
            Network::Signet => "signet",
            Network::Regtest => "regtest",
        })
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Network, UnknownNetwork> {
        match text {
            "mainnet" => Ok(Network::Mainnet),
            "testnet" => Ok(Network::Testnet),
            "signet" => Ok(Network::Signet),
            "regtest" => Ok(Network::Regtest),
            _ => Err(UnknownNetwork(text.chars().take(40).collect())),
        }
    }
}

pub(crate) fn block_hash(hash: bitcoin::BlockHash) -> BlockHash {
    BlockHash(hash.to_byte_array())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsidies_halve() {
        let at = |height| Network::Mainnet.subsidy(Height(height)).0;
        assert_eq!(
            [at(0), at(209_999), at(210_000), at(702_861), at(13_440_000), at(u32::MAX)],
            [5_000_000_000, 5_000_000_000, 2_500_000_000, 625_000_000, 0, 0]
        );
    }

    #[test]
    fn the_first_block_is_the_first_block() {
        let expected = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
        assert_eq!(Network::Mainnet.genesis().to_string(), expected);
    }
}
