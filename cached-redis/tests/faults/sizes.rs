//! R46, R58: what is too long for a key, for a value, or for memory.
//!
//! In: arguments and values beyond every bound, and replies that claim to be. Out: calls that are right, nothing old in
//! the place of what was refused, and no more memory than the bound says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::{ErrorKind, cached};
use cached_testkit::servers::Server;

use super::support::{SLACK, count, routed, runtime, timed, until, value};

const HERE: &str = "faults::sizes::*";
const MIB: usize = 1 << 20;

/// The bound of the checks.
const MOST: usize = 10_000;
const BOUND: (&str, &str) = ("max_value_bytes", "10_000");

static LENGTH: AtomicUsize = AtomicUsize::new(0);

#[cached(ttl = "1h")]
fn grows(key: u64) -> String {
    value(key, LENGTH.load(SeqCst))
}

#[cached(ttl = "1h")]
async fn grows_later(key: u64) -> String {
    value(key, LENGTH.load(SeqCst))
}

#[cached(ttl = "1h")]
fn length(text: &str) -> usize {
    text.len()
}

#[test]
fn r46_a_value_that_outgrows_the_bound_leaves_nothing_older_behind() {
    let server = Server::redis();
    let _routed = routed(HERE, &server.url(), &[BOUND]);
    let runtime = runtime(false);
    // Computed again, and put: each way from a small value that is there to one that cannot be.
    for key in [1, 2] {
        LENGTH.store(100, SeqCst);
        assert_eq!((grows(key), runtime.block_on(grows_later(key))), (value(key, 100), value(key, 100)));
        until("the write is done", Duration::from_secs(5), || grows_later::site().flights() == 0);
        LENGTH.store(MOST * 5, SeqCst);
        let long = value(key, MOST * 5);
        if key == 1 {
            assert_eq!(
                (grows::refresh(key), runtime.block_on(grows_later::refresh(key))),
                (long.clone(), long.clone())
            );
        } else {
            let refused =
                [grows::entry(&key).put(long.clone()), runtime.block_on(grows_later::entry(&key).put(long.clone()))];
            assert_eq!(refused.map(|stored| stored.expect_err("it is too long").kind()), [ErrorKind::Encode; 2]);
        }
        until("the write is done", Duration::from_secs(5), || grows_later::site().flights() == 0);
        let there = [
            grows::entry(&key).peek().expect("the server answers"),
            runtime.block_on(grows_later::entry(&key).peek()).expect("the server answers"),
        ];
        for _ in 0..2 {
            assert!(grows(key) == long && runtime.block_on(grows_later(key)) == long, "R46: an older value is served");
        }
        assert_eq!(there, [None, None], "R46: nothing older is there");
    }
    println!(
        "R46: a value that outgrows `max_value_bytes`, by refresh and by put, sync and async: 0 older ones served"
    );
}

#[test]
fn r58_what_is_beyond_a_bound_is_computed_and_costs_the_server_nothing() {
    let server = Server::redis();
    let _routed = routed(HERE, &server.url(), &[BOUND]);
    let before = (length::site().stats(), grows::site().stats());
    let long = "x".repeat(64 * 1024 + 1);
    assert_eq!((length(&long), length(&long)), (long.len(), long.len()));
    LENGTH.store(MOST + 1, SeqCst);
    assert!(grows(7) == value(7, MOST + 1) && grows(7) == value(7, MOST + 1));
    let after = (length::site().stats(), grows::site().stats());
    assert_eq!((after.0.bypassed - before.0.bypassed, after.1.not_stored - before.1.not_stored), (2, 2));
    assert_eq!(server.ask(&["DBSIZE"]), "0");
    assert_eq!((count("failures"), after.1.backend_errors - before.1.backend_errors), (0, 0));
    LENGTH.store(MOST - 500, SeqCst);
    assert!(grows(8) == value(8, MOST - 500) && grows(8) == value(8, MOST - 500));
    assert_eq!(grows::site().stats().hits - after.1.hits, 1, "what is just below is stored");
    println!(
        "R58: a key of 64 KiB and a value beyond `max_value_bytes`: 4 calls right, counted, nothing on the server"
    );
}

/// What this process has had in memory at most since it was last asked to forget.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("it is there under Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak is told");
    line.trim().split(' ').next().and_then(|kib| kib.parse::<usize>().ok()).expect("a number") * 1024
}

