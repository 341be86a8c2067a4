//! What each operation does, on each kind of server.

use std::time::Duration;

use cached_core::ErrorKind;
use cached_core::backend::{Backend, Bytes, When, Write};

use crate::support::{CLUSTER, REDIS, delete, everywhere, get, keys, prefix, ready, set, set_for, stamp, until, value};

const MILLI: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn what_is_stored_is_found_in_the_order_of_the_keys() {
    for (place, backend) in everywhere() {
        let keys: [_; 20] = keys(&prefix());
        let bytes = |n: usize| value(n as u128, &format!("{place} {n}"));
        let write = |n: usize| Write::new(keys[n].clone(), bytes(n), None, When::Always);
        let stored = ready(backend.set_many((0..19).map(write).collect())).unwrap();
        assert_eq!(stored, [true; 19], "{place}");
        let asked: Vec<_> = [19, 3, 0, 3, 18].map(|n: usize| keys[n].clone()).into();
        let found = ready(backend.get_many(&asked)).unwrap();
        assert_eq!(found, [None, Some(bytes(3)), Some(bytes(0)), Some(bytes(3)), Some(bytes(18))], "{place}");
        let removed = ready(backend.delete_many([19, 3, 3].map(|n: usize| (keys[n].clone(), When::Always)).into()));
        assert_eq!(removed.unwrap(), [false, true, false], "{place}");
        assert_eq!(get(&backend, &keys[3]).unwrap(), None, "{place}");
        assert_eq!(get(&backend, &keys[4]).unwrap(), Some(bytes(4)), "{place}");
    }
}

#[test]
fn a_batch_of_nothing_asks_nobody() {
    for (_, backend) in everywhere() {
        assert_eq!(ready(backend.get_many(&[])).unwrap(), []);
        assert_eq!(ready(backend.set_many(vec![])).unwrap(), [true; 0]);
        assert_eq!(ready(backend.delete_many(vec![])).unwrap(), [true; 0]);
    }
}

#[test]
fn values_of_every_shape_come_back_as_they_were() {
    let shapes: [Bytes; 5] =
        [[].into(), b"\r\n$-1\r\n\0".as_slice().into(), [0xff; 3].into(), value(1, "x"), vec![7; 1 << 20].into()];
    for (place, backend) in everywhere() {
        let prefix = prefix();
        for (n, bytes) in shapes.iter().enumerate() {
            let key = format!("{prefix}{n}");
            assert!(set(&backend, &key, bytes.clone(), When::Always).unwrap());
            assert_eq!(get(&backend, &key).unwrap().as_ref(), Some(bytes), "{place} {n}");
        }
    }
}

#[test]
fn conditions_hold() {
    for (place, backend) in everywhere() {
        let key = format!("{}k", prefix());
        let (one, two, three) = (value(1, "one"), value(2, "two"), value(3, "three"));
        let is = |bytes: Option<&Bytes>| assert_eq!(get(&backend, &key).unwrap().as_ref(), bytes, "{place}");
        assert!(!set(&backend, &key, one.clone(), When::Stamp(stamp(1))).unwrap(), "{place}");
        is(None);
        assert!(set(&backend, &key, one.clone(), When::Absent).unwrap(), "{place}");
        assert!(!set(&backend, &key, two.clone(), When::Absent).unwrap(), "{place}");
        is(Some(&one));
        assert!(!set(&backend, &key, two.clone(), When::Stamp(stamp(2))).unwrap(), "{place}");
        assert!(set(&backend, &key, two.clone(), When::Stamp(stamp(1))).unwrap(), "{place}");
        is(Some(&two));
        assert!(set(&backend, &key, three.clone(), When::Always).unwrap(), "{place}");
        assert!(!delete(&backend, &key, When::Stamp(stamp(2))).unwrap(), "{place}");
        assert!(!delete(&backend, &key, When::Absent).unwrap(), "{place}");
        is(Some(&three));
        assert!(delete(&backend, &key, When::Stamp(stamp(3))).unwrap(), "{place}");
        is(None);
        assert!(!delete(&backend, &key, When::Always).unwrap(), "{place}");
        // Bytes shorter than a stamp have none.
        assert!(set(&backend, &key, b"short".as_slice().into(), When::Always).unwrap());
        assert!(!set(&backend, &key, one, When::Stamp(*b"short\0\0\0\0\0\0\0\0\0\0\0")).unwrap(), "{place}");
    }
}

