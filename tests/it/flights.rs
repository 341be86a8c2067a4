//! What an invalidation overtakes, and which calls share a computation. That a crowd computes a
//! key once, and what dropped, forgotten and panicking leaders do, is in `reliability`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::cached;
use cached_testkit::Shelf;
use tokio::sync::Semaphore;

use cached_tests::crowd::{self, Crowd, Gauge, at_rest, flush, routed, runtime};
use cached_tests::support::alone;
use cached_tests::verified;

const HERE: &str = "it::flights::*";

/// A body that reads the truth, and then may be held back.
struct Script {
    truth: AtomicU64,
    hold: AtomicBool,
    began: Semaphore,
    go: Semaphore,
}

impl Script {
    const fn new() -> Self {
        Script {
            truth: AtomicU64::new(0),
            hold: AtomicBool::new(false),
            began: Semaphore::const_new(0),
            go: Semaphore::const_new(0),
        }
    }

    async fn body(&self) -> u64 {
        let truth = self.truth.load(SeqCst);
        if self.hold.swap(false, SeqCst) {
            self.began.add_permits(1);
            self.go.acquire().await.expect("it is never closed").forget();
        }
        truth
    }

    /// The next body reads 1 and is held back.
    fn set(&self) {
        self.truth.store(1, SeqCst);
        self.hold.store(true, SeqCst);
    }

    /// Waits until a body is held back; from now on the truth is 2.
    fn began(&self) {
        futures::executor::block_on(self.began.acquire()).expect("it is never closed").forget();
        self.truth.store(2, SeqCst);
    }
}

static SYNC: Script = Script::new();
static ASYNC: Script = Script::new();

#[cached]
fn price(_key: u64) -> u64 {
    futures::executor::block_on(SYNC.body())
}

#[cached]
async fn price_async(_key: u64) -> u64 {
    ASYNC.body().await
}

#[cached(flight = "off")]
fn price_aside(_key: u64) -> u64 {
    futures::executor::block_on(ASIDE.body())
}

static ASIDE: Script = Script::new();

/// A body that began before `overtake` ends after it: it keeps its value to itself.
fn overtaken(kind: &str, overtake: fn(u64)) {
    let _routed = routed(kind, HERE, "10s");
    SYNC.set();
    let old = thread::spawn(|| price(1));
    SYNC.began();
    overtake(1);
    assert_eq!(price(1), 2, "on {kind} a call after it does not see what began before it");
    SYNC.go.add_permits(1);
    assert_eq!(old.join().expect("it was only held back"), 1, "the old caller gets what it computed");
    assert_eq!(price::entry(&1).peek().expect("the backend works"), Some(2), "and it was not stored");
    assert_eq!(price(1), 2);
    at_rest(price::site());
}

fn overtaken_async(kind: &str, overtake: fn(u64) -> futures::future::BoxFuture<'static, ()>) {
    let (_routed, runtime) = (routed(kind, HERE, "10s"), runtime(true));
    ASYNC.set();
    let old = runtime.spawn(price_async(1));
    ASYNC.began();
    runtime.block_on(overtake(1));
    assert_eq!(runtime.block_on(price_async(1)), 2, "on {kind} a call after it does not see what began before it");
    ASYNC.go.add_permits(1);
    assert_eq!(runtime.block_on(old).expect("it was only held back"), 1, "the old caller gets what it computed");
    flush();
    let peeked = runtime.block_on(price_async::entry(&1).peek()).expect("the backend works");
    assert_eq!((peeked, runtime.block_on(price_async(1))), (Some(2), 2), "and it was not stored");
    at_rest(price_async::site());
}

#[test]
fn a_body_that_an_invalidation_overtook_is_neither_stored_nor_given_to_later_callers() {
    for kind in ["memory", "file"] {
        overtaken(kind, |key| price::entry(&key).invalidate().expect("the backend works"));
        overtaken_async(kind, |key| {
            Box::pin(async move { price_async::entry(&key).invalidate().await.expect("the backend works") })
        });
    }
}

#[test]
fn a_body_that_a_clear_overtook_is_neither_stored_nor_given_to_later_callers() {
    for kind in ["memory", "file"] {
        overtaken(kind, |_| price::site().clear().expect("the backend works"));
        overtaken_async(kind, |_| Box::pin(async { price_async::site().clear().expect("the backend works") }));
    }
}

