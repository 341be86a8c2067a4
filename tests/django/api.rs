//! What the methods do to values, lifetimes and versions (B1 to B37, B45 to B48).

use std::collections::BTreeMap;
use std::time::Duration;

use cached_core::{ErrorKind, Ttl, caches};
use cached_testkit::{advance, isolated};
use cached_tests::crowd;
use serde::{Deserialize, Serialize, Serializer};

use crate::both::{Face, KEEPING, aliases, everywhere, with};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A value that no codec can carry.
struct Unencodable;

impl Serialize for Unencodable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not this one"))
    }
}

#[test]
fn a_stored_value_is_given_back_equal() {
    everywhere(|cache| {
        cache.set("key", "value", Ttl::Default).unwrap();
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("value"));
        cache.set("key", "another", Ttl::Default).unwrap();
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("another"));
    });
}

#[test]
fn what_was_never_stored_is_none_and_a_default_is_the_callers() {
    everywhere(|cache| {
        cache.set("other", "value", Ttl::Default).unwrap();
        assert_eq!(cache.get::<String>("never").unwrap(), None);
        assert_eq!(cache.get("never").unwrap().unwrap_or("bang".to_owned()), "bang");
    });
}

#[test]
fn a_stored_none_is_a_value() {
    everywhere(|cache| {
        cache.set("none", &None::<u8>, Ttl::Default).unwrap();
        assert_eq!(cache.get::<Option<u8>>("none").unwrap(), Some(None));
        assert_eq!(cache.get::<Option<u8>>("never").unwrap(), None);
    });
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Thing {
    text: String,
    number: i128,
    flag: bool,
    list: Vec<f64>,
    map: BTreeMap<String, Option<char>>,
    bytes: Vec<u8>,
}

#[test]
fn every_sort_of_data_survives_under_any_key() {
    everywhere(|cache| {
        let thing = Thing {
            text: "Iñtërnâtiônàlizætiøn".into(),
            number: i128::MIN,
            flag: true,
            list: vec![1.5, f64::MIN_POSITIVE],
            map: [("ключ".to_owned(), Some('ß')), (String::new(), None)].into(),
            bytes: vec![0, 255, 128],
        };
        for key in ["ascii", "ключ\u{20ac}", "white space\n\0\u{7f}", ""] {
            cache.set(key, &thing, Ttl::Default).unwrap();
            assert_eq!(cache.get::<Thing>(key).unwrap().as_ref(), Some(&thing), "{key:?}");
        }
    });
}

#[test]
fn changing_a_value_changes_nothing_that_is_stored() {
    everywhere(|cache| {
        let mut list = vec![1, 2];
        cache.set("list", &list, Ttl::Default).unwrap();
        list.push(3);
        let mut given: Vec<i32> = cache.get("list").unwrap().unwrap();
        given.clear();
        assert_eq!(cache.get::<Vec<i32>>("list").unwrap(), Some(vec![1, 2]));
    });
}

#[test]
fn a_value_that_cannot_be_encoded_is_an_error_and_the_one_before_it_stays() {
    with("max_value_bytes = 1000", |cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        let errors = [
            cache.set("key", &Unencodable, Ttl::Default).unwrap_err(),
            cache.set("key", &Some(None::<u8>), Ttl::Default).unwrap_err(),
            cache.set("key", &"x".repeat(2_000), Ttl::Default).unwrap_err(),
            cache.set("key", &Unencodable, Duration::ZERO).unwrap_err(),
            cache.add("absent", &Unencodable, Ttl::Default).unwrap_err(),
            cache.get_or_set("absent", Ttl::Default, || Some(None::<u8>)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
        }
        assert_eq!(cache.number("key"), Some(1));
        assert!(!cache.has_key("absent").unwrap());
    });
}

#[test]
fn a_value_of_another_type_is_a_miss_and_is_replaced_where_it_is_computed() {
    everywhere(|cache| {
        cache.set("key", "text", Ttl::Default).unwrap();
        assert_eq!(cache.number("key"), None);
        assert!(cache.has_key("key").unwrap(), "it is there, whatever it is");
        assert_eq!(cache.get_or_set("key", Ttl::Default, || 5).unwrap(), 5);
        assert_eq!(cache.number("key"), Some(5));
    });
}

#[test]
fn add_stores_only_where_nothing_lives() {
    everywhere(|cache| {
        assert!(cache.add("key", "first", MINUTE).unwrap());
        assert!(!cache.add("key", "second", Ttl::Default).unwrap());
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("first"));
        advance(MINUTE + SECOND);
        assert!(cache.add("key", "third", Ttl::Default).unwrap(), "the first has ended");
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("third"));
    });
}