#[test]
fn of_equal_keys_in_a_batch_the_last_wins_and_conditions_see_those_before() {
    for (place, backend) in everywhere() {
        let key: cached_core::backend::Key = format!("{}k", prefix()).into();
        let write = |n: u128, when| Write::new(key.clone(), value(n, "v"), None, when);
        let writes = vec![
            write(1, When::Absent),
            write(2, When::Absent),
            write(3, When::Stamp(stamp(1))),
            write(4, When::Stamp(stamp(1))),
            write(5, When::Always),
            write(6, When::Stamp(stamp(5))),
        ];
        let stored = ready(backend.set_many(writes)).unwrap();
        assert_eq!(stored, [true, false, true, false, true, true], "{place}");
        assert_eq!(get(&backend, &key).unwrap(), Some(value(6, "v")), "{place}");
    }
}

#[test]
fn lives_are_what_the_table_says_on_the_wire() {
    let times = [
        (None, -1),
        (Some(HOUR), 3_600_000),
        (Some(HOUR + Duration::from_nanos(1)), 3_600_001),
        (Some(HOUR * 24 * 30 + HOUR), 2_595_600_000),
        (Some(Duration::from_secs(68 * 31_557_600)), 2_145_916_800_000),
        (Some(Duration::from_secs(u64::from(u32::MAX))), -1),
        (Some(Duration::from_millis(i64::MAX as u64)), -1),
        (Some(Duration::from_secs(u64::MAX)), -1),
        (Some(Duration::MAX), -1),
    ];
    for (place, backend) in everywhere() {
        for (ttl, millis) in times {
            for when in [When::Always, When::Absent, When::Stamp(stamp(1))] {
                let key = format!("{}k", prefix());
                if let When::Stamp(_) = when {
                    assert!(set_for(&backend, &key, value(1, "old"), Some(HOUR * 2), When::Always).unwrap());
                }
                assert!(set_for(&backend, &key, value(2, "new"), ttl, when).unwrap(), "{place} {ttl:?} {when:?}");
                assert_eq!(get(&backend, &key).unwrap(), Some(value(2, "new")));
                let left: i64 = on_server(place, &["PTTL", &key]).parse().unwrap();
                let as_long = if millis < 0 { left == -1 } else { left <= millis && left > millis - 60_000 };
                assert!(as_long, "{place} {ttl:?} {when:?}: {left}");
            }
        }
    }
}

/// Asks the server itself, on a cluster the one that has the key.
fn on_server(place: &str, words: &[&str]) -> String {
    match place {
        "redis" => REDIS.ask(words),
        "valkey" => crate::support::VALKEY.ask(words),
        _ => {
            let answers = CLUSTER.nodes().iter().map(|node| node.ask(words));
            answers.into_iter().find(|answer| !answer.starts_with("MOVED")).unwrap()
        }
    }
}

#[test]
fn what_lives_less_than_a_millisecond_lives_one_and_goes() {
    for (place, backend) in everywhere() {
        for ttl in [Duration::from_nanos(1), Duration::from_micros(999), MILLI] {
            let key = format!("{}k", prefix());
            assert!(set_for(&backend, &key, value(1, "v"), Some(ttl), When::Always).unwrap(), "{place}");
            until(|| get(&backend, &key).unwrap().is_none());
        }
    }
}

