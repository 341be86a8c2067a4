//! The state word and the engine, under every order that their atomics allow: the real `word.rs`, and the
//! real `memory/` with the records of the threads, over the atomics of a model checker that knows acquire,
//! release and fences. The heavy fence of the writers is modelled as a full one on both sides.

// Where the sources declare a thread-local, it belongs to a thread of the model.
macro_rules! thread_local {
    ($(static $name:ident: $type:ty = const $value:block;)*) => { ::loom::thread_local! { $(static $name: $type = $value;)* } };
}

#[expect(dead_code, reason = "the models ask for less than the meter does")]
#[path = "../src/breaker.rs"]
mod breaker;
#[path = "loom/broken.rs"]
mod broken;
#[path = "loom/engine.rs"]
mod engine;
#[expect(dead_code, unreachable_pub, reason = "the engine uses a part of this room")]
#[path = "../src/key.rs"]
mod key;
#[expect(dead_code, reason = "the models ask for less than the calls do")]
#[path = "../src/memory/mod.rs"]
mod memory;
#[path = "loom/parts.rs"]
mod parts;
#[path = "loom/pins.rs"]
mod pins;
#[expect(dead_code, reason = "the models count no hits")]
#[path = "../src/record.rs"]
mod record;
#[expect(dead_code, reason = "the models count no hits")]
#[path = "../src/word.rs"]
mod word;

/// The atomics and the locks of the models. Re-entry is not modelled.
mod sync {
    pub(crate) mod atomic {
        pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
    }

    /// A writer looks once: to look again is another writer's turn.
    pub(crate) const LOOKS: usize = 1;

    /// Buckets that are soon full, with a way in each of the two words, and an index that soon grows.
    pub(crate) const WAYS: usize = 2;
    pub(crate) const FIRST: usize = 1;
    pub(crate) const FULL: usize = 1;

    /// The checker reports a look that is not after the change before it, or not before the next one or the end.
    pub(crate) struct Watched(loom::cell::UnsafeCell<()>);

    // SAFETY: there is nothing in it; whether looks meet its end is what the checker is asked.
    #[expect(unsafe_code, reason = "readers share it as they share what it is in")]
    unsafe impl Sync for Watched {}

    impl Watched {
        pub(crate) fn new() -> Self {
            Self(loom::cell::UnsafeCell::new(()))
        }

        pub(crate) fn look(&self) {
            self.0.with(|_| ());
        }

        pub(crate) fn change(&self) {
            self.0.with_mut(|_| ());
        }
    }

