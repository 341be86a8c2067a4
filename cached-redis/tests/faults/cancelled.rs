//! R43: callers who give up between what they asked and its answer.
//!
//! In: a proxy that holds answers back for 20 to 100 ms, and tasks that drop a third of their calls somewhere in between.
//! Out: nobody is ever given the answer of another, and the connection is still the first one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::Server;
use cached_testkit::{Proxy, Way};
use futures::future::join_all;

use super::support::{Dice, report, routed, runtime, scaled, until, value};

const TASKS: u64 = 32;

/// So many keys are hot.
const KEYS: u64 = 200;

/// So many calls of a task are under way at one time.
const TOGETHER: usize = 8;

/// Of each hundred calls.
const CANCELLED: u64 = 30;

/// Its value tells of the caller that computed it too, and of the key for whoever is given it.
#[cached(ttl = "1h", skip(caller))]
async fn later(key: u64, caller: u64) -> String {
    format!("{} of caller {caller}", value(key, 60))
}

/// What became of some calls.
#[derive(Default)]
struct Calls {
    right: AtomicUsize,
    wrong: AtomicUsize,
    cancelled: AtomicUsize,
}

async fn call(key: u64, caller: u64, patience: Option<Duration>, calls: &Calls) {
    let called = later(key, caller);
    let given = match patience {
        Some(patience) => tokio::time::timeout(patience, called).await.ok(),
        None => Some(called.await),
    };
    let is_right = |given: &str| {
        let by = given.strip_prefix(&value(key, 60)).and_then(|rest| rest.strip_prefix(" of caller "));
        by.is_some_and(|by| by.parse::<u64>().is_ok_and(|by| by <= TASKS))
    };
    let count = match given {
        None => &calls.cancelled,
        Some(given) if is_right(&given) => &calls.right,
        Some(_) => &calls.wrong,
    };
    count.fetch_add(1, SeqCst);
}

async fn task(caller: u64, rounds: usize, calls: Arc<Calls>) {
    let mut dice = Dice::new(caller);
    for _ in 0..rounds {
        let together = (0..TOGETHER).map(|_| {
            let patience = (dice.below(100) < CANCELLED).then(|| Duration::from_millis(dice.below(130)));
            // Of a hundred calls one is of a key that nobody has asked for: it writes, too.
            let fresh = if dice.below(100) < 1 { KEYS + dice.below(1 << 40) } else { dice.below(KEYS) };
            call(fresh, caller, patience, &calls)
        });
        join_all(together.collect::<Vec<_>>()).await;
    }
}

#[test]
fn r43_nobody_is_given_the_answer_of_a_caller_who_gave_up() {
    let server = Server::redis();
    let proxy = Proxy::new(("127.0.0.1", server.port())).expect("a port");
    let url = format!("redis://{}", proxy.address());
    let _routed = routed("faults::cancelled::*", &url, &[("op_timeout", "5s")]);
    let runtime = runtime(true);
    runtime.block_on(later(0, 0));
    let before = (later::site().stats(), proxy.counts());
    proxy.delay_between(Way::ToClient, Duration::from_millis(20)..=Duration::from_millis(100), 43);
    let (count, calls) = (scaled(100_000), Arc::new(Calls::default()));
    let rounds = count.div_ceil(TOGETHER * usize::try_from(TASKS).expect("a count"));
    let tasks: Vec<_> = (1..=TASKS).map(|caller| runtime.spawn(task(caller, rounds, Arc::clone(&calls)))).collect();
    for task in tasks {
        runtime.block_on(task).expect("no call fails");
    }
    proxy.heal().expect("an open port");
    until("nobody is left", Duration::from_secs(5), || later::site().flights() == 0);
    let (stats, counts) = (later::site().stats(), proxy.counts());
    // What is there now is right too, whoever wrote it while its caller gave up.
    let quiet = Calls::default();
    runtime.block_on(async {
        for caller in 1..=TASKS {
            join_all((0..KEYS).map(|key| call(key, caller, None, &quiet))).await;
        }
    });
    let [right, wrong, cancelled] = [&calls.right, &calls.wrong, &calls.cancelled].map(|count| count.load(SeqCst));
    let hits = stats.hits - before.0.hits;
    println!(
        "R43: {} calls of {TASKS} tasks, {cancelled} cancelled: {wrong} wrong, {hits} hits, {} connections more; \
         then {} of {} right",
        right + wrong + cancelled,
        counts.connections - before.1.connections,
        quiet.right.load(SeqCst),
        TASKS * KEYS
    );
    assert_eq!((wrong, quiet.wrong.load(SeqCst)), (0, 0));
    assert!(cancelled * 100 >= (right + cancelled) * 10, "enough of them gave up in between");
    assert!(hits > 0 && right > 0);
    assert_eq!(stats.backend_errors, before.0.backend_errors, "no answer was out of step");
    assert_eq!(counts.connections, before.1.connections, "no connection was given up");
    assert_eq!(report().broke, 0, "who gives up breaks nothing");
    assert_eq!(proxy.counts().open, before.1.open, "nor is one left over");
}
