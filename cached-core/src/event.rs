//! How one call ended.
//!
//! In: the site's counters and an outcome. Out: exactly one count per call, made here and
//! nowhere else; later listeners hang on this place.

use std::cell::Cell;
use std::fmt;

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

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Hit => "hit",
            Outcome::Stale => "stale hit",
            Outcome::Joined => "joined",
            Outcome::Miss(Reason::Cold) => "miss (cold)",
            Outcome::Miss(Reason::Expired) => "miss (expired)",
            Outcome::Miss(Reason::Invalidated) => "miss (invalidated)",
            Outcome::Miss(Reason::Undecodable) => "miss (undecodable)",
            Outcome::Bypass => "bypass",
            Outcome::Error => "error",
        })
    }
}

/// What is asked of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Stores a value where there is none.
    Add,
    /// Reads a value.
    Get,
    /// Stores a value.
    Set,
    /// Reads a value, or computes and stores it.
    GetOrSet,
    /// Begins the life of a value anew.
    Touch,
    /// Removes a value.
    Delete,
    /// Removes all values.
    Clear,
    /// Reads several values.
    GetMany,
    /// Stores several values.
    SetMany,
    /// Removes several values.
    DeleteMany,
    /// Asks whether there is a value.
    HasKey,
    /// Adds to a number.
    Incr,
    /// Takes from a number.
    Decr,
    /// Moves a value to a later version.
    IncrVersion,
    /// Moves a value to an earlier version.
    DecrVersion,
    /// Calls a cached function.
    Call,
}

impl Method {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Method; 16] = [
        Method::Add,
        Method::Get,
        Method::Set,
        Method::GetOrSet,
        Method::Touch,
        Method::Delete,
        Method::Clear,
        Method::GetMany,
        Method::SetMany,
        Method::DeleteMany,
        Method::HasKey,
        Method::Incr,
        Method::Decr,
        Method::IncrVersion,
        Method::DecrVersion,
        Method::Call,
    ];

    /// Its name: `get_or_set`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Add => "add",
            Method::Get => "get",
            Method::Set => "set",
            Method::GetOrSet => "get_or_set",
            Method::Touch => "touch",
            Method::Delete => "delete",
            Method::Clear => "clear",
            Method::GetMany => "get_many",
            Method::SetMany => "set_many",
            Method::DeleteMany => "delete_many",
            Method::HasKey => "has_key",
            Method::Incr => "incr",
            Method::Decr => "decr",
            Method::IncrVersion => "incr_version",
            Method::DecrVersion => "decr_version",
            Method::Call => "call",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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
