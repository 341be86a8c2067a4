//! R06: what one caller sees of a key never grows older.
//!
//! In: calls, looks, puts and invalidations by several threads, while time passes, values become stale, are
//! refreshed by a caller or in the background, and refreshes fail. Every body and every put takes the next number.
//! Out: the numbers that one caller sees of one key never decrease, unless a put or an invalidation of that key is
//! under way. While it is, what was stored before may still be seen, and a put brings a number that was taken before.
//! A computation counts from when its call began: what a change overtook is given to those who asked, and not stored,
//! though its body may have begun after the change, and after that of the value that is stored.
//!
//! No order is promised of computations side by side, which are those after an `Err` that nothing old stands in
//! for (P3). So the keys whose bodies fail are never invalidated here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cached_core::cached;
use cached_testkit::{advance, freeze};

use cached_tests::crowd::{self, at_rest, routed};
use cached_tests::dice::{Dice, seed};
use cached_tests::support::scaled;

const HERE: &str = "reliability::versions::*";
const THREADS: usize = 4;
/// Of each function; the first half of them fail at times, the others are invalidated.
const KEYS: u64 = 6;

static VERSION: AtomicU64 = AtomicU64::new(1);
static FAILED: AtomicUsize = AtomicUsize::new(0);

fn next() -> u64 {
    VERSION.fetch_add(1, SeqCst)
}

/// The next number; one in three times an `Err`, where that is allowed.
fn compute(function: usize, key: u64, began: u64) -> Result<u64, ()> {
    let version = next();
    lock(&Function(function).key(key).began).insert(version, began);
    std::thread::yield_now();
    if key < KEYS / 2 && version.is_multiple_of(3) && version > 100 {
        FAILED.fetch_add(1, SeqCst);
        return Err(());
    }
    Ok(version)
}

#[cached(ttl = "20s", stale = "30s", stale_if_error = "1000d", skip(began))]
fn refreshed_by_callers(key: u64, began: u64) -> Result<u64, ()> {
    compute(0, key, began)
}

#[cached(ttl = "20s", stale = "30s", stale_if_error = "1000d", refresh = "background", skip(began))]
fn refreshed_behind(key: u64, began: u64) -> Result<u64, ()> {
    compute(1, key, began)
}

/// A stretch of numbers in which a put or an invalidation was under way.
#[derive(Clone, Copy)]
struct Change {
    put: Option<u64>,
    from: u64,
    to: u64,
}

/// What is known of one key.
struct Key {
    /// Puts take turns: they take their numbers in the order in which they happen.
    turn: Mutex<()>,
    changes: Mutex<Vec<Change>>,
    /// Of what was computed: the number that was next when the call began.
    began: Mutex<BTreeMap<u64, u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Key {
    const fn new() -> Self {
        Key { turn: Mutex::new(()), changes: Mutex::new(Vec::new()), began: Mutex::new(BTreeMap::new()) }
    }

    fn change(&self, put: Option<u64>, change: impl FnOnce()) {
        let from = put.unwrap_or_else(|| VERSION.load(SeqCst));
        let place = {
            let mut changes = lock(&self.changes);
            changes.push(Change { put, from, to: u64::MAX });
            changes.len() - 1
        };
        change();
        let to = VERSION.load(SeqCst);
        lock(&self.changes)[place].to = to;
    }

    /// Whether something older may be seen after `newer`, by a call that began at `asked`: a change is under way now,
    /// or was when the call began that computed `newer`, or since. What was put was not computed: it stays.
    fn excuses(&self, newer: u64, asked: u64) -> bool {
        let began = lock(&self.began).get(&newer).copied().unwrap_or(newer);
        let under_way = |change: &Change| {
            change.to >= asked || (change.put != Some(newer) && change.from <= newer && began <= change.to)
        };
        lock(&self.changes).iter().any(under_way)
    }
}

static KEYS_OF: [[Key; KEYS as usize]; 2] = [const { [const { Key::new() }; KEYS as usize] }; 2];

/// One of the two functions.
#[derive(Clone, Copy)]
struct Function(usize);

impl Function {
    fn call(self, key: u64) -> Option<u64> {
        if self.0 == 0 {
            refreshed_by_callers(key, VERSION.load(SeqCst)).ok()
        } else {
            refreshed_behind(key, VERSION.load(SeqCst)).ok()
        }
    }

    fn peek(self, key: u64) -> Option<u64> {
        let peeked =
            if self.0 == 0 { refreshed_by_callers::entry(&key).peek() } else { refreshed_behind::entry(&key).peek() };
        peeked.expect("the backend works")
    }

