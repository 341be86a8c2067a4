//! R41: what reaches a server that fails, and how often.
//!
//! In: calls through a proxy that counts every byte and keeps what was said. Out: one read and at most one write for
//! each call, whatever becomes of them; and once it failed too often, one attempt in half a second.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::Server;
use cached_testkit::{End, Proxy, Way};

use super::support::{ALIAS, alone, count, install, now, redis, report, routed, runtime, scaled, until, value};

const HERE: &str = "faults::breaker::*";
const FAILURES: usize = 5;
const REST: Duration = Duration::from_millis(500);

#[cached(ttl = "1h")]
fn sync(key: u64) -> String {
    value(key, 0)
}

#[cached(ttl = "1h")]
async fn later(key: u64) -> String {
    value(key, 0)
}

/// What is on another backend.
mod well {
    use super::{cached, value};

    #[cached(ttl = "1h")]
    pub(super) fn beside(key: u64) -> String {
        value(key, 0)
    }
}

fn before(server: &Server) -> Proxy {
    Proxy::new(("127.0.0.1", server.port())).expect("a port")
}

fn url(proxy: &Proxy) -> String {
    format!("redis://{}", proxy.address())
}

/// How often each command was sent, by name. One that was cut off behind its name counts: it was begun.
fn commands(proxy: &Proxy) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for said in proxy.recorded(Way::ToTarget) {
        let mut rest = &said[..];
        while let Some((words, after)) = number(rest, b'*') {
            rest = after;
            for place in 0..words {
                let Some((length, after)) = number(rest, b'$') else { break };
                let word = &after[..length.min(after.len())];
                if place == 0 {
                    *found.entry(String::from_utf8_lossy(word).into_owned()).or_default() += 1;
                }
                rest = after.get(length + 2..).unwrap_or_default();
            }
        }
    }
    found
}

/// The number in a line like `*3` or `$7`, and what comes after the line.
fn number(said: &[u8], kind: u8) -> Option<(usize, &[u8])> {
    let end = said.windows(2).position(|two| two == b"\r\n")?;
    let digits = said[..end].strip_prefix(&[kind])?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, &said[end + 2..]))
}

fn sum(commands: &BTreeMap<String, usize>, names: &[&str]) -> usize {
    names.iter().filter_map(|name| commands.get(*name)).sum()
}

fn reads(commands: &BTreeMap<String, usize>) -> usize {
    sum(commands, &["GET", "MGET", "GETRANGE", "EXISTS", "STRLEN"])
}

fn writes(commands: &BTreeMap<String, usize>) -> usize {
    sum(commands, &["SET", "EVAL", "EVALSHA", "DEL", "UNLINK", "PEXPIRE", "PUBLISH"])
}

#[test]
fn r41_a_call_is_one_read_and_at_most_one_write() {
    let server = Server::redis();
    let proxy = before(&server);
    let _routed = routed(HERE, &url(&proxy), &[]);
    let (calls, runtime) = (scaled(10_000) as u64, runtime(true));
    proxy.record(64 << 20);
    for call in 0..calls {
        // Every second one is a hit.
        let key = call / 4;
        let given = if call % 4 < 2 { sync(key) } else { runtime.block_on(later(key)) };
        assert_eq!(given, value(key, 0));
        if call % 4 == 2 {
            until("the write is done", Duration::from_secs(5), || later::site().flights() == 0);
        }
    }
    let sent = commands(&proxy);
    let (reads, writes, misses) =
        (reads(&sent), writes(&sent), sync::site().stats().misses + later::site().stats().misses);
    println!("R41: {calls} calls, {misses} misses: {sent:?}; {} connections", proxy.counts().connections);
    assert!(reads as u64 <= calls && writes as u64 <= misses, "{sent:?}");
    assert!(misses <= calls / 2 + 1, "every second call is a hit");
}

#[test]
fn r41_nothing_is_sent_again_when_its_answer_is_lost() {
    let server = Server::redis();
    let proxy = before(&server);
    let _routed = routed(HERE, &url(&proxy), &[("breaker", "off")]);
    let rounds = scaled(1_000) as u64;
    sync(0);
    proxy.record(64 << 20);
    for round in 0..rounds {
        let end = if round % 2 == 0 { End::Reset } else { End::HalfClose };
        // The read of a value that is there is answered by silence.
        proxy.cut_once(Way::ToClient, 0, end);
        assert_eq!(sync(0), value(0, 0));
        // And that of one that is not, from a connection that is whole again.
        until("it is connected again", Duration::from_secs(5), || {
            let hits = sync::site().stats().hits;
            sync(0);
            sync::site().stats().hits > hits
        });
    }
    let sent = commands(&proxy);
    let lost = proxy.counts().cuts;
    println!("R41: {lost} answers lost over {rounds} rounds: {sent:?}");
    assert_eq!(lost, rounds);
    let calls = sync::site().stats().calls;
    assert!(reads(&sent) as u64 <= calls, "{sent:?} of {calls} calls");
    assert_eq!(writes(&sent), 0, "a call whose read fails writes nothing");
}

