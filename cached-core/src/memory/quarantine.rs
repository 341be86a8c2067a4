//! What can no longer be found, and may still be read.
//!
//! In: entries and tables that a writer has made unreachable. Out: the entries again, once no reader
//! can be at them, to be dropped outside the locks.
#![expect(unsafe_code, reason = "what readers have left is freed")]

use super::entry::{Entry, Handle, Owned};
use super::pin::{Domain, Grace};
use super::table::Table;

pub(super) struct Quarantine<K, V> {
    domain: Domain,
    /// Their grace period has not begun.
    fresh: Batch<K, V>,
    /// Their grace period has begun.
    waiting: Batch<K, V>,
    grace: Option<Grace>,
}

/// What shares a grace period.
struct Batch<K, V> {
    retired: Vec<Retired<K, V>>,
    entries: usize,
    weight: u64,
}

pub(super) enum Retired<K, V> {
    /// An entry, and what it weighs.
    Entry(Handle<K, V>, u64),
    Table(Owned<Table<K, V>>),
}

impl<K, V> Quarantine<K, V> {
    pub(super) fn new(domain: Domain) -> Self {
        Quarantine { domain, fresh: Batch::default(), waiting: Batch::default(), grace: None }
    }

    /// The entries in it.
    pub(super) fn len(&self) -> usize {
        self.fresh.entries + self.waiting.entries
    }

    /// What they weigh.
    pub(super) fn weight(&self) -> u64 {
        self.fresh.weight.wrapping_add(self.waiting.weight)
    }

    /// # Safety
    /// Whoever looks for it from now on does not find it, and nobody else frees it.
    pub(super) unsafe fn add(&mut self, retired: Retired<K, V>) {
        if let Retired::Entry(_, weight) = retired {
            self.fresh.entries += 1;
            self.fresh.weight = self.fresh.weight.wrapping_add(weight);
        }
        self.fresh.retired.push(retired);
    }

    /// Takes over everything from another; its grace period begins anew.
    pub(super) fn take_over(&mut self, other: &mut Self) {
        other.grace = None;
        for batch in [&mut other.fresh, &mut other.waiting] {
            let Batch { retired, entries, weight } = std::mem::take(batch);
            self.fresh.retired.extend(retired);
            self.fresh.entries += entries;
            self.fresh.weight = self.fresh.weight.wrapping_add(weight);
        }
    }

    /// Takes out what nobody can be reading any more.
    pub(super) fn reclaim(&mut self, freed: &mut Vec<Box<Entry<K, V>>>) {
        self.drain(freed);
        if self.waiting.retired.is_empty() && !self.fresh.retired.is_empty() {
            let Some(grace) = Grace::begin(self.domain) else { return };
            self.grace = Some(grace);
            std::mem::swap(&mut self.fresh, &mut self.waiting);
            self.drain(freed);
        }
    }

    fn drain(&mut self, freed: &mut Vec<Box<Entry<K, V>>>) {
        let Some(grace) = self.grace else { return };
        if grace.has_passed() {
            self.grace = None;
            (self.waiting.entries, self.waiting.weight) = (0, 0);
            freed.reserve(self.waiting.retired.len());
            for retired in self.waiting.retired.drain(..) {
                // SAFETY: it could not be found any more before this grace period began. Whoever had found it
                // was pinned then, and has left since.
                freed.extend(unsafe { retired.free() });
            }
        }
    }

    /// Frees everything.
    ///
    /// # Safety
    /// Nobody reads in the domain, nor will.
    pub(super) unsafe fn end(&mut self) {
        for retired in self.fresh.retired.drain(..).chain(self.waiting.retired.drain(..)) {
            // SAFETY: the caller's promise; and what is here is nowhere else.
            drop(unsafe { retired.free() });
        }
    }
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Batch { retired: Vec::new(), entries: 0, weight: 0 }
    }
}

impl<K, V> Retired<K, V> {
    /// Gives the entry; a table owns none, and goes at once.
    ///
    /// # Safety
    /// As for [`Owned::free`].
    unsafe fn free(self) -> Option<Box<Entry<K, V>>> {
        // SAFETY: the caller's promise, handed on.
        unsafe {
            match self {
                Retired::Entry(entry, _) => Some(entry.free()),
                Retired::Table(table) => {
                    drop(table.free());
                    None
                }
            }
        }
    }
}
