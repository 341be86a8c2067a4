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
    fresh: Vec<Retired<K, V>>,
    /// Their grace period has begun.
    waiting: Vec<Retired<K, V>>,
    grace: Option<Grace>,
    /// Entries in both.
    entries: usize,
}

pub(super) enum Retired<K, V> {
    Entry(Handle<K, V>),
    Table(Owned<Table<K, V>>),
}

impl<K, V> Quarantine<K, V> {
    pub(super) fn new(domain: Domain) -> Self {
        Quarantine { domain, fresh: Vec::new(), waiting: Vec::new(), grace: None, entries: 0 }
    }

    /// The entries in it.
    pub(super) fn len(&self) -> usize {
        self.entries
    }

    /// # Safety
    /// Whoever looks for it from now on does not find it, and nobody else frees it.
    pub(super) unsafe fn add(&mut self, retired: Retired<K, V>) {
        self.entries += usize::from(matches!(retired, Retired::Entry(_)));
        self.fresh.push(retired);
    }

    /// Takes out what nobody can be reading any more.
    pub(super) fn reclaim(&mut self, freed: &mut Vec<Box<Entry<K, V>>>) {
        self.drain(freed);
        if self.waiting.is_empty() && !self.fresh.is_empty() {
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
            for retired in self.waiting.drain(..) {
                // SAFETY: it could not be found any more before this grace period began. Whoever had found it
                // was pinned then, and has left since.
                freed.extend(unsafe { retired.free() });
            }
            self.entries = self.fresh.iter().filter(|retired| matches!(retired, Retired::Entry(_))).count();
        }
    }

    /// Frees everything.
    ///
    /// # Safety
    /// Nobody reads in the domain, nor will.
    pub(super) unsafe fn end(&mut self) {
        for retired in self.fresh.drain(..).chain(self.waiting.drain(..)) {
            // SAFETY: the caller's promise; and what is here is nowhere else.
            drop(unsafe { retired.free() });
        }
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
                Retired::Entry(entry) => Some(entry.free()),
                Retired::Table(table) => {
                    drop(table.free());
                    None
                }
            }
        }
    }
}
