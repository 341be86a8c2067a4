//! Stores in this process, and the `dummy` (C1 to C12, C42).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, ErrorKind, Ttl, backends, bypass};
use cached_testkit::{Shelf, advance};
use cached_tests::crowd;
use futures::FutureExt as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::both::{Face, aliases, my_turn};

const MINUTE: Duration = Duration::from_secs(60);

/// One alias in memory, with a bound.
fn bounded(options: &str, test: impl Fn(&Face)) {
    aliases("memory", &[("there", options)], |alias| test(&alias("there")));
}

/// How many of the keys `{name} 0`, `{name} 1`, … are there.
fn count(cache: &Face, name: &str, of: usize) -> usize {
    cache.get_many::<_, usize>((0..of).map(|i| format!("{name} {i}"))).unwrap().len()
}

fn fill(cache: &Face, name: &str, of: usize, ttl: impl Into<Ttl> + Copy) {
    (0..of).for_each(|i| cache.set(&format!("{name} {i}"), &i, ttl).unwrap());
}

#[test]
fn aliases_with_one_location_share_a_store_and_others_do_not() {
    let tables = [("a", "location = \"x\""), ("b", "location = \"x\""), ("c", "location = \"y\"")];
    aliases("memory", &tables, |alias| {
        alias("a").set("key", &1, Ttl::Default).unwrap();
        assert_eq!(["a", "b", "c"].map(|name| alias(name).number("key")), [Some(1), Some(1), None]);
    });
}

#[test]
fn aliases_without_a_location_have_a_store_each() {
    let _turn = my_turn();
    Config::new().option("a", "kind", "memory").option("b", "kind", "memory").install().unwrap();
    for is_async in [false, true] {
        Face::of("a", is_async).set("key", &1, Ttl::Default).unwrap();
        assert!(!Face::of("b", is_async).has_key("key").unwrap());
        Face::of("a", is_async).clear().unwrap();
    }
}

#[test]
fn one_location_with_two_bounds_is_a_fault() {
    let _turn = my_turn();
    let toml = "[backends.a]\nkind = \"memory\"\nlocation = \"x\"\nmax_entries = 5\n\
                [backends.b]\nkind = \"memory\"\nlocation = \"x\"";
    let text = Config::from_toml(toml).unwrap().install().unwrap_err().to_string();
    assert!(text.contains("backends.a and backends.b share a store with different bounds"), "{text}");
}

/// A value that runs a hook while it is encoded and decoded.
struct Hooked(fn());

static HOOK: AtomicUsize = AtomicUsize::new(0);

fn asks_the_cache() {
    assert_eq!(cached_core::testing::held_locks(), 0, "no lock of ours is held");
    let cache = cached_core::caches().get("there").unwrap();
    cache.set("inner", &1, Ttl::Default).unwrap();
    assert_eq!(cache.get::<i64>("inner").unwrap(), Some(1));
    HOOK.fetch_add(1, SeqCst);
}

impl Serialize for Hooked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0)();
        serializer.serialize_i64(7)
    }
}

impl<'de> Deserialize<'de> for Hooked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        asks_the_cache();
        i64::deserialize(deserializer).map(|_| Hooked(asks_the_cache))
    }
}

#[test]
fn a_value_is_encoded_and_decoded_under_no_lock() {
    bounded("", |cache| {
        HOOK.store(0, SeqCst);
        cache.set("key", &Hooked(asks_the_cache), Ttl::Default).unwrap();
        cache.get::<Hooked>("key").unwrap().unwrap();
        cache.get_or_set("other", Ttl::Default, || Hooked(asks_the_cache)).unwrap();
        cache.get_or_set("other", Ttl::Default, || Hooked(asks_the_cache)).unwrap();
        // Encoding looks at a value twice: once for what the codec would lose.
        assert_eq!(HOOK.load(SeqCst), 2 + 1 + 2 + 1);
    });
}

#[test]
fn every_method_that_finds_an_entry_is_a_use_of_it() {
    type Use = fn(&Face) -> bool;
    let uses: [(&str, Use, bool); 7] = [
        ("nothing", |_| true, false),
        ("get", |cache| cache.number("old 0").is_some(), true),
        ("has_key", |cache| cache.has_key("old 0").unwrap(), true),
        ("add", |cache| !cache.add("old 0", &9, Ttl::Default).unwrap(), true),
        ("set", |cache| cache.set("old 0", &0, Ttl::Default).is_ok(), true),
        ("incr", |cache| cache.incr("old 0", 1).unwrap() == 1, true),
        ("touch", |cache| cache.touch("old 0", MINUTE).unwrap(), true),
    ];
    bounded("max_entries = 10", |cache| {
        for (name, is_done, stays) in uses {
            fill(cache, "old", 10, Ttl::Default);
            assert!(is_done(cache), "{name}");
            cache.set("new", &1, Ttl::Default).unwrap();
            assert_eq!(cache.has_key("old 0").unwrap(), stays, "{name}");
            assert_eq!(count(cache, "old", 10), 9, "{name}: one had to go");
            cache.clear().unwrap();
        }
    });
}

