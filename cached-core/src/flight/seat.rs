//! Who computes: for all, or beside the others.
//!
//! In: a seat in a flight. Out: the value, stored and shared, or nothing; and at any moment whether this thread is
//! inside the flight.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::state::{Settled, State, Waiter, this_thread};
use super::{Entered, Flight, Flights, Wait};
use crate::clock;
use crate::sync::{Guard, wake};

/// A place in a flight, which stands in the table as long as anybody has one.
pub(super) struct Seat<'a, K, T> {
    pub(super) flights: &'a Flights<K, T>,
    pub(super) flight: Arc<Flight<K, T>>,
    /// The thread that is inside the flight because of this seat.
    pub(super) here: Option<NonZeroUsize>,
}

impl<'a, K, T> Seat<'a, K, T> {
    fn lock(&self) -> Guard<'_, State<T>> {
        self.flight.state.lock()
    }

    /// The seat of a thread that the state names already.
    pub(super) fn on(mut self, thread: NonZeroUsize) -> Self {
        self.here = Some(thread);
        self
    }

    /// Says that this thread is inside the flight: a call for the same key computes alone.
    pub(super) fn enter_thread(&mut self) {
        if self.here.is_none() {
            let thread = this_thread();
            self.lock().here.add(thread);
            self.here = Some(thread);
        }
    }

    /// Says that the thread is inside no more: the computation waits, or goes on elsewhere.
    fn leave_thread(&mut self) {
        if let Some(thread) = self.here.take() {
            self.lock().here.remove(thread);
        }
    }

    #[cfg(feature = "bytes")]
    fn watch(&self) -> Watch<K, T> {
        Watch(Arc::clone(&self.flight))
    }

    /// Leads a flight that was opened for this seat.
    pub(super) fn first(self, thread: NonZeroUsize) -> Lead<'a, K, T> {
        Lead { seat: self.on(thread), term: 1, is_open: true }
    }

    /// What is to do in a flight that stood. `None`: it was overtaken since it was found; another may stand by now.
    pub(super) fn board(self, thread: NonZeroUsize, patience: impl Fn() -> Duration) -> Option<Entered<'a, K, T>> {
        let mut state = self.lock();
        if state.here.has(thread) {
            state.here.add(thread);
            drop(state);
            return Some(Entered::Alone(Side { seat: self.on(thread) }));
        }
        if state.overtaken {
            return None;
        }
        if !state.led && state.heir.is_none() {
            let term = state.begin_term();
            state.here.add(thread);
            drop(state);
            return Some(Entered::Lead(Lead { seat: self.on(thread), term, is_open: true }));
        }
        state.next_id += 1;
        let (id, term) = (state.next_id, state.term);
        let from = if state.led { term } else { term + 1 };
        state.waiters.push_back(Waiter { id, from, waker: None });
        drop(state);
        let (flight, patience) = (Arc::clone(&self.flight), patience());
        let deadline = clock::after(clock::now(), patience);
        Some(Entered::Wait(Box::new(Wait { flight, seat: Some(self), id, term, patience, deadline, second: false })))
    }
}

impl<K, T> Drop for Seat<'_, K, T> {
    fn drop(&mut self) {
        self.leave_thread();
        self.flights.retire(&self.flight);
    }
}

/// The right and the duty to compute for all. Dropped unused, it passes to the next in line.
pub(crate) struct Lead<'a, K, T> {
    pub(super) seat: Seat<'a, K, T>,
    pub(super) term: u64,
    /// Whether the computation has neither landed nor failed.
    pub(super) is_open: bool,
}