#[test]
fn add_for_no_time_says_whether_there_was_room_and_leaves_nothing() {
    everywhere(|cache| {
        assert!(cache.add("key", &1, Duration::ZERO).unwrap());
        assert_eq!(cache.number("key"), None);
        assert_eq!(cache.get_or_set("key", Duration::ZERO, || 2).unwrap(), 2);
        assert_eq!(cache.number("key"), None);
        cache.set("key", &3, Ttl::Default).unwrap();
        assert!(!cache.add("key", &4, Duration::ZERO).unwrap());
        assert_eq!(cache.number("key"), Some(3));
    });
}

#[test]
fn the_default_lifetime_and_for_ever_are_two_things() {
    everywhere(|cache| {
        for (key, ttl) in [("default", Ttl::Default), ("forever", Ttl::Forever)] {
            cache.set(&format!("{key} set"), &1, ttl).unwrap();
            cache.add(&format!("{key} add"), &1, ttl).unwrap();
            cache.set_many([(format!("{key} set_many"), 1)], ttl).unwrap();
            cache.set(&format!("{key} touch"), &1, MINUTE).unwrap();
            assert!(cache.touch(&format!("{key} touch"), ttl).unwrap());
            cache.get_or_set(&format!("{key} get_or_set"), ttl, || 1).unwrap();
        }
        advance(SECOND * 301);
        for method in ["set", "add", "set_many", "touch", "get_or_set"] {
            assert_eq!(cache.number(&format!("default {method}")), None, "{method}");
            assert_eq!(cache.number(&format!("forever {method}")), Some(1), "{method}");
        }
    });
}

#[test]
fn a_lifetime_of_zero_makes_unreadable_what_was_there() {
    everywhere(|cache| {
        for key in ["set", "set_many", "touch"] {
            cache.set(key, &1, Ttl::Forever).unwrap();
        }
        cache.set("set", &2, Duration::ZERO).unwrap();
        assert!(cache.set_many([("set_many", 2)], Duration::ZERO).unwrap().is_empty());
        assert!(cache.touch("touch", Duration::ZERO).unwrap());
        for key in ["set", "set_many", "touch"] {
            assert_eq!(cache.number(key), None, "{key}");
            assert!(!cache.has_key(key).unwrap(), "{key}");
        }
        assert!(!cache.touch("touch", Duration::ZERO).unwrap(), "there is nothing any more");
    });
}

#[test]
fn fractions_of_a_second_are_honoured_and_none_becomes_zero() {
    everywhere(|cache| {
        cache.set("long", &1, Duration::from_millis(90_900)).unwrap();
        cache.set("short", &1, Duration::from_millis(60_500)).unwrap();
        advance(Duration::from_millis(60_600));
        assert_eq!((cache.number("short"), cache.number("long")), (None, Some(1)));
        advance(Duration::from_millis(29_500));
        assert_eq!(cache.number("long"), Some(1));
        cache.set("tiny", &1, Duration::from_micros(86_400_000_000_500)).unwrap();
        assert_eq!(cache.number("tiny"), Some(1));
    });
}

