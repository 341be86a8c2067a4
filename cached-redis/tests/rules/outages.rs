//! Servers that go away, stand still and come back.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cached_core::ErrorKind;
use cached_core::backend::{Backend, When};
use cached_redis::RedisBackend;
use cached_testkit::servers::{Cluster, Server};

use crate::support::{PATIENCE, get, on, ready, set, until, value};

const LIMIT: Duration = Duration::from_millis(100);

/// How often the server has accepted anybody; the question itself is one.
fn accepted(server: &Server) -> usize {
    let info = server.ask(&["INFO", "stats"]);
    let line = info.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    line.trim().parse().unwrap()
}

#[test]
fn a_server_that_was_started_again_is_found_by_the_next_operation() {
    let mut server = Server::redis();
    let backend = on(&server.url());
    for round in 0..3 {
        assert!(set(&backend, "n:k", value(1, "v"), When::Always).unwrap(), "{round}");
        server.kill();
        let error = get(&backend, "n:k").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Backend, "{error}");
        assert!(get(&backend, "n:k").unwrap_err().to_string().contains("Connection refused"));
        server.restart();
        assert_eq!(get(&backend, "n:k").unwrap(), None, "it kept nothing");
    }
}

#[test]
fn a_connection_that_the_server_ends_costs_one_operation_at_most() {
    let server = Server::redis();
    let backend = on(&server.url());
    assert!(set(&backend, "n:k", value(1, "v"), When::Always).unwrap());
    for _ in 0..10 {
        assert_eq!(server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]), "1");
        let first = get(&backend, "n:k");
        assert!(first.is_err() || first == Ok(Some(value(1, "v"))), "{first:?}");
        assert_eq!(get(&backend, "n:k").unwrap(), Some(value(1, "v")));
    }
}

#[test]
fn all_who_ask_at_first_share_one_connection() {
    let server = Server::redis();
    let backend = Arc::new(on(&server.url()));
    let before = accepted(&server);
    let ask = |n: usize| {
        let backend = Arc::clone(&backend);
        thread::spawn(move || get(&backend, &format!("n:{n}")).unwrap())
    };
    let threads: Vec<_> = (0..50).map(ask).collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_none()));
    assert_eq!(accepted(&server), before + 2, "one of them, and one of this question");
}

#[test]
fn r39_a_server_that_stands_still_costs_the_limit_and_its_late_answers_reach_nobody() {
    let server = Server::redis();
    let backend = Arc::new(RedisBackend::with_timeouts(&server.url(), LIMIT, LIMIT).unwrap());
    for n in 0..20 {
        let stored = set(&on(&server.url()), &format!("n:{n}"), value(n, &format!("value {n}")), When::Always);
        assert!(stored.unwrap());
    }
    until(|| get(&backend, "n:0").is_ok());
    for _ in 0..3 {
        server.stop();
        let begun = crate::support::now();
        let ask = |n: u128| {
            let backend = Arc::clone(&backend);
            thread::spawn(move || get(&backend, &format!("n:{n}")))
        };
        let asked: Vec<_> = (0..20).map(ask).collect();
        for thread in asked {
            let error = thread.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        }
        assert!(begun.elapsed() < LIMIT * 20, "{:?}", begun.elapsed());
        server.cont();
        until(|| get(&backend, "n:0").is_ok());
        for n in (0..20).rev() {
            // Answers to what was asked before may still come in; none of them is one of these.
            if let Ok(found) = get(&backend, &format!("n:{n}")) {
                assert_eq!(found, Some(value(n, &format!("value {n}"))));
            }
        }
    }
}

#[test]
fn an_answer_that_is_late_is_matched_to_its_own_question_on_the_same_connection() {
    let server = Server::redis_with(&["--enable-debug-command", "yes"]);
    let backend = Arc::new(RedisBackend::with_timeouts(&server.url(), PATIENCE, LIMIT).unwrap());
    for n in 0..2 {
        assert!(set(&on(&server.url()), &format!("n:{n}"), value(n, "v"), When::Always).unwrap());
    }
    until(|| get(&backend, "n:0").is_ok());
    // One exchange after the other times out while the server sleeps; the server answers all of them in the end.
    let sleeper = server.wire();
    let asleep = thread::spawn(move || {
        let mut sleeper = sleeper;
        sleeper.ask(&["DEBUG", "SLEEP", "0.5"])
    });
    until(|| get(&backend, "n:0").is_err());
    asleep.join().unwrap();
    for _ in 0..20 {
        for n in 0..2 {
            if let Ok(found) = get(&backend, &format!("n:{n}")) {
                assert_eq!(found, Some(value(n, "v")));
            }
        }
    }
    assert_eq!(get(&backend, "n:1").unwrap(), Some(value(1, "v")));
}

#[test]
fn what_nobody_waits_for_any_more_is_not_sent_when_the_connection_is_there_at_last() {
    let server = Server::redis();
    server.stop();
    let backend = RedisBackend::with_timeouts(&server.url(), PATIENCE, LIMIT).unwrap();
    let error = set(&backend, "n:k", value(1, "late"), When::Always).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    server.cont();
    until(|| get(&backend, "n:other").is_ok());
    assert_eq!(server.ask(&["EXISTS", "n:k"]), "0");
}

#[test]
fn closing_waits_for_what_is_under_way_and_what_comes_then_connects_again() {
    let server = Server::redis();
    let backend = on(&server.url());
    ready(backend.close(PATIENCE)).unwrap();
    let before = accepted(&server);
    assert_eq!(get(&backend, "n:k").unwrap(), None);
    server.stop();
    let stored =
        backend.set_many(vec![cached_core::backend::Write::new("n:k".into(), value(1, "v"), None, When::Always)]);
    let error = ready(backend.close(LIMIT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    server.cont();
    assert_eq!(ready(stored).unwrap(), [true]);
    assert_eq!(get(&backend, "n:k").unwrap(), Some(value(1, "v")));
    drop(backend.set_many(vec![cached_core::backend::Write::new("n:k".into(), value(2, "w"), None, When::Always)]));
    ready(backend.close(PATIENCE)).unwrap();
    assert_eq!(server.ask(&["GET", "n:k"]).as_bytes(), &*value(2, "w"), "nobody waited for it, and it was done");
    assert_eq!(server.ask(&["CLIENT", "LIST"]).lines().count(), 1, "only who asks");
    assert!(accepted(&server) > before);
}

#[test]
fn a_cluster_whose_master_dies_answers_again_once_its_replica_has_taken_over() {
    let mut cluster = Cluster::with_replicas();
    let backend = RedisBackend::with_timeouts(&cluster.urls().join(","), PATIENCE, Duration::from_secs(1)).unwrap();
    let key = |n: usize| format!("n:{n}");
    let all = |backend: &RedisBackend| (0..50).all(|n| set(backend, &key(n), value(1, "v"), When::Always).is_ok());
    assert!(all(&backend));
    cluster.nodes_mut()[0].kill();
    let failed = (0..50).filter(|n| get(&backend, &key(*n)).is_err()).count();
    assert!((1..50).contains(&failed), "{failed}: those of one server");
    let begun = crate::support::now();
    while !all(&backend) {
        assert!(begun.elapsed() < PATIENCE, "the replica takes over");
        thread::sleep(Duration::from_millis(50));
    }
    ready(backend.clear("n:")).unwrap();
    assert!((0..50).all(|n| get(&backend, &key(n)).unwrap().is_none()));
}
