//! R45: servers that answer, and say no.
//!
//! In: a real server that is full, a replica, busy, loading, locked, or somebody else's. Out: a call that is right, an
//! error that is counted and names the reply, and what was stored, still there when the server is well again.

use std::thread;
use std::time::Duration;

use cached_core::{ErrorKind, cached};
use cached_testkit::servers::{Cluster, Server, Wire};

use super::support::{count, routed, runtime, timed, until, value};

const HERE: &str = "faults::replies::*";

/// No retry, no rest: each of these calls takes a round trip or two.
const SOON: Duration = Duration::from_millis(120);

#[cached(ttl = "1h")]
fn sync(key: u64) -> String {
    value(key, 0)
}

#[cached(ttl = "1h")]
async fn later(key: u64) -> String {
    value(key, 0)
}

/// What a server says no to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refuses {
    Everything,
    Writes,
}

/// How often a server was asked to remove something, whoever asked.
fn removals(admin: &mut Wire) -> usize {
    let stats = admin.ask(&["INFO", "commandstats"]);
    let of = |name: &str| stats.lines().any(|line| line.starts_with(&format!("cmdstat_{name}:")));
    ["del", "unlink", "getdel", "expire", "pexpire"].into_iter().filter(|name| of(name)).count()
}

fn hits() -> u64 {
    sync::site().stats().hits + later::site().stats().hits
}

fn errors() -> u64 {
    sync::site().stats().backend_errors + later::site().stats().backend_errors
}

/// Sync and async calls of a key, each right and soon.
fn call_both(what: &str, key: u64) {
    let runtime = runtime(false);
    for is_async in [false, true] {
        let (given, took) = timed(|| if is_async { runtime.block_on(later(key)) } else { sync(key) });
        assert_eq!(given, value(key, 0), "R45 {what}");
        assert!(took <= SOON, "R45 {what}: a call took {took:?}");
        until("the write is done", Duration::from_secs(5), || later::site().flights() == 0);
    }
}

/// A server as it is, while it is out of order, and as it is again.
fn refused(
    what: &str,
    server: &Server,
    refuses: Refuses,
    break_it: impl FnOnce(&mut Wire),
    mend: impl FnOnce(&mut Wire),
) {
    let mut admin = server.wire();
    let _routed = routed(HERE, &server.url(), &[("breaker", "off")]);
    call_both(what, 1);
    let found = hits();
    call_both(what, 1);
    assert_eq!(hits() - found, 2, "R45 {what}: it is well before");
    break_it(&mut admin);
    let (found, failed, failures) = (hits(), errors(), count("failures"));
    call_both(what, 1);
    assert_eq!(hits() - found, if refuses == Refuses::Writes { 2 } else { 0 }, "R45 {what}: reads");
    // A key for each time: what a machine under load has seen once may be stored.
    call_both(what, 2);
    let refusal = sync::entry(&3).put(value(3, 0)).expect_err("it says no");
    let refusal = if refuses == Refuses::Writes { refusal } else { sync::entry(&1).peek().expect_err("it says no") };
    let said = refusal.to_string();
    assert!(said.contains(what), "R45 {what}: the error says {said:?}");
    assert_eq!(refusal.kind(), ErrorKind::Backend, "R45 {what}: {said}");
    assert!(errors() - failed >= 2, "R45 {what}: each is counted");
    let failures = count("failures") - failures;
    assert!(failures >= 3, "R45 {what}: {failures} failures of the backend are counted");
    mend(&mut admin);
    let found = hits();
    until("it is well again", Duration::from_secs(5), || sync::entry(&1).peek().is_ok());
    call_both(what, 1);
    assert_eq!(hits() - found, 2, "R45 {what}: what was stored is still there");
    assert_eq!(removals(&mut admin), 0, "R45 {what}: an error is no reason to remove anything");
    println!("R45 {what}: calls are right, {failures} failures are counted, nothing is removed: {said}");
}

