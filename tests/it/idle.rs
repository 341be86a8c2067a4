//! Values for which nobody asks: `idle`, in memory and on bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Reply};
use cached_core::{cached, testing};
use cached_testkit::Shelf;
use cached_tests::support::alone;
use cached_tests::verified;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

static RUNS: AtomicU64 = AtomicU64::new(0);

fn run() -> u64 {
    RUNS.fetch_add(1, SeqCst)
}

fn flush() {
    assert_eq!(cached_core::shutdown(MINUTE), 0, "every write was done");
}

/// Puts every site of this file on a shelf.
fn on_a_shelf(shelf: &Arc<Shelf>) {
    let config = verified::config().backend("shelf", Arc::clone(shelf) as _).option("shelf", "op_timeout", "30s");
    config.site("it::idle::*", "backend", "shelf").strict().install().unwrap();
}

/// All that is stored.
fn stored(shelf: &Shelf) -> Vec<Bytes> {
    match shelf.get_many(&shelf.keys()) {
        Reply::Ready(found) => found.unwrap().into_iter().flatten().collect(),
        Reply::Later(_) => unreachable!("a shelf answers at once"),
    }
}

#[cached(idle = "16s", ttl = "1m")]
fn both(key: u64) -> u64 {
    key * 1_000 + run()
}

#[test]
fn the_sooner_of_the_idle_time_and_the_lifetime_ends_a_value() {
    let _alone = alone();
    for shelf in [None, Some(Arc::new(Shelf::new()))] {
        shelf.iter().for_each(on_a_shelf);
        let first = both(1);
        for _ in 0..5 {
            testing::advance(11 * SECOND);
            assert_eq!(both(1), first, "each hit begins it anew");
            flush();
        }
        testing::advance(5 * SECOND);
        assert_ne!(both(1), first, "a minute after the body ended");
        let second = both(2);
        testing::advance(16 * SECOND);
        assert_ne!(both(2), second, "nobody asked");
    }
}

#[cached(idle = "16s")]
fn looked_at(key: u64) -> u64 {
    key * 1_000 + run()
}

#[test]
fn who_only_looks_does_not_renew() {
    let _alone = alone();
    for shelf in [None, Some(Arc::new(Shelf::new()))] {
        shelf.iter().for_each(on_a_shelf);
        looked_at(1);
        for _ in 0..3 {
            testing::advance(5 * SECOND);
            assert!(looked_at::entry(&1).peek().unwrap().is_some());
            assert!(looked_at::entry(&1).explain().unwrap().to_string().contains("a hit"));
            flush();
        }
        testing::advance(SECOND);
        assert_eq!(looked_at::entry(&1).peek().unwrap(), None);
    }
}

#[test]
fn a_renewal_never_takes_the_place_of_something_newer() {
    let (_alone, shelf) = (alone(), Arc::new(Shelf::new()));
    on_a_shelf(&shelf);
    let first = looked_at(2);
    let before = stored(&shelf);
    testing::advance(8 * SECOND);
    looked_at::entry(&2).put(7).unwrap();
    assert_ne!(stored(&shelf), before);
    assert_eq!(looked_at(2), 7);
    flush();
    looked_at::entry(&2).invalidate().unwrap();
    testing::advance(8 * SECOND);
    assert_ne!(looked_at(2), 7);
    assert_ne!(looked_at(2), first);
}

#[test]
fn a_renewal_keeps_the_stamp_that_a_refresh_compares_with() {
    let (_alone, shelf) = (alone(), Arc::new(Shelf::new()));
    on_a_shelf(&shelf);
    let first = looked_at(3);
    testing::advance(8 * SECOND);
    let before = stored(&shelf);
    assert_eq!(looked_at(3), first);
    flush();
    let (after, place) = (stored(&shelf), 16);
    assert_ne!(after, before, "that it was given is noted");
    assert!(after.iter().zip(&before).all(|(after, before)| after[..place] == before[..place]));
    testing::advance(9 * SECOND);
    assert_eq!(looked_at(3), first, "and it was renewed");
}

#[cached(idle = "10s", ttl = "1h")]
fn retuned(key: u64) -> u64 {
    key * 1_000 + run()
}

#[test]
fn a_shorter_idle_time_reaches_what_is_stored_and_forever_switches_it_off() {
    let _alone = alone();
    let tuned = |value: &str| verified::config().site("it::idle::retuned", "idle", value).strict().install().unwrap();
    let first = retuned(1);
    tuned("forever");
    testing::advance(MINUTE);
    assert_eq!(retuned(1), first);
    tuned("5s");
    testing::advance(6 * SECOND);
    assert_ne!(retuned(1), first);
    let wrong = verified::config().site("it::idle::retuned", "idle", "0s").install().unwrap_err().to_string();
    assert!(wrong.contains("idle is not a duration above zero"), "{wrong}");
}

#[test]
fn the_stale_window_follows_the_idle_time() {
    #[cached(idle = "10s", stale = "1m", flight = "process")]
    fn windowed(key: u64) -> u64 {
        key * 1_000 + run()
    }
    let _alone = alone();
    let first = windowed(1);
    testing::advance(10 * SECOND);
    let (value, outcome) = windowed::with_outcome(1);
    assert_ne!(value, first, "with nobody else to compute it, this caller does");
    assert_eq!(outcome, cached_core::Outcome::Miss(cached_core::Reason::Expired));
}

#[test]
fn an_idle_time_is_cut_by_nothing_but_its_own_rules() {
    #[cached(idle = Duration::MAX)]
    fn forever(key: u64) -> u64 {
        key * 1_000 + run()
    }
    let _alone = alone();
    let first = forever(1);
    testing::advance(1_000_000 * MINUTE);
    assert_eq!(forever(1), first);
    assert_eq!(forever::entry(&1).expires_at().unwrap(), Some(cached_core::Expiry::Never));
}
