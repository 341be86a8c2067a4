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

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use crate::clock;
use crate::key::{Held, OwnedKey};
use crate::sync::{Mutex, inside, wake};
use crate::table::Table;

/// The flights of one memo. `T` is what a leader shares with its followers.
pub(crate) struct Flights<K, T> {
    table: Table<Arc<Flight<K, T>>>,
    landed: AtomicU64,
}

struct Flight<K, T> {
    key: Held<K>,
    generation: u64,
    state: Mutex<State<T>>,
}

struct State<T> {
    overtaken: bool,
    /// Number of the last leadership.
    term: u64,
    /// Whether that leadership still stands.
    led: bool,
    /// The waiter that was asked to lead next.
    heir: Option<u64>,
    /// How the last term that came to an end by itself ended.
    settled: Option<(u64, Settled<T>)>,
    /// Computations under way, the leader's included.
    running: usize,
    here: Here,
    waiters: VecDeque<Waiter>,
    next_id: u64,
}

enum Settled<T> {
    Landed(T),
    Failed,
}

struct Waiter {
    id: u64,
    /// The first term whose end is good for this waiter.
    from: u64,
    waker: Option<Waker>,
}

/// What a caller is to do.
pub(crate) enum Entered<'a, K: OwnedKey, T: Clone> {
    /// Compute, for all.
    Lead(Lead<'a, K, T>),
    /// Wait for the one who leads.
    Wait(Wait<'a, K, T>),
    /// Compute for yourself: you are inside this very flight.
    Alone(Side<'a, K, T>),
    /// Do without: a comparison of the user's called back into the table.
    Busy,
}

/// How a wait ended.
pub(crate) enum Ended<'a, K: OwnedKey, T: Clone> {
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
        let led = |bucket: &mut Vec<Arc<Flight<K, T>>>| {
            let mut flights = bucket.iter().filter(|flight| flight.generation == generation && flight.key == *key);
            flights.any(|flight| flight.state.lock().led)
        };
        inside(|| self.table.with(key.hash, led)).unwrap_or(false)
    }

    /// Joins the flight of `key`, or opens one. A flight of another generation is not joined.
    pub(crate) fn enter(&self, key: &Held<K>, generation: u64, patience: Duration) -> Entered<'_, K, T> {
        let flight = inside(|| self.stand(key, generation, |flight| self.board(flight, patience)));
        flight.unwrap_or(Entered::Busy)
    }

    /// Finds or opens the flight of `key`, and runs `board` under the shard's lock, so that the
    /// flight cannot be retired in between.
    fn stand<R>(&self, key: &Held<K>, generation: u64, board: impl FnOnce(Arc<Flight<K, T>>) -> R) -> R {
        // Made before the lock, since it clones the key; dropped after it, if there was one already.
        let fresh = Arc::new(Flight { key: key.clone(), generation, state: Mutex::new(State::new()) });
        let stood = self.table.with(key.hash, |bucket| {
            let found = bucket.iter().find(|flight| flight.generation == generation && flight.key == *key).cloned();
            board(found.unwrap_or_else(|| {
                bucket.push(Arc::clone(&fresh));
                Arc::clone(&fresh)
            }))
        });
        // The key's `Drop` may panic; what was boarded is a local by now, and is left while it unwinds.
        drop(fresh);
        stood
    }

    /// Computes beside whoever else does. `None`: called back from a comparison of the user's.
    pub(crate) fn aside(&self, key: &Held<K>, generation: u64) -> Option<Side<'_, K, T>> {
        inside(|| {
            self.stand(key, generation, |flight| {
                flight.state.lock().running += 1;
                Side { flights: self, flight }
            })
        })
    }

    fn board(&self, flight: Arc<Flight<K, T>>, patience: Duration) -> Entered<'_, K, T> {
        let mut state = flight.state.lock();
        if state.here.has(this_thread()) {
            state.running += 1;
            drop(state);
            return Entered::Alone(Side { flights: self, flight });
        }
        if !state.led && state.heir.is_none() {
            let term = state.begin_term();
            drop(state);
            return Entered::Lead(Lead { flights: self, flight, term, counted: true });
        }
        state.next_id += 1;
        let (id, term) = (state.next_id, state.term);
        let from = if state.led { term } else { term + 1 };
        state.waiters.push_back(Waiter { id, from, waker: None });
        drop(state);
        let deadline = clock::after(clock::now(), patience);
        Entered::Wait(Wait { flights: self, flight, id, term, patience, deadline, second: false })
    }

    /// Takes the flights of `key` out: what they compute is neither stored nor given to later callers.
    /// Gives whether there were any; `None`: called back from a comparison of the user's.
    pub(crate) fn overtake(&self, key: &Held<K>) -> Option<bool> {
        self.take_out(key.hash, |flight| flight.key == *key).map(|taken| !taken.is_empty())
    }

    /// As [`Flights::overtake`], for all keys of a hash.
    pub(crate) fn overtake_hash(&self, hash: u64) -> Option<()> {
        self.take_out(hash, |_| true).map(drop)
    }

    fn take_out(&self, hash: u64, is: impl Fn(&Flight<K, T>) -> bool) -> Option<Vec<Arc<Flight<K, T>>>> {
        // Marked before others find it gone, who would return while it may still land; dropped outside the lock.
        let marks = |flight: &mut Arc<Flight<K, T>>| {
            let it_is = is(flight);
            flight.state.lock().overtaken |= it_is;
            it_is
        };
        inside(|| self.table.with(hash, |bucket| bucket.extract_if(.., marks).collect()))
    }

    /// Whether anybody computes or waits for a key of this hash; yes, if that cannot be asked now.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        inside(|| self.table.with(hash, |bucket| !bucket.is_empty())).unwrap_or(true)
    }

    /// Takes a flight out of the table when nobody computes or waits in it.
    fn retire(&self, flight: &Arc<Flight<K, T>>) {
        let retired = self.table.with(flight.key.hash, |bucket| {
            let place = bucket.iter().position(|other| Arc::ptr_eq(other, flight))?;
            let state = flight.state.lock();
            let idle = state.running == 0 && state.waiters.is_empty();
            drop(state);
            idle.then(|| bucket.swap_remove(place))
        });
        // The last reference may drop the key, which is the user's code.
        drop(retired);
    }
}

