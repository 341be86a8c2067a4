//! R20, R39: a server that is stopped, and goes on later.
//!
//! In: SIGSTOP and SIGCONT. Out: a runtime of one thread that goes on as if nothing were, callers who wait no longer than
//! `op_timeout` and soon not at all, and late replies that nobody takes for another's.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::cached;
use cached_testkit::Proxy;
use cached_testkit::servers::Server;

use super::load::{Called, Loaded, added, between, on_tasks, on_threads, resumed, served};
use super::support::{SLACK, now, report, routed, runtime, span, value};

const HERE: &str = "faults::frozen::*";
const BEAT: Duration = Duration::from_millis(5);
const GAP: Duration = Duration::from_millis(50);
const ANSWER: Duration = Duration::from_millis(100);
const OPEN: Duration = Duration::from_millis(1);
const BACK: Duration = Duration::from_secs(1);

/// Where a bar is in milliseconds, the best of so many rounds has to meet it.
const ROUNDS: usize = 3;

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

static RAN: AtomicBool = AtomicBool::new(false);

/// The largest gap between two beats of a runtime of one thread, on which a hundred calls run.
fn largest_gap(first: u64) -> Duration {
    runtime(false).block_on(async {
        let calls: Vec<_> = (first..first + 100).map(|key| tokio::spawn(later(key, &RAN))).collect();
        let beats = tokio::spawn(async move {
            let mut beat = tokio::time::interval(BEAT);
            let (mut last, mut most) = (now(), Duration::ZERO);
            while !calls.iter().all(tokio::task::JoinHandle::is_finished) {
                beat.tick().await;
                most = most.max(last.elapsed());
                last = now();
            }
            for (key, call) in (first..).zip(calls) {
                assert_eq!(call.await.expect("no call fails"), value(key, 0));
            }
            most
        });
        beats.await.expect("the heart beats")
    })
}

/// The least of the largest gaps of some rounds, each with keys of its own.
fn best_gap(what: &str) {
    let gaps: Vec<_> = (0..ROUNDS as u64).map(|round| largest_gap(1_000_000 + round * 100)).collect();
    println!("R20 {what}: the largest gaps between beats of {BEAT:?} while 100 calls run: {gaps:.1?}");
    let best = gaps.into_iter().min().expect("there were rounds");
    assert!(best <= GAP, "R20 {what}: a gap of {best:?}; the bar is {GAP:?}");
}

#[test]
fn r20_a_runtime_of_one_thread_goes_on_while_the_server_is_stopped() {
    let server = Server::redis();
    let _routed = routed(HERE, &server.url(), &[("breaker", "off")]);
    largest_gap(0);
    server.stop();
    best_gap("stopped");
    server.cont();
}

#[test]
fn r20_a_runtime_of_one_thread_goes_on_while_the_server_was_never_there() {
    let hole = Proxy::black_hole().expect("a port");
    let _routed = routed(HERE, &format!("redis://{}", hole.address()), &[("breaker", "off")]);
    best_gap("black hole");
}

/// When the server was stopped, and when it went on.
struct Stop {
    from: Instant,
    to: Instant,
}

/// What the calls of one round say; the times that are bars of milliseconds are given.
fn judge(what: &str, called: &[Called], stop: &Stop) -> (Duration, Duration) {
    assert!(called.iter().all(|call| call.right), "R39 {what}: a value that is another's");
    let (first, last) = (called[0].due, called[called.len() - 1].due);
    let before = between(called, first, stop.from);
    // Five calls in a row have to find out; at 500 a second they have come, and waited, after twice the time-out.
    let opened = stop.from + ANSWER * 3;
    let (_, first_calls) = added(&before, &between(called, stop.from, opened));
    let (p99, _) = added(&before, &between(called, opened, stop.to));
    let back = resumed(called, stop.to).expect("a hit");
    let after = served(&between(called, stop.to + BACK, last));
    println!(
        "R39 {what}: stopped for {:.1?}: the first calls wait {first_calls:.1?} at most, then p99 is {p99:.2?} more; the \
         first hit {back:.0?} after it went on, {:.1} % of those after {BACK:?}; 0 wrong of {}",
        stop.to - stop.from,
        after * 100.0,
        called.len()
    );
    assert!(served(&before[before.len() / 2..]) > 0.95, "R39 {what}: it was well before");
    assert!(back <= BACK && after > 0.95, "R39 {what}: the hits are back after {back:?}, {after} of the calls");
    (first_calls, p99)
}

/// Calls for so long, and a stop meanwhile.
type Load = fn(Duration, &mut dyn FnMut() -> Stop) -> Loaded<Stop>;

fn stopped(what: &str, load: Load) {
    let ms = Duration::from_millis;
    let [well, out, again] = [ms(500), span(ms(10_000), ms(1_500)), ms(1_300)];
    let mut figures = Vec::new();
    let in_time = |(first, p99): &(Duration, Duration)| *first <= ANSWER + SLACK && *p99 <= OPEN;
    while figures.len() < ROUNDS && !figures.iter().any(in_time) {
        let server = Server::redis();
        let _routed = routed(HERE, &server.url(), &[]);
        let (called, stop) = load(well + out + again, &mut || {
            thread::sleep(well);
            let from = now();
            server.stop();
            thread::sleep(out);
            assert!(report().is_broken, "R39 {what}: it is left alone by now");
            server.cont();
            Stop { from, to: now() }
        });
        figures.push(judge(what, &called, &stop));
        assert!(!report().is_broken, "R39 {what}: it is asked again");
    }
    let best = figures.iter().any(in_time);
    assert!(best, "R39 {what}: {figures:?}; the bars are {ANSWER:?} and {SLACK:?}, and {OPEN:?}");
}

#[test]
fn r39_sync_callers_of_a_server_that_is_stopped_and_goes_on() {
    stopped("sync", |time, meanwhile| on_threads(sync, time, meanwhile));
}

#[test]
fn r39_async_callers_of_a_server_that_is_stopped_and_goes_on() {
    stopped("async", |time, meanwhile| on_tasks(later, time, meanwhile));
}
