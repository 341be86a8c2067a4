//! Every policy value of a site, changed by configuration while the program runs.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cached_core::{Outcome, cached, testing};
use cached_tests::support::{alone, until};
use cached_tests::verified;

const MINUTE: Duration = Duration::from_secs(60);

static RUNS: AtomicU64 = AtomicU64::new(0);
static FAILS: AtomicBool = AtomicBool::new(false);

#[cached(ttl = "1m", stale = "1h", stale_if_error = "1h", refresh = "background", errors = "1m", none = "1m")]
fn full(key: u64) -> Result<Option<u64>, String> {
    let run = RUNS.fetch_add(1, SeqCst);
    match key {
        _ if FAILS.load(SeqCst) => Err(format!("run {run}")),
        0 => Ok(None),
        _ => Ok(Some(run)),
    }
}

/// Puts one option of the site in force.
fn tuned(option: &str, value: &str) {
    verified::config().site("it::overrides::full", option, value).strict().install().unwrap();
}

fn outcome(key: u64) -> Outcome {
    full::with_outcome(key).1
}

fn is_stale(key: u64) -> bool {
    let is_stale = outcome(key) == Outcome::Stale;
    until(|| full::site().flights() == 0);
    is_stale
}

fn computes(key: u64) -> bool {
    let before = RUNS.load(SeqCst);
    let _ = full(key);
    RUNS.load(SeqCst) > before
}

#[test]
fn every_value_of_a_policy_can_be_changed_and_switched_off() {
    let _alone = alone();
    assert!(computes(1) && !computes(1));
    testing::advance(MINUTE);
    assert!(is_stale(1), "as the attribute says");

    testing::advance(MINUTE);
    tuned("stale", "never");
    assert!(!is_stale(1));

    testing::advance(MINUTE);
    FAILS.store(true, SeqCst);
    assert_eq!(outcome(1), Outcome::Stale, "`stale_if_error` holds");
    testing::advance(MINUTE);
    let never = verified::config().site("it::overrides::full", "stale", "never");
    never.site("it::overrides::full", "stale_if_error", "never").install().unwrap();
    assert_eq!(outcome(1), Outcome::Error);

    full::site().clear().unwrap();
    tuned("errors", "never");
    assert!(computes(2) && computes(2));
    tuned("errors", "forever");
    assert!(computes(2) && !computes(2));
    testing::advance(MINUTE / 2);
    assert!(!computes(2), "as long as a value");
    FAILS.store(false, SeqCst);
    full::site().clear().unwrap();

    tuned("none", "never");
    assert!(computes(0) && computes(0));
    tuned("none", "forever");
    assert!(computes(0) && !computes(0));

    tuned("idle", "10s");
    assert!(computes(3));
    testing::advance(Duration::from_secs(10));
    assert_eq!(full::entry(&3).peek().unwrap(), None);

    tuned("ttl", "forever");
    assert!(computes(4));
    testing::advance(100 * MINUTE);
    assert!(!computes(4));

    tuned("refresh", "off");
    full::site().clear().unwrap();
    assert!(computes(5));
    testing::advance(MINUTE);
    assert!(!is_stale(5), "whoever finds it stale computes, and nobody else does meanwhile");

    tuned("max_entries", "1");
    assert!(computes(6) && computes(7) && computes(6));
    let wide = cached_core::report().wide().to_string();
    assert!(wide.contains("max_entries 1 (tests/it/overrides.rs:"), "each value says where it is from");
}

#[test]
fn a_refresh_in_the_background_cannot_be_switched_on_where_nobody_knows_how_to_call_again() {
    #[cached(ttl = "1m", stale = "1m")]
    fn alone_in_front(key: u64) -> u64 {
        key
    }
    let _alone = alone();
    let pattern = "it::overrides::*::alone_in_front";
    let error = verified::config().site(pattern, "refresh", "background").install().unwrap_err().to_string();
    assert!(error.contains("overrides.rs:") && error.contains("its attribute has to say"), "{error}");
    let wrong = verified::config().site(pattern, "refresh", "sometimes").install().unwrap_err().to_string();
    assert!(wrong.contains("refresh is not \"background\" or \"off\""), "{wrong}");
    assert_eq!(alone_in_front(1), 1);
}

#[cached(ttl = "1m", stale = "1m", refresh = "background")]
async fn unspawned(key: u64) -> u64 {
    key
}

#[test]
fn an_async_refresh_that_nobody_spawns_is_said_once_with_its_place() {
    // A spawner holds for the process once it is given, and another test may have given one.
    const CHILD: &str = "CACHED_TESTS_UNSPAWNED";
    if std::env::var_os(CHILD).is_some() {
        for _ in 0..3 {
            assert_eq!(futures::executor::block_on(unspawned(1)), 1);
            testing::advance(MINUTE);
        }
        return;
    }
    let name = "overrides::an_async_refresh_that_nobody_spawns_is_said_once_with_its_place";
    let output =
        Command::new(std::env::current_exe().unwrap()).args(["--exact", name]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.lines().filter(|line| line.contains("Config::spawner")).collect();
    assert!(output.status.success() && lines.len() == 1 && lines[0].contains("tests/it/overrides.rs:"), "{said}");
}
