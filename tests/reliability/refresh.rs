//! R28 and R29: refreshes in the background under steady traffic, and where a lifetime begins.
//!
//! In: callers at every tick of a clock that is moved, and bodies that take as long as that clock says.
//! Out: nobody waits, one refresh at a time, few in all. Across processes (XFetch) is left out: there is
//! no early refresh here.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use cached_core::testing::Frozen;
use cached_core::{Config, Site, Stats, Task, cached, testing};
use futures::executor::block_on;

use cached_tests::crowd::{Gauge, flush, now, routed};
use cached_tests::support::{Configured, alone, scaled, until};

const HERE: &str = "reliability::refresh::*";
/// All times in milliseconds.
const TICK: u64 = 10;
const BODY: u64 = 400;
const TTL: u64 = 10_000;
const STALE: u64 = 5_000;
/// How long nobody tries again after a refresh that failed.
const REST: u64 = 1_000;

/// The clock that the bodies go by; it is moved together with the engine's.
static CLOCK: AtomicU64 = AtomicU64::new(0);
static BODIES: Gauge = Gauge::new();
/// When the body that runs will be ready; zero while none does.
static READY: AtomicU64 = AtomicU64::new(0);
/// Nobody moves the clock any more: bodies end.
static OVER: AtomicBool = AtomicBool::new(true);
static FAILS: AtomicBool = AtomicBool::new(false);
/// Bodies that ran on the thread of the callers, who waited for them.
static WAITED: AtomicUsize = AtomicUsize::new(0);
static CALLERS: Mutex<Option<ThreadId>> = Mutex::new(None);

fn is_callers() -> bool {
    *CALLERS.lock().unwrap_or_else(PoisonError::into_inner) == Some(thread::current().id())
}

/// When each body began that was not waited for.
static BEGUN: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn begins() -> u64 {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner).push(CLOCK.load(SeqCst));
    let ready = CLOCK.load(SeqCst) + BODY;
    READY.store(ready, SeqCst);
    ready
}

fn ends(key: u64) -> Result<u64, String> {
    READY.store(0, SeqCst);
    if FAILS.load(SeqCst) { Err("as the test asked".into()) } else { Ok(key) }
}

#[cached(ttl = "10s", stale = "5s", refresh = "background")]
fn hot(key: u64) -> Result<u64, String> {
    let _inside = BODIES.enter();
    if is_callers() {
        WAITED.fetch_add(1, SeqCst);
        return ends(key);
    }
    let ready = begins();
    until(|| CLOCK.load(SeqCst) >= ready || OVER.load(SeqCst));
    ends(key)
}

/// Whether the spawner's tasks are polled: a body that is polled by a caller is one that is waited for.
static SPAWNED: AtomicBool = AtomicBool::new(false);
static TASKS: Mutex<VecDeque<Task>> = Mutex::new(VecDeque::new());

#[cached(ttl = "10s", stale = "5s", refresh = "background")]
async fn hot_later(key: u64) -> Result<u64, String> {
    let _inside = BODIES.enter();
    if !SPAWNED.load(SeqCst) {
        WAITED.fetch_add(1, SeqCst);
        return ends(key);
    }
    let ready = begins();
    poll_fn(|_| if CLOCK.load(SeqCst) >= ready { Poll::Ready(()) } else { Poll::Pending }).await;
    ends(key)
}

/// A way to call, and the site that is called.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    call: fn(u64) -> Result<u64, String>,
    site: fn() -> &'static Site,
}

const WAYS: [Way; 2] = [
    Way { name: "sync", call: hot, site: || hot::site() },
    Way { name: "async", call: |key| block_on(hot_later(key)), site: || hot_later::site() },
];