#[test]
fn a_store_never_holds_more_than_its_bound() {
    bounded("max_entries = 30", |cache| {
        for i in 0..200 {
            cache.set(&format!("key {i}"), &i, Ttl::Default).unwrap();
            assert_eq!(cache.number(&format!("key {i}")), Some(i), "what has just been stored is there");
            assert!(count(cache, "key", 200) <= 30);
        }
        assert!(count(cache, "key", 200) >= 25, "and not much less");
    });
}

#[test]
fn a_full_store_is_never_emptied() {
    bounded("max_entries = 30", |cache| {
        fill(cache, "old", 30, Ttl::Default);
        fill(cache, "new", 19, Ttl::Default);
        assert!(count(cache, "old", 30) + count(cache, "new", 19) >= 25);
    });
}

#[test]
fn the_first_entry_of_an_empty_store_is_stored_whatever_the_bound() {
    bounded("max_entries = 1", |cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        assert_eq!(cache.number("key"), Some(1));
        cache.delete("key").unwrap();
        cache.set("other", &2, Ttl::Default).unwrap();
        assert_eq!(cache.number("other"), Some(2));
    });
}

#[test]
fn to_overwrite_an_entry_of_a_full_store_costs_no_other() {
    bounded("max_entries = 10", |cache| {
        fill(cache, "key", 10, Ttl::Default);
        (0..50).for_each(|_| cache.set("key 3", &3, Ttl::Default).unwrap());
        assert_eq!(count(cache, "key", 10), 10);
    });
}

#[test]
fn a_small_bound_is_kept_as_a_large_one_is() {
    for bound in [1, 2, 3] {
        bounded(&format!("max_entries = {bound}"), |cache| {
            fill(cache, "key", 20, Ttl::Default);
            assert_eq!(count(cache, "key", 20), bound);
        });
    }
}

#[test]
fn a_bound_in_bytes_is_kept_by_what_values_weigh() {
    bounded("max_bytes = \"64KiB\"", |cache| {
        let value = "x".repeat(1_000);
        (0..200).for_each(|i| cache.set(&format!("key {i}"), &value, Ttl::Default).unwrap());
        let there = (0..200).filter(|i| cache.has_key(&format!("key {i}")).unwrap()).count();
        assert!((30..=60).contains(&there), "{there} of a kilobyte each");
        cache.set("key", "short", Ttl::Default).unwrap();
        let error = cache.set("key", &"x".repeat(65_536), Ttl::Default).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("short"), "what was there stays");
    });
}

#[test]
fn another_bound_holds_from_its_installation_on() {
    bounded("max_entries = 40", |cache| {
        let install = |bound: usize| {
            let options = format!("max_entries = {bound}\nlocation = \"bound of its own\"");
            let toml = format!("[backends.there]\nkind = \"memory\"\n{options}");
            Config::from_toml(&toml).unwrap().install().unwrap();
        };
        install(40);
        fill(cache, "key", 40, Ttl::Default);
        assert_eq!(count(cache, "key", 40), 40);
        install(10);
        assert_eq!(count(cache, "key", 40), 10);
    });
}

/// A backend whose end is the moment for another installation.
struct Successor(Shelf, &'static str);

impl Drop for Successor {
    fn drop(&mut self) {
        Config::from_toml(self.1).unwrap().install().unwrap();
    }
}

impl Backend for Successor {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.0.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.0.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.0.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.0.clear(prefix)
    }
}

#[test]
fn of_two_installations_at_once_the_bound_of_the_one_in_force_holds() {
    const LARGE: &str = "[backends.there]\nkind = \"memory\"\nmax_entries = 40";
    let _turn = my_turn();
    let leaving = Arc::new(Successor(Shelf::new(), LARGE));
    Config::from_toml(LARGE).unwrap().backend("leaving", leaving).install().unwrap();
    // It takes the place of that one, whose backend ends, and another takes its own before it is done.
    Config::from_toml(&LARGE.replace("40", "10")).unwrap().install().unwrap();
    let cache = Face::of("there", false);
    fill(&cache, "key", 40, Ttl::Default);
    assert_eq!(count(&cache, "key", 40), 40);
}

#[test]
fn what_has_ended_goes_before_what_lives() {
    bounded("max_entries = 20", |cache| {
        fill(cache, "long", 10, Ttl::Forever);
        fill(cache, "short", 10, MINUTE);
        advance(MINUTE * 2);
        fill(cache, "new", 10, Ttl::Default);
        assert_eq!((count(cache, "long", 10), count(cache, "new", 10)), (10, 10));
    });
}

