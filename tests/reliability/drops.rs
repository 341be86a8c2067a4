//! R32: what has gone is dropped, soon, once, and under no lock.
//!
//! In: values that count how many of them live. Out: as many as there are entries, and those that a reader might still
//! have been looking at, which are few: a part of a memory takes back what went when a twenty-fourth of it has gone, or
//! 128 entries, and holds 1,024 at most, however slow a reader is. `clear` takes back everything at once.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cached_core::cached;
use serde::{Deserialize, Serialize};

use cached_tests::crowd::{self, at_rest, flush, routed};
use cached_tests::support::{scaled, until};

const HERE: &str = "reliability::drops::*";

/// A twenty-fourth of a thousand entries, which are one part.
const RETIRED: i64 = 1_000 / 24;

static LIVE: AtomicI64 = AtomicI64::new(0);
static MADE: AtomicU64 = AtomicU64::new(0);

/// Counts those that live.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
struct Counted(u64);

impl From<u64> for Counted {
    fn from(number: u64) -> Self {
        LIVE.fetch_add(1, SeqCst);
        MADE.fetch_add(1, SeqCst);
        Counted(number)
    }
}

impl From<Counted> for u64 {
    fn from(counted: Counted) -> u64 {
        counted.0
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.into()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert!(LIVE.fetch_sub(1, SeqCst) > 0, "nothing is dropped twice");
    }
}

#[cached(max_entries = 1_000, ttl = "1m", tags = ["number:{key}"])]
fn counted(key: u64) -> Counted {
    key.into()
}

/// Values that nobody finds and that live: none is lost, and few wait.
fn judge(after: &str) {
    flush();
    let (live, entries) = (LIVE.load(SeqCst), counted::site().stats().entries);
    let waiting = live - i64::try_from(entries).expect("a count");
    assert!((0..=RETIRED).contains(&waiting), "after {after}: {live} values live, {entries} entries are there");
}

/// Everything that makes a value go, so many times.
fn let_them_go(times: u64) {
    let step = 97;
    for key in 0..times {
        drop(counted(key));
        if key % step == 0 {
            judge("evictions");
        }
    }
    judge("evictions");
    for round in 0..times {
        let key = times + round % 500;
        match round % 3 {
            0 => drop(counted::refresh(key)),
            1 => counted::entry(&key).put(key.into()).expect("the backend works"),
            _ => counted::entry(&key).invalidate().expect("the backend works"),
        }
        if round % step == 0 {
            judge("replacements and invalidations");
        }
    }
    judge("replacements and invalidations");
    for round in 0..times {
        drop(counted(round % 900));
        if round % 900 == 899 {
            cached_testkit::advance(Duration::from_secs(61));
            judge("the end of their time");
        }
    }
    for round in 0..times {
        drop(counted(round % 900));
        if round % 30 == 29 {
            cached_core::invalidate_tag(&format!("number:{}", round % 900)).expect("the backend works");
            judge("an invalidated tag");
        }
    }
    for round in 0..times {
        drop(counted(round));
        if round % 500 == 499 {
            counted::site().clear().expect("the backend works");
            assert_eq!(LIVE.load(SeqCst), 0, "after clear nothing lives");
        }
    }
}

#[test]
fn r32_as_many_values_live_as_there_are_entries_and_none_after_clear() {
    let _routed = routed("memory", HERE, "10s");
    counted::site().clear().expect("memory does not fail");
    let before = MADE.load(SeqCst);
    let times = scaled(250_000) as u64;
    let_them_go(times);
    let made = MADE.load(SeqCst) - before;
    println!("R32 memory: {made} values made; never more than {RETIRED} of them waited to be dropped");
    assert!(made >= 4 * times);
    counted::site().clear().expect("memory does not fail");
    assert_eq!(LIVE.load(SeqCst), 0);
    at_rest(counted::site());
}

#[test]
fn r32_no_value_stays_in_memory_when_it_is_on_files() {
    let _routed = routed("file", HERE, "10s");
    counted::site().clear().expect("the backend works");
    let before = MADE.load(SeqCst);
    for round in 0..scaled(20_000) as u64 {
        let key = round % 100;
        match round % 10 {
            0 => counted::entry(&key).invalidate().expect("the backend works"),
            1 => drop(counted::refresh(key)),
            2 => drop(counted::entry(&key).peek().expect("the backend works")),
            _ => drop(counted(key)),
        }
        assert_eq!(LIVE.load(SeqCst), 0, "what was given is all there is");
    }
    println!("R32 file: {} values made, none stayed", MADE.load(SeqCst) - before);
}

