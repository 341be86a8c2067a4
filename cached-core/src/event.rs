//! How one call ended.
//!
//! In: the site's counters and an outcome. Out: exactly one count per call, made here and
//! nowhere else; later listeners hang on this place.

use crate::stats::{Count, Counters};

/// How one call of a cached function ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// A stored value was given.
    Hit,
    /// The value was computed by another caller who asked at the same time.
    Joined,
    /// The body ran and gave a value.
    Miss(Reason),
    /// The cache was not asked: no such alias, a disabled site, a `dummy` backend, re-entry.
    Bypass,
    /// The body ran and gave an `Err`, panicked or was cancelled.
    Error,
}

/// Why there was nothing to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// Nothing was stored, or it was evicted.
    Cold,
    /// The stored value had reached its deadline.
    Expired,
    /// The stored value was older than an invalidation.
    Invalidated,
    /// The stored bytes were not a value of this site.
    Undecodable,
}

/// Counts the end of one call that was not a hit; hits of the fast path count themselves in [`Counters::hit`].
pub(crate) fn ended(counters: &Counters, outcome: Outcome) {
    match outcome {
        Outcome::Hit => counters.add(Count::SharedHits, 1),
        Outcome::Joined => counters.add(Count::Joined, 1),
        Outcome::Miss(Reason::Cold) => counters.add(Count::Cold, 1),
        Outcome::Miss(Reason::Expired) => counters.add(Count::Expired, 1),
        Outcome::Miss(Reason::Invalidated) => counters.add(Count::Invalidated, 1),
        Outcome::Miss(Reason::Undecodable) => counters.add(Count::Undecodable, 1),
        Outcome::Bypass => counters.add(Count::Bypassed, 1),
        Outcome::Error => counters.add(Count::Errors, 1),
    }
}
