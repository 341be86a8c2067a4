//! What each thread has of its own: the mark that it reads, and the hits that it counted.
//!
//! In: a thread. Out: its record, which only that thread writes and everybody may read. Records are
//! never freed; the one of a thread that ended is taken over by the next that needs one.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::AtomicU64 as Number;

use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, global};

/// So many sites have a place.
pub(crate) const PLACES: usize = 1_024;

/// A number that one thread counts in, and everybody may read.
pub(crate) struct Hits(Number);

impl Hits {
    /// Adds one, by load and store: a locked addition would cost as much as the lookup.
    #[inline]
    pub(crate) fn add_one(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// A thread's own numbers, away from everybody else's cache lines.
#[repr(C, align(128))]
pub(crate) struct Record {
    /// The epoch in which the thread began to read; 0 while it does not.
    pub(crate) pinned: AtomicU64,
    taken: AtomicBool,
    /// Hits by the place of the site.
    hits: [Hits; PLACES],
}

global! {
    static RECORDS: Mutex<Vec<&'static Record>> = Mutex::new(Vec::new());
}

thread_local! {
    static MINE: Cell<Option<&'static Record>> = const { Cell::new(None) };
    static LEASE: Lease = const { Lease(Cell::new(None)) };
}

/// Gives the thread's record back: one atomic store, when the thread ends.
struct Lease(Cell<Option<&'static Record>>);

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = MINE.try_with(Cell::take);
        if let Some(record) = self.0.take() {
            record.give_back();
        }
    }
}

impl Record {
    /// The record that this thread has already.
    #[inline]
    pub(crate) fn current() -> Option<&'static Record> {
        MINE.try_with(Cell::get).ok().flatten()
    }

    /// This thread's record, taken from one that ended or made new; none once the thread is ending.
    pub(crate) fn mine() -> Option<&'static Record> {
        if let Some(mine) = Self::current() {
            return Some(mine);
        }
        LEASE
            .try_with(|lease| {
                let record = Self::take();
                lease.0.set(Some(record));
                MINE.try_with(|mine| mine.set(Some(record))).ok()?;
                Some(record)
            })
            .ok()?
    }

    /// A record that is nobody else's until it is given back.
    pub(crate) fn take() -> &'static Record {
        let mut records = RECORDS.lock();
        let is_idle =
            |record: &&Record| !record.taken.load(Ordering::Relaxed) && !record.taken.swap(true, Ordering::Acquire);
        let idle = records.iter().copied().find(is_idle);
        idle.unwrap_or_else(|| {
            let hits = [const { Hits(Number::new(0)) }; PLACES];
            let made: &'static Record =
                Box::leak(Box::new(Record { pinned: AtomicU64::new(0), taken: AtomicBool::new(true), hits }));
            records.push(made);
            made
        })
    }

    pub(crate) fn give_back(&self) {
        self.taken.store(false, Ordering::Release);
    }

    /// Whether no thread but this one has a record. Others have left by then, and whoever takes one later does so under
    /// the same lock, and sees what this thread did before.
    pub(crate) fn is_alone() -> bool {
        let mine = Self::current().map(ptr::from_ref);
        Self::all(|record| mine == Some(ptr::from_ref(record)) || !record.taken.load(Ordering::Acquire))
    }

    /// Whether something is so for every record there is.
    pub(crate) fn all(is_so: impl FnMut(&'static Record) -> bool) -> bool {
        RECORDS.lock().iter().copied().all(is_so)
    }

    /// The number of a site, if it has a place.
    #[inline]
    pub(crate) fn count(&self, place: usize) -> Option<&Hits> {
        self.hits.get(place)
    }

    /// What all threads together, the ended ones too, counted for a site.
    pub(crate) fn sum(place: usize) -> u64 {
        let of = |record: &&Record| record.count(place).map(|count| count.0.load(Ordering::Relaxed));
        RECORDS.lock().iter().filter_map(of).sum()
    }
}
