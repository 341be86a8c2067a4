//! What is asked of a backend, counted by how it ended.
//!
//! In: the operations of a backend. Out: the same, and numbers of them. Every alias has one before its backend, so that
//! none can be asked uncounted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::{Backend, Bytes, Capabilities, Key, Listener, Reply, When, Write};
use crate::error::Error;

/// What is counted, in the order in which it is shown. An operation on several keys is as many.
const COUNTED: [&str; 8] = [
    "reads that found",
    "reads of nothing",
    "writes",
    "writes whose condition was not met",
    "deletions",
    "deletions of nothing",
    "clears",
    "failures",
];

type Counts = [AtomicU64; COUNTED.len()];

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
        COUNTED.into_iter().zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }

    /// Counts an answer, now or when it comes.
    fn count<T: Send + 'static>(&self, reply: Reply<T>, note: fn(&Counts, &T)) -> Reply<T> {
        let counts = Arc::clone(&self.counts);
        let noted = move |answer: &Result<T, Error>| match answer {
            Ok(answer) => note(&counts, answer),
            Err(_) => add(&counts, 7, 1),
        };
        match reply {
            Reply::Ready(answer) => {
                noted(&answer);
                Reply::Ready(answer)
            }
            Reply::Later(answer) => Reply::Later(Box::pin(async move {
                let answer = answer.await;
                noted(&answer);
                answer
            })),
        }
    }
}

fn add(counts: &Counts, place: usize, by: usize) {
    counts[place].fetch_add(by as u64, Ordering::Relaxed);
}

/// Counts those that are so at `place`, and the others at the next.
fn divide(counts: &Counts, place: usize, all: usize, so: usize) {
    add(counts, place, so);
    add(counts, place + 1, all - so);
}

fn done(done: &[bool]) -> usize {
    done.iter().filter(|done| **done).count()
}

impl Backend for Meter {
    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.count(self.backend.get_many(keys), |counts, found| {
            divide(counts, 0, found.len(), found.iter().flatten().count());
        })
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.count(self.backend.set_many(writes), |counts, stored| divide(counts, 2, stored.len(), done(stored)))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.count(self.backend.delete_many(keys), |counts, removed| divide(counts, 4, removed.len(), done(removed)))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.count(self.backend.clear(prefix), |counts, ()| add(counts, 6, 1))
    }

    fn subscribe(&self, listener: Listener) -> Reply<()> {
        self.backend.subscribe(listener)
    }

    fn close(&self, deadline: Duration) -> Reply<()> {
        self.backend.close(deadline)
    }
}