    fn put(self, key: u64) {
        let of = self.key(key);
        let _turn = lock(&of.turn);
        let version = next();
        of.change(Some(version), || {
            let put = if self.0 == 0 {
                refreshed_by_callers::entry(&key).put(version)
            } else {
                refreshed_behind::entry(&key).put(version)
            };
            put.expect("the backend works");
        });
    }

    fn invalidate(self, key: u64) {
        self.key(key).change(None, || {
            let invalidated = if self.0 == 0 {
                refreshed_by_callers::entry(&key).invalidate()
            } else {
                refreshed_behind::entry(&key).invalidate()
            };
            invalidated.expect("the backend works");
        });
    }

    fn key(self, key: u64) -> &'static Key {
        &KEYS_OF[self.0][usize::try_from(key).expect("small")]
    }
}

/// How many operations each caller has begun, and had begun when time last moved.
static BEGUN: [AtomicU64; THREADS] = [const { AtomicU64::new(0) }; THREADS];
static MOVED: Mutex<[u64; THREADS]> = Mutex::new([0; THREADS]);

/// Moves time by half a lifetime, but only once in the course of any operation: who waits for a value until it has
/// ended computes beside the others.
fn pass_time() {
    let begun = || BEGUN.each_ref().map(|begun| begun.load(SeqCst));
    let mut moved = lock(&MOVED);
    if begun().iter().zip(*moved).all(|(now, then)| *now > then) {
        advance(Duration::from_secs(10));
        *moved = begun();
    }
}

/// What one caller does; gives how often an excused number was seen.
fn caller(thread: usize, operations: usize) -> usize {
    let mut dice = Dice::new(thread);
    let (mut seen, mut excused) = ([[0; KEYS as usize]; 2], 0);
    for _ in 0..operations {
        BEGUN[thread].fetch_add(1, SeqCst);
        let (function, key) = (Function(usize::try_from(dice.below(2)).expect("small")), dice.below(KEYS));
        let asked = VERSION.load(SeqCst);
        let observed = match dice.below(1_000) {
            0..4 => {
                pass_time();
                None
            }
            4..50 => {
                function.put(key);
                None
            }
            50..100 if key >= KEYS / 2 => {
                function.invalidate(key);
                None
            }
            50..150 => function.peek(key),
            _ => function.call(key),
        };
        let Some(version) = observed else { continue };
        let before = &mut seen[function.0][usize::try_from(key).expect("small")];
        if version < *before {
            let may = function.key(key).excuses(*before, asked);
            assert!(may, "a caller that had seen {before} of key {key} was given {version}, seed {}", seed());
            excused += 1;
        }
        *before = version.max(*before);
    }
    excused
}

fn versions_on(kind: &str, operations: usize) {
    let _routed = routed(kind, HERE, "1000000s");
    let began = crowd::now();
    VERSION.store(1, SeqCst);
    FAILED.store(0, SeqCst);
    KEYS_OF.iter().flatten().for_each(|key| lock(&key.changes).clear());
    // Something old stands in for every body that fails.
    for key in 0..KEYS {
        assert!(Function(0).call(key).is_some() && Function(1).call(key).is_some());
    }
    let frozen = freeze();
    let call = |thread| caller(thread, operations / THREADS);
    let (given, _) = crowd::threads(THREADS, call);
    drop(frozen);
    let excused: usize = given.into_iter().map(|given| given.expect("versions never decrease")).sum();
    let (one, two) = (refreshed_by_callers::site().stats(), refreshed_behind::site().stats());
    println!(
        "R06 {kind}: {operations} operations of {THREADS} callers, 0 regressions; {} stale hits, {} bodies, {} of them \
         failed; {excused} times an older number was seen beside a put or an invalidation; {:.1?}",
        one.stale + two.stale,
        one.runs + two.runs,
        FAILED.load(SeqCst),
        began.elapsed()
    );
    assert!(one.stale > 0 && two.stale > 0 && FAILED.load(SeqCst) > 0, "what is mixed did happen: {one:?}, {two:?}");
    at_rest(refreshed_by_callers::site());
    at_rest(refreshed_behind::site());
}

#[test]
fn r06_no_caller_sees_a_key_grow_older_in_memory() {
    versions_on("memory", scaled(1_000_000));
}

#[test]
fn r06_no_caller_sees_a_key_grow_older_on_files() {
    versions_on("file", scaled(500_000));
}
