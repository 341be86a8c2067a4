//! What an attribute says of how values are kept, and of who computes them.
//!
//! In: what the macro wrote. Out: the same, for the route to weigh against overrides and alias.

use std::time::Duration;

use crate::trail::Show;

/// How long a particular sort of value is kept.
#[derive(Clone, Copy, Debug)]
pub enum Keep {
    /// Like any other value (`None`), or not at all (`Err`).
    Default,
    /// Not at all.
    Never,
    /// For a time of its own.
    For(fn() -> Duration),
}

/// How many may compute a key at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flight {
    /// Everybody.
    Off,
    /// One of this process.
    Process,
    /// One of all processes that share the backend.
    Distributed,
}

impl Flight {
    /// Whether it is one of this process at most.
    pub(crate) fn is_one(self) -> bool {
        self != Flight::Off
    }

    pub(crate) fn is_distributed(self) -> bool {
        self == Flight::Distributed
    }
}

/// What the attribute says of how values are kept.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Time to live; [`Duration::MAX`] is for ever.
    pub ttl: Option<fn() -> Duration>,
    /// Each value says how long it lives.
    pub by_value: bool,
    /// Time to idle: how long after its last hit a value lives.
    pub idle: Option<fn() -> Duration>,
    /// The share by which a lifetime may be shortened, from 0 to 1.
    pub jitter: f64,
    /// How long after its lifetime a value is served while somebody computes it again.
    pub stale: Option<fn() -> Duration>,
    /// How long after its lifetime a value is served where computing it fails.
    pub stale_if_error: Option<fn() -> Duration>,
    /// Bound in memory; `usize::MAX` is without bound.
    pub max_entries: Option<usize>,
    /// Bound of what the entries weigh in memory, in bytes.
    pub max_bytes: Option<u64>,
    /// Each value says what it weighs.
    pub weighs: bool,
    /// How long an `Err` is kept.
    pub errors: Keep,
    /// How long a `None` is kept.
    pub none: Keep,
    /// How many may compute a key at one time.
    pub flight: Flight,
    /// Whoever finds a value stale is served it, and another computes.
    pub behind: bool,
    /// Entries belong to tags.
    pub tagged: bool,
    /// The share of hits for which the body runs as well, to compare, from 0 to 1.
    pub verify: f64,
    /// What the recorder may show of its calls, if the attribute says so.
    pub show: Option<Show>,
}

impl Policy {
    /// What holds of a function whose attribute says nothing.
    pub const PLAIN: Policy = Policy {
        ttl: None,
        by_value: false,
        idle: None,
        jitter: 0.0,
        stale: None,
        stale_if_error: None,
        max_entries: None,
        max_bytes: None,
        weighs: false,
        errors: Keep::Default,
        none: Keep::Default,
        flight: Flight::Process,
        behind: false,
        tagged: false,
        verify: 0.0,
        show: None,
    };
}
