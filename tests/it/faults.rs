//! Backends, hooks and threads at their worst: what they may cost a call, and what they may not.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cached_core::backend::{Backend, Reply, When, Write};
use cached_core::{ErrorKind, Site, cached};
use cached_testkit::{Fault, Faulty, Shelf};
use serde::Serialize;
use serde::de::DeserializeOwned;

use cached_tests::support::{Configured, alone};
use cached_tests::verified;

/// One site on a backend of the test's own.
fn on(backend: Arc<dyn Backend>, site: &'static Site) -> Configured {
    let guard = alone();
    let config =
        verified::config().backend("own", backend).option("own", "op_timeout", "30s").option("own", "breaker", "off");
    config.site(site.name(), "backend", "own").install().unwrap();
    guard
}

fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

#[test]
fn a_backend_that_panics_never_panics_a_call() {
    #[cached(name = "faults.panicking", ttl = "1h")]
    fn sync(n: u64) -> u64 {
        n * 3
    }
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let _guard = on(Arc::clone(&backend) as _, sync::site());
    backend.set_fault(Fault::Panic);
    for steps in [0, 2] {
        backend.answer_later(steps);
        let before = sync::site().stats();
        assert_eq!((sync(1), sync(2)), (3, 6));
        let after = sync::site().stats();
        assert_eq!((after.calls - before.calls, after.errors), (2, 0), "{after:?}");
        assert_eq!(after.backend_errors - before.backend_errors, 2, "each is counted: {after:?}");
        let entry = sync::entry(&1);
        let answers = [entry.peek().map(drop), entry.put(1), entry.invalidate(), sync::site().clear()];
        assert_eq!(answers.map(|answer| answer.unwrap_err().kind()), [ErrorKind::Backend; 4]);
        let answers = cached_core::check_connections();
        assert!(answers.iter().any(|(alias, answer)| alias == "own" && answer.is_err()), "{answers:?}");
    }
    backend.set_fault(Fault::None);
    assert_eq!((sync(1), sync(1), sync::site().stats().hits), (3, 3, 1));
}

#[test]
fn a_backend_that_panics_never_panics_an_async_call() {
    #[cached(name = "faults.panicking_async", ttl = "1h")]
    async fn later(n: u64) -> u64 {
        n * 3
    }
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let _guard = on(Arc::clone(&backend) as _, later::site());
    backend.set_fault(Fault::Panic);
    for steps in [0, 2] {
        backend.answer_later(steps);
        let before = later::site().stats();
        assert_eq!((block_on(later(1)), block_on(later(2))), (3, 6));
        let after = later::site().stats();
        assert_eq!(after.backend_errors - before.backend_errors, 2, "each is counted: {after:?}");
        assert_eq!(block_on(later::entry(&1).invalidate()).unwrap_err().kind(), ErrorKind::Backend);
    }
    assert_eq!(later::site().stats().errors, 0);
}

#[test]
fn foreign_bytes_without_a_stamp_are_replaced() {
    #[cached(name = "faults.foreign", ttl = "1h")]
    fn foreign(n: u64) -> u64 {
        n
    }
    let shelf = Arc::new(Shelf::new());
    let _guard = on(Arc::clone(&shelf) as _, foreign::site());
    assert_eq!(foreign(5), 5);
    let key = shelf.keys()[0].clone();
    for bytes in [&b""[..], b"x", b"fifteen bytes !"] {
        let Reply::Ready(stored) = shelf.set_many(vec![Write::new(key.clone(), bytes.into(), None, When::Always)])
        else {
            unreachable!("a shelf is ready")
        };
        assert_eq!(stored, Ok(vec![true]));
        let hits = foreign::site().stats().hits;
        assert_eq!([foreign(5), foreign(5), foreign(5)], [5; 3]);
        assert_eq!(foreign::site().stats().hits, hits + 1, "the third finds what the second stored");
    }
}

#[test]
fn what_is_forgotten_while_a_site_is_switched_off_stays_forgotten() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "faults.switched_off", ttl = "1h")]
    fn counted(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst) * 10 + n
    }
    let _guard = on(Arc::new(Shelf::new()), counted::site());
    assert_eq!((counted(1), counted(2)), (1, 12));
    let off = |forget: fn()| {
        counted::site().disable();
        forget();
        counted::site().enable();
    };
    off(|| ());
    assert_eq!((counted(1), counted(2)), (1, 12), "bytes belong to all their users, and stay");
    off(|| counted::entry(&1).invalidate().unwrap());
    assert_eq!((counted(1), counted(2)), (21, 12));
    off(|| counted::site().clear().unwrap());
    assert_eq!((counted(1), counted(2)), (31, 42));
}

