//! What a configuration means for the low-level cache (A1 to A22).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, Error, ErrorKind, KeyFunction, Ttl, cache, caches};
use cached_testkit::{Shelf, advance};

use crate::both::{Face, KEEPING, aliases, my_turn, with};

const SECOND: Duration = Duration::from_secs(1);

/// The error of a configuration that is wrong.
fn refused(toml: &str) -> Error {
    let _turn = my_turn();
    Config::from_toml(toml).expect("it is TOML").install().expect_err("it is wrong")
}

/// One backend that counts how often it is closed, and how often it is asked.
#[derive(Default)]
struct Door {
    shelf: Shelf,
    closed: AtomicUsize,
    asked: AtomicUsize,
}

impl Backend for Door {
    fn capabilities(&self) -> Capabilities {
        self.shelf.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.asked.fetch_add(1, SeqCst);
        self.shelf.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.asked.fetch_add(1, SeqCst);
        self.shelf.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.asked.fetch_add(1, SeqCst);
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }

    fn close(&self, _: Duration) -> Reply<()> {
        self.closed.fetch_add(1, SeqCst);
        Reply::Ready(Ok(()))
    }
}

#[test]
fn without_configuration_there_is_one_alias_in_memory() {
    let _turn = my_turn();
    Config::new().install().unwrap();
    assert_eq!(caches().names(), ["default"]);
    for is_async in [false, true] {
        let face = Face { cache: cache(), is_async };
        face.set("key", &1, Ttl::Default).unwrap();
        assert_eq!(face.number("key"), Some(1));
    }
}

#[test]
fn a_configuration_without_default_still_has_it() {
    aliases("memory", &[("other", "")], |alias| {
        assert_eq!(caches().names(), ["default", "other"]);
        cache().set("key", "of default", Ttl::Default).unwrap();
        assert_eq!(alias("default").get::<String>("key").unwrap().as_deref(), Some("of default"));
        assert!(!alias("other").has_key("key").unwrap());
    });
}

#[test]
fn an_unknown_alias_is_an_error_that_names_it_and_those_that_are_there() {
    aliases("memory", &[("shared", ""), ("pages", "")], |_| {
        let error = caches().get("shard").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(text.contains("\"shard\"") && text.contains("default, pages, shared"), "{text}");
        assert!(text.contains("did you mean \"shared\"?"), "{text}");
    });
}

#[test]
fn an_alias_that_is_taken_away_is_an_error_of_the_next_operation() {
    aliases("memory", &[("shared", "")], |alias| {
        let shared = alias("shared");
        shared.set("key", &1, Ttl::Default).unwrap();
        Config::new().install().unwrap();
        let errors = [
            shared.get::<i32>("key").unwrap_err(),
            shared.set("key", &2, Ttl::Default).unwrap_err(),
            shared.get_or_set("key", Ttl::Default, || 2).unwrap_err(),
            shared.clear().unwrap_err(),
            shared.delete_many(["key"]).unwrap_err(),
            shared.close().unwrap_err(),
        ];
        for error in errors {
            assert!(error.kind() == ErrorKind::Config && error.to_string().contains("\"shared\""), "{error}");
        }
    });
}

#[test]
fn a_kind_that_does_not_exist_is_a_fault_of_the_installation() {
    let text = refused("[backends.shared]\nkind = \"memroy\"").to_string();
    assert!(text.contains("unknown kind \"memroy\"") && text.contains("did you mean \"memory\"?"), "{text}");
}

#[test]
fn an_alias_without_a_kind_is_a_fault_of_the_installation() {
    let text = refused("[backends.shared]\nttl = \"5m\"").to_string();
    assert!(text.contains("backends.shared has no `kind`"), "{text}");
}

#[test]
fn a_configuration_is_judged_at_once_and_a_backend_opened_at_its_first_use() {
    let _turn = my_turn();
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("made by the first write");
    let on_file = |options: &str| {
        let toml = format!("[backends.shared]\nkind = \"file\"\nlocation = {directory:?}\n{options}");
        Config::from_toml(&toml).unwrap().install()
    };
    on_file("op_timeout = \"soon\"").unwrap_err();
    assert!(!directory.exists());
    on_file("").unwrap();
    let shared = caches().get("shared").unwrap();
    assert_eq!(shared.get::<i32>("key").unwrap(), None);
    assert!(!directory.exists());
    shared.set("key", &1, Ttl::Default).unwrap();
    assert!(directory.exists());
}

#[test]
fn every_thread_sees_the_same_entries() {
    for kind in KEEPING {
        aliases(kind, &[("there", "")], |alias| {
            alias("there").set("key", &7, Ttl::Default).unwrap();
            let mine = alias("there");
            let seen = std::thread::scope(|scope| scope.spawn(move || mine.number("key")).join().unwrap());
            assert_eq!(seen, Some(7));
        });
    }
}

