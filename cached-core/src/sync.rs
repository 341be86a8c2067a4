//! The locks and the parking of threads.
//!
//! In: what is shared. Out: guards that know no poison: user code never runs under them, so a
//! panic cannot leave them half-way. No other room names a lock; the models of the flight
//! replace this file by one that a scheduler drives.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// A mutual exclusion that a panic does not poison.
#[derive(Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        Guard { guard: self.0.lock().unwrap_or_else(PoisonError::into_inner), held: Held::new() }
    }

    /// `None`: somebody holds it.
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        taken(self.0.try_lock()).map(|guard| Guard { guard, held: Held::new() })
    }
}

/// A mutex that is held.
pub(crate) struct Guard<'a, T> {
    guard: MutexGuard<'a, T>,
    held: Held,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// How many locks of ours this thread holds; counted in debug builds only.
pub fn held_locks() -> usize {
    HELD.try_with(Cell::get).unwrap_or(0)
}

/// While it lives, one lock more is held.
pub(crate) struct Held(());

impl Held {
    pub(crate) fn new() -> Self {
        Self::count(1);
        Held(())
    }

    fn count(change: isize) {
        if cfg!(debug_assertions) {
            let _ = HELD.try_with(|held| held.set(held.get().wrapping_add_signed(change)));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        Self::count(-1);
    }
}

/// A condition that threads wait for.
pub(crate) struct Condvar(std::sync::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(std::sync::Condvar::new())
    }

    pub(crate) fn wait<'a, T>(&self, guard: Guard<'a, T>, at_most: Duration) -> Guard<'a, T> {
        // Waits longer than a year are the same as a year; it keeps the platform's arithmetic safe.
        let at_most = at_most.min(Duration::from_secs(31_536_000));
        let Guard { guard, held } = guard;
        Guard { guard: self.0.wait_timeout(guard, at_most).unwrap_or_else(PoisonError::into_inner).0, held }
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Wakes one thread, as a waker: what a blocked caller gives to the future it waits for.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// A waker that ends the current thread's [`park`].
pub(crate) fn thread_waker() -> Waker {
    Waker::from(Arc::new(Unpark(std::thread::current())))
}

/// Wakes; a waker that panics harms neither us nor those woken after it.
pub(crate) fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

/// Sleeps until the thread's waker is woken, or until `at_most` has passed, or for no reason.
pub(crate) fn park(at_most: Duration) {
    std::thread::park_timeout(at_most.min(Duration::from_secs(31_536_000)));
}

/// Runs a future on this thread, which sleeps while it waits.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let waker = thread_waker();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}

/// The atomics of the state word, of the records and of the engine; their models replace them.
pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
}

/// A static; in the models, one for each execution.
macro_rules! global {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$doc])*
        static $name: $type = $value;
    };
}
pub(crate) use global;

/// A lock for many or for one alone, without poison.
pub(crate) struct Gate(std::sync::RwLock<()>);

impl Gate {
    pub(crate) const fn new() -> Self {
        Self(std::sync::RwLock::new(()))
    }

    /// Passes with others.
    pub(crate) fn pass(&self) -> impl Sized + '_ {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes alone, after all who are inside have left.
    pub(crate) fn alone(&self) -> impl Sized + '_ {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something inside, with others or alone, after whoever is in the way.
    pub(crate) fn inside<T>(&self, alone: bool, work: impl FnOnce() -> T) -> T {
        if alone {
            let _alone = self.alone();
            return work();
        }
        let _pass = self.pass();
        work()
    }

    /// As [`Gate::inside`]; nothing, where somebody is in the way.
    pub(crate) fn try_inside<T>(&self, alone: bool, work: impl FnOnce() -> T) -> Option<T> {
        if alone {
            let _alone = taken(self.0.try_write())?;
            return Some(work());
        }
        let _pass = taken(self.0.try_read())?;
        Some(work())
    }
}

fn taken<T>(tried: Result<T, TryLockError<T>>) -> Option<T> {
    match tried {
        Ok(taken) => Some(taken),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// How often to look again at what others leave within nanoseconds.
pub(crate) const LOOKS: usize = 64;

/// How many numbers a bucket of an index has: with their tags and the next bucket they fill a cache line.
pub(crate) const WAYS: usize = 11;
/// Ways whose tags are in the first word; the rest have theirs in the second.
pub(crate) const FIRST: usize = 8;
/// Entries per bucket from which on an index is too small. Of seven buckets one has then more than eight entries, and of a
/// hundred two more than eleven.
pub(crate) const FULL: usize = 6;

/// In what readers see without a lock: the models tell of a look that is not after the change before it, and before the
/// next one or the end. Here it is nothing.
pub(crate) struct Watched;

impl Watched {
    pub(crate) fn new() -> Self {
        Watched
    }

    #[inline(always)]
    pub(crate) fn look(&self) {}

    #[inline(always)]
    pub(crate) fn change(&self) {}
}

/// Keeps a counter away from its neighbours' cache lines (two lines: the prefetcher takes pairs).
#[repr(align(128))]
#[derive(Default)]
pub(crate) struct Padded<T>(pub(crate) T);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, this thread is inside a table in which the user's `Eq` may run.
pub(crate) struct Inside(());

impl Inside {
    /// `None` if this thread is inside one already: then a comparison called back, and the caller
    /// does without the table instead of waiting for itself.
    #[inline]
    pub(crate) fn enter() -> Option<Self> {
        if INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(true) { None } else { Some(Inside(())) }
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.set(false));
    }
}

/// Runs an operation of such a table, unless this thread is inside one already.
pub(crate) fn inside<T>(operation: impl FnOnce() -> T) -> Option<T> {
    let _inside = Inside::enter()?;
    Some(operation())
}
