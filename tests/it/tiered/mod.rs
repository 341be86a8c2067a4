//! Memory in front of a byte backend: what is given from memory, and when it is not given any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_core::backend::Backend;
use cached_core::testing::{advance, freeze};
use cached_core::{Config, Outcome, cached, invalidate_tag, retune};
use cached_testkit::{Fault, Faulty, Shelf};

use cached_tests::support::{Configured, alone, scaled};
use cached_tests::verified;

mod store;

use store::Store;

const SECOND: Duration = Duration::from_secs(1);

static RUNS: AtomicU64 = AtomicU64::new(0);

/// Another value for each run, so that an old one is seen.
fn run() -> u64 {
    RUNS.fetch_add(1, Ordering::SeqCst)
}

#[cached(name = "tiered.price", ttl = "1h")]
fn price(n: u64) -> (u64, u64) {
    (n, run())
}

#[cached(name = "tiered.later", ttl = "1h")]
async fn later(n: u64) -> (u64, u64) {
    (n, run())
}

#[cached(name = "tiered.tagged", ttl = "1h", tags = ["user:{id}"])]
fn tagged(id: u64, part: u64) -> (u64, u64, u64) {
    (id, part, run())
}

#[cached(name = "tiered.idle", ttl = "1h", idle = "160s")]
fn idle(n: u64) -> (u64, u64) {
    (n, run())
}

const SITES: [&str; 4] = ["tiered.price", "tiered.later", "tiered.tagged", "tiered.idle"];

/// The sites in front of a backend, under options of the front.
fn before(backend: Arc<dyn Backend>, options: &[(&str, &str)]) -> Configured {
    let guard = alone();
    let config = verified::config().backend("below", backend).option("below", "breaker", "off");
    let config = config.option("front", "kind", "tiered").option("front", "over", "below");
    let config = options.iter().fold(config, |config, (name, value)| config.option("front", name, *value));
    SITES.iter().fold(config, |config, site| config.site(site, "backend", "front")).install().unwrap();
    guard
}

/// As [`before`], on a store that others share.
fn shared(options: &[(&str, &str)]) -> (Configured, Arc<Store>) {
    let store = Arc::new(Store::default());
    (before(Arc::clone(&store) as _, options), store)
}

#[test]
fn a_value_that_was_computed_or_read_is_given_from_memory() {
    let (_guard, store) = shared(&[]);
    let first = price(1);
    let reads = store.reads();
    assert_eq!((price(1), store.reads()), (first, reads), "one that was computed here");
    // As another process would have stored it.
    let keys = store.keys().len();
    price::site().disable();
    price::site().enable();
    assert_eq!((price(1), store.reads()), (first, reads + 1), "one that was read");
    assert_eq!((price(1), store.reads()), (first, reads + 1));
    let stats = price::site().stats();
    assert!(stats.hits >= 3 && stats.entries == 1 && store.keys().len() == keys);
    let report = cached_core::backends();
    let front = report.iter().find(|backend| backend.alias == "front").unwrap();
    assert!(front.kind == "tiered" && front.entries == Some(1) && front.operations.is_empty(), "{front:?}");
}

#[test]
fn async_callers_are_given_from_memory_too() {
    let (_guard, store) = shared(&[]);
    let block_on = futures::executor::block_on;
    let first = block_on(later(1));
    assert_eq!(cached_core::shutdown(SECOND * 30), 0, "it is written by a worker");
    let reads = store.reads();
    assert_eq!((block_on(later(1)), store.reads()), (first, reads));
    later::site().disable();
    later::site().enable();
    assert_eq!((block_on(later(1)), store.reads()), (first, reads + 1));
    assert_eq!((block_on(later(1)), store.reads()), (first, reads + 1));
}

#[test]
fn what_another_process_changes_is_not_given_any_more() {
    let (_guard, store) = shared(&[]);
    let first = [price(1), price(2)];
    assert!(store.other_removes(true) >= 2);
    let second = [price(1), price(2)];
    assert!(first[0] != second[0] && first[1] != second[1]);
    // A neighbour, and a prefix that is none of ours.
    store.other_clears("elsewhere:");
    let reads = store.reads();
    assert_eq!((price(1), store.reads()), (second[0], reads));
    let head = store.keys()[0].rsplit_once(':').unwrap().0.to_owned();
    store.other_clears(head.split_once(':').unwrap().0);
    assert_ne!(price(1), second[0]);
}