impl<T> State<T> {
    fn new() -> Self {
        Self {
            overtaken: false,
            term: 0,
            led: false,
            heir: None,
            settled: None,
            running: 0,
            here: Here::default(),
            waiters: VecDeque::new(),
            next_id: 0,
        }
    }

    fn begin_term(&mut self) -> u64 {
        self.term += 1;
        self.led = true;
        self.heir = None;
        self.running += 1;
        self.term
    }

    fn remove(&mut self, id: u64) {
        self.waiters.retain(|waiter| waiter.id != id);
    }

    /// Ends the standing term by itself, and gives the wakers of those who waited for that, and what
    /// an earlier term had left.
    fn settle(&mut self, settled: Settled<T>) -> (Vec<Waker>, impl Sized + use<T>) {
        self.led = false;
        let replaced = self.settled.replace((self.term, settled));
        (self.waiters.iter_mut().filter_map(|waiter| waiter.waker.take()).collect(), replaced)
    }

    /// Asks the waiter who has waited longest to lead.
    fn name_heir(&mut self) -> Option<Waker> {
        let first = self.waiters.front_mut()?;
        self.heir = Some(first.id);
        first.waker.take()
    }
}

/// The right and the duty to compute for all. Dropped unused, it passes to the next in line.
pub(crate) struct Lead<'a, K: OwnedKey, T: Clone> {
    flights: &'a Flights<K, T>,
    flight: Arc<Flight<K, T>>,
    term: u64,
    /// Whether this computation still counts as running.
    counted: bool,
}

impl<K: OwnedKey, T: Clone> Lead<'_, K, T> {
    /// Runs `store`, unless the flight was overtaken or the leader deposed, and shares `value` with
    /// the followers. `store` runs under the flight's lock: no code of the user's but `Eq` in it.
    /// Gives what `store` gave, to be dropped outside the lock.
    pub(crate) fn land<R>(self, value: T, store: impl FnOnce() -> R) -> Option<R> {
        self.finish(Settled::Landed(value), store)
    }

    /// Whether an invalidation has overtaken this computation.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.flight.state.lock().overtaken
    }

    /// Whether nobody has any use for this computation any more: it was overtaken, or deposed.
    pub(crate) fn is_void(&self) -> bool {
        let state = self.flight.state.lock();
        state.overtaken || !(state.led && state.term == self.term)
    }

    /// Ends the flight without a value: those who wait compute for themselves, at the same time.
    pub(crate) fn fail(self) {
        self.finish(Settled::Failed, || ());
    }

    fn finish<R>(mut self, settled: Settled<T>, store: impl FnOnce() -> R) -> Option<R> {
        let mut state = self.flight.state.lock();
        if !(state.led && state.term == self.term) {
            return None;
        }
        let stored = if state.overtaken { None } else { Some(store()) };
        state.running -= 1;
        self.counted = false;
        let (wakers, replaced) = state.settle(settled);
        // Before the lock is released: whoever leads next sees that something landed.
        self.flights.landed.fetch_add(1, Ordering::AcqRel);
        drop(state);
        // The last reference to a value may be the flight's; dropping it is the user's code.
        drop(replaced);
        wakers.into_iter().for_each(wake);
        stored
    }

    /// Marks this thread as running the user's code, until the guard is dropped.
    pub(crate) fn run_here(&self) -> Running<K, T> {
        Running::new(&self.flight)
    }
}

