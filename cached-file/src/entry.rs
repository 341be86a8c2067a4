//! What is in an entry's file.
//!
//! In: a value and how long it lives. Out: the 24 bytes before the value, and whether such bytes
//! are whole and still count.
//!
//! ```text
//! "cachedF2"   deadline, ms since 1970   digest of deadline and value   the value
//!  8 bytes      8 bytes                   8 bytes
//! ```
//!
//! Numbers are little-endian. A deadline of `u64::MAX` never comes. The digest is XXH3-64 of the value, with the deadline
//! as its seed: it notices accidents.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(crate) const HEADER: usize = 24;
/// The longest value in bytes. A file that is longer is not read.
pub(crate) const LONGEST_VALUE: usize = 64 << 20;
const MAGIC: [u8; 8] = *b"cachedF2";
const NEVER: u64 = u64::MAX;

/// When an entry ends, and the digest that shows it whole.
pub(crate) struct Header {
    deadline_ms: u64,
    digest: u64,
}

impl Header {
    /// The header of `value`, which lives for `ttl` from `now`.
    pub(crate) fn new(now: SystemTime, ttl: Option<Duration>, value: &[u8]) -> Self {
        let deadline_ms = ttl.map_or(NEVER, |ttl| {
            // The start is rounded down and the life up: nothing outlives its ttl, nor is it cut to none.
            let life_ms = u64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(NEVER);
            millis(now).saturating_add(life_ms)
        });
        Self { deadline_ms, digest: digest(deadline_ms, value) }
    }

    pub(crate) fn to_bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.deadline_ms.to_le_bytes());
        bytes[16..].copy_from_slice(&self.digest.to_le_bytes());
        bytes
    }

    /// The header in `bytes`; none if they are not of this format.
    pub(crate) fn parse(bytes: [u8; HEADER]) -> Option<Self> {
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        (bytes[..8] == MAGIC).then(|| Self { deadline_ms: number(8), digest: number(16) })
    }

    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.deadline_ms != NEVER && millis(now) >= self.deadline_ms
    }

    /// Whether this header and `value` were written together.
    pub(crate) fn belongs_to(&self, value: &[u8]) -> bool {
        self.digest == digest(self.deadline_ms, value)
    }
}

/// A digest against accidents, not against people: XXH3-64.
pub(crate) fn digest(seed: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

/// A clock before 1970 is taken for 1970.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(NEVER)
}
