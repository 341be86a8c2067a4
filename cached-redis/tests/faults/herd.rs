//! R42: several processes, and a cache that is suddenly empty.
//!
//! In: four processes that call a hundred functions' worth of keys, a `FLUSHALL`, and a server that is away for a while.
//! Out: each process computes a key once, and one at a time even while there is nowhere to store it; with
//! `flight = "distributed"` one of all processes does, and who is killed meanwhile costs the others the time of its lease.
//!
//! These tests run themselves: where the environment names servers one is another process.

use std::cell::RefCell;
use std::env;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::{Server, Wire};

use super::support::{ALIAS, Configured, Dice, alone, install, now, redis, report, scaled, span, timed, until, value};

/// Names the flight, the server of the cache and the port of the one that counts.
const PART: &str = "CACHED_FAULTS_HERD";

const PROCESSES: usize = 4;
const THREADS: u64 = 4;
const KEYS: usize = 100;
const BODY: Duration = Duration::from_millis(20);
/// Between two calls of a thread.
const PAUSE: Duration = Duration::from_millis(3);

const EACH: &str = "herd::r42_an_empty_cache_is_filled_by_one_computation_of_each_process";
const LEASED: &str = "herd::r42_with_leases_an_empty_cache_is_filled_by_one_computation_of_all_processes";
const KILLED: &str = "herd::r42_who_is_killed_with_a_lease_costs_the_others_its_time";
/// How long a lease lives in the last of them.
const LEASE: Duration = Duration::from_secs(2);

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

/// Routes these functions to Redis, one computation per key in this process or in all.
fn flying(flight: &str, url: &str, patience: &str) -> Configured {
    let guard = alone();
    let config = redis(ALIAS, url, &[("join_timeout", patience)]).site("faults::herd::*", "backend", ALIAS);
    install(match flight {
        // What comes too late is computed by another too.
        "distributed" => config.site("faults::herd::*", "flight", flight).option(ALIAS, "op_timeout", "2s"),
        _ => config,
    });
    guard
}

/// The flight and the server of a part.
fn words(part: &str) -> (&str, &str) {
    let mut words = part.split(' ');
    (words.next().expect("a flight"), words.next().expect("a server"))
}

/// One of the processes: calls until its input ends.
fn play(part: &str) {
    let (flight, url) = words(part);
    let _routed = flying(flight, url, "10s");
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
    fn start(test: &str, flight: &str, url: &str, tally: u16) -> Self {
        Self((0..PROCESSES).map(|_| begun(test, flight, url, tally)).collect())
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

/// Another process, which plays its part of a test.
fn begun(test: &str, flight: &str, url: &str, tally: u16) -> Child {
    let mut own = Command::new(env::current_exe().expect("the path of this program"));
    own.args(["--exact", test]).env(PART, format!("{flight} {url} {tally}"));
    own.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts")
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

/// Empties the cache some times, and gives how often a key was computed after that, at most.
fn emptied(flight: &str, server: &Server, tally: &mut Wire) -> u64 {
    let mut before = steady(tally);
    let events = scaled(30).max(3);
    let (mut most, mut sum) = (0, 0);
    for _ in 0..events {
        assert_eq!(server.ask(&["FLUSHALL"]), "OK");
        until("all keys are there again", Duration::from_secs(20), || are_all_there(server));
        let after = steady(tally);
        let (worst, total) = more(&before, &after);
        (most, sum) = (most.max(worst), sum + total);
        before = after;
    }
    println!(
        "R42, {flight}: {events} times FLUSHALL under {PROCESSES} processes: a key is computed {most} times at most, {sum} \
         in all"
    );
    most
}

/// Beside values there may be leases.
fn are_all_there(server: &Server) -> bool {
    server.ask(&["DBSIZE"]).parse::<usize>().is_ok_and(|held| held >= KEYS)
}

#[test]
fn r42_an_empty_cache_is_filled_by_one_computation_of_each_process() {
    const MOST: u64 = 4;
    if let Ok(part) = env::var(PART) {
        return play(&part);
    }
    let (mut server, counter) = (Server::redis(), Server::redis());
    let mut tally = counter.wire();
    let herd = Herd::start(EACH, "one", &server.url(), counter.port());
    until("all keys are there", Duration::from_secs(20), || are_all_there(&server));
    let most = emptied("one", &server, &mut tally);
    assert!(most <= MOST, "R42: {most}; the bar is {MOST}");
    server.kill();
    thread::sleep(span(Duration::from_secs(3), Duration::from_secs(2)));
    let before = computed(&mut tally, "up");
    server.restart();
    until("all keys are there again", Duration::from_secs(20), || are_all_there(&server));
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

#[test]
fn r42_with_leases_an_empty_cache_is_filled_by_one_computation_of_all_processes() {
    if let Ok(part) = env::var(PART) {
        return play(&part);
    }
    let (server, counter) = (Server::redis(), Server::redis());
    let mut tally = counter.wire();
    let herd = Herd::start(LEASED, "distributed", &server.url(), counter.port());
    until("all keys are there", Duration::from_secs(20), || are_all_there(&server));
    let most = emptied("distributed", &server, &mut tally);
    herd.end();
    assert_eq!(most, 1, "R42: {most}; the bar is one");
}

/// Computes for ever in the process that is killed.
#[cached(ttl = "1h")]
fn slow(key: u64) -> u64 {
    if env::var_os(PART).is_some() {
        tally("inside", 0);
        thread::sleep(Duration::from_secs(60));
    }
    key * 3
}

#[test]
fn r42_who_is_killed_with_a_lease_costs_the_others_its_time() {
    const SOON: Duration = Duration::from_millis(200);
    if let Ok(part) = env::var(PART) {
        let (flight, url) = words(&part);
        let _routed = flying(flight, url, "2s");
        assert_eq!(slow(7), 21);
        return;
    }
    let (server, counter) = (Server::redis(), Server::redis());
    let mut inside = counter.wire();
    let mut holder = begun(KILLED, "distributed", &server.url(), counter.port());
    until("it computes", Duration::from_secs(20), || computed(&mut inside, "inside")[0] > 0);
    let _routed = flying("distributed", &server.url(), "30s");
    holder.kill().expect("it is our child");
    holder.wait().expect("it is our child");
    let (given, took) = timed(|| slow(7));
    println!("R42: who holds the lease is killed: the next has the value after {took:.0?}, the lease lives {LEASE:?}");
    assert_eq!(given, 21);
    assert!(took <= LEASE + SOON, "R42: {took:?}; the bar is {SOON:?} after the lease");
    assert!(took >= LEASE / 4, "R42: {took:?}: the lease was not respected");
}