#[test]
fn what_this_process_changes_is_not_given_any_more() {
    let (_guard, _store) = shared(&[]);
    let old = price(1);
    price::entry(&1).invalidate().unwrap();
    let new = price(1);
    assert_ne!(old, new);
    price::entry(&1).put((1, 1_000_000)).unwrap();
    assert_eq!(price(1), (1, 1_000_000));
    let refreshed = price::refresh(1);
    assert_eq!(price(1), refreshed);
    price::site().clear().unwrap();
    assert_ne!(price(1), refreshed);
    let tags = [tagged(1, 1), tagged(1, 2), tagged(2, 1)];
    invalidate_tag("user:1").unwrap();
    let after = [tagged(1, 1), tagged(1, 2), tagged(2, 1)];
    assert!(tags[0] != after[0] && tags[1] != after[1] && tags[2] == after[2]);
}

#[test]
fn an_entry_shows_what_lies_behind_and_not_the_copy() {
    // Copies that live for so long that a hit reads no clock, with news of changes and without.
    for options in [&[][..], &[("l1_ttl_when_disconnected", "10s")]] {
        let (_guard, store) = shared(options);
        let old = price(1);
        assert_eq!((price(1), price::entry(&1).peek()), (old, Ok(Some(old))));
        price::entry(&1).put((1, 1_000_000)).unwrap();
        assert_eq!(price::entry(&1).peek(), Ok(Some((1, 1_000_000))), "no copy has been made of it");
        assert_eq!(price(1), (1, 1_000_000));
        assert!(store.other_removes(false) >= 1);
        assert_eq!(price::entry(&1).with(|price| *price), Ok(None), "gone behind, with a copy still there");
    }
}

#[test]
fn a_tag_that_another_process_invalidates_takes_its_copies_along() {
    let (_guard, store) = shared(&[]);
    let tags = [tagged(1, 1), tagged(2, 1)];
    let of_tags = || store.keys().into_iter().filter(|key| key.contains(":tag:")).count();
    assert_eq!(of_tags(), 2);
    // Removed is as good as changed: the stamp is another.
    store.other_removes(true);
    let after = [tagged(1, 1), tagged(2, 1)];
    assert!(tags[0] != after[0] && tags[1] != after[1]);
}

#[test]
fn r47_while_changes_are_not_heard_a_copy_lives_for_two_seconds() {
    let (_guard, store) = shared(&[]);
    let _frozen = freeze();
    let first = price(1);
    advance(Duration::from_secs(30));
    let reads = store.reads();
    assert_eq!((price(1), store.reads()), (first, reads), "heard: a minute");
    store.hears(false);
    assert_eq!((price(1), store.reads()), (first, reads + 1), "older than two seconds: asked for");
    assert_eq!((price(1), store.reads()), (first, reads + 1), "and copied again");
    store.other_removes(false);
    advance(SECOND * 2 - Duration::from_millis(1));
    assert_eq!((price(1), store.reads()), (first, reads + 1));
    advance(Duration::from_millis(1));
    assert_ne!(price(1), first);
}

#[test]
fn r47_when_changes_are_heard_again_nothing_from_before_is_given() {
    let (_guard, store) = shared(&[]);
    let calls = u64::try_from(scaled(1_000)).unwrap();
    let before: Vec<_> = (0..calls).map(price).collect();
    store.hears(false);
    store.other_removes(false);
    store.hears(true);
    let stale = (0..calls).filter(|n| price(*n) == before[usize::try_from(*n).unwrap()]).count();
    println!("R47 {calls} keys, changed while nothing was heard: {stale} stale after it was");
    assert_eq!(stale, 0);
}

#[test]
fn what_was_read_before_a_change_and_came_after_it_is_not_kept() {
    let (_guard, store) = shared(&[]);
    let first = price(1);
    price::site().disable();
    price::site().enable();
    let other = Arc::clone(&store);
    store.between(move || assert!(other.other_removes(true) > 0));
    assert_eq!(price(1), first, "it was so when the call began");
    assert_ne!(price(1), first, "P6");
    // The same for a change of our own.
    let second = price(1);
    price::site().disable();
    price::site().enable();
    store.between(|| price::entry(&1).invalidate().unwrap());
    assert_eq!(price(1), second);
    assert_ne!(price(1), second);
}

#[test]
fn r48_no_copy_outlives_what_it_is_a_copy_of() {
    let (_guard, store) = shared(&[("l1_ttl", "2h")]);
    let _frozen = freeze();
    let promotions = u64::try_from(scaled(10_000)).unwrap();
    let mut late = 0;
    for n in 0..promotions {
        let first = price(n);
        // At some age it is read, as by a process that started later; an hour after its birth it has ended.
        let age = Duration::from_millis(n * 2_654_435_761 % 3_600_000);
        advance(age);
        price::site().disable();
        price::site().enable();
        assert_eq!(price(n), first);
        advance(SECOND * 3_600 - age);
        late += u64::from(price(n) == first);
    }
    println!("R48 {promotions} copies made at any age: {late} given after their end");
    assert_eq!(late, 0);
    drop(store);
}