impl<K, T> Lead<'_, K, T> {
    /// Runs `store`, unless the flight was overtaken or the leader deposed, and shares `value` with
    /// the followers. `store` runs under the flight's lock: no code of the user's but `Eq` in it.
    /// Gives what `store` gave, to be dropped outside the lock.
    pub(crate) fn land<R>(self, value: T, store: impl FnOnce() -> R) -> Option<R> {
        let (mut store, mut stored) = (Some(store), None);
        self.finish(Settled::Landed(value), &mut || stored = store.take().map(|store| store()));
        stored
    }

    /// Whether an invalidation has overtaken this computation.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.seat.lock().overtaken
    }

    /// Whether nobody has any use for this computation any more: it was overtaken, or deposed.
    pub(crate) fn is_void(&self) -> bool {
        let state = self.seat.lock();
        state.overtaken || !(state.led && state.term == self.term)
    }

    /// As [`Side::watch`].
    #[cfg(feature = "bytes")]
    pub(crate) fn watch(&self) -> Watch<K, T> {
        self.seat.watch()
    }

    /// Ends the flight without a value: those who wait compute for themselves, at the same time.
    pub(crate) fn fail(self) {
        self.finish(Settled::Failed, &mut || ());
    }

    fn finish(mut self, settled: Settled<T>, store: &mut dyn FnMut()) {
        let mut state = self.seat.flight.state.lock();
        if !(state.led && state.term == self.term) {
            return;
        }
        if !state.overtaken {
            store();
        }
        self.is_open = false;
        // Whoever asks for the key from here on finds it, or leads.
        self.seat.here.take().into_iter().for_each(|thread| state.here.remove(thread));
        let (wakers, unused) = state.settle(settled);
        // Before the lock is released: whoever leads next sees that something landed.
        self.seat.flights.landed.fetch_add(1, Ordering::AcqRel);
        drop(state);
        // The last reference to a value may be the flight's; dropping it is the user's code.
        drop(unused);
        wakers.into_iter().for_each(wake);
    }

    /// Says that this thread is inside the flight, where the computation goes on after [`Lead::leave_thread`].
    pub(crate) fn enter_thread(&mut self) {
        self.seat.enter_thread();
    }

    /// Says that the thread is inside no more, before the computation waits or goes on elsewhere.
    pub(crate) fn leave_thread(&mut self) {
        self.seat.leave_thread();
    }
}

impl<K, T> Drop for Lead<'_, K, T> {
    fn drop(&mut self) {
        if self.is_open {
            let mut state = self.seat.flight.state.lock();
            self.seat.here.take().into_iter().for_each(|thread| state.here.remove(thread));
            let mut heir = None;
            if state.led && state.term == self.term {
                // Abandoned, not deposed: exactly one follower is asked.
                state.led = false;
                heir = state.name_heir();
            }
            drop(state);
            heir.into_iter().for_each(wake);
        }
    }
}

/// One's own computation beside, or instead of, the leader's.
pub(crate) struct Side<'a, K, T> {
    pub(super) seat: Seat<'a, K, T>,
}

impl<K, T> Side<'_, K, T> {
    /// Whether an invalidation has overtaken this computation.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.seat.lock().overtaken
    }

    /// A look at it for whoever writes its value elsewhere, and is not dropped with the caller.
    #[cfg(feature = "bytes")]
    pub(crate) fn watch(&self) -> Watch<K, T> {
        self.seat.watch()
    }

    /// Runs `store` unless an invalidation overtook the computation; see [`Lead::land`].
    pub(crate) fn store<R>(self, store: impl FnOnce() -> R) -> Option<R> {
        let state = self.seat.lock();
        if state.overtaken { None } else { Some(store()) }
    }

    /// As [`Lead::enter_thread`].
    pub(crate) fn enter_thread(&mut self) {
        self.seat.enter_thread();
    }

    /// As [`Lead::leave_thread`].
    pub(crate) fn leave_thread(&mut self) {
        self.seat.leave_thread();
    }
}

/// Whether a computation was overtaken, without a seat in its flight.
#[cfg(feature = "bytes")]
pub(crate) struct Watch<K, T>(Arc<Flight<K, T>>);

#[cfg(feature = "bytes")]
impl<K, T> Watch<K, T> {
    pub(crate) fn is_overtaken(&self) -> bool {
        self.0.state.lock().overtaken
    }
}
