//! What tells this process from every other.
//!
//! In: nothing. Out: one number, drawn at random when it is first asked for, and anew in a process that was forked; and
//! stamps, which tell each write from every other.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::clock;

/// A number that no other process has. Costs a system call: a fork copies whatever would be remembered.
pub(crate) fn number() -> u64 {
    static OF: AtomicU32 = AtomicU32::new(0);
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let process = std::process::id();
    if OF.load(Ordering::Acquire) == process {
        return NUMBER.load(Ordering::Relaxed);
    }
    // Threads that come here at the same time draw one each; only what is drawn in two processes must differ.
    let drawn = draw(process);
    NUMBER.store(drawn, Ordering::Relaxed);
    OF.store(process, Ordering::Release);
    drawn
}

/// Sixteen bytes that no other write has, of this process or another: its number, and a count. Costs what [`number`] does.
pub(crate) fn stamp() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut stamp = [0; 16];
    stamp[..8].copy_from_slice(&number().to_le_bytes());
    stamp[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    stamp
}

/// The seed alone would be that of the parent.
fn draw(process: u32) -> u64 {
    let mut hasher = RandomState::default().build_hasher();
    hasher.write_u32(process);
    hasher.write_u64(clock::wall());
    hasher.finish()
}