#[test]
fn a_store_is_exact_under_many_writers_of_many_keys() {
    bounded("", |cache| {
        (0..10).for_each(|i| cache.set(&format!("key {i}"), &0, Ttl::Default).unwrap());
        let add = |thread: usize| {
            for i in 0..200 {
                cache.incr(&format!("key {}", (thread + i) % 10), 1).unwrap();
            }
        };
        let (given, _) = crowd::threads(8, add);
        assert!(given.iter().all(Result::is_ok));
        let sum: i64 = (0..10).map(|i| cache.number(&format!("key {i}")).unwrap()).sum();
        assert_eq!(sum, 1_600);
    });
}

#[test]
fn an_entry_has_ended_from_its_deadline_on() {
    let _frozen = cached_testkit::freeze();
    bounded("", |cache| {
        cache.set("key", &1, MINUTE).unwrap();
        advance(MINUTE);
        assert_eq!(cache.number("key"), None);
        assert!(cache.add("key", &2, MINUTE).unwrap());
    });
}

#[test]
fn what_has_ended_goes_though_nobody_asks_for_it() {
    bounded("max_entries = 1000", |cache| {
        let entries = || {
            let there = cached_core::backends().into_iter().find(|backend| backend.alias == "there").unwrap();
            there.entries.unwrap()
        };
        fill(cache, "short", 100, MINUTE);
        assert_eq!(entries(), 100);
        advance(MINUTE * 2);
        // Each write looks at a few.
        (0..100).for_each(|i| cache.set("one", &i, Ttl::Forever).unwrap());
        assert_eq!(entries(), 1);
        cache.clear().unwrap();
    });
}

#[test]
fn a_dummy_takes_everything_and_keeps_nothing() {
    aliases("dummy", &[("there", "")], |alias| {
        let dummy = alias("there");
        dummy.set("key", &1, Ttl::Default).unwrap();
        assert_eq!(dummy.get::<i32>("key").unwrap(), None);
        assert!(dummy.add("key", &1, Ttl::Default).unwrap() && dummy.add("key", &1, Ttl::Default).unwrap());
        assert!(!dummy.touch("key", Ttl::Default).unwrap());
        assert!(!dummy.delete("key").unwrap());
        assert!(!dummy.has_key("key").unwrap());
        assert!(dummy.set_many([("a", 1)], Ttl::Default).unwrap().is_empty());
        assert!(dummy.get_many::<_, i32>(["a"]).unwrap().is_empty());
        assert_eq!(dummy.delete_many(["a"]).unwrap(), 0);
        dummy.clear().unwrap();
        dummy.close().unwrap();
        let not_found = [dummy.incr("key", 1).unwrap_err(), dummy.decr("key", 1).unwrap_err()].map(|e| e.kind());
        assert_eq!(not_found, [ErrorKind::NotFound; 2]);
        let moved = [dummy.incr_version("key", 1), dummy.decr_version("key", 1)].map(|moved| moved.unwrap_err().kind());
        assert_eq!(moved, [ErrorKind::NotFound; 2]);
        assert_eq!(dummy.get::<i32>(&"k".repeat(70_000)).unwrap_err().kind(), ErrorKind::Encode);
    });
}

#[test]
fn a_dummy_computes_each_time_and_for_nobody_else() {
    aliases("dummy", &[("there", "")], |alias| {
        let asked = alias("there").cache.as_async();
        let mut first = Box::pin(asked.get_or_set("key", Ttl::Default, std::future::pending::<i64>));
        assert!(first.as_mut().now_or_never().is_none(), "it computes");
        for n in [2, 3] {
            let other = asked.get_or_set("key", Ttl::Default, || async move { n });
            assert_eq!(other.now_or_never().unwrap().unwrap(), n, "and waits for nobody");
        }
    });
}

#[test]
fn each_dummy_counts_what_it_is_asked_and_a_bypass_counts_for_none() {
    aliases("dummy", &[("one", ""), ("two", "")], |alias| {
        let asked = |alias: &str| -> u64 {
            let report = backends().into_iter().find(|report| report.alias == alias).unwrap();
            report.operations.iter().map(|(_, times)| times).sum()
        };
        let before = [asked("one"), asked("two")];
        alias("one").set("key", &1, Ttl::Default).unwrap();
        assert_eq!(alias("one").number("key"), None);
        let since = || [asked("one") - before[0], asked("two") - before[1]];
        assert_eq!(since(), [2, 0]);
        bypass(|| alias("two").set("key", &1, Ttl::Default)).unwrap();
        assert_eq!(since(), [2, 0]);
    });
}
