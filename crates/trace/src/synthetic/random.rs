//! Numbers that look random and repeat. Knows no entropy: nothing secret may come from here.

/// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// The next number below a limit; 0 below 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product; its bias is below limit / 2^64.
        ((u128::from(self.number()) * u128::from(limit)) >> 64) as u64
    }
}

/// 32 bytes that belong to a number.
pub(super) fn bytes(number: u64) -> [u8; 32] {
    let mut random = Random(mix(number));
    let mut bytes = [0; 32];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&random.number().to_le_bytes());
    }
    bytes
}

fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
