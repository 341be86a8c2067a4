//! R76: a process that is forked while its threads call cached functions.
//!
//! In: four busy threads, and children that call what their parent calls. Out: the children's calls are right and soon, over
//! connections of their own, and the parent's go on as before.
//!
//! This test runs itself: the process that forks has no thread of another test in it.

use std::env;
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::Server;
use fork::Fork;

use super::support::{now, percentile, routed, scaled, value};

/// Names the server, for the process that forks.
const PART: &str = "CACHED_FAULTS_FORK";

const KEYS: u64 = 16;
const SOON: Duration = Duration::from_secs(1);

/// What a child says by its exit.
const WELL: i32 = 0;
const WRONG: i32 = 3;
const LATE: i32 = 4;

#[cached(ttl = "1h")]
fn sync(key: u64) -> String {
    value(key, 100)
}

#[cached(ttl = "1h")]
async fn later(key: u64) -> String {
    value(key, 100)
}

static ENDS: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Hits and misses, sync and async, without a runtime: none of a parent's is of use in a child.
fn all_right(first: u64) -> bool {
    (0..KEYS)
        .chain(first..first + 4)
        .all(|key| sync(key) == value(key, 100) && futures::executor::block_on(later(key)) == value(key, 100))
}

/// What a child does, and what it says.
fn child(number: u64) -> i32 {
    let began = now();
    let hits = sync::site().stats().hits;
    let first = 1_000_000 + number * 10;
    // The second time what was computed has to have landed: the child has workers and a clock of its own.
    let is_right = all_right(first) && all_right(first) && sync::site().stats().hits > hits;
    let is_right = is_right && cached_core::shutdown(SOON) == 0;
    match (is_right, began.elapsed() <= SOON) {
        (true, true) => WELL,
        (false, _) => WRONG,
        (true, false) => LATE,
    }
}

/// What a child says; one that hangs is ended.
fn wait(pid: i32) -> i32 {
    let began = now();
    loop {
        match fork::waitpid_nohang(pid).expect("it is our child") {
            Some(status) if status & 0x7f == 0 => return status >> 8,
            Some(status) => panic!("a child ended by signal {}", status & 0x7f),
            None if began.elapsed() < SOON * 10 => thread::sleep(Duration::from_millis(1)),
            None => {
                let _ = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status();
                panic!("a child hangs");
            }
        }
    }
}

/// Forks while four threads call.
fn play(url: &str) {
    let _routed = routed("faults::forks::*", url, &[]);
    assert!(all_right(0));
    let busy: Vec<_> = (0..4)
        .map(|thread| {
            thread::spawn(move || {
                while !ENDS.load(SeqCst) {
                    let key = CALLS.fetch_add(1, SeqCst);
                    assert!(all_right(2_000_000 + thread * 100_000 + key % 1_000), "the parent's calls are right");
                }
            })
        })
        .collect();
    let (children, mut times) = (scaled(200) as u64, Vec::new());
    for number in 0..children {
        let began = now();
        match fork::fork().expect("a child") {
            Fork::Child => process::exit(child(number)),
            Fork::Parent(pid) => {
                let said = wait(pid);
                assert_eq!(said, WELL, "child {number} says so ({WRONG}: a wrong value or no hit, {LATE}: too late)");
                times.push(began.elapsed());
            }
        }
    }
    ENDS.store(true, SeqCst);
    busy.into_iter().for_each(|thread| thread.join().expect("the parent's calls are right"));
    let stats = [sync::site().stats(), later::site().stats()];
    assert!(stats.iter().all(|stats| stats.backend_errors == 0), "{stats:?}");
    println!(
        "R76: {children} children of a process that calls on 4 threads, each with {} calls: all right, {:.0?} at most; \
         {} rounds of its own, 0 errors",
        (KEYS + 4) * 4,
        percentile(&times, 1.0),
        CALLS.load(SeqCst)
    );
}

#[test]
fn r76_the_calls_of_a_forked_child_are_right_and_so_are_those_of_its_parent() {
    if let Ok(url) = env::var(PART) {
        return play(&url);
    }
    let server = Server::redis();
    let mut own = Command::new(env::current_exe().expect("the path of this program"));
    let test = "forks::r76_the_calls_of_a_forked_child_are_right_and_so_are_those_of_its_parent";
    let output = own.args(["--exact", test, "--nocapture"]).env(PART, server.url()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", said.lines().find(|line| line.contains("R76")).expect("it says what it did"));
    let accepted = server.ask(&["INFO", "stats"]);
    let accepted = accepted.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    let accepted: usize = accepted.and_then(|count| count.trim().parse().ok()).expect("a count");
    assert!(accepted > scaled(200), "each child has a connection of its own: {accepted}");
}
