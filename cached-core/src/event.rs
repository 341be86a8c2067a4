//! How one call ended.
//!
//! In: the site's counters and an outcome. Out: exactly one count per call, made here and
//! nowhere else; later listeners hang on this place.

use std::cell::Cell;

use crate::stats::{Count, Counters};

/// How one call of a cached function ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// A stored value was given.
    Hit,
    /// A stored value was given after its time, within a window that the site declares.
    Stale,
    /// The value was computed by another caller who asked at the same time.
    Joined,
    /// The body ran and gave a value.
    Miss(Reason),
    /// The cache was not asked: no such alias, a disabled site, a `dummy` backend, `bypass`, re-entry.
    Bypass,
    /// The body ran and gave an `Err`, panicked or was cancelled.
    Error,
}

/// Why there was nothing to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing was stored, or it was evicted.
    Cold,
    /// The stored value had reached its deadline.
    Expired,
    /// The stored value was older than an invalidation.
    Invalidated,
    /// The stored bytes were not a value of this site.
    Undecodable,
}

thread_local! {
    /// How the last call of this thread ended that was not a hit on the fast path.
    static LAST: Cell<Option<Outcome>> = const { Cell::new(None) };
}

/// Runs something that ends in a cached call, and says how that ended. A hit on the fast path says nothing;
/// whatever else happens says it after the calls inside its body.
pub(crate) fn seen<T>(call: impl FnOnce() -> T) -> (T, Outcome) {
    LAST.set(None);
    let value = call();
    (value, LAST.take().unwrap_or(Outcome::Hit))
}

/// Counts the end of one call that was not a hit; hits of the fast path count themselves.
pub(crate) fn ended(counters: &Counters, outcome: Outcome) {
    let _ = LAST.try_with(|last| last.set(Some(outcome)));
    match outcome {
        Outcome::Hit => counters.add(Count::SharedHits, 1),
        Outcome::Stale => counters.add(Count::Stale, 1),
        Outcome::Joined => counters.add(Count::Joined, 1),
        Outcome::Miss(Reason::Cold) => counters.add(Count::Cold, 1),
        Outcome::Miss(Reason::Expired) => counters.add(Count::Expired, 1),
        Outcome::Miss(Reason::Invalidated) => counters.add(Count::Invalidated, 1),
        Outcome::Miss(Reason::Undecodable) => counters.add(Count::Undecodable, 1),
        Outcome::Bypass => counters.add(Count::Bypassed, 1),
        Outcome::Error => counters.add(Count::Errors, 1),
    }
}
