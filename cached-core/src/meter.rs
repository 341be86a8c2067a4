//! What is asked of a backend, counted by how it ended.
//!
//! In: the operations of a backend. Out: the same, and numbers of them. Every alias has one before its backend, so that
//! none can be asked uncounted: what panics, or is not waited for any more, counts as a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::{Backend, Bytes, Capabilities, Key, Listener, Reply, When, Write};
use crate::error::Error;

/// What is counted, in the order in which it is shown. An operation on several keys is as many.
#[derive(Clone, Copy)]
enum Count {
    Found,
    Absent,
    Written,
    Refused,
    Removed,
    NothingRemoved,
    Cleared,
    Failed,
}

const NAMES: [&str; Count::Failed as usize + 1] = [
    "reads that found",
    "reads of nothing",
    "writes",
    "writes whose condition was not met",
    "deletions",
    "deletions of nothing",
    "clears",
    "failures",
];

#[derive(Default)]
struct Counts([AtomicU64; NAMES.len()]);

impl Counts {
    fn add(&self, count: Count, by: usize) {
        self.0[count as usize].fetch_add(by as u64, Ordering::Relaxed);
    }

    /// Counts those that are so, and the others.
    fn divide(&self, so: Count, others: Count, of: impl Iterator<Item = bool>) {
        of.for_each(|is_so| self.add(if is_so { so } else { others }, 1));
    }
}

/// An operation under way: a failure, unless an answer comes.
struct Asked(Arc<Counts>, bool);

impl Asked {
    fn answered<T>(&mut self, answer: &Result<T, Error>, note: fn(&Counts, &T)) {
        if let Ok(answer) = answer {
            note(&self.0, answer);
            self.1 = true;
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.add(Count::Failed, usize::from(!self.1));
    }
}

/// A backend whose operations are counted.
pub(crate) struct Meter {
    backend: Arc<dyn Backend>,
    counts: Arc<Counts>,
}

impl Meter {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, counts: Arc::default() }
    }

    /// What was counted so far.
    pub(crate) fn counted(&self) -> Vec<(&'static str, u64)> {
        NAMES.into_iter().zip(self.counts.0.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }

    /// Asks the backend, and counts its answer when it comes.
    fn ask<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&dyn Backend) -> Reply<T>,
        note: fn(&Counts, &T),
    ) -> Reply<T> {
        let mut asked = Asked(Arc::clone(&self.counts), false);
        match operation(&*self.backend) {
            Reply::Ready(answer) => {
                asked.answered(&answer, note);
                Reply::Ready(answer)
            }
            Reply::Later(answer) => Reply::Later(Box::pin(async move {
                let answer = answer.await;
                asked.answered(&answer, note);
                answer
            })),
        }
    }
}

impl Backend for Meter {
    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let note = |counts: &Counts, found: &Vec<_>| {
            counts.divide(Count::Found, Count::Absent, found.iter().map(Option::is_some));
        };
        self.ask(|backend| backend.get_many(keys), note)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let note = |counts: &Counts, stored: &Vec<bool>| {
            counts.divide(Count::Written, Count::Refused, stored.iter().copied());
        };
        self.ask(|backend| backend.set_many(writes), note)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let note = |counts: &Counts, removed: &Vec<bool>| {
            counts.divide(Count::Removed, Count::NothingRemoved, removed.iter().copied());
        };
        self.ask(|backend| backend.delete_many(keys), note)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.ask(|backend| backend.clear(prefix), |counts, ()| counts.add(Count::Cleared, 1))
    }

    fn subscribe(&self, listener: Listener) -> Reply<()> {
        self.backend.subscribe(listener)
    }

    fn close(&self, deadline: Duration) -> Reply<()> {
        self.backend.close(deadline)
    }
}
