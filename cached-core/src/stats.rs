//! What a site counts.
//!
//! In: one count per event. Out: a snapshot. A hit is counted in a record that its thread owns,
//! by load and store (a locked addition would cost as much as the lookup); everything rarer is
//! counted in shared numbers.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock;
use crate::record::Record;

/// The shared numbers of a site.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    SharedHits,
    Stale,
    Joined,
    Cold,
    Expired,
    Invalidated,
    Undecodable,
    Bypassed,
    Errors,
    Finished,
    Failed,
    Panicked,
    Cancelled,
    /// Of the runs, and of the cached calls inside them.
    RunNanos,
    NestedNanos,
    Lookups,
    LookupNanos,
    WaitsEnded,
    NotStored,
    Verified,
    Differences,
    RefreshesLost,
    BackendErrors,
    Evicted,
}

const COUNTS: usize = Count::Evicted as usize + 1;

/// After so many runs the next hit is timed,
const SAMPLED_EACH: u64 = 64;
/// if it comes before so many more have run.
const SAMPLED_FOR: u64 = 16;

/// The counters of one site.
pub(crate) struct Counters {
    /// Place of the site in the records of the threads, plus one; 0 until the site is first used.
    place: AtomicU32,
    shared: [AtomicU64; COUNTS],
}

/// What the body that runs on a thread knows of the calls around it and inside it.
#[derive(Clone, Copy)]
struct Inner {
    /// Nanoseconds that cached calls inside it took, by now.
    nested: u64,
    /// How many bodies it is inside of, itself included.
    depth: u32,
}

thread_local! {
    static INNER: Cell<Inner> = const { Cell::new(Inner { nested: 0, depth: 0 }) };
}

/// Puts back what the thread knew before a body, also when that panics.
pub(crate) struct Back(Inner);

impl Drop for Back {
    fn drop(&mut self) {
        let _ = INNER.try_with(|inner| inner.set(self.0));
    }
}

/// Inside how many bodies this thread is.
pub(crate) fn depth() -> u32 {
    INNER.try_with(Cell::get).map_or(0, |inner| inner.depth)
}

/// The time of one body, less that of the cached calls inside it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lap {
    started: u64,
    nested: u64,
    depth: u32,
}

impl Lap {
    pub(crate) fn start() -> Self {
        Lap { started: clock::now(), nested: 0, depth: depth() + 1 }
    }

    /// Begins the body, or one poll of it. Not a closure around it: there would be one of each for each function.
    pub(crate) fn enter(self) -> Option<Back> {
        let here = Inner { nested: 0, depth: self.depth };
        INNER.try_with(|inner| Back(inner.replace(here))).ok()
    }

    /// Ends what [`Lap::enter`] began.
    pub(crate) fn leave(&mut self, back: Option<Back>) {
        self.nested += INNER.try_with(Cell::get).map_or(0, |inner| inner.nested);
        drop(back);
    }

    /// Nanoseconds of the body's own, now that it has ended, and of the whole run; and when that is. The rest belongs
    /// to the calls inside.
    pub(crate) fn end(self) -> (u64, u64, u64) {
        let now = clock::now();
        let whole = now.saturating_sub(self.started);
        let add = |inner: Inner| Inner { nested: inner.nested.saturating_add(whole), ..inner };
        let _ = INNER.try_with(|inner| inner.set(add(inner.get())));
        (whole.saturating_sub(self.nested), whole, now)
    }
}

