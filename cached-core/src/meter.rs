//! What is asked of a backend, counted by how it ended and how long that took.
//!
//! In: the operations of a backend. Out: the same, and numbers of them. Every alias has one before its backend, so that
//! none can be asked uncounted, or while its breaker is open: what panics, or is not waited for any more, counts as a
//! failure; for the breaker only if the backend itself panicked, or had its time.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::{Backend, Bytes, Capabilities, Key, Listener, Reply, When, Write};
use crate::breaker::{Breaker, REST};
use crate::clock;
use crate::error::{Error, ErrorKind};

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
    NotAsked,
}

const NAMES: [&str; Count::NotAsked as usize + 1] = [
    "reads that found",
    "reads of nothing",
    "writes",
    "writes whose condition was not met",
    "deletions",
    "deletions of nothing",
    "clears",
    "failures",
    "not asked (it failed too often)",
];

/// The longest time of each step of the histogram but the last, in microseconds.
const STEPS: [u64; 10] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000];

struct Counts {
    by_end: [AtomicU64; NAMES.len()],
    /// Of a store in this process nothing more is asked.
    watch: Option<Watch>,
}

/// What is known of a backend beside numbers.
struct Watch {
    breaker: Breaker,
    /// Who waits no longer than this has given up for reasons of its own.
    timeout: Duration,
    /// Answers by how long they took; the last: longer than any step.
    by_time: [AtomicU64; STEPS.len() + 1],
    nanos: AtomicU64,
}

