//! Calls that are treated apart: tests side by side on the same sites, and stretches without the cache.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use cached_core::{bypass, cached};
use cached_testkit::{Handle, Shelf, counted, disable_all, isolated};

use cached_tests::support::alone;
use cached_tests::verified;

#[cached]
fn double(n: u64) -> u64 {
    n * 2
}

#[cached(name = "scopes.named", ttl = "1h")]
async fn named(text: &str) -> String {
    format!("{text}!")
}

#[test]
fn sixty_four_tests_at_once_on_the_same_sites_each_count_exactly() {
    let together = Arc::new(Barrier::new(64));
    let test = |number: u64| {
        let together = Arc::clone(&together);
        move || {
            let test = isolated();
            together.wait();
            for round in 0..number {
                for n in 0..10 {
                    assert_eq!(double(n), n * 2);
                }
                assert_eq!(double::site().stats().calls, (round + 1) * 10, "test {number}");
            }
            counted(double::site()).calls(number * 10).misses(10).hits(number * 10 - 10).runs(10);
            let handle = test.handle();
            std::thread::scope(|scope| {
                (0..4).for_each(|n| {
                    drop(scope.spawn({
                        let handle = handle.clone();
                        move || handle.run(|| double(n))
                    }))
                });
            });
            counted(double::site()).calls(number * 10 + 4).misses(10);
            double::entry(&3).invalidate().unwrap();
            assert_eq!(double(3), 6);
            counted(double::site()).misses(11);
            double::site().clear().unwrap();
            assert_eq!((double(3), double(4)), (6, 8));
            counted(double::site()).misses(13).calls(number * 10 + 7);
        }
    };
    let tests: Vec<_> = (1..=64).map(|number| std::thread::spawn(test(number))).collect();
    tests.into_iter().for_each(|test| test.join().unwrap());
}

#[test]
fn an_isolated_test_sees_nothing_of_the_program_and_the_program_nothing_of_it() {
    double::entry(&1_000).put(1).unwrap();
    let before = double::site().stats();
    {
        let _test = isolated();
        assert_eq!(double::entry(&1_000).peek(), Ok(None));
        assert_eq!(double(1_000), 2_000);
        double::entry(&1_001).put(3).unwrap();
        assert_eq!(double(1_001), 3);
    }
    assert_eq!((double(1_000), double::entry(&1_001).peek()), (1, Ok(None)));
    let after = double::site().stats();
    assert!(after.hits > before.hits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_follow_by_the_handle_on_bytes_too() {
    let _alone = alone();
    let config = verified::config().backend("scopes", Arc::new(Shelf::new())).option("scopes", "op_timeout", "30s");
    config.site("scopes.named", "backend", "scopes").install().unwrap();
    assert_eq!(named("a").await, "a!");
    let handle = Handle::isolated();
    let calls = |handle: &Handle| {
        handle.wrap(async {
            for _ in 0..3 {
                assert_eq!(named("a").await, "a!");
                assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0);
                tokio::task::yield_now().await;
            }
        })
    };
    tokio::spawn(calls(&handle)).await.unwrap();
    tokio::spawn(handle.wrap(async { assert_eq!(named("a").await, "a!") })).await.unwrap();
    handle.run(|| counted(named::site()).calls(4).misses(1).hits(3));
    tokio::spawn(calls(&Handle::isolated())).await.unwrap();
    handle.run(|| counted(named::site()).calls(4));
    assert_eq!(named("a").await, "a!");
}

#[test]
fn in_a_bypass_every_call_computes_and_nothing_is_stored() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached]
    fn count(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst) * 10 + n
    }
    assert_eq!((count(1), count(1)), (1, 1));
    let inside = bypass(|| {
        assert_eq!(bypass(|| count(1)), 11);
        (count(1), count(2))
    });
    assert_eq!(inside, (21, 32));
    assert_eq!((count(1), count(2)), (1, 42), "afterwards the cache is as it was");
    let stats = count::site().stats();
    assert_eq!((stats.calls, stats.hits, stats.bypassed, stats.misses), (7, 2, 3, 2), "{stats:?}");
    assert!(std::panic::catch_unwind(|| bypass(|| panic!("as the test asked"))).is_err());
    assert_eq!(count(1), 1, "a panic leaves the scope too");
}

#[test]
fn a_wrong_count_names_the_site_and_all_its_counts() {
    let _test = isolated();
    double(1);
    let panic = std::panic::catch_unwind(|| counted(double::site()).calls(1).hits(5)).unwrap_err();
    let message = panic.downcast::<String>().unwrap();
    for word in ["it::scopes::double", "scopes.rs:", "0 hits, expected 5", "calls: 1"] {
        assert!(message.contains(word), "{word} in {message}");
    }
}

#[test]
fn a_test_binary_can_switch_the_cache_off() {
    const CHILD: &str = "CACHED_TESTS_DISABLED";
    if std::env::var_os(CHILD).is_some() {
        disable_all();
        assert_eq!((double(1), double(1)), (2, 2));
        counted(double::site()).calls(2).bypassed(2);
        std::thread::spawn(|| assert_eq!(double(1), 2)).join().unwrap();
        counted(double::site()).bypassed(3);
        let _test = isolated();
        assert_eq!((double(1), double(1)), (2, 2));
        counted(double::site()).hits(1).misses(1);
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "scopes::a_test_binary_can_switch_the_cache_off"]).env(CHILD, "1");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn sites_without_flights_hit_in_a_scope_too() {
    #[cached(flight = "off")]
    fn alone_each(n: u64) -> u64 {
        n
    }
    let _test = isolated();
    assert_eq!((alone_each(1), alone_each(1)), (1, 1));
    counted(alone_each::site()).calls(2).misses(1).hits(1);
}

#[test]
fn scopes_that_open_at_once_are_all_apart() {
    double(77);
    let together = Arc::new(Barrier::new(8));
    for _ in 0..200 {
        let test = || {
            let together = Arc::clone(&together);
            std::thread::spawn(move || {
                together.wait();
                let _test = isolated();
                assert_eq!(double(77), 154);
                counted(double::site()).calls(1).misses(1);
            })
        };
        let tests: Vec<_> = (0..8).map(|_| test()).collect();
        tests.into_iter().for_each(|test| test.join().unwrap());
    }
}
