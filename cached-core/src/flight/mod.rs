//! One computation per key.
//!
//! In: a key, and callers who want its value at once. Out: for each the word who computes: exactly one leads, the
//! others wait. A leader that panics, is cancelled or forgotten costs them nothing but time; one of them takes over.
//!
//! A [`Flight`] stands in the table as long as anybody computes or waits for its key. Leadership
//! of it is a *term*; a term ends by landing (a value), failing (an `Err`), being abandoned (panic,
//! cancellation) or being deposed (a follower's wait ended). What is stored is stored under the
//! flight's lock, so that an invalidation, which takes the flight out of the table and marks it
//! overtaken, either prevents the store or comes before the removal of what was stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::key::{Held, OwnedKey};
use crate::sync::{Mutex, inside};
use crate::table::{Bucket, Table};

mod seat;
mod state;
mod wait;

use seat::Seat;
#[cfg(feature = "bytes")]
pub(crate) use seat::Watch;
pub(crate) use seat::{Lead, Side};
use state::{State, this_thread};
pub(crate) use wait::Wait;

/// The flights of one memo. `T` is what a leader shares with its followers.
pub(crate) struct Flights<K, T> {
    table: Table<Standing<K, T>>,
    landed: AtomicU64,
}

/// A flight in the table, and how many compute or wait in it: changed under the lock of its shard.
struct Standing<K, T> {
    flight: Arc<Flight<K, T>>,
    aboard: usize,
}

struct Flight<K, T> {
    key: Held<K>,
    generation: u64,
    state: Mutex<State<T>>,
}