#[test]
fn the_least_lifetime_is_one_step_of_the_clock_and_not_none() {
    // By the real clock it may be over before it is read: it is enough that one of many is found.
    everywhere(|cache| {
        let read = || {
            cache.set("least", &1, Duration::from_nanos(1)).unwrap();
            cache.number("least").is_some()
        };
        assert!((0..10_000).any(|_| read()));
    });
}

#[test]
fn a_lifetime_of_years_is_kept() {
    everywhere(|cache| {
        cache.set("long", &1, SECOND * 86_400 * 31).unwrap();
        cache.set("longest", &1, Duration::MAX).unwrap();
        advance(SECOND * 86_400 * 30);
        assert_eq!(cache.number("long"), Some(1));
        advance(SECOND * 86_400 * 2);
        assert_eq!((cache.number("long"), cache.number("longest")), (None, Some(1)));
    });
}

#[test]
fn an_entry_that_has_ended_is_a_miss_for_every_method() {
    everywhere(|cache| {
        let again = || cache.set("key", &1, MINUTE).map(|()| advance(MINUTE + SECOND)).unwrap();
        again();
        assert_eq!(cache.number("key"), None);
        again();
        assert!(!cache.has_key("key").unwrap());
        again();
        assert_eq!(cache.incr("key", 1).unwrap_err().kind(), ErrorKind::NotFound);
        again();
        assert!(cache.get_many::<_, i64>(["key"]).unwrap().is_empty());
        again();
        assert_eq!(cache.incr_version("key", 1).unwrap_err().kind(), ErrorKind::NotFound);
        again();
        assert_eq!(cache.get_or_set("key", Ttl::Default, || 2).unwrap(), 2);
    });
}

#[test]
fn has_key_says_whether_an_entry_lives_whatever_it_holds() {
    everywhere(|cache| {
        cache.set("none", &None::<u8>, Ttl::Default).unwrap();
        cache.set("ever", &1, Ttl::Forever).unwrap();
        assert!(cache.has_key("none").unwrap() && cache.has_key("ever").unwrap());
        assert!(!cache.has_key("never").unwrap());
        assert!(!cache.version(2).has_key("ever").unwrap(), "of its own version");
    });
}

#[test]
fn delete_removes_and_says_whether_there_was_an_entry() {
    everywhere(|cache| {
        cache.set_many([("one", "a"), ("two", "b")], Ttl::Default).unwrap();
        assert!(cache.delete("one").unwrap());
        assert!(!cache.delete("one").unwrap());
        assert!(!cache.has_key("one").unwrap());
        assert!(cache.has_key("two").unwrap());
    });
}

#[test]
fn to_delete_what_has_ended_is_to_delete_nothing() {
    everywhere(|cache| {
        cache.set("key", &1, MINUTE).unwrap();
        advance(MINUTE + SECOND);
        assert!(!cache.delete("key").unwrap());
    });
}

#[test]
fn touch_begins_a_life_anew() {
    everywhere(|cache| {
        cache.set("key", &1, MINUTE).unwrap();
        advance(SECOND * 50);
        assert!(cache.touch("key", MINUTE).unwrap());
        advance(SECOND * 50);
        assert_eq!(cache.number("key"), Some(1));
        assert!(cache.touch("key", Ttl::Default).unwrap(), "the alias's default");
        advance(SECOND * 298);
        assert_eq!(cache.number("key"), Some(1));
        advance(SECOND * 3);
        assert_eq!(cache.number("key"), None);
        assert!(!cache.touch("never", MINUTE).unwrap());
    });
}

#[test]
fn touch_never_brings_back_what_has_ended() {
    everywhere(|cache| {
        cache.set("key", &1, MINUTE).unwrap();
        advance(MINUTE + SECOND);
        assert!(!cache.touch("key", MINUTE).unwrap());
        assert!(!cache.touch("key", Duration::ZERO).unwrap());
        assert_eq!(cache.number("key"), None);
    });
}

