//! What tells this process from every other.
//!
//! In: nothing. Out: one number, drawn at random when it is first asked for.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;
use once_cell::race::OnceBox;

/// A number that no other process has.
pub(crate) fn number() -> u64 {
    static NUMBER: OnceBox<u64> = OnceBox::new();
    let drawn = || RandomState::default().build_hasher().finish() ^ (u64::from(std::process::id()) << 32);
    *NUMBER.get_or_init(|| Box::new(drawn()))
}
