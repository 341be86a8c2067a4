//! How one call ended.
//!
//! In: the site's counters and an outcome. Out: exactly one count per call, made here and
//! nowhere else; later listeners hang on this place.

use std::cell::Cell;
use std::panic::Location;

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

/// An operation of the low-level cache, or a call of a cached function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the method of its name")]
pub enum Method {
    Add,
    Get,
    Set,
    GetOrSet,
    Touch,
    Delete,
    Clear,
    GetMany,
    SetMany,
    DeleteMany,
    HasKey,
    Incr,
    Decr,
    IncrVersion,
    DecrVersion,
    Call,
}

impl Method {
    /// Every one, in the order in which they are shown.
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

    /// Its name, as in code: `get_or_set`.
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

/// What an operation of the low-level cache met.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "for whoever listens to operations"))]
pub(crate) struct Met {
    pub(crate) method: Method,
    /// Where it was asked for.
    pub(crate) at: &'static Location<'static>,
    /// How it ended, where it asked for one value.
    pub(crate) outcome: Option<Outcome>,
    /// Of the keys it asked for: with a value, and without.
    pub(crate) hits: usize,
    pub(crate) misses: usize,
    /// Of the values that it read or wrote, without their envelopes.
    pub(crate) bytes: usize,
}

impl Met {
    pub(crate) fn new(method: Method, at: &'static Location<'static>) -> Self {
        Met { method, at, outcome: None, hits: 0, misses: 0, bytes: 0 }
    }

    /// Notes how the one value was found, instead of what was noted before.
    pub(crate) fn found(&mut self, outcome: Outcome) {
        let is_given = matches!(outcome, Outcome::Hit | Outcome::Joined);
        (self.hits, self.misses) = (usize::from(is_given), usize::from(!is_given));
        self.outcome = Some(outcome);
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
