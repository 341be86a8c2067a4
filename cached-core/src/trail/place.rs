//! Where the calls of a scope are gathered.
//!
//! In: the calls that a thread makes while it is in a scope. Out: what was gathered. A thread holds two words that
//! free nothing when it ends: the place, which lives for ever and serves one scope after the other, and the turn in
//! which it was entered. What ends after its scope's turn is over finds another turn there, and is dropped.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Call, Recording, Totals};
use crate::clock;
use crate::stats;
use crate::sync::Mutex;

/// How many calls a scope keeps.
static KEPT: AtomicUsize = AtomicUsize::new(1_000);

/// Places that no scope uses now.
static IDLE: Mutex<Vec<&'static Log>> = Mutex::new(Vec::new());

thread_local! {
    static HERE: Cell<Option<Place>> = const { Cell::new(None) };
    /// Whether a listener runs on this thread.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// From now on a scope keeps so many calls.
pub(crate) fn keep(calls: usize) {
    KEPT.store(calls, Ordering::Relaxed);
}

/// The calls of one scope after the other.
#[derive(Default)]
struct Log(Mutex<Turn>);

#[derive(Default)]
struct Turn {
    number: u64,
    /// Who may still enter the scope, or look at what was gathered.
    owners: usize,
    /// Nothing between two scopes.
    recording: Option<Recording>,
}

/// One scope's turn at a place.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    log: &'static Log,
    turn: u64,
    began: u64,
    /// Inside how many bodies it began: calls count theirs from there.
    depth: u32,
}

impl Place {
    /// The scope that this thread is in.
    pub(crate) fn here() -> Option<Place> {
        HERE.try_with(Cell::get).ok().flatten()
    }

    /// Puts this thread into a scope, and gives the one that it was in.
    pub(crate) fn replace(place: Option<Place>) -> Option<Place> {
        HERE.try_with(|here| here.replace(place)).ok().flatten()
    }

    /// A right to the scope's turn, unless that is over.
    pub(crate) fn owner(self) -> Option<Owner> {
        let mut turn = self.log.0.lock();
        let is_open = turn.number == self.turn && turn.owners > 0;
        turn.owners += usize::from(is_open);
        is_open.then_some(Owner(self))
    }

    /// When the scope began.
    pub(super) fn began(self) -> u64 {
        self.began
    }

    pub(super) fn depth(self) -> u32 {
        self.depth
    }

    /// Gathers a call.
    pub(super) fn push(self, call: Call) {
        let refused = self.with(|recording| {
            recording.totals.add(&call);
            if recording.calls.len() < KEPT.load(Ordering::Relaxed) {
                recording.calls.push(call);
                return None;
            }
            recording.dropped += 1;
            Some(call)
        });
        drop(refused);
    }

    /// What was gathered so far.
    fn taken(self) -> Option<Recording> {
        let mut recording = self.with(|recording| recording.clone())?;
        recording.took = Duration::from_nanos(clock::now().saturating_sub(self.began));
        // They stand in the order of their ends.
        recording.calls.sort_by_key(|call| call.order);
        Some(recording)
    }

    fn with<T>(self, f: impl FnOnce(&mut Recording) -> T) -> Option<T> {
        let mut turn = self.log.0.lock();
        if turn.number != self.turn {
            return None;
        }
        turn.recording.as_mut().map(f)
    }
}

/// A scope's right to its turn; the turn is over when the last copy of it is dropped.
pub(crate) struct Owner(Place);

impl Owner {
    /// Begins a scope's turn.
    pub(crate) fn new(label: String) -> Self {
        let idle = IDLE.lock().pop();
        let log: &'static Log = idle.unwrap_or_else(|| Box::leak(Box::default()));
        let mut turn = log.0.lock();
        turn.number += 1;
        turn.owners = 1;
        turn.recording = Some(Recording::empty(label));
        Owner(Place { log, turn: turn.number, began: clock::now(), depth: stats::depth() })
    }

    pub(crate) fn place(&self) -> Place {
        self.0
    }

    /// What was gathered so far.
    pub(crate) fn taken(&self) -> Recording {
        self.0.taken().unwrap_or_else(|| Recording::empty(String::new()))
    }

    /// The figures of what was gathered so far.
    pub(crate) fn totals(&self) -> Totals {
        self.0.with(|recording| recording.totals()).unwrap_or_default()
    }
}

impl Clone for Owner {
    fn clone(&self) -> Self {
        self.0.log.0.lock().owners += 1;
        Owner(self.0)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut turn = self.0.log.0.lock();
        turn.owners -= 1;
        let gone = if turn.owners == 0 { turn.recording.take() } else { None };
        drop(turn);
        if gone.is_some() {
            drop(gone);
            IDLE.lock().push(self.0.log);
        }
    }
}

/// Runs listeners: what they call is not recorded.
pub(super) fn telling(tell: impl FnOnce()) {
    struct Told;
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = TELLING.try_with(|telling| telling.set(false));
        }
    }
    let _told = TELLING.try_with(|telling| telling.set(true)).map(|()| Told);
    tell();
}

/// Whether a listener runs on this thread.
pub(super) fn is_telling() -> bool {
    TELLING.try_with(Cell::get).unwrap_or(true)
}