#[test]
fn r41_nothing_is_sent_again_when_no_answer_comes_in_time() {
    let server = Server::redis();
    let proxy = before(&server);
    let options = [("breaker", "off"), ("op_timeout", "10ms"), ("connect_timeout", "1s")];
    let _routed = routed(HERE, &url(&proxy), &options);
    proxy.record(64 << 20);
    proxy.delay(Way::ToClient, Duration::from_millis(40));
    let (calls, before) = (scaled(500) as u64, sync::site().stats());
    for call in 0..calls {
        assert_eq!(sync(1_000 + call), value(1_000 + call, 0));
    }
    let (sent, after) = (commands(&proxy), sync::site().stats());
    println!("R41: {calls} calls whose answers come too late: {sent:?}");
    assert!(reads(&sent) as u64 <= calls, "{sent:?}");
    assert_eq!(writes(&sent), 0, "a call whose read fails writes nothing");
    assert_eq!(after.backend_errors - before.backend_errors, calls, "each is counted");
}

/// Calls one after the other until the backend is left alone, then for a while; gives how many came in that while, and
/// how long it was.
fn calls_while_open(first: u64) -> (u64, Duration) {
    let mut calls = 0;
    while !report().is_broken {
        assert!(calls < FAILURES as u64, "it is asked a sixth time");
        assert_eq!(sync(first + calls), value(first + calls, 0));
        calls += 1;
    }
    let (began, count) = (now(), scaled(10_000) as u64);
    let pause = REST * 3 / u32::try_from(count).expect("a count");
    for key in first + calls..first + calls + count {
        assert_eq!((sync(key), well::beside(key % 10)), (value(key, 0), value(key % 10, 0)));
        thread::sleep(pause);
    }
    (count, began.elapsed())
}

fn most_probes(time: Duration) -> u64 {
    u64::try_from(time.as_millis() / REST.as_millis()).expect("few") + 1
}

/// Another backend beside, on a server of its own that is well.
fn with_another(location: &str, well: &Server) {
    let config = redis(ALIAS, location, &[]).option("well", "kind", "redis").option("well", "location", well.url());
    install(config.site(HERE, "backend", ALIAS).site("faults::breaker::well::*", "backend", "well"));
}

#[test]
fn r41_a_server_that_hangs_up_is_asked_once_in_half_a_second() {
    let (server, well) = (Server::redis(), Server::redis());
    let proxy = before(&server);
    let _alone = alone();
    with_another(&url(&proxy), &well);
    sync(1);
    proxy.hang_up().expect("an open port");
    proxy.end_all(End::Reset);
    let before = proxy.counts();
    let (calls, time) = calls_while_open(2_000);
    let tried = proxy.counts().connections - before.connections;
    let most = FAILURES as u64 + most_probes(time);
    println!("R41: {calls} calls in {time:.1?} while it hangs up: {tried} connections (at most {most} may be)");
    assert!(tried <= most && tried > FAILURES as u64, "{tried}");
    assert_eq!(proxy.counts().bytes_to_target, before.bytes_to_target, "nothing reached the server");
    assert!(count("not asked") >= calls - most);
    assert_eq!(well::beside::site().stats().backend_errors, 0, "each backend has a breaker of its own");
    proxy.admit().expect("an open port");
    let back = until("a hit", Duration::from_secs(3), || {
        let hits = sync::site().stats().hits;
        sync(1);
        sync::site().stats().hits > hits
    });
    println!("R41: the first hit {back:.0?} after it takes connections again");
    assert!(back <= REST * 2 && !report().is_broken);
}

#[test]
fn r41_a_server_that_is_silent_is_asked_once_in_half_a_second() {
    let (server, well) = (Server::redis(), Server::redis());
    let proxy = before(&server);
    let _alone = alone();
    with_another(&url(&proxy), &well);
    sync(1);
    // What is asked reaches the server; what it answers stays on the way.
    proxy.delay(Way::ToClient, Duration::from_secs(3_600));
    proxy.record(64 << 20);
    let before = proxy.counts();
    let (calls, time) = calls_while_open(3_000);
    let (sent, tried) = (commands(&proxy), proxy.counts().exchanges - before.exchanges);
    let most = FAILURES as u64 + most_probes(time);
    println!(
        "R41: {calls} calls in {time:.1?} while it is silent: {tried} exchanges (at most {most} may be): {sent:?}"
    );
    assert!(tried <= most && tried >= FAILURES as u64 / 2, "{tried}");
    assert!(reads(&sent) as u64 <= most && writes(&sent) == 0, "{sent:?}");
    proxy.delay(Way::ToClient, Duration::ZERO);
    proxy.end_all(End::Reset);
    let back = until("a hit", Duration::from_secs(3), || {
        let hits = sync::site().stats().hits;
        sync(1);
        sync::site().stats().hits > hits
    });
    assert!(back <= REST * 2, "{back:?}");
}
