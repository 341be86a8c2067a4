//! Chance that can be played again.

/// The seed of this run: `R_SEED`, or one that is always the same.
///
/// # Panics
/// If `R_SEED` is no number.
pub fn seed() -> u64 {
    std::env::var("R_SEED").map_or(0x9e37_79b9_7f4a_7c15, |seed| seed.parse().expect("R_SEED is a number"))
}

/// Numbers that look random and are the same for the same seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of part `part` of a run.
    pub fn new(seed: u64, part: u64) -> Self {
        let mixed = (seed ^ part.wrapping_mul(0xbf58_476d_1ce4_e5b9)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Dice((mixed ^ mixed >> 31).max(1))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
