//! R44: a connection that ends at any byte of what is said.
//!
//! In: a read and a write of 4 KiB, cut after each of their bytes in turn, on the way there and on the way back, by a
//! reset and by an end. Out: the right value in time, and the right value from the next call, over a new connection.

use std::collections::BTreeSet;
use std::time::Duration;

use cached_core::cached;
use cached_testkit::servers::Server;
use cached_testkit::{End, Proxy, Way};

use super::support::{SLACK, percentile, routed, runtime, scale, timed, until, value};

const HERE: &str = "faults::cuts::*";
const LENGTH: usize = 4_096;
const ANSWER: Duration = Duration::from_millis(100);

/// The key that is there all the time.
const ANCHOR: u64 = 1;

#[cached(ttl = "1h")]
fn sync(key: u64) -> String {
    value(key, LENGTH)
}

#[cached(ttl = "1h")]
async fn later(key: u64) -> String {
    value(key, LENGTH)
}

/// Where to cut what was said: everywhere; or at a scale below one everywhere near the end of a line, and here and there
/// within what is longer.
fn offsets(said: &[u8]) -> BTreeSet<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let step = if scale() < 1.0 { (2.0 / scale()).round() as usize } else { 1 };
    let near = |at: usize| said[at.saturating_sub(2)..(at + 2).min(said.len())].windows(2).any(|two| two == b"\r\n");
    let first_and_last = |at: usize| at < 4 || at + 4 > said.len();
    let all = (0..said.len()).filter(|at| at % step == 0 || near(*at) || first_and_last(*at));
    all.map(|at| at as u64).collect()
}

/// A call of a key: a hit where it is there, else a miss that reads and writes.
struct Caller<'a> {
    what: &'a str,
    call: &'a dyn Fn(u64) -> String,
    /// Whether what the call left is done.
    is_done: &'a dyn Fn() -> bool,
    hits: &'a dyn Fn() -> u64,
}

impl Caller<'_> {
    fn call(&self, key: u64) -> Duration {
        let (given, took) = timed(|| (self.call)(key));
        assert!(given == value(key, LENGTH), "R44 {}: a value that is not its own", self.what);
        until("what it wrote is done", Duration::from_secs(5), || (self.is_done)());
        took
    }

    /// Calls what is there until it is found there: the connection is whole.
    fn connect(&self) {
        until("a hit over a whole connection", Duration::from_secs(5), || {
            let hits = (self.hits)();
            self.call(ANCHOR);
            (self.hits)() > hits
        });
    }
}

/// Cuts what a call of `key` says, each time at another byte; `key` gives a key for each time.
fn cut_everywhere(proxy: &Proxy, caller: &Caller<'_>, mut key: impl FnMut() -> u64) -> (u64, Vec<Duration>) {
    let (before, mut times) = (proxy.counts().cuts, Vec::new());
    caller.connect();
    proxy.record(1 << 20);
    caller.call(key());
    let said = [Way::ToTarget, Way::ToClient].map(|way| (way, proxy.recorded(way).concat()));
    for (way, said) in said {
        assert!(!said.is_empty(), "R44 {}: it goes over the proxy", caller.what);
        for end in [End::Reset, End::HalfClose] {
            for offset in offsets(&said) {
                caller.connect();
                let key = key();
                proxy.cut_once(way, offset, end);
                times.push(caller.call(key));
                proxy.heal().expect("an open port");
                // Right again, and from then on from the cache again.
                caller.call(key);
            }
        }
    }
    (proxy.counts().cuts - before, times)
}

fn judge(caller: &Caller<'_>, (cuts, times): (u64, Vec<Duration>)) {
    let (p99, most) = (percentile(&times, 0.99), percentile(&times, 1.0));
    println!("R44 {}: {cuts} cuts of {} calls: 0 wrong; p99 {p99:.1?}, at most {most:.1?}", caller.what, times.len());
    assert!(cuts as usize * 100 >= times.len() * 98, "R44 {}: {cuts} of {} were cut", caller.what, times.len());
    assert!(p99 <= ANSWER + SLACK && most <= ANSWER + SLACK * 5, "R44 {}: {most:?}", caller.what);
}

#[test]
fn r44_a_call_whose_connection_ends_at_any_byte_is_right_and_so_is_the_next() {
    let server = Server::redis();
    let proxy = Proxy::new(("127.0.0.1", server.port())).expect("a port");
    let _routed = routed(HERE, &format!("redis://{}", proxy.address()), &[("breaker", "off")]);
    let runtime = runtime(true);
    let mut caller = Caller { what: "sync, hits", call: &sync, is_done: &|| true, hits: &|| sync::site().stats().hits };
    let found = cut_everywhere(&proxy, &caller, || ANCHOR);
    judge(&caller, found);
    let mut fresh = 1_000_000;
    let mut next = || {
        fresh += 1;
        fresh
    };
    caller.what = "sync, misses";
    let found = cut_everywhere(&proxy, &caller, &mut next);
    judge(&caller, found);
    let caller = Caller {
        what: "async, misses",
        call: &|key| runtime.block_on(later(key)),
        is_done: &|| later::site().flights() == 0,
        hits: &|| later::site().stats().hits,
    };
    let found = cut_everywhere(&proxy, &caller, &mut next);
    judge(&caller, found);
}
