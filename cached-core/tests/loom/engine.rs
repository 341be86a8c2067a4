//! Readers of the engine against everything that a writer does to what they read.
//!
//! A key and a value are cells that the checker watches: a comparison or a copy reads them in their place, under a pin and
//! no lock; their end writes them. So an entry that a reader sees before it is whole, or that goes while somebody is at it,
//! is a race that the checker reports.
#![allow(unsafe_code, reason = "a key that is shared as the engine shares it")]

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use crate::clock::{self, NEVER};
use crate::key::{Held, Own};
use crate::memory::{Bounds, Header, Kept, Look, Memory, Terms};
use crate::{check, check_within};

const EVER: Header = Header { generation: 0, created: 0, deadline: NEVER, timed: false };
const TERMS: Terms = Terms { generation: 0, timed: false, life: NEVER, idle: NEVER };

/// When the entries end that do.
const END: u64 = 1_000;

/// Of each cell, whether it lives. What an entry held lies there after it went, so that a late look finds a cell that
/// does not.
#[derive(Clone, Default)]
struct Ledger(std::sync::Arc<Mutex<Vec<bool>>>);

impl Ledger {
    fn with<T>(&self, f: impl FnOnce(&mut Vec<bool>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self) -> usize {
        self.with(|cells| {
            cells.push(true);
            cells.len() - 1
        })
    }
}

/// A number that the checker watches.
pub(crate) struct Cell {
    cell: UnsafeCell<u64>,
    id: usize,
    ledger: Ledger,
}

// SAFETY: it is read through references, and written when it ends; the checker reports it if they meet.
unsafe impl Sync for Cell {}

impl Cell {
    fn new(n: u64, ledger: &Ledger) -> Self {
        Cell { cell: UnsafeCell::new(n), id: ledger.begin(), ledger: ledger.clone() }
    }

    fn read(&self) -> u64 {
        assert!(self.ledger.with(|cells| cells[self.id]), "read after its end");
        // SAFETY: as the engine promises whoever compares.
        self.cell.with(|n| unsafe { *n })
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.read() == other.read()
    }
}

impl Eq for Cell {}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Clone for Cell {
    fn clone(&self) -> Self {
        Cell::new(self.read(), &self.ledger)
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        // SAFETY: as the engine promises whoever drops.
        self.cell.with_mut(|n| unsafe { *n = u64::MAX });
        let lived = self.ledger.with(|cells| std::mem::replace(&mut cells[self.id], false));
        assert!(lived || std::thread::panicking(), "dropped twice");
    }
}

/// All keys of a model share a bucket and a tag; but for those above this one, which are in the upper half.
pub(crate) const HIGH: u64 = 100;

fn hash(n: u64) -> u64 {
    if n > HIGH { 7 | 1 << 63 } else { 7 }
}

/// A memory, and what became of its keys and values. What is stored of a key is ten times as much.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) cache: Arc<Memory<Cell, Cell>>,
    ledger: Ledger,
}

impl World {
    /// With so many keys in it.
    pub(crate) fn new(bound: usize, keys: impl IntoIterator<Item = u64>) -> Self {
        clock::set(0);
        let world = World { cache: Arc::new(Memory::new(Bounds::entries(bound), false)), ledger: Ledger::default() };
        keys.into_iter().for_each(|n| world.put(n));
        world
    }

    fn held(&self, n: u64) -> Held<Cell> {
        Held { hash: hash(n), key: Cell::new(n, &self.ledger) }
    }

    pub(crate) fn put(&self, n: u64) {
        drop(self.cache.insert(self.held(n), Kept::new(Cell::new(n * 10, &self.ledger), true), EVER, 0));
    }

    /// Stores a value that ends and has a weight. None is behind an `Arc`, of which the checker knows nothing.
    fn put_timed(&self, n: u64) {
        let (value, header) = (Cell::new(n * 10, &self.ledger), Header { deadline: END, timed: true, ..EVER });
        drop(self.cache.insert(self.held(n), Kept::new(value, true), header, n));
    }

    pub(crate) fn remove(&self, n: u64) {
        self.cache.remove(&self.held(n)).expect("nothing calls back");
    }

    pub(crate) fn look(&self, n: u64) -> Option<u64> {
        self.look_under(n, TERMS)
    }

    fn look_under(&self, n: u64, terms: Terms) -> Option<u64> {
        match self.cache.look(&self.held(n), terms).expect("nothing calls back") {
            Look::Live { kept, .. } => Some(is_of(n, kept.as_ref())),
            Look::Ended(kept, _) => {
                is_of(n, kept.as_ref());
                None
            }
            Look::Nothing(_) => None,
        }
    }

    /// Looks as a hit does: in one bucket, under a pin of the simple kind.
    pub(crate) fn show(&self, n: u64, f: impl FnOnce()) -> Option<u64> {
        // Who has been pinned before has a record.
        drop(self.cache.pin_again());
        let key = Cell::new(n, &self.ledger);
        let salt = self.cache.hash(&Own(&key)) ^ hash(n);
        let seen = |value: &Cell| {
            f();
            is_of(n, value)
        };
        match self.cache.show(&Own(&key), salt, TERMS, seen) {
            Ok(shown) => shown,
            Err(_) => self.look(n),
        }
    }

