//! What a configuration does to sites that run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cached_core::testing::advance;
use cached_core::{cached, check_connections};
use cached_testkit::{Fault, Faulty, Shelf};

use crate::configuration::row;
use cached_tests::support::{alone, configured};
use cached_tests::verified;

#[test]
fn a_service_starts_with_its_backend_down_and_check_connections_says_so() {
    #[cached(name = "configuration.down")]
    fn down(n: u64) -> u64 {
        n * 2
    }
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    backend.set_fault(Fault::Fail);
    let _alone = alone();
    let config = verified::config()
        .backend("remote", Arc::clone(&backend) as _)
        .option("remote", "op_timeout", "30ms")
        .option("remote", "breaker", "off");
    config.site("configuration.down", "backend", "remote").install().unwrap();
    assert_eq!(backend.reads() + backend.writes() + backend.deletes(), 0, "install opens no connection");
    assert_eq!((down(4), down(4)), (8, 8));
    let answers = check_connections();
    assert_eq!(answers.len(), 1, "memory needs no connection: {answers:?}");
    let (alias, answer) = &answers[0];
    assert_eq!((alias.as_str(), answer.as_ref().unwrap_err().kind()), ("remote", cached_core::ErrorKind::Backend));
    backend.set_fault(Fault::Hang);
    assert_eq!(check_connections()[0].1.as_ref().unwrap_err().kind(), cached_core::ErrorKind::Timeout);
    backend.set_fault(Fault::None);
    assert_eq!(check_connections(), [("remote".to_owned(), Ok(()))]);
    assert_eq!((down(4), down(4)), (8, 8));
    assert_eq!(down::site().stats().hits, 1);
}

#[test]
fn a_second_install_keeps_the_entries_of_an_unchanged_backend_and_drops_those_of_a_changed_one() {
    #[cached(name = "configuration.again")]
    fn again(n: u64) -> u64 {
        n
    }
    let shelf: Arc<Shelf> = Arc::new(Shelf::new());
    let _alone = alone();
    let install = |other: &str| {
        let config = verified::config().backend("shelf", Arc::clone(&shelf) as _).option("other", "kind", other);
        config.site("configuration.again", "backend", "shelf").install().unwrap();
    };
    let hits = || {
        again(1);
        again::site().stats().hits
    };
    install("memory");
    assert_eq!((hits(), hits()), (0, 1));
    install("dummy");
    assert_eq!(hits(), 2, "its own backend did not change");
    let config = verified::config().backend("shelf", Arc::new(Shelf::new()));
    config.site("configuration.again", "backend", "shelf").install().unwrap();
    assert_eq!((hits(), hits()), (2, 3), "another backend starts empty");
}

