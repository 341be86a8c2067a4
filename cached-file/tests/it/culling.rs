//! What holds for the number of entries.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use cached_core::backend::{Backend, When, Write};
use cached_core::{Config, ErrorKind, cached};
use cached_file::FileBackend;

#[cfg(unix)]
use crate::apart::{command, part, play};
use crate::{files, get, ready, scratch, set, value};

/// A backend with a bound, in a directory of its own.
fn bounded(max_entries: usize, cull_frequency: usize) -> (tempfile::TempDir, FileBackend) {
    let scratch = scratch();
    let backend = FileBackend::new(scratch.path().join("cache"));
    let backend = backend.bounded(NonZeroUsize::new(max_entries).unwrap(), cull_frequency);
    (scratch, backend)
}

/// Stores entries one after the other, and gives how many of them are there then.
fn fill(backend: &FileBackend, entries: usize) -> usize {
    let key = |i: usize| format!("cull:{i}");
    for i in 0..entries {
        assert!(set(backend, &key(i), value(1, "value"), When::Always).unwrap());
        assert!(get(backend, &key(i)).unwrap().is_some(), "what was just stored is there");
    }
    (0..entries).filter(|i| get(backend, &key(*i)).unwrap().is_some()).count()
}

#[test]
fn a_cull_removes_one_in_so_many_as_djangos_does() {
    for (cull_frequency, left) in [(3, 29), (0, 19), (1, 19), (10, 28), (100, 30)] {
        let (scratch, backend) = bounded(30, cull_frequency);
        assert_eq!(fill(&backend, 49), left, "1 in {cull_frequency}");
        assert_eq!(files(scratch.path()).len(), left);
    }
}

#[test]
fn a_bound_below_the_frequency_holds() {
    let (scratch, backend) = bounded(2, 3);
    assert_eq!(fill(&backend, 10), 2);
    assert_eq!(files(scratch.path()).len(), 2);
}

#[test]
fn a_write_over_an_entry_culls_nothing_nor_does_one_whose_condition_fails() {
    let (_scratch, backend) = bounded(30, 3);
    assert_eq!(fill(&backend, 30), 30);
    for i in 0..30 {
        assert!(set(&backend, &format!("cull:{i}"), value(2, "value"), When::Always).unwrap());
        assert!(!set(&backend, &format!("cull:{i}"), value(3, "value"), When::Absent).unwrap());
        assert!(!set(&backend, &format!("other:{i}"), value(3, "value"), When::Stamp([0; 16])).unwrap());
    }
    assert!((0..30).all(|i| get(&backend, &format!("cull:{i}")).unwrap() == Some(value(2, "value"))));
}

#[test]
fn what_has_expired_or_is_damaged_goes_before_what_lives() {
    let (scratch, backend) = bounded(30, 3);
    for i in 0..30 {
        let ttl = (i % 3 == 0).then_some(Duration::ZERO);
        let write = Write::new(format!("cull:{i}").into(), value(1, "value"), ttl, When::Always);
        assert_eq!(ready(backend.set_many(vec![write])).unwrap(), [true]);
    }
    let damaged = files(scratch.path()).into_iter().find(|file| file.ends_with("cull+1.cached")).unwrap();
    std::fs::write(damaged, "nothing").unwrap();
    assert!(set(&backend, "new", value(1, "value"), When::Absent).unwrap());
    assert_eq!(files(scratch.path()).len(), 30 - 11 + 1);
    let living = (2..30).filter(|i| i % 3 != 0);
    assert!(living.map(|i| get(&backend, &format!("cull:{i}"))).all(|found| found.unwrap().is_some()));
}

#[test]
fn of_what_lives_goes_what_was_written_longest_ago() {
    let (scratch, backend) = bounded(30, 3);
    assert_eq!(fill(&backend, 30), 30);
    // The order of the names is not that of the ages.
    let age = |i: u64| SystemTime::now() - Duration::from_secs(1_000 + i * 7 % 30);
    for i in 0..30 {
        let entry = files(scratch.path()).into_iter().find(|file| file.ends_with(format!("cull+{i}.cached"))).unwrap();
        std::fs::File::options().write(true).open(entry).unwrap().set_modified(age(i)).unwrap();
    }
    assert!(set(&backend, "new", value(1, "value"), When::Absent).unwrap());
    let is_there = |i: &u64| get(&backend, &format!("cull:{i}")).unwrap().is_some();
    let (left, gone): (Vec<_>, Vec<_>) = (0..30).partition(is_there);
    assert_eq!((left.len(), gone.len()), (20, 10));
    assert!(gone.iter().all(|gone| left.iter().all(|left| age(*gone) < age(*left))), "{gone:?} went");
}

