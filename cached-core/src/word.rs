//! The state word of a site: one load answers "may this call take the fast path, and under which
//! generation".
//!
//! In: what a configuration, a `clear` or a `disable` decided. Out: a [`State`]. The generation
//! only grows; whatever was stored under an older one is not served again.

use crate::record::PLACES;
use crate::sync::atomic::{AtomicU64, Ordering};

/// What the word says at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(u64);

/// The calls may be served from memory without looking at the route.
pub(crate) const FAST: u64 = 1;
/// Entries can end.
pub(crate) const TIMED: u64 = 2;
/// The next hit is timed.
const SAMPLE: u64 = 4;
/// What an entry says of itself is not enough.
pub(crate) const STRICT: u64 = 8;
/// Above the flags, where the site's hits are counted in the record of a thread.
const PLACE: u32 = 4;
/// What is published anew each time.
const PUBLISHED: u64 = ONE - 1;
const ONE: u64 = (PLACES as u64) << PLACE;

impl State {
    /// Fast, and nothing else has to be known.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0 & (FAST | SAMPLE | STRICT) == FAST
    }

    pub(crate) fn is_sampled(self) -> bool {
        self.0 & SAMPLE != 0
    }

    #[inline]
    pub(crate) fn is_fast(self) -> bool {
        self.0 & FAST != 0
    }

    #[inline]
    pub(crate) fn is_timed(self) -> bool {
        self.0 & TIMED != 0
    }

    /// Where hits are counted in the record of a thread.
    #[inline]
    pub(crate) fn place(self) -> usize {
        (self.0 >> PLACE) as usize % PLACES
    }

    /// Moves with every invalidation of the whole site.
    #[inline]
    pub(crate) fn generation(self) -> u64 {
        self.0 / ONE
    }
}

/// The word itself. Readers load it; writers change it under the lock of the site's route.
pub(crate) struct Word(AtomicU64);

impl Word {
    pub(crate) const fn new(cell: AtomicU64) -> Self {
        Word(cell)
    }

    /// The acquire pairs with the release of whoever published: what was written before (the
    /// route, the place of the counters, the lifetime) is seen by whoever sees the word.
    #[inline]
    pub(crate) fn load(&self) -> State {
        State(self.0.load(Ordering::Acquire))
    }

    /// Has the next hit timed, or no more.
    pub(crate) fn sample(&self, is_sampled: bool) {
        // Both sides, since whoever sees this value has to see what was written before the one that it replaces.
        match is_sampled {
            true => self.0.fetch_or(SAMPLE, Ordering::AcqRel),
            false => self.0.fetch_and(!SAMPLE, Ordering::AcqRel),
        };
    }

    /// Sets the flags and the place, and moves the generation if `moved`.
    pub(crate) fn publish(&self, flags: u64, place: u32, moved: bool) -> State {
        let step = if moved { ONE } else { 0 };
        // What has no place is not plain: its hits are counted elsewhere.
        let counted = if (place as usize) < PLACES { u64::from(place) << PLACE } else { STRICT };
        let changed = |old: u64| (old & !PUBLISHED).wrapping_add(step) | counted | flags;
        let change = |old| Some(changed(old));
        let old = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).unwrap_or_else(|old| old);
        State(changed(old))
    }

    /// Moves the generation and keeps the flags: everything stored so far is gone.
    pub(crate) fn advance(&self) -> State {
        State(self.0.fetch_add(ONE, Ordering::AcqRel).wrapping_add(ONE))
    }
}
