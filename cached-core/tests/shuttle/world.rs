//! A cache of one function, as small as it can be around the real flights and the real engine.
//!
//! In: how long its values live and how many there may be. Out: its state, and what scenarios count; its calls are
//! in `calls.rs`. What a body computes is the version of the truth that it read when it began, so that an old value
//! is known by its number.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread::{self, Thread};

use crate::clock::{self, NEVER};
use crate::flight::{Entered, Flights};
use crate::key::Held;
use crate::memory::{Bounds, Header, Kept, Look, Memory, Terms};
use crate::sync::held_locks;

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

/// What a body gave: for which key, what it had read, and when that ends.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) key: u64,
    pub(crate) truth: u64,
    pub(crate) end: u64,
}

std::thread_local! {
    /// Values that ended under a lock; a model runs on one thread of the system.
    static UNDER_A_LOCK: Cell<usize> = const { Cell::new(0) };
}

impl Drop for Value {
    fn drop(&mut self) {
        // The end of a value is the user's code.
        UNDER_A_LOCK.set(UNDER_A_LOCK.get() + usize::from(!std::thread::panicking() && held_locks() > 0));
    }
}

/// What a leader shares with those who wait.
pub(crate) type Shared = Kept<Value>;

/// How long values live, and how many there may be.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// After their body.
    pub(crate) life: Option<Duration>,
    /// After a hit.
    pub(crate) idle: Option<Duration>,
    /// After their life, while another computes.
    pub(crate) stale: Duration,
    pub(crate) entries: usize,
}

impl Rules {
    /// Values live for ever, and there is room for all.
    pub(crate) const EVER: Rules = Rules { life: None, idle: None, stale: Duration::ZERO, entries: 1_000 };
}

pub(crate) struct World {
    pub(crate) flights: Flights<u64, Shared>,
    pub(crate) rules: Rules,
    memory: Memory<u64, Value>,
    /// A store of bytes, as far as a caller knows one.
    pub(crate) bytes: Mutex<BTreeMap<u64, u64>>,
    truth: Mutex<u64>,
    finished: Mutex<u64>,
    tally: Mutex<Tally>,
    changed: Condvar,
    alarms: Mutex<Vec<(u64, Waker)>>,
}

