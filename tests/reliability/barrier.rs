//! R05: what was computed before an invalidation is given to nobody who comes after it.
//!
//! In: a body that began before an invalidation, by key, by tag, of the site, of its alias or of everything, and
//! ends after it, or beside it. Out: a call that begins afterwards executes afresh, and later calls have its value.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use cached_core::{Error, cached, clear_alias, clear_all, invalidate_tag, invalidate_tag_async};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use cached_tests::crowd::{self, Gauge, at_rest, routed, runtime};
use cached_tests::support::{scaled, until};

const HERE: &str = "reliability::barrier::*";

/// What a body reads when it begins.
static TRUTH: AtomicU64 = AtomicU64::new(1);
static BODIES: Gauge = Gauge::new();
/// The body of the first of a round takes one before it ends.
static GO: Semaphore = Semaphore::const_new(0);

#[cached(tags = ["round:{_round}"])]
fn read(_round: u64) -> u64 {
    let truth = TRUTH.load(SeqCst);
    let (run, _inside) = BODIES.enter();
    if run == 1 {
        futures::executor::block_on(GO.acquire()).expect("it is never closed").forget();
    }
    truth
}

#[cached(tags = ["round:{_round}"])]
async fn read_async(_round: u64) -> u64 {
    let truth = TRUTH.load(SeqCst);
    let (run, _inside) = BODIES.enter();
    if run == 1 {
        GO.acquire().await.expect("it is never closed").forget();
    }
    truth
}

#[derive(Clone, Copy, Debug)]
enum By {
    Key,
    Tag,
    Site,
    Alias,
    All,
}

impl By {
    fn invalidate(self, round: u64) -> Result<(), Error> {
        match self {
            By::Key => read::entry(&round).invalidate(),
            By::Tag => invalidate_tag(&format!("round:{round}")),
            By::Site => read::site().clear(),
            By::Alias => clear_alias("there"),
            By::All => clear_all(),
        }
    }

    /// How often the body runs in a round, at most.
    fn most(self, end: End) -> usize {
        match (self, end) {
            // Landing beside a `clear`, an old value may push out a fresh one. It is given to nobody, but the
            // next call computes once more.
            (By::Site | By::Alias | By::All, End::Beside) => 3,
            _ => 2,
        }
    }

    async fn invalidate_async(self, round: u64) -> Result<(), Error> {
        match self {
            By::Key => read_async::entry(&round).invalidate().await,
            By::Tag => invalidate_tag_async(&format!("round:{round}")).await,
            By::Site => read_async::site().clear(),
            By::Alias => clear_alias("there"),
            By::All => clear_all(),
        }
    }
}

/// When the old body ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// When the later calls have ended.
    Last,
    /// Before the later calls begin.
    Before,
    /// At the time of the invalidation.
    Beside,
}

fn here(by: By, end: End, round: u64) {
    BODIES.reset();
    let (old, new) = (TRUTH.load(SeqCst), TRUTH.load(SeqCst) + 1);
    let leader = thread::spawn(move || read(round));
    until(|| BODIES.runs() == 1);
    TRUTH.store(new, SeqCst);
    if matches!(end, End::Beside) {
        GO.add_permits(1);
    }
    by.invalidate(round).expect("the backend works");
    if matches!(end, End::Before) {
        GO.add_permits(1);
        until(|| leader.is_finished());
    }
    assert_eq!(read(round), new, "{by:?}, {end:?}: a call that began after the invalidation");
    if matches!(end, End::Last) {
        GO.add_permits(1);
    }
    let led = leader.join().expect("no body panics");
    assert_eq!(led, old, "who computes is given what it computed");
    assert_eq!(read(round), new, "{by:?}, {end:?}: later calls have the fresh value");
    assert!(BODIES.runs() <= by.most(end), "{by:?}, {end:?}: {} bodies", BODIES.runs());
    assert_eq!(read::entry(&round).peek(), Ok(Some(new)), "{by:?}, {end:?}");
}

async fn there(by: By, end: End, round: u64) {
    BODIES.reset();
    let (old, new) = (TRUTH.load(SeqCst), TRUTH.load(SeqCst) + 1);
    let mut leader = tokio::spawn(read_async(round));
    while BODIES.runs() == 0 {
        tokio::task::yield_now().await;
    }
    TRUTH.store(new, SeqCst);
    if matches!(end, End::Beside) {
        GO.add_permits(1);
    }
    by.invalidate_async(round).await.expect("the backend works");
    let mut led = None;
    if matches!(end, End::Before) {
        GO.add_permits(1);
        led = Some((&mut leader).await);
    }
    assert_eq!(read_async(round).await, new, "{by:?}, {end:?}: a call that began after the invalidation");
    if matches!(end, End::Last) {
        GO.add_permits(1);
    }
    let led = match led {
        Some(led) => led,
        None => leader.await,
    };
    assert_eq!(led.expect("no body panics"), old, "who computes is given what it computed");
    assert_eq!(read_async(round).await, new, "{by:?}, {end:?}: later calls have the fresh value");
    assert!(BODIES.runs() <= by.most(end), "{by:?}, {end:?}: {} bodies", BODIES.runs());
    crowd::flush();
    assert_eq!(read_async::entry(&round).peek().await, Ok(Some(new)), "{by:?}, {end:?}");
}

/// A check that fails leaves nobody waiting.
struct Release;

impl Drop for Release {
    fn drop(&mut self) {
        GO.add_permits(1_000);
        thread::yield_now();
    }
}

/// So many rounds of each way to invalidate and of each end of the old body.
fn barrier_on(kind: &str, runtime: Option<&Runtime>) {
    let _routed = routed(kind, HERE, "60s");
    let _release = Release;
    GO.forget_permits(usize::MAX);
    let rounds = scaled(1_000) as u64;
    let (began, mut key) = (crowd::now(), 0);
    for by in [By::Key, By::Tag, By::Site, By::Alias, By::All] {
        for round in 0..rounds {
            let end = [End::Last, End::Before, End::Beside][usize::try_from(round % 3).expect("small")];
            key += 1;
            match runtime {
                None => here(by, end, key),
                // A task, so that leader and invalidation have a worker each.
                Some(runtime) => runtime.block_on(async { tokio::spawn(there(by, end, key)).await }).expect("it holds"),
            }
        }
    }
    let who = if runtime.is_some() { "async" } else { "sync" };
    let wall = began.elapsed();
    println!("R05 {kind}, {who}: {rounds} rounds each by key, tag, site, alias and of everything: 0 stale, {wall:.1?}");
    at_rest(read::site());
    at_rest(read_async::site());
}

#[test]
fn r05_a_call_after_an_invalidation_executes_afresh_in_memory() {
    barrier_on("memory", None);
}

#[test]
fn r05_a_call_after_an_invalidation_executes_afresh_on_files() {
    barrier_on("file", None);
}

#[test]
fn r05_an_async_call_after_an_invalidation_executes_afresh_in_memory() {
    barrier_on("memory", Some(&runtime(true)));
}

#[test]
fn r05_an_async_call_after_an_invalidation_executes_afresh_on_files() {
    barrier_on("file", Some(&runtime(true)));
}
