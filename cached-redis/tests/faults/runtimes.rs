//! R74: runtimes that end while calls are under way.
//!
//! In: leaders and followers that read, compute or write on a slow connection, and a runtime that is dropped. Out: it is
//! gone soon, and another one finds nothing that still stands in the way.

use std::ops::Range;
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::Server;
use cached_testkit::{Proxy, Way};
use futures::future::join_all;

use super::support::{ALIAS, Dice, alone, install, percentile, redis, runtime, scaled, timed, until, value};

const BODY: Duration = Duration::from_millis(30);
const DROP: Duration = Duration::from_millis(200);
const OVER: Duration = Duration::from_millis(100);

/// Keys of a round, and callers of each.
const KEYS: u64 = 3;
const CALLERS: u64 = 10;

#[cached(ttl = "1h")]
async fn later(key: u64) -> String {
    tokio::time::sleep(BODY).await;
    value(key, 0)
}

/// Its values end soon, so that calls are given old ones and have a task refresh them.
#[cached(ttl = "100ms", stale = "1h", refresh = "background")]
async fn behind(key: u64) -> String {
    tokio::time::sleep(BODY).await;
    value(key, 0)
}

/// Calls of both functions, by all callers of some keys.
fn calls(keys: &Range<u64>) -> Vec<impl Future<Output = bool> + Send + 'static> {
    let call =
        |key| async move { (later(key).await == value(key, 0)) & (behind(key % KEYS).await == value(key % KEYS, 0)) };
    keys.clone().flat_map(|key| (0..CALLERS).map(move |_| call(key))).collect()
}

#[test]
fn r74_what_a_dropped_runtime_was_doing_stands_in_nobodys_way() {
    let server = Server::redis();
    let proxy = Proxy::new(("127.0.0.1", server.port())).expect("a port");
    let url = format!("redis://{}", proxy.address());
    let _alone = alone();
    let config = redis(ALIAS, &url, &[("op_timeout", "2s")]).site("faults::runtimes::*", "backend", ALIAS);
    install(config.spawner(|task| drop(tokio::spawn(task))));
    runtime(true).block_on(join_all((0..KEYS).map(behind)));
    // A read or a write takes as long as the body: a runtime ends in the one as often as in the other.
    proxy.delay(Way::ToClient, BODY);
    let (rounds, mut dice) = (scaled(100) as u64, Dice::new(74));
    let (mut drops, mut walls) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let keys = round * KEYS..(round + 1) * KEYS;
        let first = runtime(round % 2 == 0);
        let waits = Duration::from_millis(dice.below(110));
        first.block_on(async {
            calls(&keys).into_iter().map(tokio::spawn).for_each(drop);
            tokio::time::sleep(waits).await;
        });
        let ((), dropped) = timed(|| drop(first));
        let second = runtime(true);
        let (given, wall) = timed(|| second.block_on(join_all(calls(&keys))));
        assert!(given.into_iter().all(|is_right| is_right), "R74: a value that is not its own");
        drops.push(dropped);
        walls.push(wall);
        drop(second);
        until("no flight is left", Duration::from_secs(2), || later::site().flights() + behind::site().flights() == 0);
    }
    let stats = [later::site().stats(), behind::site().stats()];
    let [cancelled, lost] = [stats[0].cancelled + stats[1].cancelled, stats[1].refreshes_lost];
    let (drop, wall) = (percentile(&drops, 1.0), percentile(&walls, 1.0));
    println!(
        "R74: {rounds} runtimes dropped with {} callers under way each: {drop:.1?} at most; the same keys on another one \
         took {wall:.0?} at most (three exchanges of {BODY:?}, and bodies of {BODY:?}); {cancelled} calls cancelled, \
         {lost} refreshes lost, {} old values served",
        KEYS * CALLERS,
        stats[1].stale,
    );
    assert!(drop <= DROP, "R74: {drop:?}; the bar is {DROP:?}");
    // A read of each function, one more by who leads after another, and a body of each.
    assert!(wall <= BODY * 5 + OVER, "R74: {wall:?}; the bar is {OVER:?} over bodies of {BODY:?} and three reads");
    assert!(stats.iter().all(|stats| (stats.backend_errors, stats.waits_ended) == (0, 0)), "{stats:?}");
    assert!(cancelled > 0 && lost > 0, "R74: each of them is dropped somewhere");
}
