//! A cache of one function, as small as it can be around the real flights.
//!
//! In: what a thread's bodies do. Out: what its calls gave. A call takes the steps of `call/`:
//! look, enter, look again as leader, compute, land. What a body computes is the version of the
//! truth that it read when it began, so that an old value is known by its number.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::task::{Wake, Waker};
use std::time::Duration;

use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread::{self, Thread};

use crate::clock;
use crate::flight::{Ended, Entered, Flights, Lead, Side, Wait};
use crate::key::Held;

pub(crate) const PATIENCE: Duration = Duration::from_nanos(100);

/// What a body does once it has read the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Gives what it read.
    Value,
    /// Ends in an `Err`.
    Fail,
    /// Panics, or is cancelled: it ends without a word.
    Gone,
    /// Is never polled again, nor dropped.
    Forgotten,
}

/// In which role a body ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Leader,
    Alone,
}

pub(crate) struct World {
    pub(crate) flights: Flights<u64, u64>,
    store: Mutex<BTreeMap<u64, u64>>,
    truth: Mutex<u64>,
    finished: Mutex<u64>,
    tally: Mutex<Tally>,
    changed: Condvar,
    threads: Mutex<Vec<Thread>>,
}

/// What the scenarios count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: usize,
    /// Leaders' bodies at this moment, and the most there ever were.
    pub(crate) leading: usize,
    pub(crate) most_leading: usize,
    /// Bodies of any role, at this moment.
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    pub(crate) joined: usize,
    pub(crate) deposed: usize,
    pub(crate) late: usize,
    pub(crate) done: usize,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        clock::reset();
        Arc::new(World {
            flights: Flights::new(),
            store: Mutex::new(BTreeMap::new()),
            truth: Mutex::new(1),
            finished: Mutex::new(0),
            tally: Mutex::new(Tally::default()),
            changed: Condvar::new(),
            threads: Mutex::new(Vec::new()),
        })
    }

    /// Keys 1, 17, 33 … share a shard; keys 100 and above share their hash.
    pub(crate) fn held(key: u64) -> Held<u64> {
        Held { hash: if key >= 100 { 100 } else { key }, key }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until the tally is so.
    pub(crate) fn until(&self, so: impl Fn(&Tally) -> bool) {
        let mut tally = self.tally.lock().unwrap();
        while !so(&tally) {
            tally = self.changed.wait(tally).unwrap();
        }
    }

    pub(crate) fn stored(&self, key: u64) -> Option<u64> {
        self.store.lock().unwrap().get(&key).copied()
    }

    pub(crate) fn truth(&self) -> u64 {
        *self.truth.lock().unwrap()
    }

    /// Changes the truth, then invalidates as `entry.rs` does. Gives the new truth.
    pub(crate) fn invalidate(&self, key: u64) -> u64 {
        let truth = self.change_truth();
        assert!(self.flights.overtake(&Self::held(key)).is_some());
        self.store.lock().unwrap().remove(&key);
        truth
    }

    /// Changes the truth, then puts it as `entry.rs` does.
    pub(crate) fn put(&self, key: u64) -> u64 {
        let truth = self.change_truth();
        assert!(self.flights.overtake(&Self::held(key)).is_some());
        self.store.lock().unwrap().insert(key, truth);
        truth
    }

    /// Says that an invalidation to `truth` has returned.
    pub(crate) fn finish(&self, truth: u64) {
        let mut finished = self.finished.lock().unwrap();
        *finished = truth.max(*finished);
    }

    /// The truth of the last invalidation that has returned.
    pub(crate) fn finished(&self) -> u64 {
        *self.finished.lock().unwrap()
    }

    /// Changes the truth, and tells the cache nothing.
    pub(crate) fn change_truth(&self) -> u64 {
        let mut truth = self.truth.lock().unwrap();
        *truth += 1;
        *truth
    }

    /// Moves time, and wakes whoever watches it.
    pub(crate) fn advance(&self, by: Duration) {
        clock::advance(by);
        let threads = self.threads.lock().unwrap().clone();
        threads.iter().for_each(Thread::unpark);
    }

    /// A call of a site whose entries are in memory.
    pub(crate) fn call(&self, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        self.call_under(0, key, act)
    }

    pub(crate) fn call_under(&self, generation: u64, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        if let Some(value) = self.stored(key) {
            return Some(value);
        }
        self.enter(generation, key, true, act)
    }

    /// As the manner `Refresh`: what runs is overtaken, and what is stored is not looked at.
    pub(crate) fn refresh(&self, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        assert!(self.flights.overtake(&Self::held(key)).is_some());
        self.enter(0, key, false, act)
    }

    /// A call of a site with `flight = "off"`.
    pub(crate) fn call_aside(&self, key: u64, mut act: impl FnMut(Role) -> Act) -> Option<u64> {
        if let Some(value) = self.stored(key) {
            return Some(value);
        }
        let side = self.flights.aside(&Self::held(key), 0).expect("no comparison called back");
        self.alone(side, key, &mut act)
    }

    /// A call of a site whose entries are bytes: read before the flight, and again only if
    /// anything landed in between.
    pub(crate) fn call_bytes(&self, key: u64, mut act: impl FnMut(Role) -> Act) -> Option<u64> {
        let landed = self.flights.landed();
        if let Some(value) = self.stored(key) {
            return Some(value);
        }
        match self.flights.enter(&Self::held(key), 0, || PATIENCE) {
            Entered::Lead(lead) => self.lead_bytes(lead, key, landed, &mut act),
            Entered::Wait(wait) => match self.block(wait) {
                Ended::Value(value) => Some(value),
                Ended::Lead(lead) | Ended::Deposed(lead) => self.lead_bytes(lead, key, landed, &mut act),
                Ended::Failed(side) | Ended::Late(side) => self.alone(side, key, &mut act),
            },
            Entered::Alone(side) => self.alone(side, key, &mut act),
            Entered::Busy => panic!("no comparison called back"),
        }
    }

    fn lead_bytes(
        &self,
        lead: Lead<'_, u64, u64>,
        key: u64,
        landed: u64,
        act: &mut impl FnMut(Role) -> Act,
    ) -> Option<u64> {
        if self.flights.landed() != landed
            && let Some(value) = self.stored(key)
        {
            drop(lead);
            return Some(value);
        }
        let (act, value) = self.body(Role::Leader, act);
        assert_eq!(act, Act::Value, "the bytes scenarios have no other");
        // The bytes are written before the flight lands.
        self.store.lock().unwrap().insert(key, value);
        lead.land(value, || ());
        Some(value)
    }

    fn enter(&self, generation: u64, key: u64, look: bool, mut act: impl FnMut(Role) -> Act) -> Option<u64> {
        match self.flights.enter(&Self::held(key), generation, || PATIENCE) {
            Entered::Lead(lead) => self.lead(lead, key, look, &mut act),
            Entered::Wait(wait) => {
                let ended = self.block(wait);
                self.ended(ended, key, look, &mut act)
            }
            Entered::Alone(side) => self.alone(side, key, &mut act),
            Entered::Busy => panic!("no comparison called back"),
        }
    }

    pub(crate) fn ended(
        &self,
        ended: Ended<'_, u64, u64>,
        key: u64,
        look: bool,
        act: &mut impl FnMut(Role) -> Act,
    ) -> Option<u64> {
        match ended {
            Ended::Value(value) => {
                self.count(|tally| tally.joined += 1);
                Some(value)
            }
            Ended::Lead(lead) => self.lead(lead, key, look, act),
            Ended::Deposed(lead) => {
                self.count(|tally| tally.deposed += 1);
                self.lead(lead, key, look, act)
            }
            Ended::Failed(side) => self.alone(side, key, act),
            Ended::Late(side) => {
                self.count(|tally| tally.late += 1);
                self.alone(side, key, act)
            }
        }
    }

    fn lead(&self, lead: Lead<'_, u64, u64>, key: u64, look: bool, act: &mut impl FnMut(Role) -> Act) -> Option<u64> {
        if look && let Some(value) = self.stored(key) {
            // Found, not computed: an invalidation may have passed since, and followers come after it.
            drop(lead);
            return Some(value);
        }
        let (act, value) = self.body(Role::Leader, act);
        match act {
            Act::Value => {
                lead.land(value, || self.store.lock().unwrap().insert(key, value));
                Some(value)
            }
            Act::Fail => {
                lead.fail();
                None
            }
            Act::Gone => None,
            Act::Forgotten => {
                std::mem::forget(lead);
                None
            }
        }
    }

    fn alone(&self, side: Side<'_, u64, u64>, key: u64, act: &mut impl FnMut(Role) -> Act) -> Option<u64> {
        let (act, value) = self.body(Role::Alone, act);
        if act != Act::Value {
            return None;
        }
        side.store(|| self.store.lock().unwrap().insert(key, value));
        Some(value)
    }

    fn body(&self, role: Role, act: &mut impl FnMut(Role) -> Act) -> (Act, u64) {
        let read = self.truth();
        self.count(|tally| {
            tally.runs += 1;
            tally.running += 1;
            tally.leading += usize::from(role == Role::Leader);
            tally.most_leading = tally.most_leading.max(tally.leading);
        });
        thread::yield_now();
        let act = act(role);
        self.count(|tally| {
            tally.running -= 1;
            tally.leading -= usize::from(role == Role::Leader);
        });
        (act, read)
    }

    /// Waits as a sync caller does.
    pub(crate) fn block<'a>(&self, mut wait: Box<Wait<'a, u64, u64>>) -> Ended<'a, u64, u64> {
        self.threads.lock().unwrap().push(thread::current());
        let waker = waker();
        let mut told = false;
        loop {
            if let Some(ended) = wait.look(&waker) {
                if told {
                    self.count(|tally| tally.waiting -= 1);
                }
                return ended;
            }
            if !std::mem::replace(&mut told, true) {
                self.count(|tally| tally.waiting += 1);
            }
            // A real park ends at the deadline.
            if clock::now() < wait.deadline() {
                thread::park();
            }
        }
    }

    /// A follower that looks `looks` times and is dropped then; as leader it is dropped at once.
    pub(crate) fn give_up(&self, key: u64, looks: usize) {
        let Entered::Wait(mut wait) = self.flights.enter(&Self::held(key), 0, || PATIENCE) else { return };
        let waker = waker();
        for _ in 0..looks {
            if wait.look(&waker).is_some() {
                break;
            }
            thread::yield_now();
        }
    }
}

/// Wakes a thread of the model.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn waker() -> Waker {
    Waker::from(std::sync::Arc::new(Unpark(thread::current())))
}

/// An act for the first body that runs, another for the rest.
pub(crate) fn first_then(first: Act, rest: Act) -> impl Fn(Role) -> Act + Clone + Send + Sync + 'static {
    let turn = Arc::new(Mutex::new(Cell::new(first)));
    move |_| turn.lock().unwrap().replace(rest)
}
