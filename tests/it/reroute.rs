//! A hot site, while its backend is changed under it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::{Config, cached};

use cached_tests::crowd::{self, at_rest};
use cached_tests::support::{alone, scaled};
use cached_tests::verified;

const THREADS: usize = 8;
static RUNS: AtomicUsize = AtomicUsize::new(0);

#[cached]
fn hot(key: u64) -> u64 {
    RUNS.fetch_add(1, SeqCst);
    key * 3 + 1
}

/// Two backends and a way without any; the site lives on `alias`.
fn routed_to(alias: &str, directory: &str) -> Config {
    verified::config()
        .option("memory", "kind", "memory")
        .option("disk", "kind", "file")
        .option("disk", "location", directory)
        .option("none", "kind", "dummy")
        .site("it::reroute::hot", "backend", alias)
}

#[test]
fn a_hot_site_that_is_rerouted_a_thousand_times_gives_right_values_and_loses_no_count() {
    let (_configured, directory) = (alone(), tempfile::tempdir().expect("a directory"));
    let directory = directory.path().to_str().expect("a path that is text");
    let (stop, calls, wrong) = (AtomicBool::new(false), AtomicU64::new(0), AtomicUsize::new(0));
    let rounds = scaled(1_000);
    let call = |thread: u64| {
        for turn in 0.. {
            if stop.load(SeqCst) {
                return;
            }
            let key = (thread + turn) % 16;
            let value = hot(key);
            calls.fetch_add(1, SeqCst);
            wrong.fetch_add(usize::from(value != key * 3 + 1), SeqCst);
        }
    };
    // Every state serves some calls before the next one comes.
    let used = || {
        let (before, began) = (calls.load(SeqCst), crowd::now());
        while calls.load(SeqCst) < before + 16 {
            assert!(began.elapsed() < Duration::from_secs(20), "the calls stand still");
            thread::yield_now();
        }
    };
    let before = hot::site().stats();
    thread::scope(|scope| {
        let _stop = StopWhenDropped(&stop);
        for thread in 0..THREADS as u64 {
            scope.spawn(move || call(thread));
        }
        for round in 0..rounds {
            for alias in ["disk", "none", "memory"] {
                routed_to(alias, directory).install().expect("the test's configuration is right");
                assert_eq!(hot::site().alias(), alias);
                used();
            }
            if round % 10 == 0 {
                hot::site().disable();
                used();
                hot::site().enable();
                used();
            }
        }
    });
    let (calls, stats) = (calls.load(SeqCst), hot::site().stats());
    println!(
        "reroute: {rounds} rounds memory, file, dummy under {THREADS} threads: {calls} calls, {} wrong, {} counted, \
         {} hits, {} joined, {} misses, {} bypassed",
        wrong.load(SeqCst),
        stats.calls - before.calls,
        stats.hits,
        stats.joined,
        stats.misses,
        stats.bypassed
    );
    assert_eq!(wrong.load(SeqCst), 0, "no wrong value");
    assert_eq!(stats.calls - before.calls, calls, "no lost count");
    assert_eq!(stats.misses + stats.bypassed, RUNS.load(SeqCst) as u64, "each body is one miss or one bypass");
    assert!(stats.hits > 0 && stats.bypassed > 0 && stats.misses > 0, "{stats:?}");
    assert_eq!((stats.errors, stats.backend_errors), (0, 0));
    at_rest(hot::site());
}

/// The threads end also when the test fails.
struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
