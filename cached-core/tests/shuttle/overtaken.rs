//! What an invalidation overtakes: neither stored, nor given to whoever comes later.

use shuttle::sync::Arc;
use shuttle::thread;

use crate::world::{Act, World, first_then};
use crate::{all, at_rest, calling, check, with};

type Thread = Box<dyn FnOnce() + Send>;

fn caller(world: &Arc<World>) -> Thread {
    with(world, |world| {
        let before = world.finished();
        let value = world.call(1, |_| Act::Value).expect("the body gives a value");
        assert!(value >= before, "a call that began after an invalidation to {before} was given {value}");
    })
}

/// Nothing older than the last invalidation is there, now or for the next caller.
fn is_fresh(world: &World) {
    let truth = world.truth();
    assert!(world.stored(1).is_none_or(|value| value == truth), "stored {:?}, truth {truth}", world.stored(1));
    assert_eq!(world.call(1, |_| Act::Value), Some(truth));
    assert_eq!(world.flights.len(), 0);
}

#[test]
fn a_call_after_an_invalidation_never_sees_what_was_computed_before_it() {
    check("invalidate against land", || {
        let world = World::new();
        let invalidate = with(&world, |world| {
            let truth = world.invalidate(1);
            world.finish(truth);
            let value = world.call(1, |_| Act::Value).expect("the body gives a value");
            assert!(value >= truth, "after the invalidation to {truth} a call was given {value}");
        });
        all(vec![caller(&world), invalidate, caller(&world)]);
        is_fresh(&world);
    });
}

#[test]
fn who_found_a_flight_that_was_overtaken_before_it_came_aboard_computes_beside_nobody() {
    check("invalidate between find and board", || {
        let world = World::new();
        let slow = with(&world, |world| {
            let within = Arc::clone(world);
            // Nothing lands before the invalidation has returned.
            let act = move |_| {
                within.until(|tally| tally.done == 1);
                Act::Value
            };
            assert!(world.call(1, act).is_some());
        });
        let invalidate = with(&world, |world| {
            world.until(|tally| tally.runs > 0);
            world.finish(world.invalidate(1));
            world.count(|tally| tally.done += 1);
            assert_eq!(world.call(1, |_| Act::Value), Some(2));
        });
        all(vec![slow, caller(&world), invalidate]);
        // P2: whoever comes after the invalidation joins, or finds what landed.
        assert!(world.tally().since <= 1, "{:?}", world.tally());
        is_fresh(&world);
    });
}

#[test]
fn two_invalidations_at_once_leave_nothing_old() {
    check("invalidate against invalidate", || {
        let world = World::new();
        let invalidate = || with(&world, |world| world.finish(world.invalidate(1)));
        all(vec![caller(&world), invalidate(), caller(&world), invalidate()]);
        is_fresh(&world);
    });
}

#[test]
fn an_invalidation_that_finds_another_under_way_does_not_return_before_it_overtook() {
    check("invalidate behind invalidate", || {
        let world = World::new();
        let slow = with(&world, |world| {
            let within = Arc::clone(world);
            // It ends when one invalidation has returned, and another may be half-way.
            world.call(1, |_| {
                within.count(|tally| tally.done += 1);
                within.until(|tally| tally.done == 2);
                Act::Value
            });
            world.count(|tally| tally.done += 1);
        });
        let first = with(&world, |world| _ = world.invalidate(1));
        let second = with(&world, |world| {
            world.until(|tally| tally.done == 1);
            let truth = world.invalidate(1);
            world.count(|tally| tally.done += 1);
            world.until(|tally| tally.done == 3);
            let value = world.call(1, |_| Act::Value).expect("the body gives a value");
            assert!(value >= truth, "after the invalidation to {truth} a call was given {value}");
        });
        all(vec![slow, first, second]);
        is_fresh(&world);
    });
}

#[test]
fn a_put_is_not_overwritten_by_what_was_computed_before_it() {
    check("put against land", || {
        let world = World::new();
        let put = with(&world, |world| {
            let truth = world.put(1);
            world.finish(truth);
            assert_eq!(world.call(1, |_| Act::Value), Some(truth));
        });
        all(vec![caller(&world), put, caller(&world)]);
        assert_eq!(world.stored(1), Some(2));
        is_fresh(&world);
    });
}