#[test]
fn a_site_that_is_switched_off_keeps_nothing_that_is_put() {
    #[cached]
    fn off(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    off::site().disable();
    assert_eq!((off::entry(&1).put(9), off::entry(&1).peek(), off(1)), (Ok(()), Ok(None), 1));
    off::site().enable();
    assert_eq!((off::entry(&1).put(9), off(1)), (Ok(()), 9));
}

/// Types that serde cannot carry, known only where the function is called.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Opaque(u64);

#[test]
fn a_generic_site_on_bytes_is_cached_if_its_own_bounds_say_that_it_can_be() {
    #[cached(name = "faults.generic_bytes", ttl = "1h")]
    fn bytes<T: Clone + Eq + Hash + Send + Sync + Serialize + DeserializeOwned + 'static>(value: T) -> Vec<T> {
        vec![value]
    }
    let _guard = on(Arc::new(Shelf::new()), bytes::site());
    assert_eq!((bytes(4_u64), bytes(4_u64), bytes("4".to_string())), (vec![4], vec![4], vec!["4".to_string()]));
    let stats = bytes::site().stats();
    assert_eq!((stats.calls, stats.hits, stats.misses), (3, 1, 2), "{stats:?}");
}

#[test]
fn a_generic_site_on_bytes_without_such_bounds_computes() {
    #[cached(name = "faults.generic", ttl = "1h")]
    fn same<T: Clone + Eq + Hash + Send + Sync + 'static>(value: T) -> Vec<T> {
        vec![value]
    }
    let _guard = on(Arc::new(Shelf::new()), same::site());
    assert_eq!((same(4_u64), same(4_u64)), (vec![4], vec![4]));
    assert_eq!((same(Opaque(4)), same(Opaque(4))), (vec![Opaque(4)], vec![Opaque(4)]));
    let stats = same::site().stats();
    assert_eq!((stats.calls, stats.hits, stats.misses, stats.bypassed), (4, 0, 0, 4), "{stats:?}");
}

/// A key and a value whose code panics when it is told to.
#[derive(Debug)]
struct Wild(&'static str);

static WILD: std::sync::Mutex<&str> = std::sync::Mutex::new("");

fn panic_if(what: &str) {
    let wild = *WILD.lock().unwrap();
    assert_ne!(wild, what, "the user's code panics, as the test asked");
}

impl Hash for Wild {
    fn hash<H: Hasher>(&self, state: &mut H) {
        panic_if("hash");
        self.0.hash(state);
    }
}

impl PartialEq for Wild {
    fn eq(&self, other: &Self) -> bool {
        panic_if("eq");
        self.0 == other.0
    }
}

impl Eq for Wild {}

impl Clone for Wild {
    fn clone(&self) -> Self {
        panic_if("clone");
        Wild(self.0)
    }
}

#[test]
fn a_call_that_panics_on_its_way_to_a_hit_is_counted() {
    #[cached]
    fn wild(key: &Wild) -> Wild {
        Wild(key.0)
    }
    let key = Wild("key");
    assert_eq!(wild(&key).0, "key");
    assert_eq!(wild(&key).0, "key");
    for (number, what) in ["hash", "eq", "clone"].into_iter().enumerate() {
        *WILD.lock().unwrap() = what;
        let caught = catch_unwind(|| wild(&Wild("key")));
        *WILD.lock().unwrap() = "";
        assert!(caught.is_err(), "{what}");
        let stats = wild::site().stats();
        let panicked = number as u64 + 1;
        assert_eq!((stats.calls, stats.hits, stats.panicked, stats.errors), (2 + panicked, 1, panicked, panicked));
    }
    assert_eq!(wild(&key).0, "key");
    assert_eq!(wild::site().stats().hits, 2, "and the entry is as it was");
}

#[test]
fn a_call_from_a_destructor_at_the_end_of_its_thread_is_served_and_counted() {
    static ENDED: AtomicBool = AtomicBool::new(false);
    #[cached]
    fn last(n: u64) -> u64 {
        n + 1
    }
    struct AtTheEnd;
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            assert_eq!((last(1), last(2), last(1)), (2, 3, 2));
            ENDED.store(true, Ordering::SeqCst);
        }
    }
    thread_local! {
        static LAST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    for first in [true, false] {
        std::thread::spawn(move || {
            // Destroyed after our own thread-locals, or before them.
            if first {
                LAST.set(Some(AtTheEnd));
            }
            assert_eq!((last(1), last(1)), (2, 2));
            LAST.set(Some(AtTheEnd));
        })
        .join()
        .unwrap();
        assert!(ENDED.swap(false, Ordering::SeqCst));
    }
    let stats = last::site().stats();
    // Setting it a second time drops the first: nine calls there, and six here.
    assert_eq!((stats.calls, stats.misses, stats.errors), (4 + 9, 2, 0), "{stats:?}");
    assert_eq!(last::site().flights(), 0);
}