/// The figures of [`Stats`], named once.
macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a site counted up to a moment.
        ///
        /// `calls = hits + stale + joined + misses + bypassed + errors`, exactly, when no call is running.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
            /// Time spent in the runs, less that of cached calls inside them.
            pub body_time: Duration,
            /// Time spent in the runs, cached calls inside them included.
            pub run_time: Duration,
            /// Time spent in the `lookups`.
            pub lookup_time: Duration,
        }

        impl Stats {
            /// Every figure with its name; the times, in nanoseconds, come last.
            pub(crate) fn figures(&self) -> Vec<(&'static str, u64)> {
                let times = [("body_ns", self.body_time), ("run_ns", self.run_time), ("lookup_ns", self.lookup_time)];
                let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                let figures = [$((stringify!($name), self.$name),)*];
                figures.into_iter().chain(times.map(|(name, time)| (name, nanos(time)))).collect()
            }

            /// The sums of both.
            pub(crate) fn plus(&self, other: &Stats) -> Stats {
                Stats {
                    $($name: self.$name + other.$name,)*
                    body_time: self.body_time + other.body_time,
                    run_time: self.run_time + other.run_time,
                    lookup_time: self.lookup_time + other.lookup_time,
                }
            }
        }
    };
}

figures! {
    /// Calls that ended.
    calls,
    /// Calls that were given a stored value.
    hits,
    /// Calls that were given a stored value after its `ttl`, within the window of `stale` or `stale_if_error`.
    stale,
    /// Calls that were given the value another caller was computing.
    joined,
    /// Calls that ran the body and got a value: the sum of the four reasons below.
    misses,
    /// Misses because nothing was stored.
    cold,
    /// Misses because the stored value had reached its deadline.
    expired,
    /// Misses because the stored value was older than an invalidation.
    invalidated,
    /// Misses because the stored bytes were not a value of this site.
    undecodable,
    /// Calls that ran the body without asking the cache.
    bypassed,
    /// Calls whose body gave an `Err`, panicked or was cancelled.
    errors,
    /// Of `errors`, those that panicked.
    panicked,
    /// Of `errors`, those that were cancelled.
    cancelled,
    /// Values removed to keep the bound.
    evictions,
    /// Values computed and not stored: overtaken by an invalidation, not to be kept, or refused.
    not_stored,
    /// Hits for which the body ran as well, to compare (`verify`).
    verified,
    /// Of `verified`, those where the stored value was another.
    differences,
    /// Refreshes in the background that gave nothing: the body panicked, nobody took it, or its task was dropped.
    refreshes_lost,
    /// Operations that a backend failed.
    backend_errors,
    /// Waits for another caller's computation that ended before it did.
    waits_ended,
    /// Values in memory now.
    entries,
    /// What they weigh, in bytes: each its entry, and what `weigh` says of the value.
    bytes,
    /// Times the body ran to its end with a value or an `Err`.
    runs,
    /// Hits whose lookup was timed: in memory the next after each 64th run, unless sixteen more run before it (and the
    /// next after the second, fourth, eighth …), so that hits pay nothing for it; on bytes every one.
    lookups,
}

impl Stats {
    /// Share of calls that were given a value without waiting for their own run of the body (hits, stale and
    /// joined), from 0 to 1; 0 without calls.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn hit_share(&self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.served() as f64 / self.calls as f64 }
    }

    /// Mean time of one run of the body, less that of cached calls inside it; zero when it never ran.
    pub fn mean_body(&self) -> Duration {
        mean(self.body_time, self.runs)
    }

    /// Mean time of one run of the body, cached calls inside it included; zero when it never ran.
    pub fn mean_run(&self) -> Duration {
        mean(self.run_time, self.runs)
    }

    /// Mean time of a lookup that hit; zero when none was timed.
    pub fn mean_lookup(&self) -> Duration {
        mean(self.lookup_time, self.lookups)
    }

    /// Time that the hits would have taken in the body, less what they took: their number times the difference of
    /// the means.
    pub fn saved(&self) -> Duration {
        let each = self.mean_body().saturating_sub(self.mean_lookup());
        each.saturating_mul(u32::try_from(self.served()).unwrap_or(u32::MAX))
    }

    /// Calls that were given a value without their own run of the body: hits, stale and joined.
    pub fn served(&self) -> u64 {
        self.hits + self.stale + self.joined
    }
}

