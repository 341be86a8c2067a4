//! What each thread of a model has of its own: the mark that it reads.
//!
//! In: a thread. Out: its record, as in the real `record.rs`, which is under the models of `loom.rs`. This one has no
//! room for hits: it is as small as what every thread of a million schedules may leave behind.

use std::cell::Cell;

use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, global};

pub(crate) struct Record {
    pub(crate) pinned: AtomicU64,
    taken: AtomicBool,
}

global! {
    static RECORDS: Mutex<Vec<&'static Record>> = Mutex::new(Vec::new());
}

thread_local! {
    static MINE: Cell<Option<&'static Record>> = Cell::new(None);
}

impl Record {
    pub(crate) fn current() -> Option<&'static Record> {
        MINE.with(Cell::get)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the real one")]
    pub(crate) fn mine() -> Option<&'static Record> {
        Some(Self::current().unwrap_or_else(|| {
            let record = Self::take();
            MINE.with(|mine| mine.set(Some(record)));
            record
        }))
    }

    pub(crate) fn take() -> &'static Record {
        let made: &'static Record =
            Box::leak(Box::new(Record { pinned: AtomicU64::new(0), taken: AtomicBool::new(true) }));
        RECORDS.lock().push(made);
        made
    }

    pub(crate) fn give_back(&self) {
        self.taken.store(false, Ordering::Release);
    }

    /// Records stay taken here.
    pub(crate) fn is_alone() -> bool {
        RECORDS.lock().len() <= usize::from(Self::current().is_some())
    }

    pub(crate) fn all(is_so: impl FnMut(&'static Record) -> bool) -> bool {
        RECORDS.lock().iter().copied().all(is_so)
    }
}
