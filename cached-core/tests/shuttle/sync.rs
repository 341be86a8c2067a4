//! Locks and atomics that the scheduler drives.
//!
//! In: what the real `sync.rs` gives to the flight and the engine. Out: the same, with a moment for others at each
//! operation; and how many locks a thread holds, so that nobody's value ends under one.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

use shuttle::sync::MutexGuard;
use shuttle::sync::atomic::{AtomicBool, Ordering};

pub(crate) mod atomic {
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
}

/// A writer looks once: to look again is another writer's turn.
pub(crate) const LOOKS: usize = 1;

/// Buckets that are soon full, with a way in each of the two words, and an index that soon grows.
pub(crate) const WAYS: usize = 2;
pub(crate) const FIRST: usize = 1;
pub(crate) const FULL: usize = 1;

/// What is freed too early is found by the models of `loom.rs`.
pub(crate) struct Watched;

impl Watched {
    pub(crate) fn new() -> Self {
        Watched
    }

    #[expect(clippy::unused_self, reason = "as the one of `loom.rs`")]
    pub(crate) fn look(&self) {}

    #[expect(clippy::unused_self, reason = "as the one of `loom.rs`")]
    pub(crate) fn change(&self) {}
}

pub(crate) struct Mutex<T> {
    value: shuttle::sync::Mutex<T>,
    released: AtomicBool,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: shuttle::sync::Mutex::new(value), released: AtomicBool::new(false) }
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let guard = self.value.lock().expect("nothing panics under a lock");
        Guard { guard: Some(guard), held: Some(Held::new()), released: &self.released }
    }

    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        let guard = self.value.try_lock().ok()?;
        Some(Guard { guard: Some(guard), held: Some(Held::new()), released: &self.released })
    }
}

/// Others may run between the release and whatever comes next; the scheduler's own lock
/// switches only before it is released.
pub(crate) struct Guard<'a, T> {
    guard: Option<MutexGuard<'a, T>>,
    held: Option<Held>,
    released: &'a AtomicBool,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.guard.as_ref().expect("held until it is dropped")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("held until it is dropped")
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        drop(self.guard.take());
        drop(self.held.take());
        self.released.load(Ordering::SeqCst);
    }
}

thread_local! {
    static INSIDE: Cell<bool> = Cell::new(false);
    static HELD: Cell<usize> = Cell::new(0);
}

/// While it lives, this thread holds one lock more.
pub(crate) struct Held(());

impl Held {
    pub(crate) fn new() -> Self {
        HELD.with(|held| held.set(held.get() + 1));
        Held(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.with(|held| held.set(held.get() - 1));
    }
}

/// How many locks this thread holds.
pub(crate) fn held_locks() -> usize {
    HELD.with(Cell::get)
}

pub(crate) struct Padded<T>(pub(crate) T);

macro_rules! global {
    (static $name:ident: $type:ty = $value:expr;) => {
        ::shuttle::lazy_static! { static ref $name: $type = $value; }
    };
}
pub(crate) use global;

pub(crate) fn wake(waker: std::task::Waker) {
    waker.wake();
}

pub(crate) struct Inside(());

impl Inside {
    #[expect(clippy::unnecessary_wraps, reason = "as the real one")]
    pub(crate) fn enter() -> Option<Self> {
        assert!(!INSIDE.with(|inside| inside.replace(true)), "no comparison of the model calls back");
        Some(Inside(()))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.set(false));
    }
}

pub(crate) fn inside<T>(operation: impl FnOnce() -> T) -> Option<T> {
    let _inside = Inside::enter()?;
    Some(operation())
}
