//! What is so in a flight: who leads, who waits, who is inside, and how it ended.
//!
//! In: beginnings and ends of terms. Out: whom to wake, and what to drop, outside the flight's lock.

use std::cell::Cell;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::task::Waker;

pub(super) struct State<T> {
    pub(super) overtaken: bool,
    /// Number of the last leadership.
    pub(super) term: u64,
    /// Whether that leadership still stands.
    pub(super) led: bool,
    /// The waiter that was asked to lead next.
    pub(super) heir: Option<u64>,
    /// How the last term that came to an end by itself ended.
    pub(super) settled: Option<(u64, Settled<T>)>,
    pub(super) here: Here,
    pub(super) waiters: VecDeque<Waiter>,
    pub(super) next_id: u64,
}

pub(super) enum Settled<T> {
    Landed(T),
    Failed,
}

pub(super) struct Waiter {
    pub(super) id: u64,
    /// The first term whose end is good for this waiter.
    pub(super) from: u64,
    pub(super) waker: Option<Waker>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self {
            overtaken: false,
            term: 0,
            led: false,
            heir: None,
            settled: None,
            here: Here::default(),
            waiters: VecDeque::new(),
            next_id: 0,
        }
    }
}

impl<T> State<T> {
    /// Of a flight that is opened by whoever leads it, on a thread.
    pub(super) fn led(thread: NonZeroUsize) -> Self {
        Self { term: 1, led: true, here: Here { first: Some(thread), others: Vec::new() }, ..Self::default() }
    }

    pub(super) fn begin_term(&mut self) -> u64 {
        self.term += 1;
        self.led = true;
        self.heir = None;
        self.term
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.waiters.retain(|waiter| waiter.id != id);
    }

    /// Ends the standing term by itself, and gives the wakers of those who waited for that, and what
    /// nobody has any use for: what an earlier term had left or, where nobody waits, this one.
    pub(super) fn settle(&mut self, settled: Settled<T>) -> (Vec<Waker>, impl Sized + use<T>) {
        self.led = false;
        let settled = Some((self.term, settled));
        // Whoever comes later begins a term of its own.
        let unused = if self.waiters.is_empty() { settled } else { std::mem::replace(&mut self.settled, settled) };
        (self.waiters.iter_mut().filter_map(|waiter| waiter.waker.take()).collect(), unused)
    }

    /// Asks the waiter who has waited longest to lead. One who does not sleep is not asked: it will look by itself, and
    /// until then its thread may be in a comparison of the user's that calls for this very key.
    pub(super) fn name_heir(&mut self) -> Option<Waker> {
        let first = self.waiters.iter_mut().find(|waiter| waiter.waker.is_some())?;
        self.heir = Some(first.id);
        first.waker.take()
    }
}

/// The threads on which bodies of one flight run at this moment: seldom more than one.
#[derive(Default)]
pub(super) struct Here {
    first: Option<NonZeroUsize>,
    others: Vec<NonZeroUsize>,
}

impl Here {
    pub(super) fn has(&self, thread: NonZeroUsize) -> bool {
        self.first == Some(thread) || self.others.contains(&thread)
    }

    pub(super) fn add(&mut self, thread: NonZeroUsize) {
        match self.first {
            None => self.first = Some(thread),
            Some(_) => self.others.push(thread),
        }
    }

    pub(super) fn remove(&mut self, thread: NonZeroUsize) {
        match self.others.iter().rposition(|other| *other == thread) {
            Some(place) => drop(self.others.swap_remove(place)),
            None => self.first = None,
        }
    }
}

thread_local!(static PLACE: Cell<u8> = const { Cell::new(0) });

/// A number that no other living thread has.
pub(super) fn this_thread() -> NonZeroUsize {
    PLACE.with(|place| NonNull::from_ref(place).addr())
}
