//! Readers of the engine against everything that a writer does to what they read.
//!
//! A key is a cell that the checker watches: a comparison reads it in its place, under a pin and no
//! lock; its end writes it. So an entry that a reader sees before it is whole, or that goes while
//! somebody compares with it, is a race that the checker reports.
#![allow(unsafe_code, reason = "a key that is shared as the engine shares it")]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::check;
use crate::clock::NEVER;
use crate::key::Held;
use crate::memory::{Bounds, Header, Kept, Look, Memory, Terms};

const EVER: Header = Header { generation: 0, created: 0, deadline: NEVER, timed: false };
const TERMS: Terms = Terms { generation: 0, timed: false, life: NEVER, idle: NEVER };

type Count = std::sync::Arc<AtomicUsize>;
type Cache = Arc<Memory<Key, u64>>;

struct Key {
    cell: UnsafeCell<u64>,
    live: Count,
}

// SAFETY: it is read through references, and written when it ends; the checker reports it if they meet.
unsafe impl Sync for Key {}

impl Key {
    fn new(n: u64, live: &Count) -> Self {
        live.fetch_add(1, SeqCst);
        Key { cell: UnsafeCell::new(n), live: Count::clone(live) }
    }

    fn read(&self) -> u64 {
        // SAFETY: as the engine promises whoever compares.
        self.cell.with(|n| unsafe { *n })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.read() == other.read()
    }
}

impl Eq for Key {}

impl Clone for Key {
    fn clone(&self) -> Self {
        Key::new(self.read(), &self.live)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: as the engine promises whoever drops.
        self.cell.with_mut(|n| unsafe { *n = u64::MAX });
        self.live.fetch_sub(1, SeqCst);
    }
}

/// All keys of a model share a bucket and a tag; but for those above this one, which are in the upper half.
const HIGH: u64 = 100;

fn held(n: u64, live: &Count) -> Held<Key> {
    let hash = if n > HIGH { 7 | 1 << 63 } else { 7 };
    Held { hash, key: Key::new(n, live) }
}

fn put(cache: &Cache, n: u64, live: &Count) {
    drop(cache.insert(held(n, live), Kept::new(n * 10, true), EVER, 0));
}

fn look(cache: &Cache, n: u64, live: &Count) -> Option<u64> {
    let found = cache.look(&held(n, live), TERMS).expect("nothing calls back");
    let value = match found {
        Look::Live { kept, .. } => Some(kept.into_value()),
        Look::Ended(..) | Look::Nothing(_) => None,
    };
    assert!(value.is_none_or(|value| value == n * 10), "a value of another key");
    value
}

fn read(cache: &Cache, n: u64, live: &Count) {
    let _ = look(cache, n, live);
}

/// So many keys are there, and one of them is read by so many threads while this one does something. Then
/// all is cleared, and nothing is left.
fn against(name: &str, bound: usize, (readers, sought): (usize, u64), before: u64, write: fn(&Cache, &Count)) {
    check(name, move || {
        let live = Count::default();
        let cache: Cache = Arc::new(Memory::new(Bounds::entries(bound), false));
        (1..=before).for_each(|n| put(&cache, n, &live));
        let readers: Vec<_> = (0..readers)
            .map(|_| {
                let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
                thread::spawn(move || read(&cache, sought, &live))
            })
            .collect();
        write(&cache, &live);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        cache.clear();
        assert_eq!(live.load(SeqCst), 0, "nobody reads, and something is left");
    });
}

#[test]
fn a_read_against_a_removal() {
    against("read, remove", 4, (1, 1), 1, |cache, live| {
        cache.remove(&held(1, live)).unwrap();
        assert_eq!(look(cache, 1, live), None, "it was removed");
    });
}

#[test]
fn two_reads_against_a_removal_and_an_insertion_in_its_place() {
    against("read, read, remove, insert", 4, (2, 1), 1, |cache, live| {
        cache.remove(&held(1, live)).unwrap();
        put(cache, 1, live);
    });
}

#[test]
fn a_read_against_a_first_insertion() {
    against("read, insert", 4, (1, 1), 0, |cache, live| {
        put(cache, 1, live);
        assert_eq!(look(cache, 1, live), Some(10), "nothing removes it");
    });
}

