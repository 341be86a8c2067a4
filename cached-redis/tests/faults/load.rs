//! Callers who come at fixed moments, whether those before them are served or not.
//!
//! In: a rate, a time, and what is done meanwhile. Out: of each call when it was due, how long it took from then on,
//! and whether its body ran. Sync callers are served by many threads, async ones by tasks of two workers. How late a
//! thread wakes that slept is not the cache's doing and does not count; that there was none free does.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::support::{now, percentile, runtime, value};

/// Calls a second.
pub(crate) const RATE: u32 = 500;

/// Different arguments: each comes again after a fifth of a second.
const KEYS: u64 = 100;

/// So many sync callers can wait at one time.
const THREADS: usize = 64;

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    pub(crate) due: Instant,
    pub(crate) took: Duration,
    /// It was not served from the cache.
    pub(crate) ran: bool,
    pub(crate) right: bool,
}

/// Calls that came, and what was done meanwhile.
pub(crate) type Loaded<T> = (Vec<Called>, T);

fn due(began: Instant, number: usize) -> Instant {
    began + Duration::from_secs(1) * u32::try_from(number).expect("a count") / RATE
}

/// Sleeps until a call is due, and gives when it begins: at once, where that has passed already.
fn wait_for(due: Instant) -> Instant {
    let early = due.saturating_duration_since(now());
    if early.is_zero() {
        return due;
    }
    thread::sleep(early);
    now()
}

fn key(number: usize) -> u64 {
    number as u64 % KEYS
}

fn calls(time: Duration) -> usize {
    usize::try_from(time.as_millis() * u128::from(RATE) / 1000).expect("a count")
}

/// Sync calls for so long, with a key and where they tell that their body ran. One that panics fails the test.
pub(crate) fn on_threads<T>(
    call: fn(u64, &Cell<bool>) -> String,
    time: Duration,
    meanwhile: impl FnOnce() -> T,
) -> Loaded<T> {
    let (began, next, count) = (now(), AtomicUsize::new(0), calls(time));
    let serve = || {
        let mut called = Vec::new();
        loop {
            let number = next.fetch_add(1, SeqCst);
            if number >= count {
                return called;
            }
            let due = wait_for(due(began, number));
            let ran = Cell::new(false);
            let right = call(key(number), &ran) == value(key(number), 0);
            called.push(Called { due, took: now().saturating_duration_since(due), ran: ran.get(), right });
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(serve)).collect();
        let done = meanwhile();
        let called = threads.into_iter().flat_map(|thread| thread.join().expect("no call fails"));
        (in_order(called.collect()), done)
    })
}

/// Async calls for so long, as [`on_threads`].
pub(crate) fn on_tasks<C, T>(
    call: impl Fn(u64, &'static AtomicBool) -> C + Send,
    time: Duration,
    meanwhile: impl FnOnce() -> T,
) -> Loaded<T>
where
    C: Future<Output = String> + Send + 'static,
{
    let (runtime, count) = (runtime(true), calls(time));
    let began = now();
    // Told apart by where they stand, and leaked: a call may outlive this function if the test fails.
    let ran: &'static [AtomicBool] = Vec::leak((0..count).map(|_| AtomicBool::new(false)).collect());
    let (done, ended) = mpsc::channel();
    let runtime = &runtime;
    thread::scope(|scope| {
        // The callers come by a thread's clock: that of the runtime goes by milliseconds.
        scope.spawn(move || {
            for (number, ran) in ran.iter().enumerate() {
                let due = wait_for(due(began, number));
                let (called, done) = (call(key(number), ran), done.clone());
                runtime.spawn(async move {
                    let right = called.await == value(key(number), 0);
                    let took = now().saturating_duration_since(due);
                    let _ = done.send(Called { due, took, ran: ran.load(SeqCst), right });
                });
            }
        });
        let result = meanwhile();
        let called: Vec<_> = ended.iter().collect();
        assert_eq!(called.len(), count, "no call fails");
        (in_order(called), result)
    })
}

fn in_order(mut called: Vec<Called>) -> Vec<Called> {
    called.sort_by_key(|call| call.due);
    called
}

/// The calls that were due from a moment on, until another.
pub(crate) fn between(called: &[Called], from: Instant, to: Instant) -> Vec<Called> {
    called.iter().filter(|call| (from..to).contains(&call.due)).copied().collect()
}

/// How much longer calls took than the median of those before: the p99, and the most.
pub(crate) fn added(before: &[Called], during: &[Called]) -> (Duration, Duration) {
    let times = |called: &[Called]| called.iter().map(|call| call.took).collect::<Vec<_>>();
    let usual = percentile(&times(before), 0.5);
    let times = times(during);
    (percentile(&times, 0.99).saturating_sub(usual), percentile(&times, 1.0).saturating_sub(usual))
}

/// The share of calls that were served from the cache.
pub(crate) fn served(called: &[Called]) -> f64 {
    let served = called.iter().filter(|call| !call.ran).count();
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = served as f64 / called.len().max(1) as f64;
    share
}

/// How long after a moment the first call was due that was served from the cache.
pub(crate) fn resumed(called: &[Called], from: Instant) -> Option<Duration> {
    let hits = called.iter().filter(|call| call.due >= from && !call.ran);
    hits.map(|call| call.due.duration_since(from)).min()
}
