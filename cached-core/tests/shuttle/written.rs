//! What the low-level cache computes, against what removes it: the real flight before a store that knows conditions.
//!
//! In: `get_or_set`, `delete` and `set` in the steps of `cache/fill.rs` and `cache/operation.rs`, each step one exchange.
//! Out: when all have ended, nothing is stored that was computed before a removal; and a reader after a lone `delete`
//! never sees such a value, not for a moment.

use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use crate::check;
use crate::flight::{Entered, Flights, Lead, Side};
use crate::world::{PATIENCE, World};

/// What is stored of the one key: a stamp, and a value or the mark of a removal.
type Stored = Option<(u64, Option<u64>)>;

struct Store {
    flights: Flights<u64, u64>,
    stored: Mutex<Stored>,
    truth: Mutex<u64>,
    stamps: Mutex<u64>,
}

enum Turn<'a> {
    Lead(Lead<'a, u64, u64>),
    Side(Side<'a, u64, u64>),
}

impl Turn<'_> {
    fn is_overtaken(&self) -> bool {
        match self {
            Turn::Lead(lead) => lead.is_overtaken(),
            Turn::Side(side) => side.is_overtaken(),
        }
    }
}

impl Store {
    fn new() -> Arc<Self> {
        crate::clock::reset();
        Arc::new(Store {
            flights: Flights::new(),
            stored: Mutex::new(None),
            truth: Mutex::new(1),
            stamps: Mutex::new(0),
        })
    }

    fn read(&self) -> Stored {
        *self.stored.lock().unwrap()
    }

    fn value(&self) -> Option<u64> {
        self.read().and_then(|(_, value)| value)
    }

    fn truth(&self) -> u64 {
        *self.truth.lock().unwrap()
    }

    fn change_truth(&self) -> u64 {
        let mut truth = self.truth.lock().unwrap();
        *truth += 1;
        *truth
    }

    fn stamp(&self) -> u64 {
        let mut stamps = self.stamps.lock().unwrap();
        *stamps += 1;
        *stamps
    }

    /// Puts `new` there if what is there has the stamp of `old`.
    fn exchange(&self, old: Stored, new: Stored) -> bool {
        let mut stored = self.stored.lock().unwrap();
        let is_met = stored.map(|(stamp, _)| stamp) == old.map(|(stamp, _)| stamp);
        if is_met {
            *stored = new;
        }
        is_met
    }

    /// A leader, or one who waits no longer for a leader.
    fn turn(&self) -> Turn<'_> {
        match self.flights.enter(&World::held(1), 0, || PATIENCE) {
            Entered::Lead(lead) => Turn::Lead(lead),
            Entered::Wait(wait) => {
                drop(wait);
                Turn::Side(self.flights.aside(&World::held(1), 0).expect("no comparison calls back"))
            }
            Entered::Alone(_) | Entered::Busy => panic!("nobody asks from inside"),
        }
    }

    fn get_or_set(&self) {
        if self.value().is_some() {
            return;
        }
        let turn = self.turn();
        let found = self.read();
        if found.is_some_and(|(_, value)| value.is_some()) {
            return;
        }
        let value = self.truth();
        thread::yield_now();
        if !turn.is_overtaken() {
            let written = Some((self.stamp(), Some(value)));
            if self.exchange(found, written) && turn.is_overtaken() {
                self.exchange(written, None);
            }
        }
        if let Turn::Lead(lead) = turn {
            let _ = lead.land(value, || ());
        }
    }

    fn delete(&self) -> u64 {
        let truth = self.change_truth();
        let is_computed = self.flights.overtake(&World::held(1)).expect("no comparison calls back");
        loop {
            let found = self.read();
            let is_done = match found {
                _ if is_computed => self.exchange(found, Some((self.stamp(), None))),
                None | Some((_, None)) => true,
                Some((_, Some(_))) => self.exchange(found, None),
            };
            if is_done {
                return truth;
            }
        }
    }

    fn set(&self) {
        let truth = self.change_truth();
        self.flights.overtake(&World::held(1)).expect("no comparison calls back");
        let new = Some((self.stamp(), Some(truth)));
        *self.stored.lock().unwrap() = new;
    }
}

type Act = fn(&Store);

/// Runs them all at once on one store.
fn at_once(store: &Arc<Store>, acts: &[Act]) {
    let start = |act: &Act| {
        let (store, act) = (Arc::clone(store), *act);
        thread::spawn(move || act(&store))
    };
    let threads: Vec<_> = acts.iter().map(start).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the thread ended"));
    assert_eq!(store.flights.len(), 0);
}

#[test]
fn a_reader_after_a_delete_never_sees_what_was_computed_before_it() {
    check("delete against get_or_set", || {
        let store = Store::new();
        let delete = |store: &Store| {
            let truth = store.delete();
            let seen = store.value();
            assert!(seen.is_none_or(|seen| seen >= truth), "after the delete at {truth} there was {seen:?}");
        };
        at_once(&store, &[Store::get_or_set, delete, Store::get_or_set]);
    });
}

#[test]
fn what_two_deletes_and_a_set_overtook_is_not_there_when_all_have_ended() {
    check("delete and set against get_or_set", || {
        let store = Store::new();
        let replace = |store: &Store| {
            store.set();
            store.delete();
        };
        let delete = |store: &Store| _ = store.delete();
        at_once(&store, &[Store::get_or_set, delete, replace, Store::get_or_set]);
        let (value, truth) = (store.value(), store.truth());
        assert!(value.is_none_or(|value| value == truth), "at the end there is {value:?}, the truth is {truth}");
    });
}
