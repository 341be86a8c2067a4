//! Whether a backend is worth asking.
//!
//! In: how its operations ended. Out: leave to ask it, or none. After so many failures in a row nothing is asked for a
//! rest; then one operation is let through, and its success opens the way for all. The pattern is the circuit breaker
//! of M. Nygard, *Release It!* (2007).

use std::time::Duration;

use crate::clock;
use crate::sync::atomic::{AtomicU64, Ordering};

/// How many failures in a row are too many, when nobody says another number.
pub(crate) const FAILURES: u64 = 5;

/// How long a backend is left alone, and how long after one that was let through the next is.
pub(crate) const REST: Duration = Duration::from_millis(500);

/// The bit of a state that says: left alone. Below it is when the next operation is let through, in pairs of
/// nanoseconds; without it, how many failures came in a row.
const OPEN: u64 = 1 << 63;

/// The breaker of one backend, on a cache line of its own: it is read before each operation, and written only where
/// something fails.
#[repr(align(64))]
pub(crate) struct Breaker {
    /// So many failures in a row break; zero: none do.
    limit: u64,
    /// One word, so that a success and a failure that meet come one after the other.
    state: AtomicU64,
    broke: AtomicU64,
}

impl Breaker {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, state: AtomicU64::new(0), broke: AtomicU64::new(0) }
    }

    /// Whether an operation would have to wait for a moment that has not come. Takes nobody's turn.
    #[inline]
    pub(crate) fn refuses(&self) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        state >= OPEN && OPEN | clock::now() >> 1 < state
    }

    /// Whether an operation may begin: any, or the one whose turn it is. The others wait for how that one ends.
    #[inline]
    pub(crate) fn lets_through(&self) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        state < OPEN
            || !self.refuses()
                && self.state.compare_exchange(state, rested(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// An operation was answered.
    #[inline]
    pub(crate) fn succeeded(&self) {
        if self.state.load(Ordering::Relaxed) != 0 {
            self.state.store(0, Ordering::Relaxed);
        }
    }

    /// An operation was not.
    #[cold]
    pub(crate) fn failed(&self) {
        if self.limit == 0 {
            return;
        }
        let next = rested();
        let count = |state: u64| match state {
            // Whoever was let through has said when the next may come.
            OPEN.. => None,
            failures if failures + 1 < self.limit => Some(failures + 1),
            _ => Some(next),
        };
        if self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_ok_and(|was| was + 1 >= self.limit) {
            self.broke.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the backend is left alone now.
    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Relaxed) >= OPEN
    }

    /// How often it broke.
    pub(crate) fn broke(&self) -> u64 {
        self.broke.load(Ordering::Relaxed)
    }
}

/// Left alone for a rest from now.
fn rested() -> u64 {
    OPEN | clock::after(clock::now(), REST) >> 1
}
