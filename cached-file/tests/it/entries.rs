//! What holds for keys and values.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cached_core::ErrorKind;
use cached_core::backend::{Backend, When, Write};
use cached_file::FileBackend;

use crate::{delete, get, increment, ready, set, stamp, value};

#[test]
fn what_was_stored_comes_back_in_the_order_asked_for() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let writes = [("a:1", "one"), ("a:2", ""), ("a:3", "three")].map(|(key, rest)| {
        let bytes = if rest.is_empty() { [].into() } else { value(1, rest) };
        Write::new(key.into(), bytes, None, When::Always)
    });
    assert_eq!(ready(backend.set_many(writes.to_vec())).unwrap(), [true; 3]);
    let found = ready(backend.get_many(&["a:3", "no", "a:1", "a:2"].map(Into::into))).unwrap();
    assert_eq!(found, [Some(value(1, "three")), None, Some(value(1, "one")), Some([].into())]);
    assert_eq!(
        ready(backend.delete_many(vec![("a:1".into(), When::Always), ("no".into(), When::Always)])).unwrap(),
        [true, false]
    );
    assert_eq!(get(&backend, "a:1").unwrap(), None);
}

#[test]
fn a_value_of_a_megabyte_comes_back() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let large = value(7, &"0123456789abcde".repeat(70_000));
    set(&backend, "large", large.clone(), When::Always).unwrap();
    assert_eq!(get(&backend, "large").unwrap(), Some(large));
}

#[test]
fn conditions_hold_for_writes_and_removals() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let set = |bytes, when| set(&backend, "k", bytes, when).unwrap();
    assert!(!set(value(1, ""), When::Stamp(stamp(0))));
    assert!(set(value(1, "first"), When::Absent));
    assert!(!set(value(2, "second"), When::Absent));
    assert!(!set(value(2, "second"), When::Stamp(stamp(2))));
    assert!(set(value(2, "second"), When::Stamp(stamp(1))));
    assert!(!delete(&backend, "k", When::Stamp(stamp(1))).unwrap());
    assert!(!delete(&backend, "k", When::Absent).unwrap());
    assert_eq!(get(&backend, "k").unwrap(), Some(value(2, "second")));
    assert!(delete(&backend, "k", When::Stamp(stamp(2))).unwrap());
    assert!(!delete(&backend, "k", When::Always).unwrap());
}

#[test]
fn of_eight_threads_exactly_one_finds_a_key_absent() {
    let scratch = tempfile::tempdir().unwrap();
    let (backend, barrier) = (FileBackend::new(scratch.path().join("cache")), Barrier::new(8));
    let wins: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for thread in 0..8 {
            let (backend, barrier, wins) = (&backend, &barrier, &wins);
            scope.spawn(move || {
                barrier.wait();
                for (i, won) in wins.iter().enumerate() {
                    let stored = set(backend, &format!("k:{i}"), value(thread, "mine"), When::Absent).unwrap();
                    won.fetch_add(usize::from(stored), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(wins.iter().all(|won| won.load(Ordering::Relaxed) == 1));
}

#[test]
fn eight_threads_that_add_on_the_stamp_lose_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let stamps = AtomicU64::new(1);
    set(&backend, "n", value(0, "0"), When::Always).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..50).for_each(|_| increment(&backend, "n", || stamps.fetch_add(1, Ordering::Relaxed).into()))
            });
        }
    });
    assert_eq!(&get(&backend, "n").unwrap().unwrap()[16..], b"400");
}

#[test]
fn a_reader_of_an_expired_entry_never_removes_the_fresh_one() {
    let scratch = tempfile::tempdir().unwrap();
    let (backend, done) = (FileBackend::new(scratch.path()), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    get(&backend, "k").unwrap();
                }
            });
        }
        for i in 0..300 {
            let expired = Write::new("k".into(), value(i, "old"), Some(Duration::ZERO), When::Always);
            assert_eq!(ready(backend.set_many(vec![expired])).unwrap(), [true]);
            assert!(set(&backend, "k", value(i, "new"), When::Absent).unwrap());
            assert_eq!(get(&backend, "k").unwrap(), Some(value(i, "new")));
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn clear_removes_what_begins_with_the_prefix_and_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let keys = ["shop:a", "shop:A", "Shop:a", "shop", "shop.a", "shopping:a", "a:shop:"];
    for key in keys {
        set(&backend, key, value(1, key), When::Always).unwrap();
    }
    for foreign in ["notes.txt", "Shop.cached", ".tmp-abcdef", "shop:a", "shop+b.cached.bak"] {
        std::fs::write(scratch.path().join(foreign), "mine").unwrap();
    }
    std::fs::create_dir(scratch.path().join("shop+directory.cached")).unwrap();
    std::fs::write(scratch.path().join(".tmp-abcdef.cached-new"), "left by a dead writer").unwrap();

    ready(backend.clear("shop:")).unwrap();
    for key in keys {
        assert_eq!(get(&backend, key).unwrap().is_none(), key.starts_with("shop:"), "{key}");
    }
    for foreign in ["notes.txt", "Shop.cached", ".tmp-abcdef", "shop:a", "shop+b.cached.bak", "shop+directory.cached"] {
        assert!(scratch.path().join(foreign).exists(), "{foreign}");
    }
    assert!(!scratch.path().join(".tmp-abcdef.cached-new").exists());
    ready(backend.clear("")).unwrap();
    assert!(keys.iter().all(|key| get(&backend, key).unwrap().is_none()));
}

#[test]
fn a_key_the_engine_would_not_make_is_refused_and_touches_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let inside = scratch.path().join("cache");
    let backend = FileBackend::new(&inside);
    let long = "k".repeat(201);
    for key in ["", "../up", "/etc/passwd", "a/b", "a\\b", "a\0b", "a b", "a\nb", "é", "a+b", "a=b", "a%2e", &long] {
        let refusals = [
            get(&backend, key).unwrap_err(),
            set(&backend, key, value(1, ""), When::Always).unwrap_err(),
            delete(&backend, key, When::Always).unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.kind(), ErrorKind::Unsupported);
            assert!(key.len() < 4 || !refusal.to_string().contains(key));
        }
        // One bad key stops its batch before the first write.
        let batch = ["good", key].map(|key| Write::new(key.into(), value(1, ""), None, When::Always));
        ready(backend.set_many(batch.to_vec())).unwrap_err();
        ready(backend.clear(key)).unwrap();
    }
    assert!(!inside.exists());
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let longest = backend.capabilities().max_value.unwrap();
    let refusal = set(&backend, "k", vec![0; longest + 1].into(), When::Always).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Unsupported);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}
