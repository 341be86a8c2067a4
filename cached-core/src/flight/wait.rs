//! Who waits.
//!
//! In: a place in the line of a flight. Out: how the wait ended: with the leader's value, or with a computation of
//! one's own.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::seat::Seat;
use super::state::{Settled, State, this_thread};
use super::{Ended, Flight, Lead, Side};
use crate::clock;
use crate::sync::wake;

/// A place in the line. Sync callers park and look again; async callers poll.
pub(crate) struct Wait<'a, K, T> {
    pub(super) flight: Arc<Flight<K, T>>,
    /// Handed on when the wait ends in a computation.
    pub(super) seat: Option<Seat<'a, K, T>>,
    pub(super) id: u64,
    pub(super) term: u64,
    pub(super) patience: Duration,
    pub(super) deadline: u64,
    pub(super) second: bool,
}

impl<'a, K, T: Clone> Wait<'a, K, T> {
    /// The moment at which the wait ends if nothing else ends it.
    pub(crate) fn deadline(&self) -> u64 {
        self.deadline
    }

    /// How the wait ended, or `None` and the waker is called when it is time to look again (the
    /// deadline is the caller's to watch).
    ///
    /// A wait that reaches its deadline deposes the leader. Whoever finds that another has done so
    /// meanwhile waits once more, for the new one; after that it computes for itself.
    pub(crate) fn look(&mut self, waker: &Waker) -> Option<Ended<'a, K, T>> {
        let flight = Arc::clone(&self.flight);
        let mut state = flight.state.lock();
        let place = state.waiters.iter().position(|waiter| waiter.id == self.id)?;
        let from = state.waiters[place].from;
        let settled = match &state.settled {
            Some((term, settled)) if *term >= from => Some(match settled {
                Settled::Landed(value) => Some(value.clone()),
                Settled::Failed => None,
            }),
            _ => None,
        };
        if let Some(value) = settled {
            return match value {
                Some(value) => {
                    state.waiters.remove(place);
                    Some(Ended::Value(value))
                }
                None => self.aside(&mut state).map(Ended::Failed),
            };
        }
        if !state.led && state.heir.is_none_or(|heir| heir == self.id) {
            return self.take_over(&mut state).map(Ended::Lead);
        }
        let now = clock::now();
        if now >= self.deadline {
            if self.second {
                return self.aside(&mut state).map(Ended::Late);
            }
            if state.term == self.term {
                return self.take_over(&mut state).map(Ended::Deposed);
            }
            self.second = true;
            self.deadline = clock::after(now, self.patience);
        }
        let slot = &mut state.waiters[place].waker;
        if !slot.as_ref().is_some_and(|old| old.will_wake(waker)) {
            let old = slot.replace(waker.clone());
            drop(state);
            drop(old);
        }
        None
    }

    fn take_over(&mut self, state: &mut State<T>) -> Option<Lead<'a, K, T>> {
        let seat = self.compute(state)?;
        Some(Lead { seat, term: state.begin_term(), is_open: true })
    }

    fn aside(&mut self, state: &mut State<T>) -> Option<Side<'a, K, T>> {
        self.compute(state).map(|seat| Side { seat })
    }

    /// Leaves the line, to compute on this thread.
    fn compute(&mut self, state: &mut State<T>) -> Option<Seat<'a, K, T>> {
        state.remove(self.id);
        let thread = this_thread();
        let seat = self.seat.take()?.on(thread);
        state.here.add(thread);
        Some(seat)
    }
}

impl<K, T> Drop for Wait<'_, K, T> {
    fn drop(&mut self) {
        let mut state = self.flight.state.lock();
        state.remove(self.id);
        let mut heir = None;
        if state.heir == Some(self.id) {
            state.heir = None;
            heir = state.name_heir();
        }
        drop(state);
        heir.into_iter().for_each(wake);
    }
}