#[test]
fn get_many_gives_what_is_there_by_the_callers_own_keys() {
    everywhere(|cache| {
        cache.set_many([("a", Some(1)), ("b", Some(2)), ("none", None)], Ttl::Default).unwrap();
        let found = cache.get_many::<_, Option<i32>>(["a".to_owned(), "none".into(), "never".into()]).unwrap();
        assert_eq!(found, [("a".to_owned(), Some(1)), ("none".into(), None)].into());
        cache.set("text", "not a number", Ttl::Default).unwrap();
        assert_eq!(cache.get_many::<_, i32>(["b", "text"]).unwrap(), [("b", 2)].into());
    });
}

#[test]
fn get_many_takes_any_iterator_and_each_key_once() {
    everywhere(|cache| {
        cache.set_many([("a", 1), ("b", 2)], Ttl::Default).unwrap();
        let once = ["a", "b", "a", "a"].into_iter().filter(|key| key.len() == 1);
        assert_eq!(cache.get_many::<_, i32>(once).unwrap(), [("a", 1), ("b", 2)].into());
        assert!(cache.get_many::<&str, i32>([]).unwrap().is_empty());
    });
}

#[test]
fn set_many_has_one_lifetime_and_one_version_and_says_what_failed() {
    everywhere(|cache| {
        assert!(cache.version(2).set_many([("a", 1), ("b", 2)], MINUTE).unwrap().is_empty());
        assert!(cache.set_many([("a", 9); 0], MINUTE).unwrap().is_empty());
        assert_eq!((cache.number("a"), cache.version(2).number("b")), (None, Some(2)));
        assert!(cache.set_many([("twice", 1), ("twice", 2)], MINUTE).unwrap().is_empty());
        assert_eq!(cache.number("twice"), Some(2), "the last one counts");
        advance(MINUTE + SECOND);
        assert!(cache.version(2).get_many::<_, i32>(["a", "b"]).unwrap().is_empty());
    });
}

#[test]
fn set_many_stores_nothing_if_one_value_cannot_be_encoded() {
    with("max_value_bytes = 1000", |cache| {
        cache.set("a", "before", Ttl::Default).unwrap();
        let long = "x".repeat(2_000);
        let error = cache.set_many([("a", "after"), ("b", &long), ("c", "after")], Ttl::Default).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
        let found = cache.get_many::<_, String>(["a", "b", "c"]).unwrap();
        assert_eq!(found, [("a", "before".to_owned())].into());
    });
}

#[test]
fn delete_many_counts_what_was_there_and_passes_over_the_rest() {
    everywhere(|cache| {
        cache.set_many([("a", 1), ("b", 2), ("c", 3)], Ttl::Default).unwrap();
        assert_eq!(cache.delete_many(["a", "b", "never", "a"]).unwrap(), 2);
        assert_eq!(cache.delete_many([""; 0]).unwrap(), 0);
        let found = cache.get_many::<_, i32>(["a", "b", "c"]).unwrap();
        assert_eq!(found, [("c", 3)].into());
    });
}

#[test]
fn clear_removes_what_the_alias_holds_and_nothing_else() {
    #[cached_core::cached(name = "django.cleared")]
    fn site(n: u64) -> u64 {
        n + 1
    }
    let routed = "key_prefix = \"o\"\n[sites.\"django.cleared\"]\nbackend = \"mine\"";
    for kind in KEEPING {
        aliases(kind, &[("mine", ""), ("same", "version = 7"), ("other", routed)], |alias| {
            let (mine, same, other) = (alias("mine"), alias("same"), alias("other"));
            mine.set("a", &1, Ttl::Default).unwrap();
            mine.version(3).set("b", &2, Ttl::Default).unwrap();
            same.set("c", &3, Ttl::Default).unwrap();
            other.set("a", &4, Ttl::Default).unwrap();
            site(1);
            assert_eq!(cached_core::shutdown(MINUTE), 0);
            mine.clear().unwrap();
            assert_eq!((mine.number("a"), mine.version(3).number("b"), same.number("c")), (None, None, None));
            assert_eq!(other.number("a"), Some(4), "another prefix");
            assert_eq!(site::entry(&1).peek().unwrap(), Some(2), "a cached function on the same alias");
            site::site().clear().unwrap();
            assert_eq!(other.number("a"), Some(4), "nor does a site clear what is not its own");
        });
    }
}