    impl Drop for Watched {
        fn drop(&mut self) {
            self.0.with_mut(|_| ());
        }
    }

    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0.lock().expect("nothing panics under a lock")
        }

        pub(crate) fn try_lock(&self) -> Option<loom::sync::MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }

    pub(crate) struct Padded<T>(pub(crate) T);

    macro_rules! global {
        (static $name:ident: $type:ty = $value:expr;) => {
            ::loom::lazy_static! { static ref $name: $type = $value; }
        };
    }
    pub(crate) use global;

    pub(crate) struct Inside;

    impl Inside {
        #[expect(clippy::unnecessary_wraps, reason = "as the real one")]
        pub(crate) fn enter() -> Option<Self> {
            Some(Inside)
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the real one")]
    pub(crate) fn inside<T>(operation: impl FnOnce() -> T) -> Option<T> {
        Some(operation())
    }
}

/// A full fence on both sides. That it is said to be none on one of them has the epoch made with the memory, so that it
/// orders nothing later.
mod fence {
    use loom::sync::atomic::{Ordering, fence};

    pub(crate) fn is_asymmetric() -> bool {
        true
    }

    pub(crate) fn light() {
        full();
    }

    pub(crate) fn full() {
        fence(Ordering::SeqCst);
    }

    pub(crate) fn heavy() -> bool {
        full();
        true
    }
}

/// Time, moved by hand between the steps of a model, which runs on one thread of the system.
mod clock {
    use std::cell::Cell;
    use std::task::Waker;
    use std::time::Duration;

    pub(crate) const NEVER: u64 = u64::MAX;

    std::thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn set(now: u64) {
        NOW.set(now);
    }

    pub(crate) fn now() -> u64 {
        NOW.get()
    }

    pub(crate) fn after(start: u64, life: Duration) -> u64 {
        start + u64::try_from(life.as_nanos()).expect("a short life")
    }

    /// None rings here, and so a clock is read for whatever can end.
    pub(crate) struct Alarm;

    impl Alarm {
        pub(crate) fn try_set(_moment: u64, _waker: &Waker) -> Option<Self> {
            None
        }
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

use std::sync::atomic::AtomicUsize;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use word::{FAST, State, TIMED, Word};

/// Runs a model to completion, with at most three preemptions, and says how many orders it tried.
pub(crate) fn check(name: &str, model: impl Fn() + Send + Sync + 'static) {
    check_within(3, name, model);
}

/// The same with another bound: each thread more has many times as many orders.
pub(crate) fn check_within(preemptions: usize, name: &str, model: impl Fn() + Send + Sync + 'static) {
    let tried = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&tried);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    // An index that grows copies where all segments lie.
    builder.max_branches = 5_000;
    builder.check(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        model();
    });
    let tried = tried.load(std::sync::atomic::Ordering::Relaxed);
    assert!(tried > 1, "a model with one order proves nothing");
    println!("R03 {name}: {tried} orders");
}

fn word() -> Arc<Word> {
    Arc::new(Word::new(AtomicU64::new(0)))
}

#[test]
fn who_sees_the_fast_path_sees_what_was_written_before_it() {
    check("publish", || {
        // Loom reports a race if the reader's access is not ordered after the writer's.
        let (word, route) = (word(), Arc::new(UnsafeCell::new(0)));
        let writer = {
            let (word, route) = (Arc::clone(&word), Arc::clone(&route));
            thread::spawn(move || {
                route.with_mut(|_| ());
                word.publish(FAST, 1, false);
            })
        };
        let reader = {
            let (word, route) = (Arc::clone(&word), Arc::clone(&route));
            thread::spawn(move || {
                if word.load().is_fast() {
                    route.with(|_| ());
                }
            })
        };
        writer.join().unwrap();
        reader.join().unwrap();
        assert!(word.load().is_fast());
    });
}

#[test]
fn who_sees_the_fast_path_through_a_later_advance_sees_it_too() {
    check("publish, then advance by another", || {
        let (word, life) = (word(), Arc::new(AtomicU64::new(0)));
        let writer = {
            let (word, life) = (Arc::clone(&word), Arc::clone(&life));
            thread::spawn(move || {
                life.store(7, Ordering::Relaxed);
                word.publish(FAST | TIMED, 1, true);
            })
        };
        let clearer = {
            let word = Arc::clone(&word);
            thread::spawn(move || word.advance())
        };
        let seen = word.load();
        if seen.is_fast() && seen.is_timed() {
            assert_eq!(life.load(Ordering::Relaxed), 7, "the lifetime was written before the flags");
        }
        writer.join().unwrap();
        clearer.join().unwrap();
        assert_eq!((word.load().generation(), word.load().is_fast()), (2, true));
    });
}

#[test]
fn the_generation_never_goes_back_and_no_step_of_it_is_lost() {
    check("publish against advance", || {
        let word = word();
        let threads: Vec<_> = [true, false]
            .map(|moved| {
                let word = Arc::clone(&word);
                thread::spawn(move || {
                    let advanced = word.advance().generation();
                    let published = word.publish(if moved { FAST } else { 0 }, 1, moved).generation();
                    assert!(published >= advanced + u64::from(moved), "{advanced}, then {published}");
                })
            })
            .into_iter()
            .collect();
        let seen: [State; 2] = [word.load(), word.load()];
        assert!(seen[0].generation() <= seen[1].generation());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(word.load().generation(), 3, "two advances, and one publication that moves");
    });
}

#[test]
fn an_advance_keeps_the_flags_and_every_advance_is_a_generation_of_its_own() {
    check("advance against advance", || {
        let word = word();
        word.publish(FAST | TIMED, 1, false);
        let advance = {
            let word = Arc::clone(&word);
            thread::spawn(move || word.advance())
        };
        let here = word.advance();
        let there = advance.join().unwrap();
        assert_ne!(here, there);
        let last = word.load();
        assert_eq!(last.generation(), here.generation().max(there.generation()));
        assert!(last.is_fast() && last.is_timed());
    });
}

#[test]
fn who_asks_for_a_timed_hit_hides_nothing_that_another_published() {
    check("sample against publish and advance", || {
        let (word, route) = (word(), Arc::new(UnsafeCell::new(0)));
        let writer = {
            let (word, route) = (Arc::clone(&word), Arc::clone(&route));
            thread::spawn(move || {
                route.with_mut(|_| ());
                word.publish(FAST, 1, true);
                word.advance();
            })
        };
        let sampler = {
            let word = Arc::clone(&word);
            thread::spawn(move || {
                word.sample(true);
                word.sample(false);
            })
        };
        let seen = word.load();
        if seen.is_plain() || (seen.is_fast() && seen.is_sampled()) {
            route.with(|_| ());
        }
        writer.join().unwrap();
        sampler.join().unwrap();
        assert_eq!((word.load().generation(), word.load().is_plain()), (2, true));
    });
}