impl Watch {
    fn took(&self, time: Duration) {
        let step = STEPS.iter().position(|longest| time <= Duration::from_micros(*longest)).unwrap_or(STEPS.len());
        self.by_time[step].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Counts {
    fn add(&self, count: Count, by: usize) {
        self.by_end[count as usize].fetch_add(by as u64, Ordering::Relaxed);
    }

    /// Counts those that are so, and the others.
    fn divide(&self, so: Count, others: Count, of: impl Iterator<Item = bool>) {
        of.for_each(|is_so| self.add(if is_so { so } else { others }, 1));
    }
}

/// An operation under way: a failure, unless an answer comes.
struct Asked {
    counts: Arc<Counts>,
    /// On how many keys.
    keys: usize,
    began: u64,
    /// The backend has the thread: if it does not give it back, it panicked.
    works: bool,
    ended: Option<Ended>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Answered,
    /// An answer, and no: it says nothing of whether the backend is well.
    Refused,
    Failed,
}

impl Asked {
    fn answered<T>(&mut self, answer: &Result<T, Error>, note: fn(&Counts, &T)) {
        let ended = match answer {
            Ok(_) => Ended::Answered,
            Err(error) if matches!(error.kind(), ErrorKind::Backend | ErrorKind::Timeout) => Ended::Failed,
            Err(_) => Ended::Refused,
        };
        self.ended = Some(ended);
        if let Ok(answer) = answer {
            note(&self.counts, answer);
        }
        if let Some(watch) = &self.counts.watch {
            let took = clock::since(self.began);
            watch.took(took);
            // One that comes too late for who waits for it is no sign of health.
            if ended == Ended::Answered && took <= watch.timeout {
                watch.breaker.succeeded();
            }
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.ended == Some(Ended::Answered) {
            return;
        }
        self.counts.add(Count::Failed, self.keys);
        let Some(watch) = &self.counts.watch else { return };
        let unanswered = || self.works || clock::since(self.began) >= watch.timeout;
        if self.ended == Some(Ended::Failed) || self.ended.is_none() && unanswered() {
            watch.breaker.failed();
        }
    }
}

/// How long the operations of a backend took, by steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// The longest time of each step, and how many answers took no longer, and longer than the step before. That of
    /// the last step is [`Duration::MAX`].
    pub steps: Vec<(Duration, u64)>,
    /// All of it.
    pub total: Duration,
}

/// A backend whose operations are counted.
pub(crate) struct Meter {
    backend: Arc<dyn Backend>,
    counts: Arc<Counts>,
}

impl Meter {
    /// What is asked of a store in this process is counted, and no more.
    pub(crate) fn counting(backend: Arc<dyn Backend>) -> Self {
        Self::of(backend, None)
    }

    /// So many failures in a row break; zero: none do. Whoever waits does so for `timeout`.
    pub(crate) fn watching(backend: Arc<dyn Backend>, failures: u64, timeout: Duration) -> Self {
        let (by_time, nanos) = (zeros(), AtomicU64::new(0));
        Self::of(backend, Some(Watch { breaker: Breaker::new(failures), timeout, by_time, nanos }))
    }

    fn of(backend: Arc<dyn Backend>, watch: Option<Watch>) -> Self {
        Self { backend, counts: Arc::new(Counts { by_end: zeros(), watch }) }
    }

    /// What was counted so far.
    pub(crate) fn counted(&self) -> Vec<(&'static str, u64)> {
        NAMES.into_iter().zip(self.counts.by_end.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }

    /// How long it took so far; no steps where that is not measured.
    pub(crate) fn latency(&self) -> Latency {
        let Some(watch) = &self.counts.watch else { return Latency::default() };
        let longest = STEPS.into_iter().map(Duration::from_micros).chain([Duration::MAX]);
        let counts = watch.by_time.iter().map(|count| count.load(Ordering::Relaxed));
        Latency {
            steps: longest.zip(counts).collect(),
            total: Duration::from_nanos(watch.nanos.load(Ordering::Relaxed)),
        }
    }

    /// What lets operations through, or not.
    pub(crate) fn breaker(&self) -> Option<&Breaker> {
        self.counts.watch.as_ref().map(|watch| &watch.breaker)
    }

    /// Why an operation that would not be let through should not even wait for a thread.
    pub(crate) fn refusal(&self, keys: usize) -> Option<Error> {
        self.breaker().is_some_and(Breaker::refuses).then(|| self.not_asked(keys))
    }

    fn not_asked(&self, keys: usize) -> Error {
        self.counts.add(Count::NotAsked, keys);
        let message = "the backend is not asked: it failed too often in a row";
        Error::new(ErrorKind::Unavailable, message).note(format_args!("it is asked again within {REST:?}"))
    }

    /// Asks the backend for keys, whatever came before.
    pub(crate) fn look(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.watched(keys.len(), |backend| backend.get_many(keys), FOUND)
    }

    /// Asks the backend, if it is worth it.
    fn ask<T: Send + 'static>(
        &self,
        keys: usize,
        operation: impl FnOnce(&dyn Backend) -> Reply<T>,
        note: fn(&Counts, &T),
    ) -> Reply<T> {
        match self.breaker().is_none_or(Breaker::lets_through) {
            true => self.watched(keys, operation, note),
            false => Reply::Ready(Err(self.not_asked(keys))),
        }
    }

    /// Asks the backend, and counts its answer when it comes.
    fn watched<T: Send + 'static>(
        &self,
        keys: usize,
        operation: impl FnOnce(&dyn Backend) -> Reply<T>,
        note: fn(&Counts, &T),
    ) -> Reply<T> {
        let began = if self.counts.watch.is_some() { clock::now() } else { 0 };
        let mut asked = Asked { counts: Arc::clone(&self.counts), keys, began, works: true, ended: None };
        let reply = operation(&*self.backend);
        asked.works = false;
        match reply {
            Reply::Ready(answer) => {
                asked.answered(&answer, note);
                Reply::Ready(answer)
            }
            Reply::Later(mut answer) => Reply::Later(Box::pin(async move {
                let watched = poll_fn(|cx| {
                    asked.works = true;
                    let polled = answer.as_mut().poll(cx);
                    asked.works = false;
                    polled
                });
                let answer = watched.await;
                asked.answered(&answer, note);
                answer
            })),
        }
    }
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

const FOUND: fn(&Counts, &Vec<Option<Bytes>>) =
    |counts, found| counts.divide(Count::Found, Count::Absent, found.iter().map(Option::is_some));

impl Backend for Meter {
    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.ask(keys.len(), |backend| backend.get_many(keys), FOUND)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let note = |counts: &Counts, stored: &Vec<bool>| {
            counts.divide(Count::Written, Count::Refused, stored.iter().copied());
        };
        self.ask(writes.len(), |backend| backend.set_many(writes), note)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let note = |counts: &Counts, removed: &Vec<bool>| {
            counts.divide(Count::Removed, Count::NothingRemoved, removed.iter().copied());
        };
        self.ask(keys.len(), |backend| backend.delete_many(keys), note)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.ask(1, |backend| backend.clear(prefix), |counts, ()| counts.add(Count::Cleared, 1))
    }

    fn subscribe(&self, prefix: &str, listener: Listener) -> Reply<()> {
        self.backend.subscribe(prefix, listener)
    }

    fn close(&self, deadline: Duration) -> Reply<()> {
        self.backend.close(deadline)
    }
}