#[test]
fn entries_in_memory_outlive_an_install_that_changes_nothing_of_their_alias() {
    #[cached(name = "configuration.stays")]
    fn stays(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    stays(1);
    for _ in 0..3 {
        verified::config().option("other", "kind", "memory").install().unwrap();
        verified::config().install().unwrap();
    }
    stays(1);
    assert_eq!(stays::site().stats().hits, 1);
}

#[test]
fn a_site_routed_to_another_memory_alias_starts_empty() {
    #[cached(name = "configuration.moves")]
    fn moves(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    moves(1);
    let config = verified::config().option("other", "kind", "memory").site("configuration.moves", "backend", "other");
    config.clone().install().unwrap();
    moves(1);
    assert_eq!(moves::site().stats().hits, 0);
    config.install().unwrap();
    moves(1);
    assert_eq!(moves::site().stats().hits, 1, "and keeps what it has when the same is installed again");
    verified::config().install().unwrap();
    moves(1);
    assert_eq!(moves::site().stats().hits, 1, "what `default` held does not come back to life");
}

#[test]
fn a_shorter_ttl_reaches_entries_that_are_stored_already() {
    #[cached(name = "configuration.shortened", ttl = "1h")]
    fn shortened(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    assert_eq!((shortened(1), shortened(1)), (1, 1));
    assert_eq!(shortened::site().stats().hits, 1);
    verified::config().site("configuration.shortened", "ttl", "1ms").install().unwrap();
    advance(Duration::from_millis(5));
    shortened(1);
    let stats = shortened::site().stats();
    assert_eq!((stats.hits, stats.expired), (1, 1), "its life counts from when it was stored");
}

#[test]
fn a_shorter_ttl_reaches_entries_that_are_bytes() {
    #[cached(name = "configuration.bytes_shortened", ttl = "1h")]
    fn on_bytes(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let config = verified::config().backend("shelf", Arc::new(Shelf::new()));
    let config = config.site("configuration.bytes_shortened", "backend", "shelf");
    config.clone().install().unwrap();
    assert_eq!((on_bytes(1), on_bytes(1)), (1, 1));
    assert_eq!(on_bytes::site().stats().hits, 1);
    config.site("configuration.bytes_shortened", "ttl", "1ms").install().unwrap();
    advance(Duration::from_millis(5));
    on_bytes(1);
    let stats = on_bytes::site().stats();
    assert_eq!((stats.hits, stats.expired), (1, 1));
}

#[test]
fn a_site_can_be_switched_off_and_bounded_by_configuration() {
    #[cached(name = "configuration.switched")]
    fn switched(n: u64) -> u64 {
        n
    }
    let guard = configured("[sites.\"configuration.switched\"]\nenabled = false");
    assert_eq!((switched(1), switched(1)), (1, 1));
    assert_eq!(switched::site().stats().bypassed, 2);
    let verdict = row("configuration.switched")["verdict"].to_string();
    assert!(verdict.contains("disabled"), "{verdict}");
    drop(guard);
    assert_eq!((switched(1), switched(1)), (1, 1));
    assert_eq!(switched::site().stats().hits, 1);
    for bound in [3, 40] {
        let _configured = configured(&format!("[sites.\"configuration.switched\"]\nmax_entries = {bound}"));
        (0..200).for_each(|n| assert_eq!(switched(n), n));
        let entries = switched::site().stats().entries;
        assert!(entries <= bound, "{entries} entries, at most {bound}");
    }
    assert!(switched::site().stats().entries > 0, "a bound is not a switch");
}

#[test]
fn a_dummy_backend_stores_nothing_and_says_so() {
    #[cached(name = "configuration.dummy")]
    fn dummy(n: u64) -> u64 {
        n
    }
    let _configured =
        configured("[backends.off]\nkind = \"dummy\"\n[sites.\"configuration.dummy\"]\nbackend = \"off\"");
    (0..3).for_each(|_| assert_eq!(dummy(7), 7));
    let stats = dummy::site().stats();
    assert_eq!((stats.calls, stats.bypassed, stats.entries), (3, 3, 0));
    dummy::entry(&7).put(8).unwrap();
    assert_eq!(dummy::entry(&7).peek(), Ok(None));
    let row = row("configuration.dummy");
    assert_eq!((row["kind"].as_str(), row["alias"].as_str()), (Some("dummy"), Some("off")));
    assert!(row["verdict"].to_string().contains("dummy"), "{row:?}");
}

#[test]
fn a_star_stands_for_one_segment_and_the_more_exact_pattern_wins() {
    #[cached(name = "pattern::left::price")]
    fn left(n: u64) -> u64 {
        n
    }
    #[cached(name = "pattern::right::price")]
    fn right(n: u64) -> u64 {
        n
    }
    #[cached(name = "pattern::right::deeper::price")]
    fn deeper(n: u64) -> u64 {
        n
    }
    let toml = r#"
        [backends.one]
        kind = "memory"
        [backends.two]
        kind = "memory"
        [sites."pattern::right::price"]
        backend = "two"
        [sites."pattern::*::price"]
        backend = "one"
        max_entries = 4
        [sites."*::*::*"]
        max_entries = 9
    "#;
    let _configured = configured(toml);
    assert_eq!([left::site(), right::site(), deeper::site()].map(cached_core::Site::alias), ["one", "two", "default"]);
    assert_eq!((left(1), right(2), deeper(3)), (1, 2, 3));
    let policies = ["left", "right"].map(|module| row(&format!("pattern::{module}::price"))["policy"].to_string());
    assert!(policies.iter().all(|policy| policy.contains("max_entries 4")), "{policies:?}");
}

#[test]
fn a_disabled_site_that_is_enabled_again_starts_empty() {
    #[cached(name = "configuration.paused")]
    fn paused(n: u64) -> u64 {
        n
    }
    paused(1);
    paused::site().disable();
    paused(1);
    paused::site().enable();
    paused(1);
    let stats = paused::site().stats();
    assert_eq!((stats.hits, stats.bypassed, stats.misses), (0, 1, 2));
}

#[test]
fn what_was_stored_does_not_come_back_where_a_site_is_off_for_a_moment_only() {
    static SWITCHES: AtomicBool = AtomicBool::new(false);
    fn life() -> Duration {
        // While its route is sought, as another thread would.
        if SWITCHES.swap(false, Ordering::SeqCst) {
            flickers::site().enable();
        }
        Duration::from_secs(3_600)
    }
    #[cached(name = "configuration.flickers", ttl = life())]
    fn flickers(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    assert_eq!((flickers(1), flickers(1)), (1, 1));
    SWITCHES.store(true, Ordering::SeqCst);
    flickers::site().disable();
    assert!(!SWITCHES.load(Ordering::SeqCst), "it was switched on again meanwhile");
    let before = flickers::site().stats();
    assert_eq!((flickers(1), flickers(1)), (1, 1));
    let after = flickers::site().stats();
    assert_eq!((after.misses - before.misses, after.hits - before.hits), (1, 1), "computed anew, and kept");
}

#[test]
fn a_site_that_is_disabled_stays_so_when_a_configuration_is_installed() {
    #[cached(name = "configuration.off")]
    fn off(n: u64) -> u64 {
        n
    }
    off::site().disable();
    let _configured = configured("[sites.\"configuration.off\"]\nenabled = true\nttl = \"1h\"");
    (0..2).for_each(|_| assert_eq!(off(1), 1));
    assert_eq!(off::site().stats().bypassed, 2);
}
