//! Many callers at one moment, and what they do to one another.
//!
//! In: a number and a call. Out: what each was given, and how long it took from the moment on
//! which the last of them was ready.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::Site;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

use crate::support::{Configured, alone};

/// What one caller was given; `Err` if it panicked.
pub type Given<T> = Result<T, ()>;

/// What all of them were given, and how long that took.
pub type Crowd<T> = (Vec<Given<T>>, Duration);

/// The one place where the tests read the real clock.
#[expect(clippy::disallowed_methods, reason = "the bar is in real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Calls from `n` threads that start together.
pub fn threads<T: Send>(n: usize, call: impl Fn(usize) -> T + Sync) -> Crowd<T> {
    let (barrier, call) = (Barrier::new(n + 1), &call);
    thread::scope(|scope| {
        let start = |i| {
            let barrier = &barrier;
            let run = move || {
                barrier.wait();
                call(i)
            };
            thread::Builder::new().stack_size(256 * 1024).spawn_scoped(scope, run).expect("a thread")
        };
        let threads: Vec<_> = (0..n).map(start).collect();
        barrier.wait();
        let began = now();
        let given = threads.into_iter().map(|thread| thread.join().map_err(drop)).collect();
        (given, began.elapsed())
    })
}

/// Calls from `n` tasks that start together.
pub fn tasks<F>(runtime: &Runtime, n: usize, call: impl Fn(usize) -> F) -> Crowd<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    runtime.block_on(async {
        let barrier = Arc::new(tokio::sync::Barrier::new(n + 1));
        let start = |i| {
            let (barrier, called) = (Arc::clone(&barrier), call(i));
            tokio::spawn(async move {
                barrier.wait().await;
                called.await
            })
        };
        let tasks: Vec<_> = (0..n).map(start).collect();
        barrier.wait().await;
        let began = now();
        let mut given = Vec::with_capacity(n);
        for task in tasks {
            given.push(task.await.map_err(|error: JoinError| assert!(error.is_panic(), "nobody cancels these tasks")));
        }
        (given, began.elapsed())
    })
}

/// A runtime of two workers, or of the current thread alone.
pub fn runtime(workers: bool) -> Runtime {
    let mut builder = if workers { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.worker_threads(2).enable_time().build().expect("a runtime")
}

/// Counts the bodies that run.
pub struct Gauge {
    runs: AtomicUsize,
    inside: AtomicUsize,
    most: AtomicUsize,
}

/// A body that runs.
pub struct Inside<'a>(&'a Gauge);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, SeqCst);
    }
}

impl Gauge {
    /// Nobody inside.
    #[expect(clippy::new_without_default, reason = "it stands in statics")]
    pub const fn new() -> Self {
        Gauge { runs: AtomicUsize::new(0), inside: AtomicUsize::new(0), most: AtomicUsize::new(0) }
    }

    /// A body begins: its number since the last reset, from 1, and a guard for its end.
    pub fn enter(&self) -> (usize, Inside<'_>) {
        self.most.fetch_max(self.inside.fetch_add(1, SeqCst) + 1, SeqCst);
        (self.runs.fetch_add(1, SeqCst) + 1, Inside(self))
    }

    /// How many bodies ran since the last reset.
    pub fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }

    /// How many bodies ran at one time, at most.
    pub fn most(&self) -> usize {
        self.most.load(SeqCst)
    }

    /// Begins anew.
    pub fn reset(&self) {
        self.runs.store(0, SeqCst);
        self.most.store(0, SeqCst);
    }
}

/// A configuration in which the sites of a pattern live on a backend of some kind, and its directory. Where it ends,
/// all of them are at rest.
pub struct Routed {
    /// The sites, each with the flights that an earlier test left in it.
    sites: Vec<(&'static Site, usize)>,
    _configured: Configured,
    _directory: tempfile::TempDir,
}

impl Routed {
    /// The test leaves flights of this site behind: a leader that is forgotten never lands.
    pub fn leaves(&mut self, site: &Site) {
        self.sites.retain(|(other, _)| !std::ptr::eq(*other, site));
    }
}

impl Drop for Routed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            flush();
            for (site, flights) in &self.sites {
                assert_eq!(site.flights(), *flights, "{site:?} has a flight left");
                balanced(site);
            }
        }
    }
}

/// Routes the sites of `pattern` to a backend of `kind`, `memory` or `file`, on which nobody waits
/// longer than `join_timeout` for a leader.
pub fn routed(kind: &str, pattern: &str, join_timeout: &str) -> Routed {
    routed_to(tempfile::tempdir().expect("a directory"), kind, pattern, join_timeout)
}

/// As [`routed`], with files in memory where the system has such a place: where many files come and go, a disk's
/// search for room takes longer than all that is measured.
pub fn routed_in_memory(kind: &str, pattern: &str, join_timeout: &str) -> Routed {
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    routed_to(directory, kind, pattern, join_timeout)
}

fn routed_to(directory: tempfile::TempDir, kind: &str, pattern: &str, join_timeout: &str) -> Routed {
    let configured = alone();
    let mut config = crate::verified::config()
        .option("there", "kind", kind)
        .option("there", "join_timeout", join_timeout)
        .option("there", "op_timeout", "30s")
        .site(pattern, "backend", "there");
    if kind == "file" {
        config = config.option("there", "location", directory.path().to_str().expect("a path that is text"));
    }
    config.strict().install().expect("the test's configuration is right");
    let within = pattern.trim_end_matches('*');
    let sites = cached_core::sites().into_iter().filter(|site| site.name().starts_with(within));
    let sites = sites.map(|site| (site, site.flights())).collect();
    Routed { sites, _configured: configured, _directory: directory }
}

/// Waits until what was computed is written.
pub fn flush() {
    assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0, "every write was done");
}

/// What holds when nobody calls any more: nobody waits, and every call was counted once.
pub fn at_rest(site: &Site) {
    flush();
    assert_eq!(site.flights(), 0, "{site:?} has no flight left");
    balanced(site);
}

/// What the figures of a site at rest say of one another. Those that are equations are checked beside counts of the
/// test's own in `reliability::accounts`; here stands what holds whatever was called.
fn balanced(site: &Site) {
    let stats = site.stats();
    let outcomes = stats.hits + stats.stale + stats.joined + stats.misses + stats.bypassed + stats.errors;
    assert_eq!(stats.calls, outcomes, "{site:?}: {stats:?}");
    let reasons = stats.cold + stats.expired + stats.invalidated + stats.undecodable;
    assert_eq!(stats.misses, reasons, "{site:?}: {stats:?}");
    assert!(stats.panicked + stats.cancelled <= stats.errors, "{site:?}: {stats:?}");
    assert!(stats.differences <= stats.verified && stats.verified <= stats.hits, "{site:?}: {stats:?}");
    // Each of these calls ran the body to its end; refreshes, and calls that fell back on an old value, did so too.
    let ended = stats.misses + stats.bypassed + stats.errors - stats.panicked - stats.cancelled;
    assert!(ended <= stats.runs, "{site:?}: {stats:?}");
}

/// The least, the median and the most of some rounds.
pub fn figures(mut walls: Vec<Duration>) -> (Duration, Duration, Duration) {
    walls.sort();
    (walls[0], walls[walls.len() / 2], walls[walls.len() - 1])
}

/// A step that a future takes: pending once, and woken at once.
pub async fn step() {
    let mut taken = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut taken, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