    pub(crate) fn spawn(&self, act: impl FnOnce(&Self) + 'static) -> JoinHandle<()> {
        let world = self.clone();
        thread::spawn(move || act(&world))
    }

    /// What holds when all others have left.
    pub(crate) fn end(self, others: impl IntoIterator<Item = JoinHandle<()>>) {
        others.into_iter().for_each(|other| other.join().expect("it ended"));
        self.cache.validate();
        self.cache.clear();
        assert_eq!(self.left(), 0, "nobody reads, and something is left");
    }

    /// How many keys and values live.
    pub(crate) fn left(&self) -> usize {
        self.ledger.with(|cells| cells.iter().filter(|lives| **lives).count())
    }
}

fn is_of(n: u64, value: &Cell) -> u64 {
    let value = value.read();
    assert_eq!(value, n * 10, "a value of another key");
    value
}

/// So many keys are there, and one of them is read by so many threads while this one does something.
fn against(name: &str, bound: usize, (readers, sought): (usize, u64), before: u64, write: fn(&World)) {
    check_within(if readers > 1 { 2 } else { 3 }, name, move || {
        let world = World::new(bound, 1..=before);
        let readers: Vec<_> = (0..readers).map(|_| world.spawn(move |world| _ = world.look(sought))).collect();
        write(&world);
        world.end(readers);
    });
}

#[test]
fn a_read_against_a_removal() {
    against("read, remove", 4, (1, 1), 1, |world| {
        world.remove(1);
        assert_eq!(world.look(1), None, "it was removed");
    });
}

#[test]
fn two_reads_against_a_removal_and_an_insertion_in_its_place() {
    against("read, read, remove, insert", 4, (2, 1), 1, |world| {
        world.remove(1);
        world.put(1);
    });
}

#[test]
fn a_read_against_a_first_insertion() {
    against("read, insert", 4, (1, 1), 0, |world| {
        world.put(1);
        assert_eq!(world.look(1), Some(10), "nothing removes it");
    });
}

#[test]
fn a_read_of_the_second_word_against_first_insertions() {
    against("read, insert, insert in the second word", 2, (1, 2), 0, |world| {
        world.put(1);
        world.put(2);
        assert_eq!(world.look(2), Some(20), "nothing removes it");
    });
}

#[test]
fn a_read_against_a_replacement() {
    against("read, replace", 2, (1, 1), 1, |world| world.put(1));
}

#[test]
fn a_read_against_evictions_and_the_reuse_of_their_ways() {
    against("read, evict, evict", 1, (1, 1), 1, |world| (2..4).for_each(|n| world.put(n)));
}

#[test]
fn a_read_against_a_way_that_is_another_key_s_after_a_removal() {
    against("read, remove, insert another", 4, (1, 1), 2, |world| {
        world.remove(1);
        world.put(3);
        assert_eq!([2, 3].map(|n| world.look(n)), [Some(20), Some(30)], "nothing removes them");
    });
}

#[test]
fn a_read_against_a_bucket_that_is_hung_on() {
    against("read, overflow", 3, (1, 3), 2, |world| world.put(3));
}

#[test]
fn a_hit_against_a_removal_and_an_insertion_in_its_place() {
    check("show, remove, insert", || {
        let world = World::new(4, [1]);
        let reader = world.spawn(|world| _ = world.show(1, || ()));
        world.remove(1);
        world.put(1);
        world.end([reader]);
    });
}

#[test]
fn a_hit_against_a_first_insertion_in_each_word() {
    check("show, insert, insert", || {
        let world = World::new(2, []);
        let reader = world.spawn(|world| _ = world.show(2, || ()));
        world.put(1);
        world.put(2);
        world.end([reader]);
    });
}

#[test]
fn a_read_of_an_entry_that_ends_against_one_in_its_place() {
    const TIMED: Terms = Terms { timed: true, ..TERMS };
    check("read, replace what ends", || {
        let world = World::new(2, []);
        world.put_timed(1);
        let reader = world.spawn(|world| _ = world.look_under(1, TIMED));
        world.put_timed(1);
        assert_eq!(world.look_under(1, TIMED), Some(10), "it has not ended");
        world.cache.sweep(hash(1), 10);
        assert_eq!(world.cache.len(), 1, "nor yet");
        clock::set(END);
        assert_eq!(world.look_under(1, TIMED), None, "it has");
        world.cache.sweep(hash(1), 10);
        assert_eq!((world.cache.len(), world.cache.bytes()), (0, 0));
        world.end([reader]);
    });
}

#[test]
fn two_reads_of_one_thread_against_a_removal() {
    check("read twice, remove", || {
        let world = World::new(4, [1]);
        let reader = world.spawn(|world| (0..2).for_each(|_| _ = world.look(1)));
        // What the second removal reclaims may be what the reader's first pin kept.
        world.remove(1);
        world.remove(2);
        world.end([reader]);
    });
}

#[test]
fn two_writers_and_a_reader() {
    check_within(2, "read, insert, remove", || {
        let world = World::new(4, [1]);
        let others = [world.spawn(|world| world.remove(1)), world.spawn(|world| _ = world.look(1))];
        world.put(2);
        assert_eq!(world.look(2), Some(20), "nothing removes it");
        world.end(others);
    });
}
