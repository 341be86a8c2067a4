//! R40: a server that is not to be reached, from the start on.
//!
//! In: addresses at which a connection hangs, is refused, or cannot be tried. Out: a configuration that is installed at
//! once, calls that take no longer than a connection may, and hits as soon as there is somebody.

use std::time::Duration;

use cached_core::{ErrorKind, cached};
use cached_testkit::Proxy;
use cached_testkit::servers::Server;

use super::support::{ALIAS, SLACK, alone, count, route, routed, runtime, timed, until, value};

const HERE: &str = "faults::unreachable::*";
const CONNECT: Duration = Duration::from_millis(250);

/// Calls that each find out for themselves: nothing is left alone.
const CALLS: u64 = 4;

#[cached(ttl = "1h")]
fn sync(key: u64) -> String {
    value(key, 0)
}

#[cached(ttl = "1h")]
async fn later(key: u64) -> String {
    value(key, 0)
}

/// What starting and calling takes where nobody answers, with a time to answer that is longer than that to connect.
fn nobody_answers(what: &str, location: &str) {
    let _alone = alone();
    let options = [("breaker", "off"), ("connect_timeout", "250ms"), ("op_timeout", "5s")];
    let ((), start) = timed(|| route(HERE, location, &options));
    let runtime = runtime(true);
    let mut times = Vec::new();
    for key in 0..CALLS {
        for is_async in [false, true] {
            let (given, took) = timed(|| if is_async { runtime.block_on(later(key)) } else { sync(key) });
            assert_eq!(given, value(key, 0));
            times.push(took);
        }
    }
    let failures = count("failures");
    times.sort();
    let (least, most) = (times[0], times[times.len() - 1]);
    println!("R40 {what}: installed in {start:.1?}; {} calls, each right, took {least:.1?} to {most:.1?}", times.len());
    assert!(failures >= 2 * CALLS, "R40 {what}: {failures} failures are counted of {} calls", 2 * CALLS);
    assert!(start <= CONNECT, "R40 {what}: the start took {start:?}");
    // Several in a row on a machine that does something else: the median has to be in time, each may be late once.
    assert!(times[times.len() / 2] <= CONNECT + SLACK, "R40 {what}: {times:?}");
    assert!(most <= CONNECT + SLACK * 5, "R40 {what}: {times:?}");
    let asked = cached_core::check_connections().into_iter().find(|(alias, _)| alias == ALIAS).expect("it is there").1;
    let refused = asked.expect_err("nobody answers");
    assert!(matches!(refused.kind(), ErrorKind::Backend | ErrorKind::Timeout), "{refused}");
}

#[test]
fn r40_connections_that_hang_hold_nobody_longer_than_a_connection_may() {
    let hole = Proxy::black_hole().expect("a port");
    nobody_answers("black hole", &format!("redis://{}", hole.address()));
}

#[test]
fn r40_a_closed_port_holds_nobody() {
    let server = Server::redis();
    let proxy = Proxy::new(("127.0.0.1", server.port())).expect("a port");
    proxy.refuse().expect("a port that is closed");
    nobody_answers("closed port", &format!("redis://{}", proxy.address()));
}

#[test]
fn r40_a_name_that_does_not_resolve_holds_nobody() {
    nobody_answers("no such name", "redis://no-such-host.invalid:6379");
}

#[test]
fn r40_nodes_of_a_cluster_that_hang_hold_nobody() {
    let holes = [(); 3].map(|()| Proxy::black_hole().expect("a port"));
    let urls = holes.each_ref().map(|hole| format!("redis://{}", hole.address()));
    nobody_answers("black holes, cluster", &urls.join(","));
}

#[test]
fn r40_a_program_that_starts_before_its_server_has_hits_once_that_is_there() {
    let server = Server::redis();
    let proxy = Proxy::new(("127.0.0.1", server.port())).expect("a port");
    proxy.refuse().expect("a port that is closed");
    let _routed = routed(HERE, &format!("redis://{}", proxy.address()), &[]);
    for key in 0..50 {
        assert_eq!(sync(key), value(key, 0));
    }
    proxy.admit().expect("a port that is open");
    let back = until("a hit", Duration::from_secs(3), || {
        sync(1);
        sync::site().stats().hits > 0
    });
    println!("R40: the first hit {back:.0?} after the server is there");
    assert!(back <= Duration::from_secs(1));
}
