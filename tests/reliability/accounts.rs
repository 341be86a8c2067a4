//! R11: every call ends in one outcome, every body in one count, and the totals balance.
//!
//! In: calls that the test counts itself, by how each of them ended. Out: what the site counted, the same to the last one.
//! That nobody is left waiting is asked wherever a test of this binary ends (`crowd::at_rest`, `Routed`).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cached_core::{Outcome, Site, Stats, bypass, cached};

use cached_tests::crowd::{self, at_rest, routed, step};
use cached_tests::dice::{Dice, seed};
use cached_tests::support::scaled;

const HERE: &str = "reliability::accounts::*";
const THREADS: usize = 8;
const KEYS: u64 = 60;

/// How the bodies of a site ended.
struct Bodies {
    begun: AtomicU64,
    values: AtomicU64,
    errors: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
}

impl Bodies {
    const fn new() -> Self {
        Bodies {
            begun: AtomicU64::new(0),
            values: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
        }
    }

    fn all(&self) -> [u64; 5] {
        [&self.begun, &self.values, &self.errors, &self.panicked, &self.cancelled].map(|count| count.load(Relaxed))
    }
}

thread_local! {
    /// Whether a body began on this thread since it was last asked.
    static BEGAN: Cell<bool> = const { Cell::new(false) };
}