#[test]
fn a_body_that_a_put_overtook_does_not_replace_what_was_put() {
    for kind in ["memory", "file"] {
        overtaken(kind, |key| price::entry(&key).put(2).expect("the backend works"));
        overtaken_async(kind, |key| {
            Box::pin(async move { price_async::entry(&key).put(2).await.expect("the backend works") })
        });
    }
}

#[test]
fn a_body_that_a_refresh_overtook_does_not_replace_what_was_refreshed() {
    for kind in ["memory", "file"] {
        overtaken(kind, |key| assert_eq!(price::refresh(key), 2));
        overtaken_async(kind, |key| Box::pin(async move { assert_eq!(price_async::refresh(key).await, 2) }));
    }
}

#[test]
fn a_disabled_and_enabled_site_does_not_store_what_began_before() {
    for kind in ["memory", "file"] {
        overtaken(kind, |_| {
            price::site().disable();
            price::site().enable();
        });
    }
}

#[test]
fn without_a_flight_an_invalidation_overtakes_a_body_too() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        ASIDE.set();
        let old = thread::spawn(|| price_aside(1));
        ASIDE.began();
        price_aside::entry(&1).invalidate().expect("the backend works");
        assert_eq!(price_aside(1), 2);
        ASIDE.go.add_permits(1);
        assert_eq!(old.join().expect("it was only held back"), 1);
        assert_eq!(price_aside::entry(&1).peek().expect("the backend works"), Some(2));
        at_rest(price_aside::site());
    }
}

/// Holds one operation back.
struct Door {
    shut: AtomicBool,
    came: Semaphore,
    go: Semaphore,
}

impl Door {
    const fn new() -> Self {
        Door { shut: AtomicBool::new(false), came: Semaphore::const_new(0), go: Semaphore::const_new(0) }
    }

    /// Whoever comes next waits until [`Door::open`].
    fn shut(&self) {
        self.shut.store(true, SeqCst);
    }

    fn pass(&self) {
        if self.shut.swap(false, SeqCst) {
            self.came.add_permits(1);
            futures::executor::block_on(self.go.acquire()).expect("it is never closed").forget();
        }
    }

    /// Waits until somebody waits.
    fn came(&self) {
        futures::executor::block_on(self.came.acquire()).expect("it is never closed").forget();
    }

    fn open(&self) {
        self.go.add_permits(1);
    }
}

/// A backend whose reads can be held back after they have read, and its writes before they write.
struct Doors {
    shelf: Shelf,
    reads: Door,
    writes: Door,
    finished_reads: AtomicU64,
}

impl Backend for Doors {
    fn capabilities(&self) -> Capabilities {
        self.shelf.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let reply = self.shelf.get_many(keys);
        self.reads.pass();
        self.finished_reads.fetch_add(1, SeqCst);
        reply
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.writes.pass();
        self.shelf.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }
}

#[test]
fn what_a_leader_only_found_is_not_given_to_a_call_that_began_after_an_invalidation() {
    let _configured = alone();
    let doors = Arc::new(Doors {
        shelf: Shelf::new(),
        reads: Door::new(),
        writes: Door::new(),
        finished_reads: AtomicU64::new(0),
    });
    let config = verified::config().backend("there", Arc::clone(&doors) as _).site(HERE, "backend", "there");
    config.install().expect("the test's configuration is right");
    SYNC.truth.store(1, SeqCst);
    doors.reads.shut();
    let finder = thread::spawn(|| price(1));
    doors.reads.came();
    assert_eq!(price(1), 1, "stored after the finder read nothing");
    SYNC.truth.store(2, SeqCst);
    doors.writes.shut();
    let invalidation = thread::spawn(|| price::entry(&1).invalidate());
    doors.writes.came();
    // The finder leads a flight that the invalidation does not know, and finds what is still there.
    doors.reads.shut();
    doors.reads.open();
    doors.reads.came();
    doors.writes.open();
    invalidation.join().expect("it does not panic").expect("the backend works");
    let read = doors.finished_reads.load(SeqCst);
    let later = thread::spawn(|| price(1));
    while doors.finished_reads.load(SeqCst) == read {
        thread::yield_now();
    }
    // Long enough to join the finder's flight.
    thread::sleep(Duration::from_millis(50));
    doors.reads.open();
    assert_eq!(finder.join().expect("it does not panic"), 1, "it began before");
    assert_eq!(later.join().expect("it does not panic"), 2, "it began after");
    at_rest(price::site());
}