impl<K: OwnedKey, T: Clone> Drop for Lead<'_, K, T> {
    fn drop(&mut self) {
        if self.counted {
            let mut state = self.flight.state.lock();
            state.running -= 1;
            let mut heir = None;
            if state.led && state.term == self.term {
                // Abandoned, not deposed: exactly one follower is asked.
                state.led = false;
                heir = state.name_heir();
            }
            drop(state);
            heir.into_iter().for_each(wake);
        }
        self.flights.retire(&self.flight);
    }
}

/// One's own computation beside, or instead of, the leader's.
pub(crate) struct Side<'a, K: OwnedKey, T: Clone> {
    flights: &'a Flights<K, T>,
    flight: Arc<Flight<K, T>>,
}

impl<K: OwnedKey, T: Clone> Side<'_, K, T> {
    /// Whether an invalidation has overtaken this computation.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.flight.state.lock().overtaken
    }

    /// Runs `store` unless an invalidation overtook the computation; see [`Lead::land`].
    pub(crate) fn store<R>(self, store: impl FnOnce() -> R) -> Option<R> {
        let state = self.flight.state.lock();
        if state.overtaken { None } else { Some(store()) }
    }

    /// Marks this thread as running the user's code, until the guard is dropped.
    pub(crate) fn run_here(&self) -> Running<K, T> {
        Running::new(&self.flight)
    }
}

impl<K: OwnedKey, T: Clone> Drop for Side<'_, K, T> {
    fn drop(&mut self) {
        self.flight.state.lock().running -= 1;
        self.flights.retire(&self.flight);
    }
}

/// A place in the line. Sync callers park and look again; async callers poll.
pub(crate) struct Wait<'a, K: OwnedKey, T: Clone> {
    flights: &'a Flights<K, T>,
    flight: Arc<Flight<K, T>>,
    id: u64,
    term: u64,
    patience: Duration,
    deadline: u64,
    second: bool,
}

impl<'a, K: OwnedKey, T: Clone> Wait<'a, K, T> {
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
            state.waiters.remove(place);
            return Some(match value {
                Some(value) => Ended::Value(value),
                None => Ended::Failed(self.aside(&mut state)),
            });
        }
        if !state.led && state.heir.is_none_or(|heir| heir == self.id) {
            return Some(Ended::Lead(self.take_over(&mut state)));
        }
        let now = clock::now();
        if now >= self.deadline {
            if self.second {
                state.waiters.remove(place);
                return Some(Ended::Late(self.aside(&mut state)));
            }
            if state.term == self.term {
                return Some(Ended::Deposed(self.take_over(&mut state)));
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

    fn take_over(&self, state: &mut State<T>) -> Lead<'a, K, T> {
        state.remove(self.id);
        let term = state.begin_term();
        Lead { flights: self.flights, flight: Arc::clone(&self.flight), term, counted: true }
    }

    fn aside(&self, state: &mut State<T>) -> Side<'a, K, T> {
        state.running += 1;
        Side { flights: self.flights, flight: Arc::clone(&self.flight) }
    }
}

impl<K: OwnedKey, T: Clone> Drop for Wait<'_, K, T> {
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
        self.flights.retire(&self.flight);
    }
}

/// The threads on which bodies of one flight run at this moment: seldom more than one.
#[derive(Default)]
struct Here {
    first: Option<usize>,
    others: Vec<usize>,
}

impl Here {
    fn has(&self, thread: usize) -> bool {
        self.first == Some(thread) || self.others.contains(&thread)
    }

    fn add(&mut self, thread: usize) {
        match self.first {
            None => self.first = Some(thread),
            Some(_) => self.others.push(thread),
        }
    }

    fn remove(&mut self, thread: usize) {
        match self.others.iter().rposition(|other| *other == thread) {
            Some(place) => drop(self.others.swap_remove(place)),
            None => self.first = None,
        }
    }
}

/// While it lives, this thread is inside the flight: a call for the same key computes alone.
pub(crate) struct Running<K, T>(Arc<Flight<K, T>>, usize);

impl<K, T> Running<K, T> {
    fn new(flight: &Arc<Flight<K, T>>) -> Self {
        let thread = this_thread();
        flight.state.lock().here.add(thread);
        Running(Arc::clone(flight), thread)
    }
}

impl<K, T> Drop for Running<K, T> {
    fn drop(&mut self) {
        self.0.state.lock().here.remove(self.1);
    }
}

thread_local!(static PLACE: Cell<u8> = const { Cell::new(0) });

/// A number that no other living thread has.
fn this_thread() -> usize {
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}
