//! R08: calls that wait for one another in a circle end with the wait, and not later.
//!
//! The circles are of two threads or tasks that each lead what the other asks for, and of a pool of two whose
//! workers, while they wait inside a body, take up another item that asks for a key that is being computed.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::cached;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use cached_tests::crowd::{self, Given, at_rest, figures, routed, runtime};
use cached_tests::support::{scaled, until};

const HERE: &str = "reliability::cycles::*";
const JOIN: Duration = Duration::from_millis(200);
/// The wait, the bodies, and what the bar adds.
const BAR: Duration = Duration::from_millis(200 + 5 + 100);
/// How many circles turn at one time in memory, and on files, where each has much to do.
const AT_ONCE: usize = 20;
const AT_ONCE_ON_FILES: usize = 5;

/// How many bodies each circle ran.
static BODIES: [AtomicUsize; AT_ONCE] = [const { AtomicUsize::new(0) }; AT_ONCE];

fn bodies(round: u64) -> &'static AtomicUsize {
    &BODIES[usize::try_from(round).expect("small") % AT_ONCE]
}

/// The first two bodies wait until both run; the fifth ends the circle, which without a cache had no end either.
#[cached]
fn a(round: u64) -> u64 {
    let run = bodies(round).fetch_add(1, SeqCst);
    until(|| bodies(round).load(SeqCst) >= 2);
    if run < 4 { b(round) + 1 } else { 0 }
}

#[cached]
fn b(round: u64) -> u64 {
    let run = bodies(round).fetch_add(1, SeqCst);
    until(|| bodies(round).load(SeqCst) >= 2);
    if run < 4 { a(round) + 1 } else { 0 }
}

/// A recursive future is boxed; so it is in any async function.
type Boxed = std::pin::Pin<Box<dyn Future<Output = u64> + Send>>;