#[test]
fn a_backend_that_cannot_tell_of_changes_has_copies_for_two_seconds() {
    let shelf = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let _guard = before(Arc::clone(&shelf) as _, &[]);
    let _frozen = freeze();
    let first = price(1);
    let reads = shelf.reads();
    assert_eq!((price(1), shelf.reads()), (first, reads));
    advance(SECOND * 2);
    assert_eq!((price(1), shelf.reads()), (first, reads + 1));
    drop(_guard);
    let _guard = before(Arc::clone(&shelf) as _, &[("l1_ttl_when_disconnected", "10s")]);
    let _ = price(1);
    let reads = shelf.reads();
    advance(SECOND * 9);
    assert_eq!((price(1), shelf.reads()), (first, reads));
}

#[test]
fn while_the_backend_is_down_copies_spare_the_body() {
    let shelf = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let _guard = before(Arc::clone(&shelf) as _, &[]);
    let _frozen = freeze();
    shelf.set_fault(Fault::Fail);
    let first = price(1);
    assert_eq!(price(1), first);
    let explained = price::entry(&1).explain().expect("what is in memory needs no backend");
    assert!(explained.is_copy() && explained.outcome() == Outcome::Hit, "{explained}");
    assert!(price::entry(&2).explain().is_err(), "of which there is no copy");
    assert!(price::entry(&1).invalidate().is_err(), "an invalidation has to be told that it did not reach the others");
    let second = price(1);
    assert_ne!(second, first, "and holds here all the same");
    advance(SECOND * 2);
    assert_ne!(price(1), second);
}

#[test]
fn a_value_with_an_idle_time_is_asked_for_where_it_lies() {
    let (_guard, store) = shared(&[]);
    let _frozen = freeze();
    let first = idle(1);
    for _ in 0..40 {
        advance(SECOND * 15);
        assert_eq!(idle(1), first, "ten minutes of hits keep it");
        assert_eq!(cached_core::shutdown(SECOND * 30), 0, "that it was given is noted by a worker");
    }
    assert!(store.reads() > 20, "{}", store.reads());
    advance(SECOND * 161);
    assert_ne!(idle(1), first);
}

#[test]
fn a_shorter_life_reaches_copies_too() {
    let (_guard, _store) = shared(&[]);
    let _frozen = freeze();
    let first = price(1);
    advance(SECOND * 20);
    retune("tiered.price", "ttl", Some("30s")).unwrap();
    assert_eq!(price(1), first);
    advance(SECOND * 10);
    assert_ne!(price(1), first);
}

#[test]
fn what_is_wrong_with_a_front_is_a_fault_that_names_it() {
    let _guard = alone();
    let faults = |toml: &str| Config::from_toml(toml).unwrap().install().unwrap_err().to_string();
    let shelf = "[backends.m]\nkind = \"memory\"\n[backends.f]\nkind = \"file\"\nlocation = \"/tmp/x\"\n";
    for (front, said) in [
        ("", "backends.front has no `over`"),
        ("over = \"nowhere\"", "backends.front.over: unknown backend \"nowhere\"; known backends: f, m"),
        ("over = \"m\"", "backends.front.over: \"m\" is memory; a kind that keeps bytes is needed"),
        ("over = \"front\"", "unknown backend \"front\""),
        ("over = 1", "backends.front.over is not a text"),
        ("over = \"f\"\nl1_ttl = \"0s\"", "backends.front.l1_ttl is not a duration above zero"),
        ("over = \"f\"\nop_timeout = \"1s\"", "backends.front.op_timeout: no such option"),
    ] {
        let said_so = faults(&format!("{shelf}[backends.front]\nkind = \"tiered\"\n{front}\n"));
        assert!(said_so.contains(said), "{front}: {said_so}");
    }
    let two = "[backends.a]\nkind = \"tiered\"\nover = \"f\"\n[backends.front]\nkind = \"tiered\"\nover = \"a\"\n";
    assert!(faults(&format!("{shelf}{two}")).contains("backends.front.over: \"a\" is tiered"), "no front of a front");
    let broken = "[backends.f]\nkind = \"file\"\n[backends.front]\nkind = \"tiered\"\nover = \"f\"\n";
    assert!(faults(broken).contains("backends.front.over: \"f\" could not be made"));
}
