//! Values that end while others ask for them: past their lives, idle, or evicted. Sync and async callers are mixed.
//!
//! In: scenarios in which time moves, or another key needs the room, between any two steps of a call. Out: nobody is
//! given what had ended (each call of the world checks that), nothing that lives is lost, nobody computes twice.

use std::time::Duration;

use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use crate::world::{Act, Role, Rules, World, first_then, poll_all};
use crate::{all, at_rest, calling, check, clock, nobody_stays, with};

type Thread = Box<dyn FnOnce() + Send>;

/// All moves of time together are shorter than anybody's patience.
const LIFE: Duration = Duration::from_nanos(10);
const MORTAL: Rules = Rules { life: Some(LIFE), ..Rules::EVER };
const ONE: Rules = Rules { entries: 1, ..Rules::EVER };

fn value(_: Role) -> Act {
    Act::Value
}

/// Nobody has a reason to compute for itself.
fn leads(role: Role) -> Act {
    assert_eq!(role, Role::Leader, "computed beside others");
    Act::Value
}

/// A thread that calls some keys, one after another.
fn sync(world: &Arc<World>, keys: &'static [u64], act: fn(Role) -> Act) -> Thread {
    with(world, move |world| {
        for key in keys {
            assert_eq!(world.call(*key, act), Some(1));
            world.is_within_bounds();
        }
    })
}

/// A thread that polls one task for each of these keys.
fn tasks(world: &Arc<World>, keys: &'static [u64], act: fn(Role) -> Act) -> Thread {
    with(world, move |world| {
        let task = |key| async move { assert_eq!(world.call_async(key, act).await, Some(1)) };
        poll_all(keys.iter().map(|key| Box::pin(task(*key)) as _).collect());
    })
}

fn time(world: &Arc<World>, moves: usize, by: Duration) -> Thread {
    with(world, move |world| {
        for _ in 0..moves {
            world.advance(by);
            thread::yield_now();
        }
    })
}

#[test]
fn callers_around_a_deadline_compute_once_in_each_life_and_take_nothing_that_ended() {
    check("expire against join and land", || {
        let world = World::under(MORTAL);
        all(vec![sync(&world, &[1, 1], value), tasks(&world, &[1, 1], value), time(&world, 2, LIFE)]);
        // A value that lands lives for what is left of one of three stretches of time.
        assert!(world.tally().led <= 3, "{:?}", world.tally());
        at_rest(&world);
    });
}

#[test]
fn callers_who_find_a_value_ended_compute_it_once() {
    check("expired before any of them leads", || {
        let world = World::under(MORTAL);
        assert_eq!(world.call(1, leads), Some(1));
        world.advance(LIFE);
        all(vec![sync(&world, &[1], leads), sync(&world, &[1], leads), tasks(&world, &[1, 1], leads)]);
        assert_eq!(world.tally().runs, 2, "one that ended, and one more");
        at_rest(&world);
    });
}

#[test]
fn a_value_that_ended_before_its_followers_looked_is_computed_once_more_and_shared() {
    check("expire between land and follower", || {
        let world = World::under(MORTAL);
        let leader = with(&world, |world| {
            let within = Arc::clone(world);
            world.call(1, |_| {
                within.until(|tally| tally.waiting == 2);
                Act::Value
            });
            world.advance(LIFE);
            // The flight may still stand, with what has ended in it.
            assert_eq!(world.call(1, leads), Some(1));
        });
        let late = with(&world, |world| {
            world.until(|tally| tally.led == 1);
            assert_eq!(world.call(1, leads), Some(1));
        });
        let task = with(&world, |world| {
            world.until(|tally| tally.led == 1);
            poll_all(vec![Box::pin(async { assert_eq!(world.call_async(1, leads).await, Some(1)) })]);
        });
        all(vec![leader, late, task]);
        assert!(world.tally().led <= 2, "{:?}", world.tally());
        at_rest(&world);
    });
}