/// What the scenarios count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: usize,
    /// Of them, those that began after the last invalidation had returned.
    pub(crate) since: usize,
    /// Of them, those that computed for all.
    pub(crate) led: usize,
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
        Self::under(Rules::EVER)
    }

    pub(crate) fn under(rules: Rules) -> Arc<Self> {
        clock::reset();
        UNDER_A_LOCK.set(0);
        Arc::new(World {
            flights: Flights::new(),
            rules,
            memory: Memory::new(Bounds::entries(rules.entries), false),
            bytes: Mutex::new(BTreeMap::new()),
            truth: Mutex::new(1),
            finished: Mutex::new(0),
            tally: Mutex::new(Tally::default()),
            changed: Condvar::new(),
            alarms: Mutex::new(Vec::new()),
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

    /// How what is stored is judged under a generation.
    pub(crate) fn terms(&self, generation: u64) -> Terms {
        let timed = self.rules.life.is_some() || self.rules.idle.is_some();
        let idle = self.rules.idle.map_or(NEVER, |idle| clock::after(0, idle));
        Terms { generation, timed, life: NEVER, idle }
    }

    /// What is stored of a key, for a caller.
    pub(crate) fn ask(&self, generation: u64, key: u64) -> Look<Value> {
        self.memory.ask(&Self::held(key), self.terms(generation)).expect("no comparison calls back")
    }

    /// The truth that is stored of a key, for somebody who only looks.
    pub(crate) fn stored(&self, key: u64) -> Option<u64> {
        match self.memory.look(&Self::held(key), self.terms(0)).expect("no comparison calls back") {
            Look::Live { kept, .. } => Some(kept.as_ref().truth),
            Look::Ended(..) | Look::Nothing(_) => None,
        }
    }

    /// What is stored when a body ends now, and its header.
    pub(crate) fn born(&self, generation: u64, key: u64, truth: u64) -> (Shared, Header) {
        let created = clock::now();
        let deadline = self.rules.life.map_or(NEVER, |life| clock::after(created, life));
        (
            Kept::new(Value { key, truth, end: deadline }, false),
            Header { generation, created, deadline, timed: self.terms(generation).timed },
        )
    }

    /// Stores a value; gives what had to go, to be dropped under no lock.
    pub(crate) fn keep(&self, key: u64, (kept, header): (Shared, Header)) -> impl Sized + use<> {
        self.memory.insert(Self::held(key), kept, header, 0)
    }

    /// The bounds hold at every moment, for what lives and for what readers may still be looking at; and what went did
    /// so under no lock.
    pub(crate) fn is_within_bounds(&self) {
        assert_eq!(UNDER_A_LOCK.get(), 0, "so many values ended under a lock of ours");
        let (held, most) = (self.memory.held(), self.rules.entries);
        assert!(held <= most, "{held} entries are held where {most} may be");
    }

    pub(crate) fn truth(&self) -> u64 {
        *self.truth.lock().unwrap()
    }

    /// Changes the truth, then invalidates as `entry.rs` does. Gives the new truth.
    pub(crate) fn invalidate(&self, key: u64) -> u64 {
        let truth = self.change_truth();
        assert!(self.flights.overtake(&Self::held(key)).is_some());
        self.memory.remove(&Self::held(key)).expect("no comparison calls back");
        truth
    }

    /// Changes the truth, then puts it as `entry.rs` does.
    pub(crate) fn put(&self, key: u64) -> u64 {
        let truth = self.change_truth();
        assert!(self.flights.overtake(&Self::held(key)).is_some());
        drop(self.keep(key, self.born(0, key, truth)));
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

    /// Moves time, and wakes whoever waits for a moment that has come.
    pub(crate) fn advance(&self, by: Duration) {
        clock::advance(by);
        let due = |(moment, _): &mut (u64, Waker)| *moment <= clock::now();
        let due: Vec<_> = self.alarms.lock().unwrap().extract_if(.., due).collect();
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Wakes at a moment; at once if it has come.
    pub(crate) fn alarm(&self, moment: u64, waker: &Waker) {
        self.alarms.lock().unwrap().push((moment, waker.clone()));
        if moment <= clock::now() {
            waker.wake_by_ref();
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

    /// A follower that calls once more before it waits, as a comparison of the user's may; then it has its value.
    pub(crate) fn call_twice(&self, key: u64, act: impl FnMut(Role) -> Act) {
        if let Entered::Wait(_wait) = self.flights.enter(&Self::held(key), 0, || PATIENCE) {
            self.call(key, act);
        }
    }
}

/// Wakes a thread of the model, and says to it which of its tasks it was woken for.
struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Unpark {
    fn new(woken: bool) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Unpark { thread: thread::current(), woken: AtomicBool::new(woken) })
    }
}

pub(crate) fn waker() -> Waker {
    Waker::from(Unpark::new(false))
}

/// Polls tasks on this thread until all have ended, each only when it was woken.
pub(crate) fn poll_all(mut tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    let mut wakers: Vec<_> = tasks.iter().map(|_| Unpark::new(true)).collect();
    while !tasks.is_empty() {
        let Some(place) = wakers.iter().position(|waker| waker.woken.swap(false, Ordering::SeqCst)) else {
            thread::park();
            continue;
        };
        let waker = Waker::from(std::sync::Arc::clone(&wakers[place]));
        if let Poll::Ready(()) = tasks[place].as_mut().poll(&mut Context::from_waker(&waker)) {
            drop((tasks.remove(place), wakers.remove(place)));
        }
    }
}

/// An act for the first body that runs, another for the rest.
pub(crate) fn first_then(first: Act, rest: Act) -> impl Fn(Role) -> Act + Clone + Send + Sync + 'static {
    let turn = Arc::new(Mutex::new(Cell::new(first)));
    move |_| turn.lock().unwrap().replace(rest)
}
