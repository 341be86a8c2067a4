//! R42: several processes, and a cache that is suddenly empty.
//!
//! In: four processes that call a hundred functions' worth of keys, a `FLUSHALL`, and a server that is away for a while.
//! Out: each process computes a key once, and one at a time even while there is nowhere to store it. That only one of
//! all processes computes is another flight's business (`distributed`), which is not there yet.
//!
//! This test runs itself: where the environment names servers it is one of the four.

use std::cell::RefCell;
use std::env;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::{Server, Wire};

use super::support::{Dice, now, report, routed, scaled, span, until, value};

/// Names the server of the cache and the port of the one that counts.
const PART: &str = "CACHED_FAULTS_HERD";

const PROCESSES: usize = 4;
const THREADS: u64 = 4;
const KEYS: usize = 100;
const BODY: Duration = Duration::from_millis(20);
/// Between two calls of a thread.
const PAUSE: Duration = Duration::from_millis(3);
const MOST: u64 = 4;

static INSIDE: [AtomicUsize; KEYS] = [const { AtomicUsize::new(0) }; KEYS];
static ENDS: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// A thread's own connection to who counts.
    static TALLY: RefCell<Option<Wire>> = const { RefCell::new(None) };
}

fn tally(list: &str, key: usize) {
    TALLY.with_borrow_mut(|wire| {
        let wire = wire.get_or_insert_with(|| {
            let port = env::var(PART).ok().and_then(|part| part.rsplit(' ').next()?.parse().ok());
            Wire::open(port.expect("a port")).expect("who counts is there")
        });
        wire.ask(&["HINCRBY", list, &key.to_string(), "1"]);
    });
}

/// `is_up`: what the caller knew of the server when it came.
#[cached(ttl = "1h", skip(is_up))]
fn hot(key: usize, is_up: bool) -> String {
    if INSIDE[key].fetch_add(1, SeqCst) > 0 {
        tally("together", key);
    }
    tally(if is_up { "up" } else { "down" }, key);
    thread::sleep(BODY);
    INSIDE[key].fetch_sub(1, SeqCst);
    value(key as u64, 0)
}

/// One of the processes: calls until its input ends.
fn play(part: &str) {
    let (url, _) = part.split_once(' ').expect("a server and a port");
    let _routed = routed("faults::herd::*", url, &[]);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let mut dice = Dice::new(u64::from(std::process::id()) * THREADS + thread);
                while !ENDS.load(SeqCst) {
                    let key = usize::try_from(dice.below(KEYS as u64)).expect("a key");
                    let given = hot(key, !report().is_broken);
                    assert_eq!(given, value(key as u64, 0), "a value that is another's");
                    tally("calls", 0);
                    thread::sleep(PAUSE);
                }
            });
        }
        let _ = std::io::stdin().read(&mut [0]);
        ENDS.store(true, SeqCst);
    });
}

/// The processes; they end with their input, which ends with this.
struct Herd(Vec<Child>);

impl Herd {
    fn start(url: &str, tally: u16) -> Self {
        let start = |_| {
            let mut own = Command::new(env::current_exe().expect("the path of this program"));
            own.args(["--exact", "herd::r42_an_empty_cache_is_filled_by_one_computation_of_each_process"]);
            own.env(PART, format!("{url} {tally}")).stdin(Stdio::piped()).stdout(Stdio::null());
            own.spawn().expect("it starts")
        };
        Self((0..PROCESSES).map(start).collect())
    }

    fn end(mut self) {
        for child in &mut self.0 {
            drop(child.stdin.take());
        }
        for child in &mut self.0 {
            assert!(child.wait().expect("it is our child").success(), "one of the processes failed");
        }
    }
}

/// How often each key was computed so far.
fn computed(tally: &mut Wire, list: &str) -> Vec<u64> {
    let words: Vec<String> =
        ["HMGET".into(), list.into()].into_iter().chain((0..KEYS).map(|key| key.to_string())).collect();
    tally.ask(&words).lines().map(|line| line.parse().unwrap_or(0)).collect()
}

/// Waits until nothing was computed for a while, and gives what was.
fn steady(tally: &mut Wire) -> Vec<u64> {
    let mut last = (computed(tally, "up"), now());
    let began = now();
    while last.1.elapsed() < Duration::from_millis(400) {
        assert!(began.elapsed() < Duration::from_secs(30), "it is computed again and again: {:?}", last.0);
        thread::sleep(Duration::from_millis(20));
        let found = computed(tally, "up");
        if found != last.0 {
            last = (found, now());
        }
    }
    last.0
}

/// The most of one key, and of all keys together.
fn more(before: &[u64], after: &[u64]) -> (u64, u64) {
    let more = || before.iter().zip(after).map(|(before, after)| after - before);
    (more().max().unwrap_or(0), more().sum())
}

#[test]
fn r42_an_empty_cache_is_filled_by_one_computation_of_each_process() {
    if let Ok(part) = env::var(PART) {
        return play(&part);
    }
    let (mut server, counter) = (Server::redis(), Server::redis());
    let mut tally = counter.wire();
    let herd = Herd::start(&server.url(), counter.port());
    let all = KEYS.to_string();
    until("all keys are there", Duration::from_secs(20), || server.ask(&["DBSIZE"]) == all);
    let mut before = steady(&mut tally);
    let events = scaled(30).max(3);
    let (mut most, mut sum) = (0, 0);
    for _ in 0..events {
        assert_eq!(server.ask(&["FLUSHALL"]), "OK");
        until("all keys are there again", Duration::from_secs(20), || server.ask(&["DBSIZE"]) == all);
        let after = steady(&mut tally);
        let (worst, total) = more(&before, &after);
        (most, sum) = (most.max(worst), sum + total);
        before = after;
    }
    println!(
        "R42: {events} times FLUSHALL under {PROCESSES} processes: a key is computed {most} times at most, {sum} in all"
    );
    assert!(most <= MOST, "R42: {most}; the bar is {MOST}");
    server.kill();
    thread::sleep(span(Duration::from_secs(3), Duration::from_secs(2)));
    let before = computed(&mut tally, "up");
    server.restart();
    until("all keys are there again", Duration::from_secs(20), || server.ask(&["DBSIZE"]) == all);
    let (most, sum) = more(&before, &steady(&mut tally));
    let [down, together] = ["down", "together"].map(|list| computed(&mut tally, list).iter().sum::<u64>());
    let calls = computed(&mut tally, "calls")[0];
    herd.end();
    println!(
        "R42: after an outage a key is computed {most} times at most, {sum} in all; {down} times while there was none to \
         ask, {together} of these beside another of its process; {calls} calls"
    );
    assert!(most <= MOST, "R42: {most}; the bar is {MOST}");
    assert_eq!(together, 0, "one at a time in each process");
}