#[test]
fn a_read_against_a_replacement() {
    against("read, replace", 2, (1, 1), 1, |cache, live| put(cache, 1, live));
}

#[test]
fn a_read_against_evictions_and_the_reuse_of_their_ways() {
    against("read, evict, evict", 1, (1, 1), 1, |cache, live| (2..4).for_each(|n| put(cache, n, live)));
}

#[test]
fn a_read_against_growth() {
    // Two entries are what two buckets hold well; they fill the one that they share.
    against("read, grow, remove", usize::MAX, (1, 1), 1, |cache, live| {
        put(cache, 2, live);
        cache.remove(&held(1, live)).unwrap();
    });
}

#[test]
fn a_read_against_a_bucket_that_is_hung_on() {
    against("read, overflow", 3, (1, 3), 2, |cache, live| put(cache, 3, live));
}

#[test]
fn a_read_against_a_clear() {
    against("read, clear, insert", 4, (1, 1), 2, |cache, live| {
        cache.clear();
        put(cache, 1, live);
    });
}

#[test]
fn two_reads_of_one_thread_against_a_removal() {
    check("read twice, remove", || {
        let live = Count::default();
        let cache: Cache = Arc::new(Memory::new(Bounds::entries(4), false));
        put(&cache, 1, &live);
        let reader = {
            let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
            thread::spawn(move || (0..2).for_each(|_| read(&cache, 1, &live)))
        };
        // What the second removal reclaims may be what the reader's first pin kept.
        cache.remove(&held(1, &live)).unwrap();
        cache.remove(&held(2, &live)).unwrap();
        reader.join().unwrap();
        cache.clear();
        assert_eq!(live.load(SeqCst), 0, "nobody reads, and something is left");
    });
}

#[test]
fn a_record_passes_from_a_thread_that_ends_to_the_next_while_another_writes() {
    check("thread exit", || {
        let live = Count::default();
        let cache: Cache = Arc::new(Memory::new(Bounds::entries(4), false));
        put(&cache, 1, &live);
        let writer = {
            let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
            thread::spawn(move || cache.remove(&held(1, &live)).unwrap())
        };
        for _ in 0..2 {
            let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
            thread::spawn(move || read(&cache, 1, &live)).join().unwrap();
        }
        writer.join().unwrap();
        cache.clear();
        assert_eq!(live.load(SeqCst), 0, "nobody reads, and something is left");
    });
}

#[test]
fn two_writers_and_a_reader() {
    check("read, insert, remove", || {
        let live = Count::default();
        let cache: Cache = Arc::new(Memory::new(Bounds::entries(4), false));
        put(&cache, 1, &live);
        let threads = [
            {
                let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
                thread::spawn(move || cache.remove(&held(1, &live)).unwrap())
            },
            {
                let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
                thread::spawn(move || read(&cache, 1, &live))
            },
        ];
        put(&cache, 2, &live);
        assert_eq!(look(&cache, 2, &live), Some(20), "nothing removes it");
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        cache.clear();
        assert_eq!(live.load(SeqCst), 0, "nobody reads, and something is left");
    });
}

#[test]
fn a_writer_and_a_reader_against_a_bound_that_needs_fewer_parts() {
    check("read, insert, set bounds", || {
        let live = Count::default();
        // So many entries have two parts, and these are in the second.
        let cache: Cache = Arc::new(Memory::new(Bounds::entries(8_192), false));
        put(&cache, HIGH + 1, &live);
        let threads = [
            {
                let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
                thread::spawn(move || put(&cache, HIGH + 2, &live))
            },
            {
                let (cache, live) = (Arc::clone(&cache), Count::clone(&live));
                thread::spawn(move || read(&cache, HIGH + 1, &live))
            },
        ];
        cache.set_bounds(Bounds::entries(4));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let found = [1, 2].map(|n| look(&cache, HIGH + n, &live).is_some());
        assert_eq!(found, [true; 2], "there is room for both");
        cache.clear();
        assert_eq!(live.load(SeqCst), 0, "nobody reads, and something is left");
    });
}
