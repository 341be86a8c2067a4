//! R01 and R07: one computation per key however many ask, and functions that call themselves.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::cached;

use cached_tests::crowd::{self, Crowd, Gauge, at_rest, figures, routed, runtime};
use cached_tests::support::scaled;

const HERE: &str = "reliability::concurrency::*";
const CALLERS: usize = 1_000;
const BODY: Duration = Duration::from_millis(20);
const BAR: Duration = Duration::from_millis(270);

/// A fresh key in every round, over all tests of this file.
static ROUND: AtomicU64 = AtomicU64::new(0);
static COLD: Gauge = Gauge::new();

#[cached]
fn cold(round: u64) -> u64 {
    let _inside = COLD.enter();
    thread::sleep(BODY);
    round * 3
}

#[cached]
async fn cold_async(round: u64) -> u64 {
    let _inside = COLD.enter();
    tokio::time::sleep(BODY).await;
    round * 3
}

fn crowd_on(kind: &str, who: &str, round: impl Fn(u64) -> Crowd<u64>) {
    let _routed = routed(kind, HERE, "10s");
    let rounds = scaled(200);
    let mut walls = Vec::new();
    let mut once = 0;
    for _ in 0..rounds {
        let key = ROUND.fetch_add(1, SeqCst);
        COLD.reset();
        let (given, wall) = round(key);
        assert!(
            given.len() == CALLERS && given.iter().all(|given| *given == Ok(key * 3)),
            "every caller got the value"
        );
        once += usize::from(COLD.runs() == 1);
        walls.push(wall);
    }
    let (least, median, most) = figures(walls);
    println!("R01 {kind}, {CALLERS} {who}: once in {once}/{rounds} rounds, wall median {median:.0?}, most {most:.0?}");
    assert_eq!(once, rounds, "the body ran once in every round");
    assert!(least <= BAR, "the quickest round took {least:?}; the bar is {BAR:?}");
    at_rest(cold::site());
    at_rest(cold_async::site());
}

#[test]
fn r01_a_thousand_threads_of_one_cold_key_compute_it_once_in_memory() {
    crowd_on("memory", "threads", |key| crowd::threads(CALLERS, |_| cold(key)));
}

#[test]
fn r01_a_thousand_threads_of_one_cold_key_compute_it_once_on_files() {
    crowd_on("file", "threads", |key| crowd::threads(CALLERS, |_| cold(key)));
}

#[test]
fn r01_a_thousand_tasks_on_two_workers_compute_a_cold_key_once_in_memory() {
    let runtime = runtime(true);
    crowd_on("memory", "tasks on 2 workers", |key| crowd::tasks(&runtime, CALLERS, |_| cold_async(key)));
}

#[test]
fn r01_a_thousand_tasks_on_two_workers_compute_a_cold_key_once_on_files() {
    let runtime = runtime(true);
    crowd_on("file", "tasks on 2 workers", |key| crowd::tasks(&runtime, CALLERS, |_| cold_async(key)));
}

#[test]
fn r01_a_thousand_tasks_of_one_thread_compute_a_cold_key_once_in_memory() {
    let runtime = runtime(false);
    crowd_on("memory", "tasks on 1 thread", |key| crowd::tasks(&runtime, CALLERS, |_| cold_async(key)));
}

#[test]
fn r01_a_thousand_tasks_of_one_thread_compute_a_cold_key_once_on_files() {
    let runtime = runtime(false);
    crowd_on("file", "tasks on 1 thread", |key| crowd::tasks(&runtime, CALLERS, |_| cold_async(key)));
}

const PRIME: u64 = 1_000_000_007;
static FIB: AtomicUsize = AtomicUsize::new(0);

#[cached(max_entries = 100_000)]
fn fib(n: u64) -> u64 {
    FIB.fetch_add(1, SeqCst);
    if n < 2 { n } else { (fib(n - 1) + fib(n - 2)) % PRIME }
}

#[cached(max_entries = 100_000)]
async fn fib_async(n: u64) -> u64 {
    FIB.fetch_add(1, SeqCst);
    if n < 2 { n } else { (again(n - 1).await + again(n - 2).await) % PRIME }
}

/// A recursive future is boxed; so it is in any async function.
fn again(n: u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(fib_async(n))
}

fn plain_fib(n: u64) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, (a + b) % PRIME)).0
}

/// Runs on a stack of so many MiB; a program's main thread has 8.
fn on_a_stack_of<T: Send>(mebibytes: usize, run: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(mebibytes << 20).spawn_scoped(scope, run).expect("a thread");
        thread.join().expect("the stack sufficed")
    })
}

#[test]
fn r07_a_memoized_recursion_of_two_thousand_levels_runs_each_level_once() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        FIB.store(0, SeqCst);
        assert_eq!(on_a_stack_of(8, || fib(2_000)), plain_fib(2_000));
        let sync = FIB.swap(0, SeqCst);
        let executor = || futures::executor::block_on(fib_async(2_000));
        // A poll that is not optimised needs some 6 KiB a level.
        assert_eq!(on_a_stack_of(16, executor), plain_fib(2_000));
        let asynchronous = FIB.load(SeqCst);
        println!("R07 {kind}: fib(2,000) ran {sync} bodies on 8 MiB of stack, async {asynchronous} on 16 MiB");
        assert_eq!((sync, asynchronous), (2_001, 2_001));
        at_rest(fib::site());
        at_rest(fib_async::site());
    }
}

static DEPTH: AtomicUsize = AtomicUsize::new(0);

#[cached]
fn cycle(key: u64) -> usize {
    if DEPTH.fetch_add(1, SeqCst) < 3 { cycle(key) + 1 } else { 0 }
}

#[cached]
async fn cycle_async(key: u64) -> usize {
    if DEPTH.fetch_add(1, SeqCst) < 3 { around(key).await + 1 } else { 0 }
}

fn around(key: u64) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        crowd::step().await;
        cycle_async(key).await
    })
}

#[test]
fn r07_a_call_of_a_key_inside_its_own_body_computes_and_never_hangs() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        DEPTH.store(0, SeqCst);
        let began = crowd::now();
        assert_eq!(cycle(1), 3);
        let sync = began.elapsed();
        DEPTH.store(0, SeqCst);
        let began = crowd::now();
        assert_eq!(runtime(false).block_on(cycle_async(1)), 3);
        let asynchronous = began.elapsed();
        println!("R07 {kind}: a self-cycle computes on its own, in {sync:.1?}, async {asynchronous:.1?}");
        assert!(sync.max(asynchronous) <= Duration::from_millis(100), "{sync:?}, {asynchronous:?}");
        at_rest(cycle::site());
        at_rest(cycle_async::site());
    }
}