#[test]
fn all_gives_a_cache_of_every_alias() {
    aliases("memory", &[("b", ""), ("a", "")], |_| {
        let all: Vec<_> = caches().all().iter().map(|cache| cache.alias().to_owned()).collect();
        assert_eq!(all, ["a", "b", "default"]);
        assert_eq!(caches().names(), all);
    });
}

#[test]
fn what_an_alias_means_is_looked_up_by_every_operation() {
    aliases("memory", &[("there", "location = \"one\"")], |alias| {
        let (there, default) = (alias("there"), Face { cache: cache(), ..alias("there") });
        there.set("key", &1, Ttl::Default).unwrap();
        let toml = "[backends.there]\nkind = \"memory\"\nlocation = \"two\"\n[backends.default]\nkind = \"dummy\"";
        Config::from_toml(toml).unwrap().install().unwrap();
        assert_eq!(there.number("key"), None, "another store");
        default.set("key", &1, Ttl::Default).unwrap();
        assert_eq!(default.number("key"), None, "a dummy");
    });
}

#[test]
fn a_store_in_memory_survives_another_installation() {
    aliases("memory", &[("there", ""), ("other", "")], |alias| {
        alias("there").set("key", &1, Ttl::Default).unwrap();
        let toml = |ttl: &str| format!("[backends.there]\nkind = \"memory\"\nlocation = \"mine\"\nttl = \"{ttl}\"");
        let install = |ttl: &str| Config::from_toml(&toml(ttl)).unwrap().install().unwrap();
        install("1m");
        alias("there").set("key", &2, Ttl::Default).unwrap();
        install("1m");
        assert_eq!(alias("there").number("key"), Some(2), "an alias that did not change");
        install("2m");
        assert_eq!(alias("there").number("key"), Some(2), "the same location");
    });
}

#[test]
fn an_entry_lives_five_minutes_where_nobody_says_otherwise() {
    with("", |cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        advance(SECOND * 298);
        assert_eq!(cache.number("key"), Some(1));
        advance(SECOND * 3);
        assert_eq!(cache.number("key"), None);
    });
}

#[test]
fn an_alias_may_keep_its_entries_for_ever() {
    with("ttl = \"forever\"", |cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        advance(SECOND * 86_400 * 365);
        assert_eq!(cache.number("key"), Some(1));
    });
}

#[test]
fn an_alias_says_how_long_its_entries_live() {
    with("ttl = \"20m\"", |cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        advance(SECOND * 1_190);
        assert_eq!(cache.number("key"), Some(1));
        advance(SECOND * 11);
        assert_eq!(cache.number("key"), None);
    });
}

#[test]
fn a_lifetime_of_zero_is_refused_by_the_configuration() {
    let text = refused("[backends.shared]\nkind = \"memory\"\nttl = \"0s\"").to_string();
    assert!(text.contains("backends.shared.ttl is not a duration above zero"), "{text}");
}

#[test]
fn a_lifetime_that_cannot_be_read_is_refused() {
    for ttl in ["60", "\"abc\"", "[]", "\"-1s\"", "true"] {
        let text = refused(&format!("[backends.shared]\nkind = \"memory\"\nttl = {ttl}")).to_string();
        assert!(text.contains("backends.shared.ttl is not a"), "{text}");
    }
}

#[test]
fn bounds_are_values_of_their_own_and_a_bad_one_is_refused() {
    let text = refused("[backends.shared]\nkind = \"memory\"\nmax_entries = -1").to_string();
    assert!(text.contains("max_entries is not a number above zero"), "{text}");
    let text = refused("[backends.shared]\nkind = \"file\"\nlocation = \"cache\"\nCULL_FREQUENCY = 3").to_string();
    assert!(text.contains("`CULL_FREQUENCY`: here `cull_frequency`"), "{text}");
    let text = refused("[backends.shared]\nkind = \"memory\"\n[backends.shared.OPTIONS]\nMAX_ENTRIES = 3").to_string();
    assert!(text.contains("OPTIONS"), "{text}");
}

#[test]
fn a_spelling_of_djangos_is_refused_with_the_name_here() {
    let text = refused("[backends.shared]\nkind = \"memory\"\nTIMEOUT = 60\nKEY_FUNCTION = \"f\"").to_string();
    assert!(text.contains("`TIMEOUT`: here `ttl`") && text.contains("`KEY_FUNCTION`: here `key_function`"), "{text}");
}

#[test]
fn a_prefix_sets_two_aliases_on_one_store_apart() {
    for kind in KEEPING {
        aliases(kind, &[("plain", ""), ("prefixed", "key_prefix = \"p\"")], |alias| {
            let (plain, prefixed) = (alias("plain"), alias("prefixed"));
            plain.set("key", &1, Ttl::Default).unwrap();
            assert!(!prefixed.has_key("key").unwrap());
            prefixed.set("key", &2, Ttl::Default).unwrap();
            assert_eq!((plain.number("key"), prefixed.number("key")), (Some(1), Some(2)));
        });
    }
}