async fn enter_async(round: u64, other: fn(u64) -> Boxed) -> u64 {
    let run = bodies(round).fetch_add(1, SeqCst);
    while bodies(round).load(SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    if run < 4 { other(round).await + 1 } else { 0 }
}

fn to_a(round: u64) -> Boxed {
    Box::pin(a_async(round))
}

fn to_b(round: u64) -> Boxed {
    Box::pin(b_async(round))
}

#[cached]
async fn a_async(round: u64) -> u64 {
    enter_async(round, to_b).await
}

#[cached]
async fn b_async(round: u64) -> u64 {
    enter_async(round, to_a).await
}

/// Circles, some at a time: `turn` turns those from `first` on, and says how long each of their halves took.
fn circles_on(kind: &str, who: &str, turn: impl Fn(u64, usize) -> Vec<Given<Duration>>) {
    let _routed = routed(kind, HERE, "200ms");
    let at_once = if kind == "file" { AT_ONCE_ON_FILES } else { AT_ONCE };
    let (rounds, mut walls) = (scaled(1_000).next_multiple_of(at_once), Vec::new());
    for first in (0..rounds as u64).step_by(at_once) {
        BODIES.iter().for_each(|bodies| bodies.store(0, SeqCst));
        let halves: Vec<_> = turn(first, at_once).into_iter().map(|half| half.expect("nobody panics")).collect();
        walls.extend(halves.chunks(2).map(|halves| halves[0].max(halves[1])));
    }
    assert_eq!(walls.len(), rounds, "every round ended");
    let (least, median, most) = figures(walls);
    println!("R08 {kind}, {who}: {rounds} circles of two ended within {least:.0?} to {most:.0?}, median {median:.0?}");
    assert!(least >= JOIN, "they were circles: {least:?}");
    assert!(least <= BAR, "the quickest circle took {least:?}; the bar is {BAR:?}");
    for site in [a::site(), b::site(), a_async::site(), b_async::site()] {
        at_rest(site);
        site.clear().expect("the backend works");
    }
}

fn circles_of_threads(kind: &str) {
    circles_on(kind, "threads", |first, at_once| {
        let half = |i: usize| {
            let (began, round) = (crowd::now(), first + i as u64 / 2);
            _ = if i.is_multiple_of(2) { a(round) } else { b(round) };
            began.elapsed()
        };
        crowd::threads(2 * at_once, half).0
    });
}

fn circles_of_tasks(kind: &str) {
    let runtime = runtime(true);
    circles_on(kind, "tasks", |first, at_once| {
        let half = |i: usize| async move {
            let (began, round) = (crowd::now(), first + i as u64 / 2);
            _ = if i.is_multiple_of(2) { a_async(round).await } else { b_async(round).await };
            began.elapsed()
        };
        crowd::tasks(&runtime, 2 * at_once, half).0
    });
}

#[test]
fn r08_two_threads_that_wait_for_each_other_end_with_the_wait_in_memory() {
    circles_of_threads("memory");
}

#[test]
fn r08_two_threads_that_wait_for_each_other_end_with_the_wait_on_files() {
    circles_of_threads("file");
}

#[test]
fn r08_two_tasks_that_wait_for_each_other_end_with_the_wait_in_memory() {
    circles_of_tasks("memory");
}

#[test]
fn r08_two_tasks_that_wait_for_each_other_end_with_the_wait_on_files() {
    circles_of_tasks("file");
}

const ITEMS: usize = 1_000;
const KEYS: u64 = 100;
static RUNS: AtomicU64 = AtomicU64::new(0);

#[cached]
fn item(key: u64) -> u64 {
    RUNS.fetch_add(1, SeqCst);
    // Long enough for the other worker to take one half, and for this one to take up another item meanwhile.
    let half = || {
        (0..5).for_each(|_| thread::yield_now());
        key
    };
    let (one, two) = rayon::join(half, half);
    one + two
}

fn pool_on(kind: &str) {
    let _routed = routed(kind, HERE, "200ms");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    let (rounds, mut walls) = (scaled(1_000) as u64, Vec::new());
    RUNS.store(0, SeqCst);
    for round in 0..rounds {
        let began = crowd::now();
        let key = |i: usize| round * KEYS + i as u64 % KEYS;
        let wrong = pool
            .install(|| (0..ITEMS).into_par_iter().with_max_len(1).filter(|i| item(key(*i)) != key(*i) * 2).count());
        assert_eq!(wrong, 0, "every item got its value");
        walls.push(began.elapsed());
    }
    let (bodies, ended) = (RUNS.load(SeqCst), item::site().stats().waits_ended);
    let (least, median, most) = figures(walls);
    println!(
        "R08 {kind}, a pool of 2: {rounds} rounds of {ITEMS} items of {KEYS} keys ended within {least:.0?} to {most:.0?}, \
         median {median:.0?}; {bodies} bodies, {ended} waits ended by time"
    );
    assert!(least <= BAR, "the quickest round took {least:?}; the bar is {BAR:?}");
    at_rest(item::site());
}

#[test]
fn r08_a_pool_whose_workers_take_up_items_inside_a_body_hangs_nowhere_in_memory() {
    pool_on("memory");
}

#[test]
fn r08_a_pool_whose_workers_take_up_items_inside_a_body_hangs_nowhere_on_files() {
    pool_on("file");
}

/// A body in a pool of two: one half waits until the other worker has the other half, and that one asks for the
/// very key that is being computed. The fifth body ends the circle.
#[cached]
fn split(round: u64) -> u64 {
    let run = bodies(round).fetch_add(1, SeqCst);
    let taken = AtomicBool::new(false);
    let wait = || (0..10_000).take_while(|_| !taken.load(SeqCst)).for_each(|_| thread::yield_now());
    let ask = || {
        taken.store(true, SeqCst);
        if run < 4 { split(round) + 1 } else { 0 }
    };
    rayon::join(wait, ask).1
}

fn splits_on(kind: &str) {
    let _routed = routed(kind, HERE, "200ms");
    let at_once = if kind == "file" { AT_ONCE_ON_FILES } else { AT_ONCE };
    let pool = |_| rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    let pools: Vec<_> = (0..at_once).map(pool).collect();
    let (rounds, mut walls) = (scaled(1_000).next_multiple_of(at_once), Vec::new());
    for first in (0..rounds).step_by(at_once) {
        BODIES.iter().for_each(|bodies| bodies.store(0, SeqCst));
        let (given, _) = crowd::threads(at_once, |i| {
            let began = crowd::now();
            pools[i].install(|| split((first + i) as u64));
            began.elapsed()
        });
        walls.extend(given.into_iter().map(|wall| wall.expect("nobody panics")));
    }
    assert_eq!(walls.len(), rounds, "every round ended");
    let circles = walls.iter().filter(|wall| **wall >= JOIN).count();
    let (least, median, most) = figures(walls);
    println!(
        "R08 {kind}, halves in a pool of 2: {rounds} rounds, {circles} of them circles, ended within {least:.0?} to \
         {most:.0?}, median {median:.0?}"
    );
    assert!(circles > 0 && least <= BAR, "{circles} circles; the quickest round took {least:?}, the bar is {BAR:?}");
    at_rest(split::site());
    split::site().clear().expect("the backend works");
}

#[test]
fn r08_a_body_whose_other_half_asks_for_its_own_key_ends_with_the_wait_in_memory() {
    splits_on("memory");
}

#[test]
fn r08_a_body_whose_other_half_asks_for_its_own_key_ends_with_the_wait_on_files() {
    splits_on("file");
}