#[test]
fn incr_and_decr_add_and_take_away() {
    everywhere(|cache| {
        cache.set("key", &41, Ttl::Default).unwrap();
        assert_eq!(cache.incr("key", 1).unwrap(), 42);
        assert_eq!(cache.incr("key", 10).unwrap(), 52);
        assert_eq!(cache.incr("key", -10).unwrap(), 42);
        assert_eq!(cache.decr("key", 50).unwrap(), -8, "below zero");
        assert_eq!(cache.decr("key", -8).unwrap(), 0);
        assert_eq!(cache.number("key"), Some(0));
    });
}

#[test]
fn incr_on_nothing_is_an_error_and_makes_nothing() {
    everywhere(|cache| {
        assert_eq!(cache.incr("never", 1).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(cache.decr("never", 1).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!cache.has_key("never").unwrap());
    });
}

#[test]
fn incr_on_what_is_no_number_or_too_large_is_another_error_and_changes_nothing() {
    everywhere(|cache| {
        let kind = |key: &str, delta| cache.incr(key, delta).unwrap_err().kind();
        for (key, text) in [("text", "12"), ("word", "x")] {
            cache.set(key, text, Ttl::Default).unwrap();
            assert_eq!(kind(key, 1), ErrorKind::NotNumber);
            assert_eq!(cache.get::<String>(key).unwrap().as_deref(), Some(text));
        }
        cache.set("half", &1.5, Ttl::Default).unwrap();
        cache.set("none", &None::<i64>, Ttl::Default).unwrap();
        cache.set("beyond", &u64::MAX, Ttl::Default).unwrap();
        assert_eq!(["half", "none", "beyond"].map(|key| kind(key, 1)), [ErrorKind::NotNumber; 3]);
        cache.set("most", &i64::MAX, Ttl::Default).unwrap();
        assert_eq!(kind("most", 1), ErrorKind::NotNumber);
        assert_eq!(cache.decr("most", i64::MIN).unwrap_err().kind(), ErrorKind::NotNumber);
        assert_eq!(cache.number("most"), Some(i64::MAX));
    });
}

#[test]
fn incr_keeps_the_remaining_life() {
    everywhere(|cache| {
        cache.set("key", &1, MINUTE).unwrap();
        cache.set("ever", &1, Ttl::Forever).unwrap();
        advance(SECOND * 50);
        assert_eq!((cache.incr("key", 1).unwrap(), cache.decr("ever", 1).unwrap()), (2, 0));
        advance(SECOND * 8);
        assert_eq!(cache.number("key"), Some(2));
        advance(SECOND * 3);
        assert_eq!(cache.number("key"), None);
        advance(SECOND * 400);
        assert_eq!(cache.number("ever"), Some(0));
    });
}

#[test]
fn incr_version_moves_an_entry() {
    everywhere(|cache| {
        cache.set("key", &None::<u8>, Ttl::Default).unwrap();
        assert_eq!(cache.incr_version("key", 1).unwrap(), 2);
        assert_eq!(cache.get::<Option<u8>>("key").unwrap(), None);
        assert_eq!(cache.version(2).get::<Option<u8>>("key").unwrap(), Some(None));
        assert_eq!(cache.version(2).incr_version("key", 5).unwrap(), 7);
        assert_eq!(cache.version(7).decr_version("key", 6).unwrap(), 1);
        assert!(cache.has_key("key").unwrap() && !cache.version(7).has_key("key").unwrap());
        assert_eq!(cache.incr_version("never", 1).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(cache.decr_version("never", 1).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(cache.decr_version("key", 2).unwrap_err().kind(), ErrorKind::NotNumber);
        assert!(cache.has_key("key").unwrap(), "there is no version below 0, so it stays");
    });
}

#[test]
fn incr_version_keeps_the_remaining_life_and_replaces_what_is_there() {
    everywhere(|cache| {
        cache.set("key", &1, MINUTE).unwrap();
        cache.version(2).set("key", &9, Ttl::Forever).unwrap();
        advance(SECOND * 50);
        assert_eq!(cache.incr_version("key", 1).unwrap(), 2);
        assert_eq!(cache.version(2).number("key"), Some(1));
        advance(SECOND * 11);
        assert_eq!(cache.version(2).number("key"), None);
    });
}

#[test]
fn incr_version_by_zero_changes_nothing() {
    everywhere(|cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        assert_eq!((cache.incr_version("key", 0).unwrap(), cache.decr_version("key", 0).unwrap()), (1, 1));
        assert_eq!(cache.number("key"), Some(1));
        assert_eq!(cache.incr_version("never", 0).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn versions_do_not_see_each_other() {
    with("version = 5", |cache| {
        let (own, one) = (cache.version(5), cache.version(1));
        cache.set("key", &1, Ttl::Default).unwrap();
        assert_eq!((own.number("key"), one.number("key")), (Some(1), None));
        assert!(one.add("key", &10, Ttl::Default).unwrap());
        assert!(!own.add("key", &10, Ttl::Default).unwrap());
        assert_eq!((one.incr("key", 1).unwrap(), own.decr("key", 1).unwrap()), (11, 0));
        one.set_many([("many", 1)], Ttl::Default).unwrap();
        assert!(cache.get_many::<_, i64>(["many"]).unwrap().is_empty());
        assert_eq!(one.get_many::<_, i64>(["many", "key"]).unwrap().len(), 2);
        assert_eq!(cache.get_or_set("many", Ttl::Default, || 3).unwrap(), 3);
        assert!(cache.touch("many", MINUTE).unwrap() && !cache.version(2).touch("many", MINUTE).unwrap());
        assert!(one.delete("key").unwrap());
        assert_eq!((one.has_key("key").unwrap(), cache.has_key("key").unwrap()), (false, true));
        assert_eq!(one.delete_many(["many", "key"]).unwrap(), 1);
        assert!(cache.has_key("many").unwrap());
    });
}

#[test]
fn prefix_version_and_key_are_joined_so_that_no_two_are_one() {
    for kind in KEEPING {
        let tables = [("p", "key_prefix = \"p\""), ("p1", "key_prefix = \"p:1\""), ("none", "")];
        aliases(kind, &tables, |alias| {
            alias("p").version(1).set("2:k", &1, Ttl::Default).unwrap();
            assert_eq!(alias("p1").version(2).number("k"), None);
            alias("none").version(1).set("1", &1, Ttl::Default).unwrap();
            assert_eq!(alias("none").version(11).number(""), None);
            assert_eq!(alias("p").version(258).number("2:k"), None);
        });
    }
}

#[test]
fn any_text_is_a_key_up_to_64_kibibytes() {
    everywhere(|cache| {
        let (longest, longer) = ("k".repeat(65_536), "k".repeat(65_537));
        cache.set(&longest, &1, Ttl::Default).unwrap();
        assert_eq!(cache.number(&longest), Some(1));
        let kinds = [
            cache.get::<i64>(&longer).map(drop),
            cache.set(&longer, &1, Ttl::Default),
            cache.add(&longer, &1, Ttl::Default).map(drop),
            cache.get_or_set(&longer, Ttl::Default, || 1).map(drop),
            cache.touch(&longer, Ttl::Default).map(drop),
            cache.delete(&longer).map(drop),
            cache.has_key(&longer).map(drop),
            cache.get_many::<_, i64>([&longer]).map(drop),
            cache.set_many([("short", 1), (&longer, 1)], Ttl::Default).map(drop),
            cache.delete_many(["short", &longer]).map(drop),
            cache.incr(&longer, 1).map(drop),
            cache.incr_version(&longer, 1).map(drop),
        ]
        .map(|result| result.unwrap_err().kind());
        assert_eq!(kinds, [ErrorKind::Encode; 12]);
        assert!(!cache.has_key("short").unwrap());
    });
}

#[test]
fn an_error_never_shows_a_key_or_a_value() {
    everywhere(|cache| {
        let secret = format!("secret{}", "k".repeat(70_000));
        let errors = [
            cache.get::<i64>(&secret).unwrap_err(),
            cache.incr("secret", 1).unwrap_err(),
            cache.set("secret", &Some(None::<&str>), Ttl::Default).unwrap_err(),
        ];
        for error in errors {
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    });
}

#[test]
fn the_future_of_every_method_is_sent_between_threads() {
    fn sent<T: Send>(future: T) -> T {
        future
    }
    let _turn = crate::both::my_turn();
    let runtime = crowd::runtime(true);
    let (given, _) = crowd::tasks(&runtime, 1, |i| async move {
        let cache = caches().get("default").unwrap().version(100 + i as u64).as_async();
        sent(cache.set("a", &1, Ttl::Default)).await?;
        sent(cache.add("b", &2, Ttl::Default)).await?;
        sent(cache.get_or_set("c", Ttl::Default, || async { 3 })).await?;
        sent(cache.get_or_try_set("d", Ttl::Default, || async { Ok::<_, cached_core::Error>(4) })).await?;
        sent(cache.touch("a", MINUTE)).await?;
        sent(cache.incr("a", 10)).await?;
        sent(cache.incr_version("b", 1)).await?;
        sent(cache.set_many([("e", 5)], Ttl::Default)).await?;
        let found: i64 = sent(cache.get_many::<_, i64>(["a", "b", "c", "d", "e"])).await?.values().sum();
        sent(cache.delete_many(["c"])).await?;
        let rest =
            (sent(cache.has_key("c")).await?, sent(cache.get::<i64>("a")).await?, sent(cache.delete("a")).await?);
        sent(cache.clear()).await?;
        Ok::<_, cached_core::Error>((found, rest))
    });
    assert_eq!(given, [Ok(Ok((23, (false, Some(11), true))))]);
}

#[test]
fn in_a_bypass_nothing_is_found_and_nothing_kept() {
    everywhere(|cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        cached_core::bypass(|| {
            assert_eq!(cache.number("key"), None);
            cache.set("key", &2, Ttl::Default).unwrap();
            assert!(!cache.delete("key").unwrap());
            assert_eq!(cache.get_or_set("key", Ttl::Default, || 3).unwrap(), 3);
            cache.clear().unwrap();
        });
        assert_eq!(cache.number("key"), Some(1));
    });
}

#[test]
fn an_isolated_test_sees_a_cache_of_its_own() {
    everywhere(|cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        {
            let _test = isolated();
            assert_eq!(cache.number("key"), None);
            cache.set("key", &2, Ttl::Default).unwrap();
            assert_eq!(cache.incr("key", 1).unwrap(), 3);
            let _inner = isolated();
            assert_eq!(cache.number("key"), None);
            cache.set("key", &9, Ttl::Default).unwrap();
            cache.clear().unwrap();
            assert_eq!(cache.number("key"), None);
        }
        assert_eq!(cache.number("key"), Some(1));
    });
}

#[test]
fn a_handle_shows_its_alias_and_its_version() {
    everywhere(|cache| {
        let Face { cache, .. } = cache.version(3);
        assert_eq!(format!("{cache:?}"), "Cache { alias: \"there\", version: Some(3) }");
        assert_eq!(format!("{:?}", cache.as_async()), format!("CacheAsync({cache:?})"));
        assert_eq!(cache.as_async().alias(), "there");
    });
}
