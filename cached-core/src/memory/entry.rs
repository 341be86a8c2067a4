//! One stored value, and who owns it.
//!
//! In: a key, a value and its header, boxed. Out: a [`Handle`], which table and writers hand round while
//! readers look at it; and the box again, once nobody can.
#![expect(unsafe_code, reason = "entries are read without a lock and freed after a grace period")]

use std::ptr::NonNull;

use super::pin::Pinned;
use super::{Header, Kept, Terms};
use crate::clock::{self, NEVER};
use crate::key::Held;
use crate::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// Readers stop writing the frequency here: a steady hit writes nothing that others read.
const SATURATED: u8 = 3;

/// An idle time begins anew at most this often, in nanoseconds, and sixteen times in its course: an entry may end by
/// so much early.
const PRECISION: u64 = 1_000_000;

pub(super) struct Entry<K, V> {
    pub(super) key: Held<K>,
    pub(super) header: Header,
    pub(super) value: Kept<V>,
    /// When it was last given, by [`clock::now`]; kept where an idle time is set.
    used: AtomicU64,
    /// Where the policy has it; the writers' own.
    pub(super) place: AtomicU32,
    /// Hits of late, up to [`SATURATED`]. A count lost in a race is a hit not seen, no more.
    pub(super) frequency: AtomicU8,
}

impl<K, V> Entry<K, V> {
    pub(super) fn new(key: Held<K>, value: Kept<V>, header: Header) -> Box<Self> {
        let (used, place) = (AtomicU64::new(header.created), AtomicU32::new(0));
        Box::new(Self { key, header, value, used, place, frequency: AtomicU8::new(0) })
    }

    /// From when on it is not served.
    #[inline]
    pub(super) fn end(&self, terms: Terms) -> u64 {
        let end = self.header.deadline.min(self.header.created.saturating_add(terms.life));
        match terms.idle {
            NEVER => end,
            idle => end.min(self.used.load(Ordering::Relaxed).saturating_add(idle)),
        }
    }

    /// Whether it is served now; if it is, its idle time begins anew. Reads the clock where entries can end.
    #[inline]
    pub(super) fn lives(&self, terms: Terms) -> bool {
        if self.header.generation != terms.generation || !terms.timed {
            return self.header.generation == terms.generation;
        }
        let end = self.end(terms);
        if terms.idle == NEVER {
            return clock::is_ahead(end);
        }
        let now = clock::now();
        // Not at each hit: a line that all readers write would pass from core to core.
        let due = || self.used.load(Ordering::Relaxed).saturating_add(PRECISION.min(terms.idle / 16));
        if now < end && now >= due() {
            self.used.fetch_max(now, Ordering::Relaxed);
        }
        now < end
    }

    /// Notes a hit.
    #[inline]
    pub(super) fn touch(&self) {
        let frequency = self.frequency.load(Ordering::Relaxed);
        if frequency < SATURATED {
            self.frequency.store(frequency + 1, Ordering::Relaxed);
        }
    }
}

impl<K, V: Clone> Entry<K, V> {
    /// A copy of the value, for a hit.
    #[inline]
    pub(super) fn serve(&self, pinned: &Pinned) -> V {
        self.touch();
        match &self.value {
            Kept::Inline(value) => value.clone(),
            Kept::Shared(value) => {
                // The user's code, under no lock. It may call us, panic, or take its time.
                pinned.has_compared();
                V::clone(value)
            }
        }
    }
}

/// Something that the memory owns and readers may be looking at. Copies name the same thing.
pub(super) struct Owned<T>(NonNull<T>);

/// An entry in the table, or in quarantine.
pub(super) type Handle<K, V> = Owned<Entry<K, V>>;

impl<T> Clone for Owned<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Owned<T> {}

// SAFETY: it gives `&T` to any thread, and the box to one: what is `Send + Sync` allows both.
unsafe impl<T: Send + Sync> Send for Owned<T> {}

impl<T> Owned<T> {
    pub(super) fn new(owned: Box<T>) -> Self {
        Owned(NonNull::from(Box::leak(owned)))
    }

    /// The one whose [`Owned::as_ptr`] this is.
    ///
    /// # Safety
    /// It is one.
    #[inline]
    pub(super) unsafe fn from_ptr(pointer: *mut T) -> Self {
        // SAFETY: what came from a box is not null.
        Owned(unsafe { NonNull::new_unchecked(pointer) })
    }

    pub(super) fn as_ptr(self) -> *mut T {
        self.0.as_ptr()
    }

    /// # Safety
    /// It is not freed within `'a`.
    #[inline]
    pub(super) unsafe fn get<'a>(self) -> &'a T {
        // SAFETY: it came from a box, and whoever calls vouches that this box is not freed yet.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    /// Nobody holds or can get a reference to it, and no other copy is freed.
    pub(super) unsafe fn free(self) -> Box<T> {
        // SAFETY: it came from a box, and whoever calls is the last to know of it.
        unsafe { Box::from_raw(self.0.as_ptr()) }
    }
}
