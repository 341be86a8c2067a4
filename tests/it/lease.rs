//! One computation per key across processes: leases, by hand and between real processes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Key, Reply, When, Write};
use cached_core::{Outcome, cached};
use cached_testkit::{Fault, Faulty, Shelf};

use cached_tests::support::{Configured, alone, until};
use cached_tests::verified;

static RUNS: AtomicU64 = AtomicU64::new(0);
/// What the body sees of the store while it runs.
static SEEN: Mutex<Vec<Key>> = Mutex::new(Vec::new());
static SHELF: Mutex<Option<Arc<Shelf>>> = Mutex::new(None);

fn look(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let shelf = SHELF.lock().unwrap().clone();
    *SEEN.lock().unwrap() = shelf.map_or(Vec::new(), |shelf| shelf.keys());
    n * 7
}

#[cached(name = "lease.price", ttl = "1h", flight = "distributed")]
fn price(n: u64) -> u64 {
    look(n)
}

#[cached(name = "lease.later", ttl = "1h", flight = "distributed")]
async fn later(n: u64) -> u64 {
    look(n)
}

/// The sites on one shelf, in front of which faults stand.
fn on_shelf() -> (Configured, Arc<Shelf>, Arc<Faulty>) {
    patiently("60s")
}

/// The same, where callers wait so long.
fn patiently(wait: &str) -> (Configured, Arc<Shelf>, Arc<Faulty>) {
    let guard = alone();
    let shelf = Arc::new(Shelf::new());
    let faulty = Arc::new(Faulty::new(Arc::clone(&shelf) as _));
    let config = verified::config().backend("shelf", Arc::clone(&faulty) as _).option("shelf", "join_timeout", wait);
    let config = config.option("shelf", "breaker", "off").option("shelf", "op_timeout", "30s");
    config.site("lease.price", "backend", "shelf").site("lease.later", "backend", "shelf").install().unwrap();
    *SHELF.lock().unwrap() = Some(Arc::clone(&shelf));
    (guard, shelf, faulty)
}

fn is_lease(key: &Key) -> bool {
    key.ends_with(".l")
}

fn settle(shelf: &Shelf) {
    assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0);
    assert!(!shelf.keys().iter().any(is_lease), "every lease is given back");
}

fn read(shelf: &Shelf, key: &Key) -> Option<Bytes> {
    let Reply::Ready(Ok(found)) = shelf.get_many(&[Arc::clone(key)]) else { unreachable!("a shelf is ready") };
    found.into_iter().next().flatten()
}

fn write(shelf: &Shelf, key: &str, bytes: Bytes, life: Option<Duration>) {
    let write = Write::new(key.into(), bytes, life, When::Always);
    assert!(matches!(shelf.set_many(vec![write]), Reply::Ready(Ok(stored)) if stored == [true]));
}

#[test]
fn whoever_computes_holds_the_lease_and_gives_it_back() {
    let (_guard, shelf, _) = on_shelf();
    let block_on = futures::executor::block_on;
    for n in 0..3 {
        assert_eq!((price(n), price(n)), (n * 7, n * 7));
        assert_eq!(SEEN.lock().unwrap().iter().filter(|key| is_lease(key)).count(), 1, "{n}");
        settle(&shelf);
        assert_eq!((block_on(later(n)), SEEN.lock().unwrap().iter().filter(|key| is_lease(key)).count()), (n * 7, 1));
        settle(&shelf);
        assert_eq!(block_on(later(n)), n * 7);
    }
}

#[test]
fn a_body_that_panics_and_a_call_that_is_dropped_give_it_back_too() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    #[cached(name = "lease.panics", ttl = "1h", flight = "distributed")]
    fn panics(n: u64) -> u64 {
        panic!("{n}")
    }
    #[cached(name = "lease.pends", ttl = "1h", flight = "distributed")]
    async fn pends(n: u64) -> u64 {
        STARTED.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
        n
    }
    let (_guard, shelf, _) = on_shelf();
    let config = verified::config().backend("shelf", Arc::clone(&shelf) as _);
    config.site("lease.panics", "backend", "shelf").site("lease.pends", "backend", "shelf").install().unwrap();
    assert!(std::panic::catch_unwind(|| panics(1)).is_err());
    settle(&shelf);
    let mut call = Box::pin(pends(1));
    while !STARTED.load(Ordering::SeqCst) {
        assert!(cached_testkit::poll_n(call.as_mut(), 1).is_err());
        std::thread::yield_now();
    }
    assert!(shelf.keys().iter().any(is_lease));
    drop(call);
    settle(&shelf);
}