#[test]
fn while_one_refreshes_nobody_waits_within_the_window() {
    check("stale during a refresh", || {
        let world = World::under(Rules { stale: LIFE, ..MORTAL });
        assert_eq!(world.call(1, leads), Some(1));
        world.advance(LIFE);
        // Whoever looks between the end of the old entry and the beginning of the new one finds neither, and waits for
        // the leader to have landed; for a body nobody waits.
        let calls = |times| {
            with(&world, move |world| {
                for _ in 0..times {
                    let within = Arc::clone(world);
                    let act = move |_| {
                        assert_eq!(within.tally().waiting, 0, "the old value is there to be given");
                        Act::Value
                    };
                    poll_all(vec![Box::pin(async { assert_eq!(world.call_async(1, act.clone()).await, Some(1)) })]);
                    assert_eq!(world.call(1, act), Some(1));
                }
            })
        };
        all(vec![calls(1), calls(2), calls(1)]);
        assert_eq!(world.tally().runs, 2, "{:?}", world.tally());
        at_rest(&world);
    });
}

#[test]
fn a_refresh_that_goes_at_the_end_of_the_window_passes_the_lead_on() {
    check("stale, abandon and promote", || {
        let world = World::under(Rules { stale: LIFE, ..MORTAL });
        assert_eq!(world.call(1, leads), Some(1));
        world.advance(LIFE);
        let act = first_then(Act::Gone, Act::Value);
        let call = || calling(&world, &act);
        let task = {
            let act = act.clone();
            with(&world, move |world| poll_all(vec![Box::pin(async { _ = world.call_async(1, act).await })]))
        };
        all(vec![call(), task, call(), time(&world, 1, LIFE)]);
        assert!((2..=3).contains(&world.tally().runs), "{:?}", world.tally());
        assert_eq!(world.call(1, leads), Some(1));
        at_rest(&world);
    });
}

#[test]
fn two_hits_at_once_leave_the_idle_time_where_the_later_put_it() {
    check("idle against idle", || {
        const IDLE: Duration = Duration::from_nanos(160);
        // A sixteenth of the time may be lost.
        const PRECISION: Duration = Duration::from_nanos(10);
        let world = World::under(Rules { idle: Some(IDLE), ..Rules::EVER });
        assert_eq!(world.call(1, leads), Some(1));
        let given = Arc::new(Mutex::new(0));
        let call = |later| {
            let given = Arc::clone(&given);
            with(&world, move |world| {
                world.advance(later);
                let began = clock::now();
                assert_eq!(world.call(1, leads), Some(1));
                let mut given = given.lock().unwrap();
                *given = began.max(*given);
            })
        };
        world.advance(Duration::from_nanos(70));
        all(vec![call(Duration::ZERO), call(Duration::from_nanos(70))]);
        assert_eq!(world.tally().runs, 1, "it never was idle for so long");
        let last = *given.lock().unwrap();
        let end = clock::after(last, IDLE - PRECISION);
        world.advance(Duration::from_nanos(end - 1 - clock::now()));
        assert_eq!((world.call(1, leads), world.tally().runs), (Some(1), 1), "given at {last}, and gone before {end}");
        // Nobody asks for as long as that.
        world.advance(IDLE);
        assert_eq!((world.call(1, leads), world.tally().runs), (Some(1), 2));
        at_rest(&world);
    });
}

#[test]
fn keys_that_evict_one_another_keep_their_bound_and_give_nobody_anothers_value() {
    check("evict against land", || {
        let world = World::under(ONE);
        all(vec![sync(&world, &[1, 2, 1], leads), tasks(&world, &[2, 100], leads), sync(&world, &[101, 1], leads)]);
        nobody_stays(&world);
    });
}

