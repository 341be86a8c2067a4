//! Values that rules write.
//!
//! In: numbers and lengths. Out: values, each under a stamp of its own, that a person can tell apart.

use std::sync::LazyLock;

use cached_core::backend::{Bytes, Stamp};

/// One of many stamps; a person can read which.
pub(super) fn stamp(n: u64) -> Stamp {
    let mut stamp = *b"stamp-0000000000";
    let digits = n.to_string();
    let from = stamp.len() - digits.len().min(10);
    stamp[from..].copy_from_slice(&digits.as_bytes()[digits.len() - digits.len().min(10)..]);
    stamp
}

/// A value under the stamp of that number.
pub(super) fn value(n: u64) -> Bytes {
    stamped(stamp(n), format!(" value {n}").as_bytes())
}

/// A value under that stamp.
pub(super) fn stamped(stamp: Stamp, rest: &[u8]) -> Bytes {
    [&stamp[..], rest].concat().into()
}

/// As many bytes, no two parts of which are alike below a mebibyte.
pub(super) fn noise(length: usize) -> Bytes {
    static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        (0..(1 << 20) / 8).flat_map(|_| next()).collect()
    });
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend_from_slice(&NOISE[..NOISE.len().min(length - bytes.len())]);
    }
    bytes.into()
}
