//! R12: everything that is public, at random, on twenty threads.
//!
//! In: operations over four hundred keys of three functions. Out: no panic, every value right, in time, and a process that
//! is no larger after the fifth repetition than after the second.

use std::hash::Hash;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cached_core::{Site, bypass, cached, clear_alias, invalidate_tag, report};
use futures::executor::block_on;
use serde::Serialize;

use cached_tests::crowd::{self, at_rest, figures, routed_in_memory, step};
use cached_tests::dice::{Dice, seed};
use cached_tests::support::scaled;

use crate::{KIB, MIB, heap};

const THREADS: usize = 20;
const KEYS: u64 = 400;
const REPETITIONS: usize = 5;
const BAR: Duration = Duration::from_secs(30);

fn value(key: u64) -> String {
    format!("value {key:0>60}")
}

#[cached(max_entries = 300, ttl = "1h", jitter = "10%", tags = ["number:{key}"])]
fn here(key: u64, text: &str) -> Option<String> {
    assert!(!text.is_empty());
    Some(value(key))
}

#[cached(max_entries = 300, ttl = "1h", stale = "1h", tags = ["number:{key}"])]
async fn later(key: u64) -> Result<String, u64> {
    step().await;
    if key.is_multiple_of(50) { Err(key) } else { Ok(value(key)) }
}

#[cached(max_entries = 300)]
fn generic<T: Clone + Eq + Hash + Into<u64> + Serialize + Send + Sync + 'static>(key: T) -> String {
    value(key.into())
}

fn sites() -> [&'static Site; 3] {
    [here::site(), later::site(), generic::site()]
}

fn call(key: u64, dice: &mut Dice) {
    match dice.below(6) {
        0 | 1 => assert_eq!(here(key, "a"), Some(value(key))),
        2 => assert_eq!(here::with_outcome(key, "a").0, Some(value(key))),
        3 => assert_eq!(block_on(later(key)).is_err(), key.is_multiple_of(50)),
        4 => assert_eq!(generic(key), value(key)),
        _ => assert_eq!(generic(u32::try_from(key).expect("a small key")), value(key)),
    }
}

/// Polls once, and leaves.
fn leave(key: u64) {
    let mut call = Box::pin(later(key));
    if let Poll::Ready(given) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        assert_eq!(given.is_err(), key.is_multiple_of(50));
    }
}

fn one_entry(key: u64, dice: &mut Dice) {
    const WORKS: &str = "the backend works";
    let entry = here::entry(&key, "a");
    match dice.below(12) {
        0 => entry.put(Some(value(key))).expect(WORKS),
        1 => assert!(entry.peek().expect(WORKS).is_none_or(|found| found == Some(value(key)))),
        2 => assert!(entry.with(|found| *found == Some(value(key))).expect(WORKS).unwrap_or(true)),
        3 => entry.invalidate().expect(WORKS),
        4 => assert!(entry.expires_at().is_ok()),
        5 => assert!(!entry.explain().expect(WORKS).to_string().is_empty()),
        6 => assert_eq!(here::refresh(key, "a"), Some(value(key))),
        7 => assert_eq!(here::uncached(key, "a"), Some(value(key))),
        // An odd key has no `Err`.
        8 => block_on(later::entry(&(key | 1)).put(value(key | 1))).expect(WORKS),
        9 => block_on(later::entry(&key).invalidate()).expect(WORKS),
        10 => drop(block_on(later::refresh(key))),
        _ => assert!(block_on(later::entry(&key).peek()).expect(WORKS).is_none_or(|found| found == value(key))),
    }
}

/// What concerns a whole function, or all of them.
fn at_large(key: u64, dice: &mut Dice) {
    let site = sites()[usize::try_from(dice.below(3)).expect("a place")];
    match dice.below(40) {
        0 => site.clear().expect("the backend works"),
        1 => clear_alias("there").expect("the backend works"),
        2 => {
            site.disable();
            site.enable();
        }
        3 => assert!(report().wide().to_json().contains("leaks::thrash::here")),
        4 => assert_eq!(bypass(|| here(key, "a")), Some(value(key))),
        5 => assert!(cached_core::sites().len() >= 3 && cached_core::site(site.name()).is_ok()),
        6..20 => invalidate_tag(&format!("number:{key}")).expect("the backend works"),
        20..25 => block_on(cached_core::invalidate_tag_async(&format!("number:{key}"))).expect("the backend works"),
        _ => assert!(site.stats().entries <= 300 && !site.alias().is_empty()),
    }
}

fn operate(thread: usize, repetition: usize, operations: usize) {
    let mut dice = Dice::new(thread + repetition * THREADS);
    for _ in 0..operations {
        let key = dice.below(KEYS);
        match dice.below(1_000) {
            0..5 => at_large(key, &mut dice),
            5..305 => one_entry(key, &mut dice),
            305..355 => leave(key),
            _ => call(key, &mut dice),
        }
    }
}

/// Bytes of this process in memory. The system counts pages, here of 4 KiB.
fn resident() -> Option<i64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    pages.split_whitespace().nth(1)?.parse::<i64>().ok().map(|pages| pages * 4 * KIB)
}

pub(crate) fn on(kind: &str) {
    let _routed = routed_in_memory(kind, "leaks::thrash::*", "10s");
    let operations = scaled(if kind == "file" { 4_000 } else { 40_000 });
    let (mut walls, mut sizes, mut heaps) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..REPETITIONS {
        let (given, wall) = crowd::threads(THREADS, |thread| operate(thread, repetition, operations));
        assert!(given.iter().all(Result::is_ok), "no thread panicked");
        sites().iter().for_each(|site| at_rest(site));
        walls.push(wall);
        sizes.extend(resident());
        heaps.push(heap());
    }
    let calls: u64 = sites().iter().map(|site| site.stats().calls).sum();
    let (least, median, most) = figures(walls);
    println!(
        "R12 {kind}: {REPETITIONS} times {THREADS} threads of {operations} operations ({calls} calls, seed {}): {median:.1?} \
         (median), at most {most:.1?}",
        seed()
    );
    assert!(least <= BAR, "{least:?}; the bar is {BAR:?}");
    let grown = heaps[4] - heaps[1];
    println!("R12 {kind}: from the second to the fifth the heap grew by {} KiB", grown / KIB);
    assert!(grown <= MIB, "the heap grew by {grown} bytes");
    match sizes[..] {
        [_, second, _, _, fifth] => {
            let grown = fifth - second;
            println!("R12 {kind}: from the second to the fifth the process grew by {} KiB", grown / KIB);
            assert!(grown <= 10 * MIB, "the process grew by {grown} bytes");
        }
        _ => println!("R12 {kind} SKIPPED what the system counts: there is no /proc/self/statm"),
    }
}