#[test]
fn r45_a_server_that_is_full_takes_no_writes_and_keeps_what_it_has() {
    let server = Server::redis();
    let full = |admin: &mut Wire| assert_eq!(admin.ask(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    let mend = |admin: &mut Wire| assert_eq!(admin.ask(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
    refused("OOM", &server, Refuses::Writes, full, mend);
}

#[test]
fn r45_a_replica_takes_no_writes_and_keeps_what_it_has() {
    let server = Server::redis();
    let replica = |admin: &mut Wire| assert_eq!(admin.ask(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
    let mend = |admin: &mut Wire| assert_eq!(admin.ask(&["REPLICAOF", "NO", "ONE"]), "OK");
    refused("READONLY", &server, Refuses::Writes, replica, mend);
}

#[test]
fn r45_a_replica_that_has_lost_its_primary_answers_nothing() {
    let server = Server::redis_with(&["--replica-serve-stale-data", "no"]);
    let replica = |admin: &mut Wire| assert_eq!(admin.ask(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
    let mend = |admin: &mut Wire| assert_eq!(admin.ask(&["REPLICAOF", "NO", "ONE"]), "OK");
    refused("MASTERDOWN", &server, Refuses::Everything, replica, mend);
}

#[test]
fn r45_a_server_that_runs_a_script_for_too_long_answers_nothing() {
    let server = Server::redis_with(&["--busy-reply-threshold", "1"]);
    let (mut script, mut watcher) = (server.wire(), server.wire());
    let endless = move |_: &mut Wire| {
        thread::spawn(move || script.ask(&["EVAL", "while true do end", "0"]));
        until("the script runs", Duration::from_secs(5), move || {
            thread::sleep(Duration::from_millis(5));
            watcher.inline("PING").is_ok_and(|answer| answer.starts_with("BUSY"))
        });
    };
    let kill = |admin: &mut Wire| assert_eq!(admin.ask(&["SCRIPT", "KILL"]), "OK");
    refused("BUSY", &server, Refuses::Everything, endless, kill);
}

#[test]
fn r45_a_server_that_still_reads_its_data_answers_nothing() {
    let server =
        Server::redis_with(&["--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"]);
    let (mut loader, mut watcher) = (server.wire(), server.wire());
    let load = move |admin: &mut Wire| {
        assert_eq!(admin.ask(&["DEBUG", "POPULATE", "20000", "other", "100"]), "OK");
        // So many millionths of a second for each key: two seconds.
        assert_eq!(admin.ask(&["CONFIG", "SET", "key-load-delay", "100"]), "OK");
        thread::spawn(move || loader.ask(&["DEBUG", "RELOAD"]));
        until("it reads its data", Duration::from_secs(5), move || {
            watcher.ask(&["GET", "anything"]).starts_with("LOADING")
        });
    };
    let loaded = |admin: &mut Wire| {
        until("it has read its data", Duration::from_secs(10), || {
            admin.ask(&["CONFIG", "SET", "key-load-delay", "0"]);
            !admin.ask(&["GET", "anything"]).starts_with("LOADING")
        });
    };
    refused("LOADING", &server, Refuses::Everything, load, loaded);
}

#[test]
fn r45_a_server_that_wants_a_password_now_answers_nothing() {
    let server = Server::redis();
    let lock = |admin: &mut Wire| {
        assert_eq!(admin.ask(&["CONFIG", "SET", "requirepass", "correct horse"]), "OK");
        admin.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    };
    let unlock = |admin: &mut Wire| assert_eq!(admin.ask(&["CONFIG", "SET", "requirepass", ""]), "OK");
    refused("NOAUTH", &server, Refuses::Everything, lock, unlock);
}

#[test]
fn r45_a_user_who_may_not_read_is_told_so() {
    let server = Server::redis();
    let forbid = |admin: &mut Wire| assert_eq!(admin.ask(&["ACL", "SETUSER", "default", "-@read", "-@write"]), "OK");
    let allow = |admin: &mut Wire| assert_eq!(admin.ask(&["ACL", "SETUSER", "default", "+@all"]), "OK");
    refused("NOPERM", &server, Refuses::Everything, forbid, allow);
}

#[test]
fn r45_what_others_keep_under_a_key_is_neither_served_nor_removed() {
    let server = Server::redis();
    let mut admin = server.wire();
    let _routed = routed("faults::replies::sync", &server.url(), &[("breaker", "off")]);
    assert_eq!(sync(1), value(1, 0));
    let key = admin.ask(&["KEYS", "*"]);
    assert_eq!(key.lines().count(), 1, "{key}");
    let stored = admin.ask(&["DUMP", &key]);
    assert_eq!(admin.ask(&["DEL", &key]), "1");
    assert_eq!(admin.ask(&["CONFIG", "RESETSTAT"]), "OK");
    assert_eq!(admin.ask(&["RPUSH", &key, "of", "others"]), "2");
    let failed = errors();
    for _ in 0..3 {
        assert_eq!(sync(1), value(1, 0));
    }
    let said = sync::entry(&1).peek().expect_err("it is a list").to_string();
    assert!(said.contains("WRONGTYPE"), "{said}");
    assert_eq!(errors() - failed, 3);
    assert_eq!(admin.ask(&["LRANGE", &key, "0", "-1"]), "of\nothers", "it is theirs");
    assert_eq!(removals(&mut admin), 0);
    assert!(!stored.is_empty());
    println!("R45 WRONGTYPE: calls are right, 3 failures are counted, the list of others is whole: {said}");
}

#[test]
fn r45_a_node_of_a_cluster_taken_for_a_server_of_its_own_says_where_keys_are() {
    let mut cluster = Cluster::start(3);
    {
        let _routed = routed(HERE, &cluster.urls()[0], &[("breaker", "off")]);
        let (found, failed) = (hits(), errors());
        for _ in 0..2 {
            (0..60).for_each(|key| call_both("MOVED", key));
        }
        let (found, failed) = (hits() - found, errors() - failed);
        let said: Vec<_> =
            (0..60).filter_map(|key| sync::entry(&key).peek().err()).map(|error| error.to_string()).collect();
        assert!(said.iter().all(|said| said.contains("MOVED")), "{said:?}");
        assert!(found > 10 && failed > 50, "a third of the keys is there: {found} hits, {failed} failures");
        println!("R45 MOVED: 240 calls are right, {found} hits, {failed} failures: {}", said[0]);
    }
    // The same cluster, by its name, and then without one of its masters: it serves nothing, and says so.
    let _routed = routed(HERE, &cluster.urls().join(","), &[("breaker", "off"), ("connect_timeout", "50ms")]);
    (100..160).for_each(|key| call_both("CLUSTERDOWN", key));
    let found = hits();
    (100..160).for_each(|key| call_both("CLUSTERDOWN", key));
    assert_eq!(hits() - found, 120, "it is well before");
    cluster.nodes_mut()[2].kill();
    let survivor = &cluster.nodes()[0];
    until("it is down", Duration::from_secs(10), || survivor.ask(&["CLUSTER", "INFO"]).contains("cluster_state:fail"));
    let (found, failed) = (hits(), errors());
    (100..160).for_each(|key| call_both("CLUSTERDOWN", key));
    let said: Vec<_> =
        (100..160).filter_map(|key| sync::entry(&key).peek().err()).map(|error| error.to_string()).collect();
    assert_eq!((hits() - found, said.len()), (0, 60));
    assert!(errors() - failed >= 120 && said.iter().any(|said| said.contains("CLUSTERDOWN")), "{said:?}");
    println!("R45 CLUSTERDOWN: 120 calls are right, {} failures are counted: {}", errors() - failed, said[0]);
}