/// What a caller is to do.
pub(crate) enum Entered<'a, K, T> {
    /// Compute, for all.
    Lead(Lead<'a, K, T>),
    /// Wait for the one who leads.
    Wait(Box<Wait<'a, K, T>>),
    /// Compute for yourself: you are inside this very flight.
    Alone(Side<'a, K, T>),
    /// Do without: a comparison of the user's called back into the table.
    Busy,
}

/// How a wait ended.
pub(crate) enum Ended<'a, K, T> {
    /// The leader's value.
    Value(T),
    /// The leader is gone: compute, for all.
    Lead(Lead<'a, K, T>),
    /// The leader took too long: compute, for all. What it brings later is not taken.
    Deposed(Lead<'a, K, T>),
    /// The leader got an `Err`: compute for yourself.
    Failed(Side<'a, K, T>),
    /// Two leaders took too long: compute for yourself.
    Late(Side<'a, K, T>),
}

impl<K: OwnedKey, T: Clone> Flights<K, T> {
    pub(crate) fn new() -> Self {
        Self { table: Table::new(), landed: AtomicU64::new(0) }
    }

    /// How many flights landed so far. Whoever looked for a value before this number moved, and
    /// leads after it did, looks again.
    pub(crate) fn landed(&self) -> u64 {
        self.landed.load(Ordering::Acquire)
    }

    /// Flights that stand in the table now.
    pub(crate) fn len(&self) -> usize {
        inside(|| self.table.len()).unwrap_or(0)
    }

    /// Whether somebody computes for `key` now.
    pub(crate) fn is_led(&self, key: &Held<K>, generation: u64) -> bool {
        let led = |bucket: &mut Bucket<Standing<K, T>>| {
            let mut flights = bucket.iter().map(|standing| &standing.flight);
            flights.any(|flight| flight.is(key, generation) && flight.state.lock().led)
        };
        inside(|| self.table.with(key.hash, led)).unwrap_or(false)
    }

    /// Joins the flight of `key`, or opens one. A flight of another generation is not joined. Whoever computes is
    /// inside the flight from here on, on this thread; see [`Seat::leave_thread`].
    pub(crate) fn enter(&self, key: &Held<K>, generation: u64, patience: impl Fn() -> Duration) -> Entered<'_, K, T> {
        let thread = this_thread();
        loop {
            match self.stand(key, generation, State::led(thread)) {
                Some((seat, true)) => return Entered::Lead(seat.first(thread)),
                // Once more only if an invalidation came between: computing in a flight that nobody finds any more would
                // be a second computation beside that of whoever comes next.
                Some((seat, false)) => {
                    if let Some(entered) = seat.board(thread, &patience) {
                        return entered;
                    }
                }
                None => return Entered::Busy,
            }
        }
    }

    /// Computes beside whoever else does. `None`: called back from a comparison of the user's.
    pub(crate) fn aside(&self, key: &Held<K>, generation: u64) -> Option<Side<'_, K, T>> {
        let (mut seat, _) = self.stand(key, generation, State::default())?;
        seat.enter_thread();
        Some(Side { seat })
    }

    /// A seat in the flight of `key`, and whether it is the first in one that was opened, in `state`, for it.
    fn stand(&self, key: &Held<K>, generation: u64, state: State<T>) -> Option<(Seat<'_, K, T>, bool)> {
        // Made before the lock, since it clones the key; dropped after it, if there was one already.
        let fresh = Arc::new(Flight { key: key.clone(), generation, state: Mutex::new(state) });
        let board = |bucket: &mut Bucket<Standing<K, T>>| {
            if let Some(standing) = bucket.iter_mut().find(|standing| standing.flight.is(key, generation)) {
                standing.aboard += 1;
                return Some(Arc::clone(&standing.flight));
            }
            bucket.push(Standing { flight: Arc::clone(&fresh), aboard: 1 });
            None
        };
        let found = inside(|| self.table.with(key.hash, board))?;
        let is_fresh = found.is_none();
        // The key's `Drop` may panic; the seat is a local by now, and is left while it unwinds.
        let (flight, unused) = match found {
            Some(flight) => (flight, Some(fresh)),
            None => (fresh, None),
        };
        let seat = Seat { flights: self, flight, here: None };
        drop(unused);
        Some((seat, is_fresh))
    }

    /// Takes the flights of `key` out: what they compute is neither stored nor given to later callers.
    /// Gives whether there were any; `None`: called back from a comparison of the user's.
    pub(crate) fn overtake(&self, key: &Held<K>) -> Option<bool> {
        self.take_out(key.hash, &|flight| flight.key == *key)
    }

    /// As [`Flights::overtake`], for all keys of a hash.
    pub(crate) fn overtake_hash(&self, hash: u64) -> Option<()> {
        self.take_out(hash, &|_| true).map(drop)
    }

    fn take_out(&self, hash: u64, is: &dyn Fn(&Flight<K, T>) -> bool) -> Option<bool> {
        let take = |bucket: &mut Bucket<Standing<K, T>>| {
            let mut taken = Vec::new();
            while let Some(standing) = bucket.take(&mut |standing| is(&standing.flight)) {
                // Marked before others find it gone, who would return while it may still land.
                standing.flight.state.lock().overtaken = true;
                taken.push(standing);
            }
            taken
        };
        // Dropped outside the lock.
        inside(|| self.table.with(hash, take)).map(|taken| !taken.is_empty())
    }

    /// Whether anybody computes or waits for a key of this hash; yes, if that cannot be asked now.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        inside(|| self.table.with(hash, |bucket| !bucket.is_empty())).unwrap_or(true)
    }
}

impl<K, T> Flights<K, T> {
    /// Takes a flight out of the table when the last who computed or waited in it has left.
    fn retire(&self, flight: &Arc<Flight<K, T>>) {
        let leave = |bucket: &mut Bucket<Standing<K, T>>| {
            let mut is_last = |standing: &mut Standing<K, T>| {
                let it_is = Arc::ptr_eq(&standing.flight, flight);
                standing.aboard -= usize::from(it_is);
                it_is && standing.aboard == 0
            };
            bucket.take(&mut is_last)
        };
        // The last reference may drop the key, which is the user's code: outside the lock.
        drop(self.table.with(flight.key.hash, leave));
    }
}

impl<K: OwnedKey, T> Flight<K, T> {
    fn is(&self, key: &Held<K>, generation: u64) -> bool {
        self.generation == generation && self.key == *key
    }
}