/// The bytes of the entry of a value, and its key; the store is as if nobody had asked.
fn stored(shelf: &Shelf, n: u64) -> (Key, Bytes) {
    assert_eq!(price(n), n * 7);
    settle(shelf);
    let key = shelf.keys().into_iter().next().unwrap();
    let bytes = read(shelf, &key).unwrap();
    assert!(matches!(shelf.clear(""), Reply::Ready(Ok(()))));
    (key, bytes)
}

#[test]
fn while_another_holds_it_a_call_waits_for_what_that_one_brings() {
    let (_guard, shelf, _) = on_shelf();
    let (key, bytes) = stored(&shelf, 4);
    write(&shelf, &format!("{key}.l"), Bytes::from([7; 16]), Some(Duration::from_secs(60)));
    let misses = price::site().stats().misses;
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| price(4))).collect();
        until(|| price::site().stats().calls >= 5);
        write(&shelf, &key, bytes, None);
        assert!(calls.into_iter().all(|call| call.join().unwrap() == 28));
    });
    assert_eq!(price::site().stats().misses, misses, "nobody computed");
    // The other's lease is not given back by us.
    assert!(read(&shelf, &format!("{key}.l").into()).is_some());
}

#[test]
fn whoever_dies_holding_it_costs_the_others_a_wait() {
    let (_guard, shelf, _) = patiently("300ms");
    let (key, _) = stored(&shelf, 5);
    write(&shelf, &format!("{key}.l"), Bytes::from([7; 16]), Some(Duration::from_millis(50)));
    let ((value, outcome), runs) = (price::with_outcome(5), RUNS.load(Ordering::SeqCst));
    assert!(value == 35 && matches!(outcome, Outcome::Miss(_)) && runs > 0, "its time was over");
    settle(&shelf);
    // One that does not end in time is not waited for longer than for any other leader.
    assert!(matches!(shelf.clear(""), Reply::Ready(Ok(()))));
    write(&shelf, &format!("{key}.l"), Bytes::from([7; 16]), Some(Duration::from_secs(60)));
    let waits = price::site().stats().waits_ended;
    assert_eq!((price(5), price::site().stats().waits_ended), (35, waits + 1));
}

#[test]
fn a_backend_that_fails_leaves_every_process_on_its_own() {
    let (_guard, _shelf, faulty) = on_shelf();
    faulty.set_fault(Fault::Fail);
    assert_eq!((price(6), futures::executor::block_on(later(6))), (42, 42));
    faulty.set_fault(Fault::None);
    assert_eq!(price(6), 42);
}

#[test]
fn where_values_are_kept_in_memory_there_is_nobody_to_ask() {
    let _guard = alone();
    assert_eq!((price(9), price(9)), (63, 63));
}

const DIRECTORY: &str = "CACHED_TESTS_LEASE";

/// Starts this test again, as another process on `directory`.
fn start(directory: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", "lease::r42_of_four_processes_one_computes_each_key"]);
    command.env(DIRECTORY, directory).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn r42_of_four_processes_one_computes_each_key() {
    const KEYS: u64 = 100;
    #[cached(name = "lease.slow", ttl = "1h", flight = "distributed")]
    fn slow(n: u64) -> u64 {
        println!("\ncomputed {n}");
        // So long that the others come meanwhile.
        std::thread::sleep(Duration::from_millis(10));
        n * 3
    }
    let on_files = |directory: &Path| {
        let config = verified::config().option("files", "kind", "file").option("files", "op_timeout", "30s");
        let config = config.option("files", "location", directory.to_str().unwrap());
        config.site("lease.slow", "backend", "files").install().unwrap();
    };
    let _guard = alone();
    if let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) {
        on_files(&directory);
        (0..KEYS).for_each(|n| assert_eq!(slow(n), n * 3));
        assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0);
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..4).map(|_| start(scratch.path())).collect();
    let mut times = vec![0; usize::try_from(KEYS).unwrap()];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let computed = text.lines().filter_map(|line| line.strip_prefix("computed ")?.parse::<usize>().ok());
        computed.for_each(|n| times[n] += 1);
    }
    let most = times.iter().max().unwrap();
    println!("R42 4 processes, {KEYS} keys, distributed: each computed {most} times at most");
    assert!(times.iter().all(|times| *times == 1), "{times:?}");
}
