//! The engine under more threads than there are cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use super::memory::{Dice, get, held, put};
use super::scaled;
use crate::memory::{Bounds, Memory};

const THREADS: usize = 20;
const OPERATIONS: u32 = 40_000;
const BOUND: usize = 500;
const KEYS: u64 = 900;

/// Which values were made, and which of them are gone.
struct Ledger {
    made: AtomicUsize,
    gone: Vec<AtomicBool>,
}

/// A value of a key, entered in the ledger, as each of its copies is.
struct Entered {
    key: u64,
    line: usize,
    ledger: Arc<Ledger>,
}

impl Entered {
    fn new(key: u64, ledger: &Arc<Ledger>) -> Self {
        Entered { key, line: ledger.made.fetch_add(1, SeqCst), ledger: Arc::clone(ledger) }
    }
}

impl Clone for Entered {
    fn clone(&self) -> Self {
        Entered::new(self.key, &self.ledger)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        assert!(!self.ledger.gone[self.line].swap(true, SeqCst), "dropped twice");
    }
}

/// What one thread does; gives how often it found something.
fn act(memory: &Memory<u64, Entered>, ledger: &Arc<Ledger>, seed: u64, operations: u32) -> usize {
    let (mut dice, mut found) = (Dice(seed), 0);
    for _ in 0..operations {
        let key = dice.below(KEYS);
        match dice.below(1_000) {
            0 => memory.clear(),
            1 => memory.set_bounds(Bounds::entries(BOUND - BOUND / 3 * (seed as usize % 2))).unwrap(),
            2 => memory.remove_all(|key| key % 7 == seed % 7),
            3..50 => memory.remove(&held(memory, key)).unwrap(),
            50..350 => drop(put(memory, key, Entered::new(key, ledger))),
            _ => {
                let value = get(memory, &key);
                assert!(value.as_ref().is_none_or(|value| value.key == key), "a value of another key");
                found += usize::from(value.is_some());
            }
        }
    }
    found
}

#[test]
fn what_twenty_threads_store_is_given_for_its_key_only_and_dropped_exactly_once() {
    let operations = scaled(OPERATIONS);
    // An operation makes one value at most.
    let gone = (0..THREADS * operations as usize).map(|_| AtomicBool::new(false)).collect();
    let ledger = Arc::new(Ledger { made: AtomicUsize::new(0), gone });
    let memory = Memory::new(Bounds::entries(BOUND), false);
    let found: usize = thread::scope(|scope| {
        let run = |seed| {
            let (memory, ledger) = (&memory, &ledger);
            scope.spawn(move || act(memory, ledger, seed as u64 * 7_919, operations))
        };
        let threads: Vec<_> = (1..=THREADS).map(run).collect();
        threads.into_iter().map(|thread| thread.join().expect("it saw nothing wrong")).sum()
    });
    memory.validate();
    assert!(memory.held() <= BOUND);
    drop(memory);
    let made = ledger.made.load(SeqCst);
    let left = ledger.gone[..made].iter().filter(|gone| !gone.load(SeqCst)).count();
    println!("R03 {THREADS} threads of {operations} operations: {found} found, {made} values made, {left} left");
    assert!(left == 0 && found > 0, "{left} of {made} were never dropped; {found} found");
}