static APART: Gauge = Gauge::new();

#[cached(flight = "off")]
fn apart(_key: u64) -> u64 {
    let (run, _inside) = APART.enter();
    thread::sleep(Duration::from_millis(100));
    run as u64
}

#[test]
fn with_the_flight_off_every_caller_of_a_cold_key_computes() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        APART.reset();
        let (given, _) = crowd::threads(8, |_| apart(1));
        let mut runs: Vec<_> = given.into_iter().flatten().collect();
        runs.sort_unstable();
        assert_eq!(runs, (1..=8).collect::<Vec<_>>(), "each got what it computed itself");
        at_rest(apart::site());
    }
}

static ERRS: Gauge = Gauge::new();
const CALLERS: usize = 16;
const BODY: Duration = Duration::from_millis(100);

#[cached]
fn errs(_key: u64) -> Result<u64, String> {
    let _inside = ERRS.enter();
    thread::sleep(BODY);
    Err("not today".into())
}

#[cached]
async fn errs_async(_key: u64) -> Result<u64, String> {
    let _inside = ERRS.enter();
    tokio::time::sleep(BODY).await;
    Err("not today".into())
}

#[cached(errors = "30s")]
fn shared_err(_key: u64) -> Result<u64, String> {
    let _inside = ERRS.enter();
    thread::sleep(BODY);
    Err("not today".into())
}

#[test]
fn followers_of_an_err_compute_in_parallel() {
    let (_routed, runtime) = (routed("memory", HERE, "10s"), runtime(true));
    let serial = BODY * u32::try_from(CALLERS).expect("a small number");
    let run = |call: &dyn Fn() -> Crowd<Result<u64, String>>| {
        ERRS.reset();
        let (given, wall) = call();
        assert!(given.iter().all(|given| *given == Ok(Err("not today".into()))));
        assert_eq!(ERRS.runs(), CALLERS, "each computed for itself");
        assert!(ERRS.most() >= CALLERS / 2, "{} at a time", ERRS.most());
        assert!(wall < serial / 2, "{wall:?}; one after the other it were {serial:?}");
    };
    run(&|| crowd::threads(CALLERS, |_| errs(1)));
    run(&|| crowd::tasks(&runtime, CALLERS, |_| errs_async(1)));
    at_rest(errs::site());
    at_rest(errs_async::site());
}

#[test]
fn followers_of_an_err_that_is_kept_share_it() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        ERRS.reset();
        let (given, _) = crowd::threads(CALLERS, |_| shared_err(1));
        assert!(given.iter().all(|given| *given == Ok(Err("not today".into()))));
        assert_eq!(ERRS.runs(), 1);
        at_rest(shared_err::site());
    }
}

static TOGETHER: Barrier = Barrier::new(2);

/// Each body waits for another one: were one held back until the other ends, neither would.
#[cached]
fn one_of_two(key: u64) -> u64 {
    TOGETHER.wait();
    key
}

#[test]
fn different_keys_compute_at_the_same_time() {
    let _routed = routed("memory", HERE, "10s");
    let (given, _) = crowd::threads(2, |i| one_of_two(i as u64));
    assert_eq!(given, [Ok(0), Ok(1)]);
    at_rest(one_of_two::site());
}

static COUNTED: Gauge = Gauge::new();

#[cached]
fn counted(_key: u64) -> u64 {
    let _inside = COUNTED.enter();
    thread::sleep(BODY);
    7
}

#[test]
fn a_caller_that_was_given_another_ones_value_is_counted_as_joined() {
    let _routed = routed("memory", HERE, "10s");
    let (given, _) = crowd::threads(CALLERS, |_| counted(1));
    assert!(given.iter().all(|given| *given == Ok(7)));
    let stats = counted::site().stats();
    assert_eq!((stats.calls, stats.misses, COUNTED.runs()), (CALLERS as u64, 1, 1));
    assert_eq!(stats.joined + stats.hits, CALLERS as u64 - 1);
    assert!(stats.joined >= 1, "{stats:?}");
    at_rest(counted::site());
}