#[test]
fn r32_nothing_lives_after_a_clear_that_comes_when_the_readers_have_left() {
    let _routed = routed("memory", HERE, "10s");
    let (rounds, mut most) = (scaled(100), 0);
    for _ in 0..rounds {
        let done = AtomicBool::new(false);
        let (given, _) = crowd::threads(8, |thread| match thread {
            0 => {
                for _ in 0..50 {
                    counted::site().clear().expect("memory does not fail");
                }
                done.store(true, SeqCst);
            }
            _ => (0..).take_while(|_| !done.load(SeqCst)).for_each(|round| drop(counted(round % 300))),
        });
        assert!(given.iter().all(Result::is_ok));
        // What a clear found being read waits for the next thing that is done to the memory: here, another clear.
        let entries = i64::try_from(counted::site().stats().entries).expect("a count");
        most = most.max(LIVE.load(SeqCst) - entries);
        counted::site().clear().expect("memory does not fail");
        assert_eq!(LIVE.load(SeqCst), 0);
    }
    println!(
        "R32 memory: {rounds} rounds of 7 readers and 50 clears: at most {most} values waited, none after one more"
    );
}

static REENTERED: AtomicU64 = AtomicU64::new(0);

/// Calls the cache whenever one that belongs to the cache is dropped, as long as it is told to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Calling(u64, bool);

/// A caller's own copy: its end says nothing of the cache's locks.
fn mine(mut copy: Calling) {
    copy.1 = false;
}

static CALLS: AtomicBool = AtomicBool::new(false);

impl Drop for Calling {
    fn drop(&mut self) {
        // Once: what is dropped in there would call, and so on.
        if self.1 && CALLS.swap(false, SeqCst) {
            REENTERED.fetch_add(1, SeqCst);
            let key = self.0;
            mine(calling(key + 1));
            mine(calling(key));
            calling::entry(&key).invalidate().expect("memory does not fail");
            calling::entry(&(key + 2)).put(Calling(key, true)).expect("memory does not fail");
            // Not always: what is cleared is not evicted.
            if key % 64 == 63 {
                calling::site().clear().expect("memory does not fail");
            }
            assert!(calling::site().stats().entries <= 50);
            CALLS.store(true, SeqCst);
        }
    }
}

#[cached(max_entries = 50, ttl = "1m")]
fn calling(key: u64) -> Calling {
    Calling(key, true)
}

/// Runs on a thread of its own, which has to be done in five seconds.
fn in_time(what: &str, run: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        run();
        done.send(()).expect("the test waits");
    });
    let ended = ended.recv_timeout(Duration::from_secs(5));
    assert!(ended.is_ok() || thread.is_finished(), "{what}: a drop that calls the cache waits for ever");
    thread.join().expect("no check failed");
}

/// What is done with a key so that a value goes.
type Way = fn(u64);

#[test]
fn r32_a_drop_that_calls_the_same_function_finds_no_lock_held() {
    let _routed = routed("memory", HERE, "10s");
    let rounds = scaled(2_000) as u64;
    let ways: [(&str, Way); 6] = [
        ("evicted", |key| mine(calling(key))),
        ("replaced by put", |key| calling::entry(&(key % 9)).put(Calling(key, true)).expect("memory does not fail")),
        ("replaced by refresh", |key| mine(calling::refresh(key % 9))),
        ("invalidated", |key| {
            mine(calling(key % 9));
            calling::entry(&(key % 9)).invalidate().expect("memory does not fail");
        }),
        ("expired", |key| {
            mine(calling(key % 9));
            cached_testkit::advance(Duration::from_secs(30));
        }),
        ("cleared", |key| {
            mine(calling(key % 9));
            calling::site().clear().expect("memory does not fail");
        }),
    ];
    for (what, way) in ways {
        let before = REENTERED.load(SeqCst);
        CALLS.store(true, SeqCst);
        in_time(what, move || (0..rounds).for_each(way));
        CALLS.store(false, SeqCst);
        let reentered = REENTERED.load(SeqCst) - before;
        println!("R32 {what}: {reentered} drops called the function, cleared it, and asked for its figures");
        assert!(reentered >= rounds / 50, "{what}: {reentered} in {rounds} rounds");
    }
    until(|| calling::site().flights() == 0);
    at_rest(calling::site());
}