/// How much more memory is needed while something is done.
fn needed(work: impl FnOnce()) -> usize {
    fs::write("/proc/self/clear_refs", "5").expect("Linux lets a process forget its peak");
    let before = peak();
    work();
    peak().saturating_sub(before)
}

#[test]
fn r58_a_value_of_others_beyond_the_bound_is_not_read_into_memory() {
    const FOREIGN: usize = 256 * MIB;
    let server = Server::redis();
    let _routed = routed(HERE, &server.url(), &[BOUND, ("op_timeout", "3s"), ("breaker", "off")]);
    LENGTH.store(100, SeqCst);
    grows(1);
    let key = server.ask(&["KEYS", "*"]);
    assert_eq!(server.ask(&["SETRANGE", &key, &(FOREIGN - 1).to_string(), "x"]), FOREIGN.to_string());
    let (given, took) = timed(|| needed(|| assert_eq!(grows(1), value(1, 100))));
    println!(
        "R58: a value of {} MiB under our key: right after {took:.1?}, {} KiB of memory",
        FOREIGN / MIB,
        given / 1024
    );
    assert!(given <= MOST + MIB, "R58: {given} bytes of memory for a bound of {MOST}");
}

/// A server of our own, since a real one does not lie: it greets as it should, and answers every read with the beginning
/// of five GiB.
struct Liar {
    port: u16,
    ends: Arc<AtomicBool>,
    /// Bytes of values that it got rid of.
    said: Arc<AtomicUsize>,
}

impl Liar {
    /// One that goes on, or falls silent after the first bytes.
    fn new(goes_on: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let liar = Self { port, ends: Arc::default(), said: Arc::default() };
        let (ends, said) = (Arc::clone(&liar.ends), Arc::clone(&liar.said));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok).take_while(|_| !ends.load(SeqCst)) {
                let said = Arc::clone(&said);
                thread::spawn(move || lie(&stream, goes_on, &said));
            }
        });
        liar
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.ends.store(true, SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn lie(mut stream: &TcpStream, goes_on: bool, said: &AtomicUsize) -> Option<()> {
    let mut asked = BufReader::new(stream);
    let part = vec![b'x'; 64 * 1024];
    loop {
        let mut words = Vec::new();
        for _ in 0..number(&mut asked)? {
            let mut word = vec![0; number(&mut asked)? + 2];
            asked.read_exact(&mut word).ok()?;
            words.push(word);
        }
        if words.first().is_none_or(|name| !name.starts_with(b"GET")) {
            stream.write_all(b"+OK\r\n").ok()?;
            continue;
        }
        stream.write_all(format!("${}\r\n", 5_u64 << 30).as_bytes()).ok()?;
        loop {
            stream.write_all(&part).ok()?;
            said.fetch_add(part.len(), SeqCst);
            if !goes_on {
                break;
            }
        }
    }
}

/// The number in a line like `*3` or `$7`.
fn number(said: &mut impl BufRead) -> Option<usize> {
    let mut line = String::new();
    said.read_line(&mut line).ok()?;
    line.get(1..)?.trim().parse().ok()
}

#[test]
fn r58_a_reply_that_claims_five_gib_is_not_believed() {
    for goes_on in [false, true] {
        let liar = Liar::new(goes_on);
        let _routed = routed(HERE, &format!("redis://127.0.0.1:{}", liar.port), &[BOUND]);
        LENGTH.store(100, SeqCst);
        let mut times = Vec::new();
        let memory = needed(|| {
            for key in 0..3 {
                let (given, took) = timed(|| grows(key));
                assert_eq!(given, value(key, 100));
                times.push(took);
            }
        });
        let said = liar.said.load(SeqCst);
        println!(
            "R58: a reply of 5 GiB of which {} KiB come: right after {times:.0?}, {} KiB of memory",
            said / 1024,
            memory / 1024
        );
        assert!(times.iter().all(|took| *took <= Duration::from_millis(100) + SLACK * 2), "{times:?}");
        // What comes has to lie somewhere until the exchange ends, which it does in time: while room for it is made
        // once in the old place and once in one twice as large. Nothing is made for what is only said to come.
        assert!(memory <= said * 3 + MIB, "R58: {memory} bytes of memory for {said} that came");
    }
}
