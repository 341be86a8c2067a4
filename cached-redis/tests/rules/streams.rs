//! Connections that are cut, die without a word, or are slow.

use std::sync::Arc;
use std::time::Duration;

use cached_core::ErrorKind;
use cached_core::backend::When;
use cached_redis::RedisBackend;
use cached_testkit::servers::Server;

use crate::proxy::{Fault, Proxy, Way};
use crate::support::{PATIENCE, REDIS, get, now, on, prefix, scaled, set, value};

#[test]
fn r44_a_stream_that_is_cut_anywhere_costs_one_operation_and_gives_no_wrong_value() {
    let proxy = Proxy::before(REDIS.port());
    let key = format!("{}k", prefix());
    let (old, new) = (value(1, &"o".repeat(4_096)), value(2, &"n".repeat(4_096)));
    let sure = on(&REDIS.url());
    assert!(set(&sure, &key, old.clone(), When::Always).unwrap());
    // The greeting, the longer of the two exchanges, and some.
    let last = 4_096 + 400;
    let step = last / scaled(last);
    let (mut cuts, mut failed, mut longest) = (0, 0, Duration::ZERO);
    for way in [Way::ToServer, Way::ToClient] {
        for half in [false, true] {
            for after in (0..last).step_by(step) {
                proxy.set(Fault::Cut { way, after, half });
                let backend = RedisBackend::with_timeouts(&proxy.url(), PATIENCE, PATIENCE).unwrap();
                let begun = now();
                let cut = [
                    get(&backend, &key).map(|found| found.is_some_and(|found| found == old || found == new)),
                    set(&backend, &key, new.clone(), When::Always),
                ];
                longest = longest.max(begun.elapsed());
                let faults = cut.iter().filter_map(|outcome| outcome.as_ref().err());
                assert!(
                    faults.clone().all(|error| error.kind() == ErrorKind::Backend),
                    "{way:?} {half} {after}: {cut:?}"
                );
                assert!(cut.iter().all(|outcome| *outcome != Ok(false)), "{way:?} {half} {after}: {cut:?}");
                let faults = faults.count();
                // Beyond that it may be that all had gone through before.
                assert!(faults > 0 || after > 4_000, "{way:?} {half} {after}: the cut was felt");
                failed += faults;
                proxy.set(Fault::None);
                // A connection that is not known to be dead yet may cost one more.
                let found = get(&backend, &key).or_else(|_| get(&backend, &key)).unwrap().unwrap();
                assert!(found == old || found == new, "{way:?} {half} {after}");
                cuts += 1;
            }
        }
    }
    println!("R44 {cuts} cuts, {failed} operations failed, none gave a wrong value; the slowest pair took {longest:?}");
    assert!(longest < PATIENCE / 2, "a cut is noticed, and not waited for: {longest:?}");
}

#[test]
fn a_connection_that_dies_without_a_word_is_left_after_one_time_out() {
    let limit = Duration::from_millis(300);
    let proxy = Proxy::before(REDIS.port());
    let backend = RedisBackend::with_timeouts(&proxy.url(), PATIENCE, limit).unwrap();
    let key = format!("{}k", prefix());
    for round in 1..4 {
        assert!(set(&backend, &key, value(round, "v"), When::Always).unwrap());
        proxy.forget_connections();
        let error = get(&backend, &key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert_eq!(get(&backend, &key).unwrap(), Some(value(round, "v")), "over a new connection");
        assert_eq!(proxy.accepted(), round as usize + 1);
    }
}

#[test]
fn an_exchange_that_is_slow_does_not_cost_the_others_their_connection() {
    let limit = Duration::from_millis(300);
    let server = Server::redis_with(&["--enable-debug-command", "yes"]);
    let proxy = Proxy::before(server.port());
    let backend = Arc::new(RedisBackend::with_timeouts(&proxy.url(), PATIENCE, limit).unwrap());
    assert_eq!(get(&backend, "n:k").unwrap(), None);
    // The server sleeps less than the limit: whoever asks meanwhile has an answer.
    for _ in 0..3 {
        let mut sleeper = server.wire();
        let asleep = std::thread::spawn(move || sleeper.ask(&["DEBUG", "SLEEP", "0.1"]));
        assert_eq!(get(&backend, "n:k").unwrap(), None);
        assert_eq!(asleep.join().unwrap(), "OK");
    }
    assert_eq!(proxy.accepted(), 1);
}
