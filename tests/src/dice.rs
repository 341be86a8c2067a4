//! Numbers that look random and can be had again.
//!
//! In: a seed, `R_SEED` if it is given. Out: numbers below a bound.

/// Xorshift (G. Marsaglia, "Xorshift RNGs", 2003).
pub struct Dice(u64);

impl Dice {
    /// The dice of one thread of a test; other threads have others.
    pub fn new(thread: usize) -> Self {
        let mixed = (seed() ^ thread as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Dice((mixed ^ (mixed >> 29)) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}

/// What the dice of this run begin with: `R_SEED`, or always the same.
pub fn seed() -> u64 {
    std::env::var("R_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(8)
}
