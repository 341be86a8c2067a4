//! What can no longer be found, and may still be read.
//!
//! In: entries and tables that a writer has made unreachable. Out: what they held, once no reader
//! can be at it, to be dropped outside the locks; and the numbers that are vacant again.
#![expect(unsafe_code, reason = "what readers have left is emptied and freed")]

use std::ptr;
use std::sync::Arc;

use super::entry::Content;
use super::pin::{Domain, Grace};
use super::slab::Slab;
use super::table::{Owned, Table};
use crate::sync::atomic::{AtomicPtr, Ordering};

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
    /// An entry of the slab in use.
    Entry(u32),
    /// A table whose entries have moved on to another.
    Table(Owned<Table<K, V>>),
    /// A table that was replaced with all that was in it, by all parts together.
    Whole(Arc<Whole<K, V>>),
}

/// A table that is for whoever sees first that nobody looks at it any more.
pub(super) struct Whole<K, V>(AtomicPtr<Table<K, V>>);

impl<K, V> Whole<K, V> {
    /// What [`Owned::as_ptr`] gave of a table.
    pub(super) fn new(table: *mut Table<K, V>) -> Self {
        Whole(AtomicPtr::new(table))
    }

    /// # Safety
    /// Nobody looks at the table, nor will, and no other slab has its entries.
    pub(super) unsafe fn take(&self) -> Option<Cleared<K, V>> {
        let table = self.0.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: it is one, of `new`; and the caller's promise, handed on.
        (!table.is_null()).then(|| Cleared(unsafe { Owned::from_ptr(table) }))
    }
}

/// A table and all entries of its slab, which end with it; nobody looks at them.
pub(super) struct Cleared<K, V>(Owned<Table<K, V>>);

impl<K, V> Drop for Cleared<K, V> {
    fn drop(&mut self) {
        // SAFETY: what it is.
        unsafe {
            self.0.get().slab.end();
            drop(self.0.free());
        }
    }
}

/// What left quarantine.
#[expect(dead_code, reason = "it is there to be dropped where no lock is held")]
pub(super) enum Freed<K, V> {
    Entry(Content<K, V>),
    Whole(Cleared<K, V>),
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

    /// What is in it, tables too.
    #[cfg(test)]
    pub(super) fn retired(&self) -> usize {
        self.fresh.retired.len() + self.waiting.retired.len()
    }

    /// The numbers in it, for the validator, which knows what each weighs.
    ///
    /// # Panics
    /// When it counts others. Of tables it is known only how many entries counted when they came.
    pub(super) fn numbers(&self, weight: impl Fn(u32) -> u64) -> Vec<u32> {
        let (mut numbers, mut has_tables) = (Vec::new(), false);
        for retired in self.fresh.retired.iter().chain(&self.waiting.retired) {
            match retired {
                Retired::Entry(number) => numbers.push(*number),
                Retired::Whole(_) => has_tables = true,
                Retired::Table(_) => {}
            }
        }
        let found = (numbers.len(), numbers.iter().fold(0, |sum: u64, number| sum.wrapping_add(weight(*number))));
        let counted = (self.len(), self.weight());
        assert!(
            counted == found || has_tables && counted.0 >= found.0,
            "{counted:?} counted in quarantine, {found:?} found"
        );
        numbers
    }

    /// `entries` and their weight: what of it counts here.
    ///
    /// # Safety
    /// Whoever looks for it from now on does not find it, and nobody else frees it.
    pub(super) unsafe fn add(&mut self, retired: Retired<K, V>, entries: usize, weight: u64) {
        self.fresh.retired.push(retired);
        self.fresh.entries += entries;
        self.fresh.weight = self.fresh.weight.wrapping_add(weight);
    }

    /// Leaves its entries to whoever ends their slab, and gives how many there were and what they weigh; with them what
    /// still counts of an earlier slab.
    pub(super) fn leave_entries(&mut self) -> (usize, u64) {
        let left = (self.len(), self.weight());
        for batch in [&mut self.fresh, &mut self.waiting] {
            batch.retired.retain(|retired| !matches!(retired, Retired::Entry(_)));
            (batch.entries, batch.weight) = (0, 0);
        }
        left
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

    /// Takes out what nobody can be reading any more, and says which entries are vacant.
    pub(super) fn reclaim(&mut self, slab: &Slab<K, V>, freed: &mut Vec<Freed<K, V>>, mut vacant: impl FnMut(u32)) {
        self.drain(slab, freed, &mut vacant);
        if self.waiting.retired.is_empty() && !self.fresh.retired.is_empty() {
            let Some(grace) = Grace::begin(self.domain) else { return };
            self.grace = Some(grace);
            std::mem::swap(&mut self.fresh, &mut self.waiting);
            self.drain(slab, freed, &mut vacant);
        }
    }

    fn drain(&mut self, slab: &Slab<K, V>, freed: &mut Vec<Freed<K, V>>, vacant: &mut dyn FnMut(u32)) {
        let Some(grace) = self.grace else { return };
        if grace.has_passed() {
            self.grace = None;
            (self.waiting.entries, self.waiting.weight) = (0, 0);
            freed.reserve(self.waiting.retired.len());
            for retired in self.waiting.retired.drain(..) {
                match retired {
                    Retired::Entry(number) => {
                        // SAFETY: it could not be found any more before this grace period began. Whoever had found it
                        // was pinned then, and has left since.
                        freed.extend(unsafe { slab.entry(number).take() }.map(Freed::Entry));
                        vacant(number);
                    }
                    // SAFETY: as above; its entries are another's now, and no reader looks for them in it.
                    Retired::Table(table) => drop(unsafe { table.free() }),
                    // SAFETY: as above. One part's grace period is enough: it was replaced for all before any began.
                    Retired::Whole(whole) => freed.extend(unsafe { whole.take() }.map(Freed::Whole)),
                }
            }
        }
    }

    /// Frees everything but the entries, which end with their slab; gives what is to be dropped.
    ///
    /// # Safety
    /// Nobody reads in the domain, nor will.
    pub(super) unsafe fn end(&mut self, freed: &mut Vec<Freed<K, V>>) {
        for retired in self.fresh.retired.drain(..).chain(self.waiting.retired.drain(..)) {
            match retired {
                // SAFETY: the caller's promise; and what is here is nowhere else.
                Retired::Table(table) => drop(unsafe { table.free() }),
                // SAFETY: as above.
                Retired::Whole(whole) => freed.extend(unsafe { whole.take() }.map(Freed::Whole)),
                Retired::Entry(_) => {}
            }
        }
    }
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Batch { retired: Vec::new(), entries: 0, weight: 0 }
    }
}