#[test]
fn a_life_of_nothing_is_over_at_once_whatever_the_condition() {
    for (place, backend) in everywhere() {
        let key = format!("{}k", prefix());
        let nothing = |when| set_for(&backend, &key, value(2, "new"), Some(Duration::ZERO), when).unwrap();
        assert!(nothing(When::Absent), "{place}");
        assert!(!nothing(When::Stamp(stamp(1))), "{place}");
        assert!(nothing(When::Always), "{place}");
        assert_eq!(get(&backend, &key).unwrap(), None);
        let old = || assert!(set(&backend, &key, value(1, "old"), When::Always).unwrap());
        old();
        assert!(!nothing(When::Absent), "{place}");
        assert_eq!(get(&backend, &key).unwrap(), Some(value(1, "old")));
        assert!(nothing(When::Stamp(stamp(1))), "{place}");
        assert_eq!(get(&backend, &key).unwrap(), None, "{place}");
        old();
        assert!(nothing(When::Always), "{place}");
        assert_eq!(get(&backend, &key).unwrap(), None, "{place}");
    }
}

#[test]
fn clear_takes_what_begins_so_and_nothing_else() {
    for (place, backend) in everywhere() {
        let own = prefix();
        // More than one step of a server's own reading.
        let bytes = value(1, "v");
        let many = (0..2_500).map(|n| Write::new(format!("{own}{n}").into(), bytes.clone(), None, When::Always));
        assert_eq!(ready(backend.set_many(many.collect())).unwrap(), [true; 2_500]);
        let other = prefix();
        assert!(set(&backend, &other, bytes.clone(), When::Always).unwrap());
        let before = own.trim_end_matches(':');
        assert!(set(&backend, before, bytes.clone(), When::Always).unwrap());
        ready(backend.clear(&own)).unwrap();
        let asked: Vec<_> = (0..2_500).map(|n| format!("{own}{n}").into()).collect();
        assert!(ready(backend.get_many(&asked)).unwrap().iter().all(Option::is_none), "{place}");
        assert!(get(&backend, &other).unwrap().is_some() && get(&backend, before).unwrap().is_some(), "{place}");
    }
}

#[test]
fn r60_a_prefix_is_no_pattern_and_foreign_keys_stay() {
    let backend = crate::support::on(&REDIS.url());
    let own = prefix();
    let glob = format!("{own}a*b?[c-d]^\\:");
    let foreign: [&[u8]; 6] = [
        format!("{own}axbyc:1").leak().as_bytes(),
        format!("{own}a*b?c:").leak().as_bytes(),
        format!("{own}a*b?[c-d]^:x").leak().as_bytes(),
        &[own.as_bytes(), b"a\xff\xfe\r\n\0"].concat(),
        b"\xff\0*",
        b"*",
    ];
    let ours: [&[u8]; 3] =
        [glob.as_bytes(), &[glob.as_bytes(), b"\xff\0\r\n"].concat(), &[glob.as_bytes(), b"1"].concat()];
    for key in foreign.iter().chain(&ours) {
        assert_eq!(REDIS.ask(&[b"SET", *key, b"v"]), "OK");
    }
    ready(backend.clear(&glob)).unwrap();
    let is_there = |key: &&[u8]| REDIS.ask(&[b"EXISTS", *key]) == "1";
    assert!(foreign.iter().all(is_there));
    assert!(!ours.iter().any(is_there));
    ready(backend.clear(&own)).unwrap();
    assert!(foreign[..4].iter().all(|key| !is_there(key)) && foreign[4..].iter().all(is_there));
}

#[test]
fn what_the_engine_would_not_ask_is_refused_and_not_sent() {
    for (place, backend) in everywhere() {
        let longest = "k".repeat(201);
        for key in ["", "a b", "a\r\nGET b", "a*", "ä", "a/b", "a\0", longest.as_str()] {
            let refusals = [
                get(&backend, key).unwrap_err(),
                set(&backend, key, value(1, "v"), When::Always).unwrap_err(),
                delete(&backend, key, When::Always).unwrap_err(),
            ];
            for error in refusals {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{place}");
                assert!(key.is_empty() || !error.to_string().contains(key), "{error}");
            }
        }
        assert_eq!(ready(backend.clear("")).unwrap_err().kind(), ErrorKind::Unsupported, "{place}");
        let key = "k".repeat(200);
        assert!(set(&backend, &key, value(1, "v"), When::Always).unwrap());
        assert!(delete(&backend, &key, When::Always).unwrap());
    }
}
