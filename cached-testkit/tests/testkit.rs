//! The testkit keeps its own promises.

#![allow(missing_docs, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Reply, When, Write};
use cached_core::{Error, ErrorKind};
use cached_testkit::{Fault, Faulty, Pending, Shelf, poll_n};

fn value(stamp: u8) -> Bytes {
    [stamp; 20].into()
}

fn write(key: &str, stamp: u8, ttl: Option<Duration>, when: When) -> Vec<Write> {
    vec![Write::new(key.into(), value(stamp), ttl, when)]
}

fn ready<T>(reply: Reply<T>) -> Result<T, Error> {
    match reply {
        Reply::Ready(result) => result,
        Reply::Later(answer) => poll_n(answer, 100).expect("an answer within 100 polls"),
    }
}

fn get(backend: &dyn Backend, key: &str) -> Result<Option<Bytes>, Error> {
    ready(backend.get_many(&[key.into()])).map(|mut found| found.remove(0))
}

#[test]
fn a_shelf_honours_lifetimes() {
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&seconds);
    let shelf = Shelf::with_clock(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
    for (key, ttl) in
        [("a", Some(Duration::from_secs(30))), ("b", Some(Duration::MAX)), ("c", None), ("d", Some(Duration::ZERO))]
    {
        assert_eq!(ready(shelf.set_many(write(key, 1, ttl, When::Always))).unwrap(), [true]);
    }
    seconds.store(29, Ordering::Relaxed);
    assert_eq!(shelf.keys(), ["a", "b", "c"].map(Into::into));
    assert_eq!(shelf.remaining("a"), Some(Some(Duration::from_secs(1))));
    assert_eq!((shelf.remaining("c"), shelf.remaining("d")), (Some(None), None));
    seconds.store(30, Ordering::Relaxed);
    assert_eq!(get(&shelf, "a").unwrap(), None);
    assert_eq!(ready(shelf.set_many(write("a", 2, None, When::Absent))).unwrap(), [true]);
}

#[test]
fn a_shelf_honours_conditions_and_prefixes() {
    let shelf = Shelf::new();
    let set = |key, stamp, when| ready(shelf.set_many(write(key, stamp, None, when))).unwrap()[0];
    let delete = |key: &str, when| ready(shelf.delete_many(vec![(key.into(), when)])).unwrap()[0];
    assert!(!set("k:1", 1, When::Stamp([0; 16])));
    assert!(set("k:1", 1, When::Absent) && !set("k:1", 2, When::Absent));
    assert!(!set("k:1", 2, When::Stamp([2; 16])) && set("k:1", 2, When::Stamp([1; 16])));
    assert!(!delete("k:1", When::Stamp([1; 16])) && !delete("no", When::Always));
    assert!(set("l:1", 1, When::Always) && set("k:2", 1, When::Always) && delete("k:2", When::Stamp([1; 16])));
    ready(shelf.clear("k:")).unwrap();
    assert_eq!(shelf.keys(), ["l:1".into()]);
}

#[test]
fn faults_come_and_go_on_command() {
    let shelf = Arc::new(Shelf::new());
    let backend = Faulty::new(Arc::clone(&shelf) as Arc<dyn Backend>);
    let set = |stamp| ready(backend.set_many(write("k", stamp, None, When::Always)));
    set(1).unwrap();

    backend.set_fault(Fault::Fail);
    assert_eq!(get(&backend, "k").unwrap_err().kind(), ErrorKind::Backend);
    set(2).unwrap_err();
    ready(backend.delete_many(vec![("k".into(), When::Always)])).unwrap_err();
    ready(backend.clear("")).unwrap_err();

    backend.set_fault(Fault::DropWrites);
    assert_eq!(set(3).unwrap(), [true]);
    assert_eq!(get(&backend, "k").unwrap(), Some(value(1)));

    backend.set_fault(Fault::FlipBit);
    for bit in 0..20 * 8 {
        let found = get(&backend, "k").unwrap().unwrap();
        assert_eq!(found.iter().map(|byte| (byte ^ 1).count_ones()).sum::<u32>(), 1);
        assert_eq!(found[bit / 8] ^ 1, 1 << (bit % 8));
    }

    backend.set_fault(Fault::None);
    assert_eq!(get(&backend, "k").unwrap(), get(&*shelf, "k").unwrap());
    assert_eq!((backend.reads(), backend.writes(), backend.deletes()), (163, 3, 2));
}

#[test]
fn a_backend_that_hangs_never_wakes_its_caller() {
    let backend = Faulty::new(Arc::new(Shelf::new()));
    for steps in [0, 2] {
        backend.set_fault(Fault::Hang);
        backend.answer_later(steps);
        let Reply::Later(answer) = backend.clear("") else { panic!("it answered") };
        assert_eq!(poll_n(answer, 50).unwrap_err().wakes, 0);
    }
}

#[test]
fn a_later_answer_is_pending_once_for_each_step_and_wakes_each_time() {
    let inner = Faulty::new(Arc::new(Shelf::new()));
    inner.answer_later(2);
    let backend = Faulty::new(Arc::new(inner)); // one behind the other: two steps and one
    backend.answer_later(1);
    let Reply::Later(answer) = backend.set_many(write("k", 1, None, When::Absent)) else {
        panic!("it answered at once")
    };
    let Pending { future, wakes } = poll_n(answer, 3).unwrap_err();
    assert_eq!(wakes, 3);
    assert_eq!(poll_n(future, 1).unwrap().unwrap(), [true]);

    let Reply::Later(dropped) = backend.set_many(write("l", 1, None, When::Absent)) else {
        panic!("it answered at once")
    };
    drop(dropped);
    assert_eq!(get(&backend, "l").unwrap(), Some(value(1)), "dropping a reply abandons the answer, not the exchange");
}