#[test]
fn a_refresh_replaces_what_runs_and_what_is_stored() {
    check("refresh against land", || {
        let world = World::new();
        let refresh = with(&world, |world| {
            let truth = world.change_truth();
            let value = world.refresh(1, |_| Act::Value).expect("the body gives a value");
            assert!(value >= truth, "a refresh after the change to {truth} gave {value}");
        });
        let call = || with(&world, |world| assert!(world.call(1, |_| Act::Value).is_some()));
        all(vec![call(), refresh, call()]);
        assert_eq!(world.flights.len(), 0);
    });
}

#[test]
fn without_a_flight_an_invalidation_still_keeps_the_old_value_out() {
    check("aside against invalidate", || {
        let world = World::new();
        let call = || {
            with(&world, |world| {
                let before = world.finished();
                let value = world.call_aside(1, |_| Act::Value).expect("the body gives a value");
                assert!(value >= before, "after {before} a call was given {value}");
            })
        };
        let invalidate = with(&world, |world| world.finish(world.invalidate(1)));
        all(vec![call(), invalidate, call()]);
        is_fresh(&world);
    });
}

#[test]
fn a_flight_of_an_older_generation_is_not_joined() {
    check("generations", || {
        let world = World::new();
        let old = with(&world, |world| {
            let within = Arc::clone(world);
            // Ends only after the newer call has: had that one joined, nobody would ever end.
            world.call_under(0, 1, |_| {
                within.count(|tally| tally.done += 1);
                within.until(|tally| tally.done == 2);
                Act::Gone
            });
        });
        let new = with(&world, |world| {
            world.until(|tally| tally.done == 1);
            assert_eq!(world.call_under(1, 1, |_| Act::Value), Some(1));
            world.count(|tally| tally.done += 1);
        });
        all(vec![old, new]);
        assert_eq!((world.tally().runs, world.flights.len()), (2, 0));
    });
}

#[test]
fn followers_of_an_overtaken_leader_that_goes_still_find_one_to_lead() {
    check("invalidate against abandon", || {
        let world = World::new();
        let act = first_then(Act::Gone, Act::Value);
        let call = || calling(&world, &act);
        let invalidate = with(&world, |world| world.finish(world.invalidate(1)));
        all(vec![call(), call(), invalidate, call()]);
        is_fresh(&world);
    });
}

#[test]
fn an_invalidation_beside_an_err_keeps_the_old_value_out() {
    check("invalidate against fail", || {
        let world = World::new();
        let act = first_then(Act::Fail, Act::Value);
        let call = || {
            let act = act.clone();
            with(&world, move |world| {
                let before = world.finished();
                let value = world.call(1, act);
                assert!(value.is_none_or(|value| value >= before));
            })
        };
        let invalidate = with(&world, |world| world.finish(world.invalidate(1)));
        all(vec![call(), call(), invalidate, call()]);
        is_fresh(&world);
    });
}

#[test]
fn any_mixture_ends_fresh_and_leaves_nothing_behind() {
    check("mixture", || {
        let world = World::new();
        let thread = || {
            with(&world, |world| {
                for _ in 0..2 {
                    let before = world.finished();
                    let seen = match shuttle::rand::Rng::gen_range(&mut shuttle::rand::thread_rng(), 0..7) {
                        0 => world.call(1, |_| Act::Fail),
                        1 => world.call(1, |_| Act::Gone),
                        2 => {
                            world.give_up(1, 1);
                            None
                        }
                        3 => {
                            world.finish(world.invalidate(1));
                            None
                        }
                        4 => world.call_aside(1, |_| Act::Value),
                        _ => world.call(1, |_| Act::Value),
                    };
                    assert!(seen.is_none_or(|seen| seen >= before), "after {before} a call was given {seen:?}");
                    thread::yield_now();
                }
            })
        };
        all(vec![thread(), thread(), thread()]);
        is_fresh(&world);
    });
}

#[test]
fn the_table_is_empty_after_callers_of_every_sort_have_come_and_gone() {
    check("retire", || {
        let world = World::new();
        let give_up = || with(&world, |world| world.give_up(1, 1));
        let aside = with(&world, |world| assert_eq!(world.call_aside(1, |_| Act::Value), Some(1)));
        let gone = with(&world, |world| {
            world.call(1, |_| Act::Gone);
        });
        all(vec![gone, give_up(), aside, give_up()]);
        at_rest(&world);
    });
}