#[test]
fn a_follower_is_given_what_landed_though_its_entry_went_and_another_computes_again() {
    check("evict between land and follower", || {
        let world = World::under(ONE);
        let leader = with(&world, |world| {
            let within = Arc::clone(world);
            world.call(1, |_| {
                within.until(|tally| tally.waiting == 2);
                Act::Value
            });
            // Takes the only room.
            assert_eq!(world.call(2, leads), Some(1));
            let within = Arc::clone(world);
            // Were a follower to wait for this body, the scheduler would find a deadlock here.
            world.call(1, |_| {
                within.until(|tally| tally.done == 2);
                Act::Value
            });
        });
        let follower = with(&world, |world| {
            world.until(|tally| tally.led == 1);
            assert_eq!(world.call(1, |_| Act::Gone), Some(1), "it waited, and need not compute");
            world.count(|tally| tally.done += 1);
        });
        let task = with(&world, |world| {
            world.until(|tally| tally.led == 1);
            poll_all(vec![Box::pin(async { assert_eq!(world.call_async(1, |_| Act::Gone).await, Some(1)) })]);
            world.count(|tally| tally.done += 1);
        });
        all(vec![leader, follower, task]);
        assert_eq!(world.tally().joined, 2);
        at_rest(&world);
    });
}

#[test]
fn an_invalidation_holds_though_evictions_take_and_make_room() {
    check("evict against invalidate and refresh", || {
        let world = World::under(ONE);
        let fresh = |world: &World, key| {
            let before = world.finished();
            let value = world.call(key, value).expect("the body gives a value");
            // Only of the key that was invalidated is an old value wrong.
            assert!(
                key != 1 || value >= before,
                "a call that began after an invalidation to {before} was given {value}"
            );
        };
        let caller = || with(&world, move |world| [1, 2, 1].into_iter().for_each(|key| fresh(world, key)));
        let invalidate = with(&world, move |world| {
            world.finish(world.invalidate(1));
            fresh(world, 1);
            let truth = world.change_truth();
            assert!(world.refresh(1, value).is_some_and(|value| value >= truth));
            world.finish(truth);
            fresh(world, 1);
        });
        all(vec![caller(), invalidate, caller()]);
        assert_eq!(world.call(1, value), Some(3));
        nobody_stays(&world);
    });
}

#[test]
fn tasks_of_one_thread_wait_for_one_another_and_for_threads() {
    check("sync and async", || {
        let world = World::under(MORTAL);
        all(vec![tasks(&world, &[1, 1, 1], leads), sync(&world, &[1], leads), time(&world, 1, LIFE)]);
        assert!(world.tally().led <= 2, "{:?}", world.tally());
        at_rest(&world);
    });
}

#[test]
fn any_mixture_of_ends_leaves_nothing_old_and_nothing_behind() {
    check("mixture of ends", || {
        let world = World::under(Rules { stale: LIFE, entries: 2, ..MORTAL });
        let thread = || {
            with(&world, |world| {
                for _ in 0..2 {
                    let before = world.finished();
                    let seen = match shuttle::rand::Rng::gen_range(&mut shuttle::rand::thread_rng(), 0..9) {
                        0 => world.call(1, |_| Act::Fail),
                        1 => world.call(1, |_| Act::Gone),
                        2 => {
                            world.finish(world.invalidate(1));
                            None
                        }
                        3 => {
                            let truth = world.change_truth();
                            let seen = world.refresh(1, value);
                            assert!(seen.is_some_and(|seen| seen >= truth), "refreshed to {seen:?}, truth {truth}");
                            // No barrier: what overtakes a refresh keeps its value out, and what it was to replace is
                            // there until that other change is done.
                            seen
                        }
                        4 => {
                            world.advance(LIFE);
                            None
                        }
                        key @ (5 | 6) => {
                            world.call(key, value);
                            None
                        }
                        7 => {
                            let mut seen = None;
                            poll_all(vec![Box::pin(async { seen = world.call_async(1, value).await })]);
                            seen
                        }
                        _ => world.call(1, value),
                    };
                    assert!(seen.is_none_or(|seen| seen >= before), "after {before} a call was given {seen:?}");
                    world.is_within_bounds();
                }
            })
        };
        all(vec![thread(), thread(), thread()]);
        world.advance(LIFE * 2);
        assert_eq!(world.call(1, leads), Some(world.truth()));
        nobody_stays(&world);
    });
}
