//! The flight, under a scheduler that tries interleavings: the real `flight/`, with locks,
//! thread-locals, table and clock that the model drives.
//!
//! A failure prints the seed; `SHUTTLE_RANDOM_SEED=…` plays it again. `R_SCALE=1` runs 10,000
//! random and 10,000 PCT schedules of each scenario; without it, a tenth.

// Where `flight/` declares a thread-local, it belongs to a thread of the model.
macro_rules! thread_local {
    ($($declared:tt)*) => { ::shuttle::thread_local! { $($declared)* } };
}

#[path = "../src/bucket.rs"]
mod bucket;
#[path = "shuttle/ends.rs"]
mod ends;
#[path = "../src/flight/mod.rs"]
#[expect(dead_code, reason = "the models ask for less than the calls do")]
mod flight;
#[expect(dead_code, unreachable_pub, reason = "the flight uses a part of this room")]
#[path = "../src/key.rs"]
mod key;
#[path = "shuttle/overtaken.rs"]
mod overtaken;
#[path = "shuttle/table.rs"]
mod table;
#[path = "shuttle/world.rs"]
mod world;

/// The locks of the model.
mod sync {
    use std::cell::Cell;
    use std::ops::{Deref, DerefMut};

    use shuttle::sync::MutexGuard;
    use shuttle::sync::atomic::{AtomicBool, Ordering};

    pub(crate) struct Mutex<T> {
        value: shuttle::sync::Mutex<T>,
        released: AtomicBool,
    }

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self { value: shuttle::sync::Mutex::new(value), released: AtomicBool::new(false) }
        }

        pub(crate) fn lock(&self) -> Guard<'_, T> {
            let held = self.value.lock().expect("nothing panics under a lock");
            Guard { held: Some(held), released: &self.released }
        }
    }

    /// Others may run between the release and whatever comes next; the scheduler's own lock
    /// switches only before it is released.
    pub(crate) struct Guard<'a, T> {
        held: Option<MutexGuard<'a, T>>,
        released: &'a AtomicBool,
    }

    impl<T> Deref for Guard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.held.as_ref().expect("held until it is dropped")
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.held.as_mut().expect("held until it is dropped")
        }
    }

    impl<T> Drop for Guard<'_, T> {
        fn drop(&mut self) {
            drop(self.held.take());
            self.released.load(Ordering::SeqCst);
        }
    }

    thread_local! {
        static INSIDE: Cell<bool> = Cell::new(false);
    }

    pub(crate) fn wake(waker: std::task::Waker) {
        waker.wake();
    }

    pub(crate) fn inside<T>(operation: impl FnOnce() -> T) -> Option<T> {
        assert!(!INSIDE.with(|inside| inside.replace(true)), "no comparison of the model calls back");
        let result = operation();
        INSIDE.with(|inside| inside.set(false));
        Some(result)
    }
}

/// Time, moved by hand. A model runs on one thread of the system, and so does its time.
mod clock {
    use std::cell::Cell;
    use std::time::Duration;

    std::thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn reset() {
        NOW.set(0);
    }

    pub(crate) fn now() -> u64 {
        NOW.get()
    }

    pub(crate) fn after(start: u64, life: Duration) -> u64 {
        start + u64::try_from(life.as_nanos()).expect("a short life")
    }

    pub(crate) fn advance(by: Duration) {
        NOW.set(after(now(), by));
    }
}

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Arc;
use shuttle::thread;
use shuttle::{Config, Runner};

use world::World;

/// Runs a scenario under both schedulers.
pub(crate) fn check(name: &str, scenario: fn()) {
    let setting = |name| std::env::var(name).ok();
    let scale: f64 = setting("R_SCALE").map_or(0.1, |scale| scale.parse().expect("R_SCALE is a number"));
    let seed: u64 = setting("R_SEED").map_or(0, |seed| seed.parse().expect("R_SEED is a number"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let schedules = (10_000.0 * scale).ceil().max(1.0) as usize;
    let random = Runner::new(RandomScheduler::new_from_seed(seed, schedules), Config::new()).run(scenario);
    let pct = Runner::new(PctScheduler::new_from_seed(seed, 3, schedules), Config::new()).run(scenario);
    assert_eq!((random, pct), (schedules, schedules), "every schedule ran");
    println!("R02 {name}: {random} random and {pct} PCT(3) schedules, seed {seed}");
}

/// Runs threads of the model to their ends.
pub(crate) fn all(threads: Vec<Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = threads.into_iter().map(thread::spawn).collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the thread ended"));
}

/// A thread of the model that uses a world.
pub(crate) fn with(world: &Arc<World>, act: impl FnOnce(&Arc<World>) + Send + 'static) -> Box<dyn FnOnce() + Send> {
    let world = Arc::clone(world);
    Box::new(move || act(&world))
}

/// What holds whenever nobody calls any more.
pub(crate) fn at_rest(world: &World) {
    let tally = world.tally();
    assert_eq!((tally.running, tally.waiting, world.flights.len()), (0, 0, 0), "nobody runs, waits or stays behind");
    assert!(tally.most_leading <= 1, "one leader at a time: {tally:?}");
}
