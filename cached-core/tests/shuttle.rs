//! The flight and what it stores, under a scheduler that tries interleavings: the real `flight/` and the
//! real engine of `memory/`, with locks, atomics, thread-locals, table and clock that the model drives.
//!
//! A failure prints the seed; `SHUTTLE_RANDOM_SEED=…` plays it again. `R_SCALE=1` runs 10,000
//! random and 10,000 PCT schedules of each scenario; without it, a tenth.

// Where `flight/` declares a thread-local, it belongs to a thread of the model.
macro_rules! thread_local {
    ($($declared:tt)*) => { ::shuttle::thread_local! { $($declared)* } };
}

#[path = "../src/bucket.rs"]
mod bucket;
#[path = "shuttle/calls.rs"]
mod calls;
#[path = "shuttle/ended.rs"]
mod ended;
#[path = "shuttle/ends.rs"]
mod ends;
#[path = "../src/flight/mod.rs"]
#[expect(dead_code, reason = "the models ask for less than the calls do")]
#[cfg_attr(feature = "bytes", expect(unused_imports, reason = "no call of the models watches from elsewhere"))]
mod flight;
#[expect(dead_code, unreachable_pub, reason = "the flight uses a part of this room")]
#[path = "../src/key.rs"]
mod key;
#[expect(dead_code, reason = "the models ask for less than the calls do")]
#[path = "../src/memory/mod.rs"]
mod memory;
#[path = "shuttle/overtaken.rs"]
mod overtaken;
#[path = "shuttle/record.rs"]
mod record;
#[path = "shuttle/sync.rs"]
mod sync;
#[path = "shuttle/table.rs"]
mod table;
#[path = "shuttle/world.rs"]
mod world;
#[path = "shuttle/written.rs"]
mod written;

/// Time, moved by hand. A model runs on one thread of the system, and so does its time.
mod clock {
    use std::cell::Cell;
    use std::task::Waker;
    use std::time::Duration;

    /// A moment that never comes.
    pub(crate) const NEVER: u64 = u64::MAX;

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

    /// None rings here, and so a clock is read for whatever can end.
    pub(crate) struct Alarm;

    impl Alarm {
        pub(crate) fn try_set(_moment: u64, _waker: &Waker) -> Option<Self> {
            None
        }
    }
}

/// Every operation of an atomic of the model is seen by all threads at once: fences have nothing to add.
mod fence {
    pub(crate) fn is_asymmetric() -> bool {
        true
    }

    pub(crate) fn light() {}

    pub(crate) fn full() {}

    pub(crate) fn heavy() -> bool {
        true
    }
}

mod event {
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) enum Reason {
        Cold,
        Invalidated,
    }
}

mod stats {
    #[derive(Clone, Copy)]
    pub(crate) enum Count {
        Evicted,
        NotStored,
    }

    pub(crate) struct Counters;

    impl Counters {
        pub(crate) fn add(&self, _count: Count, _by: u64) {}
    }
}

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Arc;
use shuttle::thread;
use shuttle::{Config, Runner};

use world::{Act, Role, World};

/// Runs a scenario under both schedulers.
pub(crate) fn check(name: &str, scenario: fn()) {
    let setting = |name| std::env::var(name).ok();
    let scale: f64 = setting("R_SCALE").map_or(0.1, |scale| scale.parse().expect("R_SCALE is a number"));
    let seed: u64 = setting("R_SEED").map_or(0, |seed| seed.parse().expect("R_SEED is a number"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let schedules = (10_000.0 * scale).ceil().max(1.0) as usize;
    let config = || {
        let mut config = Config::new();
        // What it warns of is known: orders of memory are not explored here, but in the models of `loom.rs`.
        config.silence_warnings = true;
        config
    };
    let random = Runner::new(RandomScheduler::new_from_seed(seed, schedules), config()).run(scenario);
    let pct = Runner::new(PctScheduler::new_from_seed(seed, 3, schedules), config()).run(scenario);
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

/// A thread of the model that calls for the first key, whatever comes of it.
pub(crate) fn calling(
    world: &Arc<World>,
    act: &(impl Fn(Role) -> Act + Clone + Send + 'static),
) -> Box<dyn FnOnce() + Send> {
    let act = act.clone();
    with(world, move |world| {
        world.call(1, act);
    })
}

/// What holds whenever nobody calls one key any more.
pub(crate) fn at_rest(world: &World) {
    let tally = world.tally();
    assert!(tally.most_leading <= 1, "one leader at a time: {tally:?}");
    nobody_stays(world);
}

/// What holds whenever nobody calls any key any more.
pub(crate) fn nobody_stays(world: &World) {
    let tally = world.tally();
    assert_eq!((tally.running, tally.waiting, world.flights.len()), (0, 0, 0), "nobody runs, waits or stays behind");
    world.is_within_bounds();
}