#[test]
fn a_start_counts_what_others_left_and_forgets_what_others_removed() {
    let (scratch, first) = bounded(100, 2);
    assert_eq!(fill(&first, 100), 100);
    let second = FileBackend::new(scratch.path().join("cache")).bounded(NonZeroUsize::new(100).unwrap(), 2);
    assert!(set(&second, "new", value(1, "value"), When::Absent).unwrap());
    assert_eq!(files(scratch.path()).len(), 51);
    // The first still takes it for full, looks, and finds that half of it has gone: but one, which has come since.
    assert!(set(&first, "newer", value(1, "value"), When::Absent).unwrap());
    assert_eq!(files(scratch.path()).len(), 51);
}

#[test]
fn several_writers_keep_to_the_bound_and_a_tenth_each() {
    let (scratch, one) = bounded(200, 3);
    let others: Vec<_> = (0..3).map(|_| FileBackend::new(scratch.path().join("cache"))).collect();
    let others = others.into_iter().map(|other| other.bounded(NonZeroUsize::new(200).unwrap(), 3));
    let backends: Vec<_> = others.chain([one]).collect();
    let mut most = 0;
    for i in 0..1_600 {
        assert!(set(&backends[i % 4], &format!("cull:{i}"), value(1, "value"), When::Absent).unwrap());
        if i % 10 == 0 {
            most = most.max(files(scratch.path()).len());
        }
    }
    println!("4 writers, at most {most} entries of 200");
    assert!((150..=280).contains(&most), "{most}");
}

#[test]
fn files_of_others_are_no_entries_and_never_go() {
    let (scratch, backend) = bounded(30, 0);
    assert_eq!(fill(&backend, 30), 30);
    let subs: Vec<_> = files(scratch.path()).iter().map(|file| file.parent().unwrap().to_owned()).collect();
    subs.iter().for_each(|sub| std::fs::write(sub.join("notes.txt"), "mine").unwrap());
    assert!(set(&backend, "new", value(1, "value"), When::Absent).unwrap());
    assert_eq!(files(scratch.path()).len(), 1);
    assert!(subs.iter().all(|sub| sub.join("notes.txt").exists()));
}

#[test]
fn without_a_bound_nothing_goes() {
    let (scratch, backend) = bounded(usize::MAX, 3);
    assert_eq!(fill(&backend, 500), 500);
    assert_eq!(files(scratch.path()).len(), 500);
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[cached(name = "culling.squared")]
fn squared(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    n * n
}

/// An alias with some options.
fn configured(directory: &Path, options: &str) -> Config {
    let place = directory.to_str().unwrap();
    Config::from_toml(&format!("[backends.default]\nkind = \"file\"\nlocation = {place:?}\n{options}")).unwrap()
}

#[cfg(unix)]
#[test]
fn the_bound_of_an_alias_is_that_of_its_directory_and_no_bound_has_to_be_typed() {
    const TEST: &str = "culling::the_bound_of_an_alias_is_that_of_its_directory_and_no_bound_has_to_be_typed";
    if let Some((_, place)) = part() {
        let cases = [
            ("max_entries = 30", 29),
            ("max_entries = \"3_0\"\ncull_frequency = 0", 19),
            ("max_entries = \"unbounded\"\ncull_frequency = 0", 49),
            ("", 49),
        ];
        for (case, (options, left)) in cases.into_iter().enumerate() {
            let directory = place.join(case.to_string());
            configured(&directory, options).install().unwrap();
            (0..49).for_each(|n| assert_eq!(squared(n), n * n));
            assert_eq!(files(&directory).len(), left, "{options}");
            let before = RUNS.load(Ordering::Relaxed);
            squared(48);
            assert_eq!(RUNS.load(Ordering::Relaxed), before, "the newest is there");
        }
        return;
    }
    let scratch = scratch();
    play(command(&[], TEST, "bounds", scratch.path()));
}

#[test]
fn a_bound_that_cannot_be_read_is_said_once() {
    let scratch = scratch();
    for (options, what) in [
        ("max_entries = 0", "max_entries is not a number above zero or \"unbounded\""),
        ("max_entries = \"none\"", "max_entries is not a number above zero or \"unbounded\""),
        ("cull_frequency = -1", "cull_frequency is not a whole number"),
        ("cull_frequency = \"often\"", "cull_frequency is not a whole number"),
        ("cull_freqency = 3", "did you mean `cull_frequency`?"),
        ("CULL_FREQUENCY = 3", "`cull_frequency`"),
    ] {
        let error = configured(scratch.path(), options).install().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.faults().len(), 1, "{error}");
        assert!(error.faults()[0].contains(what), "{error}");
    }
}