/// A body that runs; dropped before its end, it was cancelled.
struct Body(&'static Bodies, bool);

impl Body {
    fn begin(bodies: &'static Bodies) -> Self {
        BEGAN.set(true);
        bodies.begun.fetch_add(1, Relaxed);
        Body(bodies, false)
    }

    /// One in eight gives an `Err`, one in sixteen panics.
    fn end(mut self, key: u64) -> Result<u64, u64> {
        self.1 = true;
        match self.0.begun.load(Relaxed) % 16 {
            3 | 11 => {
                self.0.errors.fetch_add(1, Relaxed);
                Err(key)
            }
            7 => {
                self.0.panicked.fetch_add(1, Relaxed);
                resume_unwind(Box::new("a body panics"))
            }
            _ => {
                self.0.values.fetch_add(1, Relaxed);
                Ok(key * 3)
            }
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if !self.1 {
            self.0.cancelled.fetch_add(1, Relaxed);
        }
    }
}

static HERE_RAN: Bodies = Bodies::new();
static LATER_RAN: Bodies = Bodies::new();

#[cached(ttl = "30s", stale = "20s", stale_if_error = "10m", max_entries = 40)]
#[expect(dead_code, reason = "called by way of `with_outcome`")]
fn mixed(key: u64) -> Result<u64, u64> {
    let body = Body::begin(&HERE_RAN);
    if key.is_multiple_of(16) {
        std::thread::yield_now();
    }
    body.end(key)
}

#[cached(ttl = "30s", stale = "20s", stale_if_error = "10m", max_entries = 40)]
#[expect(dead_code, reason = "called by way of `with_outcome`")]
async fn mixed_later(key: u64) -> Result<u64, u64> {
    let body = Body::begin(&LATER_RAN);
    step().await;
    step().await;
    body.end(key)
}

static PLAIN_RAN: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
static PLAIN_CALLS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// For calls that nobody watches: most of them are hits, which count themselves.
#[cached(max_entries = 40)]
fn plain(key: u64) -> u64 {
    PLAIN_RAN[0].fetch_add(1, Relaxed);
    key * 3
}

#[cached(max_entries = 40)]
async fn plain_later(key: u64) -> u64 {
    step().await;
    PLAIN_RAN[1].fetch_add(1, Relaxed);
    key * 3
}

fn call_plainly(dice: &mut Dice) {
    let (key, later) = (dice.below(KEYS), usize::from(dice.below(2) == 0));
    PLAIN_CALLS[later].fetch_add(1, Relaxed);
    let given = if later == 0 { plain(key) } else { futures::executor::block_on(plain_later(key)) };
    assert_eq!(given, key * 3);
}

/// Who did not run the body was served.
fn compare_plain(before: &[Stats; 2]) {
    for (i, site) in [plain::site(), plain_later::site()].into_iter().enumerate() {
        at_rest(site);
        let (stats, calls, ran) = (site.stats(), PLAIN_CALLS[i].load(Relaxed), PLAIN_RAN[i].load(Relaxed));
        let since = |figure: fn(&Stats) -> u64| figure(&stats) - figure(&before[i]);
        let counted = [since(|stats| stats.calls), since(|stats| stats.misses), since(|stats| stats.runs)];
        assert_eq!(counted, [calls, ran, ran], "{stats:?}");
        assert_eq!(since(|stats| stats.hits + stats.joined), calls - ran, "{stats:?}");
        assert!(calls > ran && ran > 0, "hits and misses");
    }
}

/// What one thread saw of the calls that it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    calls: u64,
    hits: u64,
    stale: u64,
    joined: u64,
    misses: u64,
    bypassed: u64,
    errors: u64,
    panicked: u64,
    cancelled: u64,
    /// Of `stale`, those whose own body gave an `Err`.
    fell_back: u64,
    /// Refreshes that came to their end; they are no calls.
    refreshed: u64,
}

impl Seen {
    fn count(&mut self, outcome: Outcome) {
        let ran = BEGAN.take();
        match outcome {
            Outcome::Hit => self.hits += 1,
            Outcome::Stale => {
                self.stale += 1;
                self.fell_back += u64::from(ran);
            }
            Outcome::Joined => self.joined += 1,
            Outcome::Miss(_) => self.misses += 1,
            Outcome::Bypass => self.bypassed += 1,
            _ => self.errors += 1,
        }
        assert!(ran || !matches!(outcome, Outcome::Miss(_) | Outcome::Bypass | Outcome::Error), "{outcome:?}: it ran");
    }

    fn right(&mut self, key: u64, given: Result<u64, u64>, outcome: Outcome) {
        assert_eq!(given, if outcome == Outcome::Error { Err(key) } else { given.map(|_| key * 3) });
        self.count(outcome);
    }

    fn failed(&mut self, how: fn(&mut Self) -> &mut u64) {
        BEGAN.set(false);
        self.errors += 1;
        *how(self) += 1;
    }

    fn plus(mut self, other: Self) -> Self {
        let Seen { calls, hits, stale, joined, misses, bypassed, errors, panicked, cancelled, fell_back, refreshed } =
            &mut self;
        *calls += other.calls;
        *hits += other.hits;
        *stale += other.stale;
        *joined += other.joined;
        *misses += other.misses;
        *bypassed += other.bypassed;
        *errors += other.errors;
        *panicked += other.panicked;
        *cancelled += other.cancelled;
        *fell_back += other.fell_back;
        *refreshed += other.refreshed;
        self
    }
}

/// A call on this thread, or a refresh.
fn call_here(dice: &mut Dice, seen: &mut Seen) {
    let key = dice.below(KEYS);
    BEGAN.set(false);
    if dice.below(100) == 0 {
        seen.refreshed += u64::from(catch_unwind(AssertUnwindSafe(|| mixed::refresh(key))).is_ok());
        return;
    }
    seen.calls += 1;
    let apart = dice.below(200) == 0;
    let call = || if apart { bypass(|| mixed::with_outcome(key)) } else { mixed::with_outcome(key) };
    match catch_unwind(AssertUnwindSafe(call)) {
        // A bypass says nothing of what the body gave.
        Ok((_, Outcome::Bypass)) => seen.count(Outcome::Bypass),
        Ok((given, outcome)) => seen.right(key, given, outcome),
        Err(_) => seen.failed(|seen| &mut seen.panicked),
    }
}

/// A call that is polled here, and dropped before its end in one case of four.
fn call_later(dice: &mut Dice, seen: &mut Seen) {
    let key = dice.below(KEYS);
    BEGAN.set(false);
    seen.calls += 1;
    let mut call = Box::pin(mixed_later::with_outcome(key));
    let polls = if dice.below(4) == 0 { 1 + dice.below(3) } else { u64::MAX };
    for _ in 0..polls {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
        match polled {
            Ok(Poll::Ready((_, Outcome::Bypass))) => return seen.count(Outcome::Bypass),
            Ok(Poll::Ready((given, outcome))) => return seen.right(key, given, outcome),
            Ok(Poll::Pending) => std::thread::yield_now(),
            Err(_) => return seen.failed(|seen| &mut seen.panicked),
        }
    }
    drop(call);
    seen.failed(|seen| &mut seen.cancelled);
}

/// What is no call, and counts as none.
fn disturb(dice: &mut Dice) {
    let key = dice.below(KEYS);
    match dice.below(24) {
        0 => mixed::site().clear().expect("the backend works"),
        1 => mixed_later::site().clear().expect("the backend works"),
        2 => {
            let site = [mixed::site(), mixed_later::site()][usize::from(dice.below(2) == 0)];
            site.disable();
            std::thread::yield_now();
            site.enable();
        }
        3..8 => mixed::entry(&key).invalidate().expect("the backend works"),
        8..12 => mixed::entry(&key).put(key * 3).expect("the backend works"),
        12..16 => assert!(mixed::entry(&key).peek().expect("the backend works").is_none_or(|value| value == key * 3)),
        16..20 => cached_testkit::advance(Duration::from_secs(1 + dice.below(15))),
        _ => drop(mixed::site().stats()),
    }
}

fn calls_of(thread: usize, calls: usize) -> [Seen; 2] {
    let (mut dice, mut seen) = (Dice::new(thread), [Seen::default(); 2]);
    // One in four hundred turns out to be a refresh, which is no call.
    for _ in 0..calls + calls / 300 {
        if dice.below(50) == 0 {
            disturb(&mut dice);
        }
        match dice.below(4) {
            0 => call_plainly(&mut dice),
            1 => call_here(&mut dice, &mut seen[0]),
            _ => call_later(&mut dice, &mut seen[1]),
        }
    }
    seen
}

/// What a site counted since `before`, beside what the callers and the bodies saw.
fn compare(site: &'static Site, before: &Stats, seen: Seen, bodies: [u64; 5]) {
    at_rest(site);
    let stats = site.stats();
    let since = |figure: fn(&Stats) -> u64| figure(&stats) - figure(before);
    let counted = Seen {
        calls: since(|stats| stats.calls),
        hits: since(|stats| stats.hits),
        stale: since(|stats| stats.stale),
        joined: since(|stats| stats.joined),
        misses: since(|stats| stats.misses),
        bypassed: since(|stats| stats.bypassed),
        errors: since(|stats| stats.errors),
        panicked: since(|stats| stats.panicked),
        cancelled: since(|stats| stats.cancelled),
        ..seen
    };
    assert_eq!(counted, seen, "{site:?} counted, and its callers saw");
    let [begun, values, errors, panicked, cancelled] = bodies;
    assert_eq!(begun, values + errors + panicked + cancelled, "{site:?}: a body ended in one way");
    let ended = seen.misses + seen.bypassed + (seen.errors - seen.panicked - seen.cancelled);
    let runs = ended + seen.fell_back + seen.refreshed;
    assert_eq!([since(|stats| stats.runs), runs], [values + errors; 2], "{site:?}: every run is somebody's");
    assert!(cancelled <= seen.cancelled, "{site:?}: who is cancelled while it waits has no body");
    assert!(stats.entries <= 40, "{site:?}: {} entries", stats.entries);
}

/// Of all outcomes there were some, or nothing was compared.
fn all_kinds(seen: Seen) {
    let kinds =
        [seen.hits, seen.stale, seen.joined, seen.misses, seen.bypassed, seen.errors, seen.panicked, seen.cancelled];
    assert!(kinds.iter().all(|kind| *kind > 0), "every outcome came to pass: {seen:?}");
}

fn accounts_on(kind: &str, calls: usize) {
    let _routed = routed(kind, HERE, "10s");
    let sites = [mixed::site(), mixed_later::site()];
    let (before, ran) = (sites.map(Site::stats), [HERE_RAN.all(), LATER_RAN.all()]);
    [&PLAIN_CALLS, &PLAIN_RAN].into_iter().flatten().for_each(|count| count.store(0, Relaxed));
    let before_plain = [plain::site(), plain_later::site()].map(Site::stats);
    let (given, wall) = crowd::threads(THREADS, |thread| calls_of(thread, calls / THREADS));
    let mut seen = [Seen::default(); 2];
    for of_thread in given {
        let of_thread = of_thread.expect("no check failed on a thread");
        seen = [seen[0].plus(of_thread[0]), seen[1].plus(of_thread[1])];
    }
    crowd::flush();
    for (i, bodies) in [&HERE_RAN, &LATER_RAN].into_iter().enumerate() {
        let now = bodies.all();
        compare(sites[i], &before[i], seen[i], std::array::from_fn(|figure| now[figure] - ran[i][figure]));
    }
    let calls = seen[0].calls + seen[1].calls + PLAIN_CALLS.iter().map(|calls| calls.load(Relaxed)).sum::<u64>();
    compare_plain(&before_plain);
    println!("R11 {kind}: {calls} calls over {THREADS} threads, seed {}, {wall:.1?}: balanced: {seen:?}", seed());
    all_kinds(seen[0].plus(seen[1]));
}

#[test]
fn r11_the_totals_balance_after_a_million_mixed_calls_in_memory() {
    accounts_on("memory", scaled(1_000_000));
}

#[test]
fn r11_the_totals_balance_after_a_hundred_thousand_mixed_calls_on_files() {
    accounts_on("file", scaled(100_000));
}
