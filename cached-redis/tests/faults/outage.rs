//! R38: a server that is killed under load, and started again; a cluster that loses a master.
//!
//! In: 500 calls a second, come what may. Out: none fails, none is wrong, none waits longer than the time-outs say, and
//! hits are back within a second.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::cached;
use cached_testkit::servers::{Cluster, Server};

use super::load::{Called, added, between, on_tasks, on_threads, resumed, served};
use super::support::{SLACK, now, routed, span, until, value};

const HERE: &str = "faults::outage::*";
const CONNECT: Duration = Duration::from_millis(250);
const ANSWER: Duration = Duration::from_millis(100);
const BACK: Duration = Duration::from_secs(1);

#[cached(ttl = "1h", skip(ran))]
fn sync(key: u64, ran: &Cell<bool>) -> String {
    ran.set(true);
    value(key, 0)
}

#[cached(ttl = "1h", skip(ran))]
async fn later(key: u64, ran: &'static AtomicBool) -> String {
    ran.store(true, SeqCst);
    value(key, 0)
}

/// When the server went, and when there was one again.
struct Outage {
    from: Instant,
    to: Instant,
}

/// How long it is well, out of order, and well again.
fn phases() -> [Duration; 3] {
    let ms = Duration::from_millis;
    [span(ms(10_000), ms(800)), span(ms(5_000), ms(1_200)), span(ms(15_000), ms(2_200))]
}

fn judge(what: &str, called: &[Called], outage: &Outage) {
    assert!(called.iter().all(|call| call.right), "R38 {what}: a value that is not its own");
    let (first, last) = (called[0].due, called[called.len() - 1].due);
    let (before, during) = (between(called, first, outage.from), between(called, outage.from, outage.to + BACK));
    let (p99, most) = added(&before, &during);
    let back = resumed(called, outage.to).expect("a hit");
    let after = served(&between(called, outage.to + BACK + Duration::from_millis(250), last));
    println!(
        "R38 {what}: {} calls, 0 failed, 0 wrong; out for {:.1?}: added p99 {p99:.1?}, at most {most:.1?}; the first \
         hit {back:.0?} after the return, {:.1} % of those after {BACK:?}",
        called.len(),
        outage.to - outage.from,
        after * 100.0
    );
    assert!(served(&before[before.len() / 2..]) > 0.95, "R38 {what}: it was well before");
    assert!(p99 <= CONNECT, "R38 {what}: p99 {p99:?}; the bar is {CONNECT:?}");
    assert!(most <= CONNECT + ANSWER + SLACK, "R38 {what}: at most {most:?}");
    assert!(back <= BACK, "R38 {what}: hits are back after {back:?}");
    assert!(after > 0.95, "R38 {what}: {after} are hits");
}

/// Sync and async callers at once, for so long, and an outage meanwhile.
fn under_load(what: &str, time: Duration, outage: impl FnOnce() -> Outage) {
    let (sync_calls, (async_calls, outage)) = on_threads(sync, time, || on_tasks(later, time, outage));
    judge(&format!("sync, {what}"), &sync_calls, &outage);
    judge(&format!("async, {what}"), &async_calls, &outage);
}

#[test]
fn r38_callers_of_a_server_that_is_killed_and_comes_back() {
    let mut server = Server::redis();
    let _routed = routed(HERE, &server.url(), &[]);
    let [well, out, again] = phases();
    under_load("one server", well + out + again, || {
        thread::sleep(well);
        let from = now();
        server.kill();
        thread::sleep(out);
        server.restart();
        Outage { from, to: now() }
    });
}

#[test]
fn r38_callers_of_a_cluster_that_loses_a_master() {
    let mut cluster = Cluster::with_replicas();
    let _routed = routed(HERE, &cluster.urls().join(","), &[]);
    let [well, out, again] = phases();
    // A replica takes over two to three seconds after its master went.
    under_load("a cluster", well + out.max(Duration::from_secs(3)) + again, || {
        thread::sleep(well);
        let from = now();
        cluster.nodes_mut()[0].kill();
        let (lost, survivor) = (format!(":{}@", cluster.nodes()[0].port()), &cluster.nodes()[1]);
        until("a replica takes over", Duration::from_secs(20), || {
            let nodes = survivor.ask(&["CLUSTER", "NODES"]);
            let of = |so: fn(&str) -> bool| nodes.lines().filter(move |line| so(line));
            let is_lost = of(|line| line.contains("fail")).any(|line| line.contains(&lost));
            let masters = of(|line| line.contains("master") && !line.contains("fail")).count();
            is_lost && masters == 3 && survivor.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
        });
        Outage { from, to: now() }
    });
}