#[test]
fn the_version_of_an_alias_holds_where_a_call_names_none() {
    for kind in KEEPING {
        aliases(kind, &[("one", ""), ("two", "version = 2")], |alias| {
            let (one, two) = (alias("one"), alias("two"));
            two.set("key", &2, Ttl::Default).unwrap();
            assert_eq!(two.version(2).number("key"), Some(2));
            assert_eq!(one.version(2).number("key"), Some(2), "one store, one prefix");
            assert_eq!((one.number("key"), two.version(1).number("key")), (None, None), "1 where nothing is said");
        });
    }
}

inventory::submit! { KeyFunction::new("dashes", |prefix, version, key| format!("{prefix}-{version}-{key}")) }
inventory::submit! { KeyFunction::new("dashes too", |prefix, version, key| format!("{prefix}-{version}-{key}")) }
inventory::submit! { KeyFunction::new("any case", |_, version, key| format!("{version}{}", key.to_lowercase())) }

#[test]
fn aliases_with_one_key_function_share_entries_and_with_different_ones_do_not() {
    let tables = [
        ("plain", ""),
        ("dashes", "key_function = \"dashes\""),
        ("same", "key_function = \"dashes\""),
        ("other", "key_function = \"dashes too\""),
        ("any", "key_function = \"any case\""),
    ];
    for kind in KEEPING {
        aliases(kind, &tables, |alias| {
            alias("dashes").set("key", &2, Ttl::Default).unwrap();
            let seen = tables.map(|(name, _)| alias(name).number("key"));
            assert_eq!(seen, [None, Some(2), Some(2), None, None]);
            alias("any").set("KEY", &3, Ttl::Default).unwrap();
            assert_eq!(alias("any").number("kEy"), Some(3));
            assert_eq!(alias("any").version(9).number("key"), None, "it is given the version");
        });
    }
}

#[test]
fn a_key_function_may_be_given_in_code() {
    let _turn = my_turn();
    let reversed = KeyFunction::new("sorted", |_, _, key| {
        let mut letters: Vec<char> = key.chars().collect();
        letters.sort_unstable();
        letters.into_iter().collect()
    });
    Config::new().option("there", "kind", "memory").key_function("there", reversed).install().unwrap();
    for is_async in [false, true] {
        let there = Face::of("there", is_async);
        there.set("abc", &1, Ttl::Default).unwrap();
        assert_eq!(there.number("cab"), Some(1));
    }
}

#[test]
fn an_unknown_key_function_is_a_fault_that_names_those_that_are_there() {
    let text = refused("[backends.shared]\nkind = \"memory\"\nkey_function = \"dahses\"").to_string();
    assert!(text.contains("unknown key function \"dahses\" (from line 3)"), "{text}");
    assert!(text.contains("did you mean \"dashes\"?"), "{text}");
    let text = refused("[backends.shared]\nkind = \"memory\"\nkey_function = \"something else\"").to_string();
    assert!(text.contains("known ones: any case, dashes, dashes too"), "{text}");
}

#[test]
fn an_option_that_nobody_knows_is_a_fault_of_every_kind() {
    for kind in ["memory", "dummy", "file"] {
        let toml = format!("[backends.shared]\nkind = \"{kind}\"\nlocation = \"/tmp/x\"\nkey_prefx = \"p\"");
        let text = refused(&toml).to_string();
        assert!(text.contains("key_prefx: no such option") && text.contains("did you mean `key_prefix`?"), "{text}");
    }
}

#[test]
fn close_all_closes_the_backends_that_were_used_and_no_other() {
    let _turn = my_turn();
    let (used, unused) = (Arc::new(Door::default()), Arc::new(Door::default()));
    let config = Config::new().backend("used", Arc::clone(&used) as _).backend("unused", Arc::clone(&unused) as _);
    config.install().unwrap();
    for (round, is_async) in [(1, false), (2, true)] {
        Face::of("used", is_async).set("key", &1, Ttl::Default).unwrap();
        caches().close_all().unwrap();
        caches().close_all().unwrap();
        assert_eq!((used.closed.load(SeqCst), unused.closed.load(SeqCst)), (round, 0));
        assert_eq!(Face::of("used", is_async).number("key"), Some(1), "it is used again after it was closed");
        caches().close_all().unwrap();
        used.closed.store(round, SeqCst);
    }
    assert_eq!(unused.asked.load(SeqCst), 0);
}

#[test]
fn close_closes_one_backend_by_both_faces() {
    let _turn = my_turn();
    let (one, other) = (Arc::new(Door::default()), Arc::new(Door::default()));
    let config = Config::new().backend("one", Arc::clone(&one) as _).backend("other", Arc::clone(&other) as _);
    config.install().unwrap();
    for (round, is_async) in [(1, false), (2, true)] {
        Face::of("one", is_async).close().unwrap();
        assert_eq!((one.closed.load(SeqCst), other.closed.load(SeqCst)), (round, 0));
    }
}
