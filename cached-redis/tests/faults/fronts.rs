//! R47: copies in memory, while nothing is heard of what another process changes.
//!
//! In: a proxy that cuts a process off, and another process that invalidates meanwhile. Out: how long an old copy is given
//! after the change, and after what others say is heard again.
//!
//! This test runs itself: where the environment names a server it is the other process.

use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::cached;
use cached_testkit::servers::Server;
use cached_testkit::{End, Proxy};

use super::support::{ALIAS, alone, count, install, now, redis, routed, scaled, span, until};

const PART: &str = "CACHED_FAULTS_FRONT";
const TEST: &str = "fronts::r47_old_copies_end_soon_where_changes_are_not_heard_and_at_once_when_they_are_again";
const HERE: &str = "faults::fronts::*";

/// How long a copy lives while nothing is heard.
const UNHEARD: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_millis(200);

static TRUTH: AtomicU64 = AtomicU64::new(0);
static RUNS: AtomicU64 = AtomicU64::new(0);

#[cached(ttl = "1h")]
fn price(key: u64) -> u64 {
    assert!(env::var_os(PART).is_none(), "{key}: the other process only invalidates");
    RUNS.fetch_add(1, SeqCst);
    TRUTH.load(SeqCst)
}

fn keys() -> u64 {
    scaled(1_000) as u64
}

/// When an answer was older than the truth, the last time.
fn ask(truth: u64) -> Option<Instant> {
    (0..keys()).filter(|key| price(*key) < truth).fold(None, |_, _| Some(now()))
}

/// The process that changes something; it ends with its input.
struct Other(Child, BufReader<ChildStdout>);

impl Other {
    fn start(url: &str) -> Self {
        let mut own = Command::new(env::current_exe().expect("the path of this program"));
        own.args(["--exact", TEST, "--nocapture"]).env(PART, url).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = own.spawn().expect("it starts");
        let said = BufReader::new(child.stdout.take().expect("it is a pipe"));
        Self(child, said)
    }

    /// Gives every key another value, and has the other process say so.
    fn change(&mut self, truth: u64) {
        TRUTH.store(truth, SeqCst);
        writeln!(self.0.stdin.as_mut().expect("it is a pipe")).expect("it lives");
        let mut lines = (&mut self.1).lines().map(|line| line.expect("it says something"));
        assert!(lines.any(|line| line == "done"), "it failed");
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("it is our child").success(), "it failed");
    }
}

/// What the other process does.
fn play(url: &str) {
    let _routed = routed(HERE, url, &[]);
    for line in std::io::stdin().lines() {
        line.expect("it is a pipe");
        (0..keys()).for_each(|key| price::entry(&key).invalidate().expect("the server is there"));
        println!("\ndone");
    }
}

#[test]
fn r47_old_copies_end_soon_where_changes_are_not_heard_and_at_once_when_they_are_again() {
    if let Ok(url) = env::var(PART) {
        return play(&url);
    }
    let server = Server::redis();
    let proxy = Proxy::new(("127.0.0.1", server.port())).expect("a port");
    let _alone = alone();
    let front = redis(ALIAS, &format!("redis://{}", proxy.address()), &[]).option("front", "kind", "tiered");
    install(front.option("front", "over", ALIAS).site(HERE, "backend", "front"));
    let mut other = Other::start(&server.url());
    until("changes are heard, and copies live long", Duration::from_secs(30), || {
        ask(0);
        thread::sleep(UNHEARD + SOON);
        let reads = count("reads that found");
        ask(0);
        reads == count("reads that found")
    });
    // What is heard is not given again.
    other.change(1);
    until("the change is heard", SOON, || ask(1).is_none());
    proxy.refuse().expect("the proxy listens");
    proxy.end_all(End::Reset);
    other.change(2);
    let (changed, mut last) = (now(), None);
    while changed.elapsed() < span(Duration::from_secs(10), Duration::from_secs(4)) {
        last = ask(2).or(last);
    }
    let unheard = last.expect("copies are given meanwhile") - changed;
    assert!(unheard <= UNHEARD, "R47: an old copy was given {unheard:?} after the change; the bar is {UNHEARD:?}");
    // Copies that are made about now live on when changes are heard again; they end at about the same time.
    until("they are made again", UNHEARD * 2, || {
        let runs = RUNS.load(SeqCst);
        ask(2);
        RUNS.load(SeqCst) > runs
    });
    thread::sleep(SOON / 4);
    ask(2);
    other.change(3);
    assert!(ask(3).is_some(), "there are copies, and nothing is heard");
    proxy.admit().expect("the proxy listens");
    let (returned, heard) = thread::scope(|scope| {
        let heard = scope.spawn(|| {
            until("it listens again", Duration::from_secs(5), || {
                !server.ask(&["CLIENT", "LIST", "TYPE", "pubsub"]).trim().is_empty()
            });
            now()
        });
        let (returned, mut last) = (now(), None);
        while returned.elapsed() < Duration::from_secs(3) {
            last = ask(3).or(last);
        }
        (last, heard.join().expect("it waits"))
    });
    let last = returned.expect("copies are given until then");
    assert!(heard.saturating_duration_since(last) < SOON, "they would have been given when it listened again");
    let late = last.saturating_duration_since(heard);
    println!(
        "R47: {} keys: cut off, an old copy is given for {unheard:.1?} after the change; {late:.1?} after it listens again",
        keys()
    );
    assert!(late <= SOON, "R47: an old copy was given {late:?} after it listens again; the bar is {SOON:?}");
    other.end();
}