/// Polls every task once; those that are not done stay.
fn poll_tasks() {
    let mut tasks = std::mem::take(&mut *TASKS.lock().unwrap_or_else(PoisonError::into_inner));
    SPAWNED.store(true, SeqCst);
    tasks.retain_mut(|task| task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    SPAWNED.store(false, SeqCst);
    TASKS.lock().unwrap_or_else(PoisonError::into_inner).append(&mut tasks);
}

/// Waits until everybody has done what there is to do at this moment: a refresh has begun, or ended, or
/// sleeps until the clock is moved.
fn settle(site: &Site) {
    until(|| {
        poll_tasks();
        let ready = READY.load(SeqCst);
        (ready > CLOCK.load(SeqCst)) || (ready == 0 && site.flights() == 0)
    });
}

fn tick(site: &Site) {
    settle(site);
    CLOCK.fetch_add(TICK, SeqCst);
    testing::advance(Duration::from_millis(TICK));
    settle(site);
}

/// Routes the sites, and keeps the tasks of the spawner for the test to poll.
struct Traffic {
    _handed: Handed,
    _frozen: Frozen,
    _configured: Configured,
    _directory: tempfile::TempDir,
}

/// A spawner cannot be taken back: what comes after the test has one that runs tasks. Bodies that a failed test left
/// waiting for its clock end, and its tasks too.
struct Handed;

impl Drop for Handed {
    fn drop(&mut self) {
        OVER.store(true, SeqCst);
        drop(std::mem::take(&mut *TASKS.lock().unwrap_or_else(PoisonError::into_inner)));
        READY.store(0, SeqCst);
        let config = Config::new().spawner(|task| drop(thread::spawn(|| block_on(task))));
        config.install().expect("it is right");
    }
}

impl Traffic {
    fn new(kind: &str) -> Self {
        let (configured, directory) = (alone(), tempfile::tempdir().expect("a directory"));
        let mut config = Config::new().option("there", "kind", kind).option("there", "op_timeout", "30s");
        if kind == "file" {
            config = config.option("there", "location", directory.path().to_str().expect("a path that is text"));
        }
        let keep = |task| TASKS.lock().unwrap_or_else(PoisonError::into_inner).push_back(task);
        config.site(HERE, "backend", "there").spawner(keep).install().expect("it is right");
        *CALLERS.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        FAILS.store(false, SeqCst);
        OVER.store(false, SeqCst);
        Self { _handed: Handed, _frozen: testing::freeze(), _configured: configured, _directory: directory }
    }
}

/// The key computed once, and everything counted from then on.
fn warm(way: Way, key: u64) -> Stats {
    assert_eq!((way.call)(key), Ok(key), "the first call computes");
    settle((way.site)());
    flush();
    BODIES.reset();
    WAITED.store(0, SeqCst);
    (way.site)().stats()
}

#[test]
fn r28_nobody_waits_for_a_hot_key_and_one_refresh_runs_at_a_time() {
    for (kind, callers, every) in [("memory", 1_000, 1), ("file", 10, 10)] {
        let _traffic = Traffic::new(kind);
        for (key, way) in (0..).zip(WAYS) {
            let (site, before) = ((way.site)(), warm(way, key));
            let periods = scaled(100).max(4);
            for moment in 0..periods as u64 * TTL / TICK {
                tick(site);
                if moment % every == 0 {
                    (0..callers).for_each(|_| assert_eq!((way.call)(key), Ok(key)));
                }
            }
            until(|| {
                tick(site);
                site.flights() == 0
            });
            let (after, runs, waited) = (site.stats(), BODIES.runs(), WAITED.load(SeqCst));
            let (calls, stale) = (after.calls - before.calls, after.stale - before.stale);
            let (name, most) = (way.name, BODIES.most());
            println!(
                "R28 {name} {kind}: {periods} periods, {calls} calls, {stale} of them stale, {runs} refreshes, \
                 at most {most} at a time, {waited} waited"
            );
            assert_eq!(after.hits - before.hits + stale, calls, "each was a hit or given the old value: {after:?}");
            assert_eq!((waited, most), (0, 1));
            assert!(runs + 1 >= periods * 9 / 10 && runs * 2 <= periods * 3, "{runs} refreshes in {periods} periods");
        }
    }
}

#[test]
fn r28_a_refresh_that_fails_rests_and_stale_service_stops_when_its_window_ends() {
    for kind in ["memory", "file"] {
        let _traffic = Traffic::new(kind);
        for (key, way) in (10..).zip(WAYS) {
            let began = now();
            let site = (way.site)();
            warm(way, key);
            let end = CLOCK.load(SeqCst) + TTL + STALE;
            FAILS.store(true, SeqCst);
            BEGUN.lock().unwrap_or_else(PoisonError::into_inner).clear();
            let mut served = 0;
            let stopped = loop {
                tick(site);
                match (way.call)(key) {
                    Ok(_) => served += 1,
                    Err(_) => break CLOCK.load(SeqCst),
                }
                settle(site);
            };
            FAILS.store(false, SeqCst);
            // Files go by the wall clock, which went on.
            let real = if kind == "file" { u64::try_from(began.elapsed().as_millis()).expect("soon") } else { 0 };
            let begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let tries = begun.len();
            let rest = begun.windows(2).map(|two| two[1] - two[0]).min().expect("more than one try");
            println!(
                "R28 {} {kind}: {served} served while the refresh failed, {tries} tries, the closest {rest} ms apart; \
                 stopped {} ms after its window (real time: {real} ms)",
                way.name,
                stopped.cast_signed() - end.cast_signed()
            );
            assert!(stopped <= end + TICK && stopped + TICK + real >= end, "stopped at {stopped}, window until {end}");
            assert!(rest + TICK >= REST && tries as u64 <= STALE / REST + 1, "tried at {begun:?}");
            until(|| {
                tick(site);
                site.flights() == 0
            });
        }
    }
}

/// A body that takes three lifetimes.
fn takes_long() {
    testing::advance(3 * Duration::from_millis(TTL));
}

#[cached(ttl = "10s")]
fn slow(key: u64) -> u64 {
    let _inside = BODIES.enter();
    takes_long();
    key
}

#[cached(ttl = "10s")]
async fn slow_later(key: u64) -> u64 {
    let _inside = BODIES.enter();
    takes_long();
    key
}

#[cached(ttl = "10s", stale = "5s", refresh = "background")]
fn slow_behind(key: u64) -> u64 {
    let _inside = BODIES.enter();
    takes_long();
    key
}

#[test]
fn r29_a_lifetime_begins_when_the_body_ends() {
    type Call = (&'static str, fn(u64) -> u64, fn(u64) -> u64);
    let calls: [Call; 3] = [
        ("sync", slow, slow::refresh),
        ("async", |key| block_on(slow_later(key)), |key| block_on(slow_later::refresh(key))),
        ("background", slow_behind, |key| {
            testing::advance(Duration::from_millis(TTL));
            assert_eq!(slow_behind(key), key, "given the old value, while a thread computes");
            until(|| slow_behind::site().flights() == 0);
            key
        }),
    ];
    for kind in ["memory", "file"] {
        let (_routed, _frozen) = (routed(kind, HERE, "10s"), testing::freeze());
        for (name, call, refresh) in calls {
            BODIES.reset();
            assert_eq!(call(1), 1);
            flush();
            assert_eq!((call(1), BODIES.runs()), (1, 1), "{name} {kind}: a body of three lifetimes is hit right after");
            assert_eq!(refresh(1), 1);
            flush();
            assert_eq!((call(1), BODIES.runs()), (1, 2), "{name} {kind}: and so is a refresh");
            // The last second is for the wall clock, by which files go.
            testing::advance(Duration::from_millis(TTL - 1_000));
            assert_eq!((call(1), BODIES.runs()), (1, 2), "{name} {kind}: it lives for all of its ttl");
            testing::advance(Duration::from_millis(1_000));
            assert_eq!(call(1), 1);
            until(|| slow_behind::site().flights() == 0);
            assert_eq!(BODIES.runs(), 3, "{name} {kind}: and no longer");
            println!("R29 {name} {kind}: bodies of 3 lifetimes were hit right after, and lived one from there");
        }
    }
}