fn mean(time: Duration, count: u64) -> Duration {
    u32::try_from(count.max(1)).map_or(Duration::ZERO, |count| time / count)
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self { place: AtomicU32::new(0), shared: [const { AtomicU64::new(0) }; COUNTS] }
    }

    /// Gives the site its place in the threads' records; called before its first fast hit.
    pub(crate) fn enrol(&self) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        if self.place.load(Ordering::Relaxed) == 0 {
            let place = NEXT.fetch_add(1, Ordering::Relaxed);
            // A lost race leaves one place unused.
            let _ = self.place.compare_exchange(0, place, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The place of the site in the threads' records; 0 before its first fast hit.
    pub(crate) fn place(&self) -> u32 {
        self.place.load(Ordering::Relaxed)
    }

    /// Counts a hit, in the record of this thread if it has one: a borrowed one may be another's by now.
    pub(crate) fn hit(&self) {
        match Record::current().and_then(|mine| mine.count(self.place() as usize)) {
            Some(count) => count.add_one(),
            None => self.add(Count::SharedHits, 1),
        }
    }

    #[inline]
    pub(crate) fn add(&self, count: Count, by: u64) {
        // A locked addition of nothing costs as much as one of something.
        if by > 0 {
            self.shared[count as usize].fetch_add(by, Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self, count: Count) -> u64 {
        self.shared[count as usize].load(Ordering::Relaxed)
    }

    /// Counts one run of the body that came to its end, and what it took: its own nanoseconds, and all. Gives whether
    /// hits are to be timed from now on, if that changes.
    pub(crate) fn ran(&self, own: u64, whole: u64, failed: bool) -> Option<bool> {
        self.add(if failed { Count::Failed } else { Count::Finished }, 1);
        self.add(Count::RunNanos, whole);
        self.add(Count::NestedNanos, whole.saturating_sub(own));
        let runs = self.get(Count::Finished);
        match runs % SAMPLED_EACH {
            0 => Some(true),
            // Misses in a row would else all read the clock for the hit that does not come.
            SAMPLED_FOR if runs > SAMPLED_EACH => Some(false),
            _ => (runs > 1 && runs.is_power_of_two()).then_some(true),
        }
    }

    /// Counts that the lookup of a hit, which began at `started`, was timed.
    #[cold]
    pub(crate) fn looked_up(&self, started: u64) {
        self.add(Count::Lookups, 1);
        self.add(Count::LookupNanos, clock::now().saturating_sub(started));
    }

    /// Mean nanoseconds of a run so far.
    pub(crate) fn mean_nanos(&self) -> u64 {
        self.get(Count::RunNanos) / (self.get(Count::Finished) + self.get(Count::Failed)).max(1)
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let place = self.place.load(Ordering::Relaxed) as usize;
        let [cold, expired, invalidated, undecodable] =
            [Count::Cold, Count::Expired, Count::Invalidated, Count::Undecodable].map(|count| self.get(count));
        let (hits, misses) =
            (Record::sum(place) + self.get(Count::SharedHits), cold + expired + invalidated + undecodable);
        let [stale, joined, bypassed, errors] =
            [Count::Stale, Count::Joined, Count::Bypassed, Count::Errors].map(|count| self.get(count));
        Stats {
            calls: hits + stale + joined + misses + bypassed + errors,
            hits,
            stale,
            joined,
            misses,
            cold,
            expired,
            invalidated,
            undecodable,
            bypassed,
            errors,
            panicked: self.get(Count::Panicked),
            cancelled: self.get(Count::Cancelled),
            evictions: self.get(Count::Evicted),
            not_stored: self.get(Count::NotStored),
            verified: self.get(Count::Verified),
            differences: self.get(Count::Differences),
            refreshes_lost: self.get(Count::RefreshesLost),
            backend_errors: self.get(Count::BackendErrors),
            waits_ended: self.get(Count::WaitsEnded),
            entries: 0,
            bytes: 0,
            runs: self.get(Count::Finished) + self.get(Count::Failed),
            lookups: self.get(Count::Lookups),
            body_time: Duration::from_nanos(self.get(Count::RunNanos).saturating_sub(self.get(Count::NestedNanos))),
            run_time: Duration::from_nanos(self.get(Count::RunNanos)),
            lookup_time: Duration::from_nanos(self.get(Count::LookupNanos)),
        }
    }
}
