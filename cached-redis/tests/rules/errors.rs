//! What a server says when it will not, and what becomes of it here: an error of that operation, named by its code.

use std::time::Duration;

use cached_core::backend::{Backend, When};
use cached_core::{Error, ErrorKind};
use cached_redis::RedisBackend;
use cached_testkit::servers::Server;

use crate::support::{PATIENCE, REDIS, delete, get, keys, on, prefix, ready, set, until, value};

/// What an error has to be: of its kind, and from its server with its code.
#[track_caller]
fn assert_refused(result: Result<impl std::fmt::Debug, Error>, server: &Server, code: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Backend);
    let head = format!("backend (redis, 127.0.0.1:{}): {code}: ", server.port());
    assert!(error.to_string().starts_with(&head), "{error}");
}

#[test]
fn r45_a_server_without_memory_refuses_writes_and_still_answers() {
    let server = Server::redis_with(&["--maxmemory-policy", "noeviction"]);
    let backend = on(&server.url());
    assert!(set(&backend, "n:k", value(1, "v"), When::Always).unwrap());
    assert_eq!(server.ask(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    for when in [When::Always, When::Absent, When::Stamp(*value(1, "").first_chunk().unwrap())] {
        assert_refused(set(&backend, "n:k", value(2, "w"), when), &server, "OOM");
    }
    assert_eq!(get(&backend, "n:k").unwrap(), Some(value(1, "v")), "an error is no reason to remove anything");
    assert!(delete(&backend, "n:k", When::Always).unwrap());
}

#[test]
fn r45_a_replica_refuses_writes() {
    let server = Server::redis();
    let backend = on(&server.url());
    assert!(set(&backend, "n:k", value(1, "v"), When::Always).unwrap());
    assert_eq!(server.ask(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
    assert_refused(set(&backend, "n:k", value(2, "w"), When::Always), &server, "READONLY");
    assert_refused(delete(&backend, "n:k", When::Always), &server, "READONLY");
    assert_refused(ready(backend.clear("n:")), &server, "READONLY");
    assert_eq!(get(&backend, "n:k").unwrap(), Some(value(1, "v")));
    assert_eq!(server.ask(&["REPLICAOF", "NO", "ONE"]), "OK");
    assert!(set(&backend, "n:k", value(2, "w"), When::Always).unwrap());
}

#[test]
fn r45_a_busy_server_says_so() {
    let server = Server::redis_with(&["--busy-reply-threshold", "1"]);
    let backend = on(&server.url());
    assert_eq!(get(&backend, "n:k").unwrap(), None);
    let port = server.port();
    let endless = std::thread::spawn(move || {
        let mut wire = cached_testkit::servers::Wire::open(port).unwrap();
        wire.ask(&["EVAL", "while true do end", "0"])
    });
    until(|| get(&backend, "n:k").is_err());
    assert_refused(get(&backend, "n:k"), &server, "BUSY");
    assert_eq!(server.ask(&["SCRIPT", "KILL"]), "OK");
    assert!(endless.join().unwrap().contains("killed"));
    until(|| get(&backend, "n:k").is_ok());
}

#[test]
fn r45_a_key_of_another_type_is_an_error_of_its_batch_and_stays() {
    let backend = on(&REDIS.url());
    let [fine, foreign, other] = keys(&prefix());
    assert_eq!(REDIS.ask(&["RPUSH", &foreign, "theirs"]), "1");
    assert_refused(get(&backend, &foreign), &REDIS, "WRONGTYPE");
    assert_refused(set(&backend, &foreign, value(2, "w"), When::Stamp([0; 16])), &REDIS, "WRONGTYPE");
    assert!(!set(&backend, &foreign, value(2, "w"), When::Absent).unwrap());
    let write = |key: &cached_core::backend::Key, when| {
        cached_core::backend::Write::new(key.clone(), value(1, "v"), None, when)
    };
    let batch = vec![write(&fine, When::Always), write(&foreign, When::Stamp([0; 16])), write(&other, When::Always)];
    assert_refused(ready(backend.set_many(batch)), &REDIS, "WRONGTYPE");
    // The others of the batch were done; many values at once are a miss where there is none of ours.
    let found = ready(backend.get_many(&[fine, foreign.clone(), other])).unwrap();
    assert_eq!(found, [Some(value(1, "v")), None, Some(value(1, "v"))]);
    assert_eq!(REDIS.ask(&["LRANGE", &foreign, "0", "-1"]), "theirs");
    assert!(set(&backend, &foreign, value(1, "v"), When::Always).unwrap(), "a write in any case is one");
}

#[test]
fn r45_passwords_that_are_missing_or_wrong_are_errors_of_each_operation_and_said_by_code() {
    let server = Server::redis_with(&["--requirepass", "canary-right"]);
    let at = |login: &str| format!("redis://{login}127.0.0.1:{}", server.port());
    assert_refused(get(&on(&at("")), "n:k"), &server, "NOAUTH");
    for wrong in [":canary-wrong@", "user:canary-right@"] {
        let backend = on(&at(wrong));
        for result in [get(&backend, "n:k").map(drop), ready(backend.clear("n:"))] {
            let error = result.unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
            assert_refused(Err::<(), _>(error), &server, "WRONGPASS");
        }
    }
    assert_eq!(get(&on(&at(":canary-right@")), "n:k").unwrap(), None);
    assert_eq!(get(&on(&at("default:canary-right@")), "n:k").unwrap(), None);
}

#[test]
fn a_user_who_may_not_is_told_what_is_needed() {
    let server = Server::redis();
    assert_eq!(server.ask(&["ACL", "SETUSER", "narrow", "on", ">pw", "~n:*", "+get"]), "OK");
    let backend = on(&format!("redis://narrow:pw@127.0.0.1:{}", server.port()));
    assert_eq!(get(&backend, "n:k").unwrap(), None);
    assert_refused(get(&backend, "m:k"), &server, "NOPERM");
    assert_refused(set(&backend, "n:k", value(1, "v"), When::Absent), &server, "NOPERM");
}

#[test]
fn a_database_that_is_not_there_is_an_error_of_each_operation() {
    let backend = on(&format!("{}/99", REDIS.url()));
    assert_refused(get(&backend, "n:k"), &REDIS, "ERR");
    let error = get(&backend, "n:k").unwrap_err().to_string();
    assert!(error.contains("DB index is out of range"), "{error}");
}

#[test]
fn a_node_of_a_cluster_that_is_taken_for_a_server_says_what_to_set() {
    let node = &crate::support::CLUSTER.nodes()[0];
    let backend = on(&node.url());
    let results = (0..20).map(|n| get(&backend, &format!("n:{n}")));
    let error = results.filter_map(Result::err).next().expect("some keys are elsewhere");
    assert!(error.to_string().contains("`cluster = true`"), "{error}");
    assert_refused(Err::<(), _>(error), node, "MOVED");
}

#[test]
fn r40_a_server_that_is_not_there_is_an_error_at_once_and_starts_nothing() {
    // Nobody listens on a port below those of the harness and of the system.
    let backend = RedisBackend::with_timeouts("redis://127.0.0.1:9", PATIENCE, PATIENCE).unwrap();
    for result in [get(&backend, "n:k").map(drop), ready(backend.clear("n:"))] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Backend);
        assert!(error.to_string().starts_with("backend (redis, 127.0.0.1:9): Connection refused"), "{error}");
    }
    let backend = on("redis://no-such-host.invalid:7");
    let error = get(&backend, "n:k").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Backend);
    assert!(error.to_string().starts_with("backend (redis, no-such-host.invalid:7): "), "{error}");
}

#[test]
fn r40_a_server_that_accepts_and_says_nothing_costs_the_limit_and_no_more() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let limit = Duration::from_millis(150);
    let url = format!("redis://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let backend = RedisBackend::with_timeouts(&url, limit, PATIENCE).unwrap();
    let begun = crate::support::now();
    let error = get(&backend, "n:k").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().ends_with("no connection within 150ms"), "{error}");
    assert!(begun.elapsed() >= limit && begun.elapsed() < limit * 10, "{:?}", begun.elapsed());
}
