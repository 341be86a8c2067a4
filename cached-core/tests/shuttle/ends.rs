//! How a flight ends: landed, failed, abandoned, deposed; and that its followers end with it.

use shuttle::sync::{Arc, Barrier};

use crate::world::{Act, PATIENCE, Role, World, first_then};
use crate::{all, at_rest, calling, check, with};

#[test]
fn callers_of_one_key_compute_it_once() {
    check("join and publish", || {
        let world = World::new();
        let call = || with(&world, |world| assert_eq!(world.call(1, |_| Act::Value), Some(1)));
        all(vec![call(), call(), call()]);
        assert_eq!(world.tally().runs, 1);
        at_rest(&world);
    });
}

#[test]
fn callers_of_bytes_compute_once_though_they_read_before_they_join() {
    check("read, join and publish", || {
        let world = World::new();
        let call = || with(&world, |world| assert_eq!(world.call_bytes(1, |_| Act::Value), Some(1)));
        all(vec![call(), call(), call()]);
        assert_eq!(world.tally().runs, 1);
        at_rest(&world);
    });
}

#[test]
fn after_an_abandoned_leader_exactly_one_follower_leads() {
    check("abandon and promote", || {
        let world = World::new();
        let act = first_then(Act::Gone, Act::Value);
        let call = || calling(&world, &act);
        all(vec![call(), call(), call()]);
        assert_eq!((world.tally().runs, world.stored(1)), (2, Some(1)));
        at_rest(&world);
    });
}

#[test]
fn leaders_that_are_abandoned_one_after_another_hang_nobody() {
    check("abandoned by all", || {
        let world = World::new();
        let call = || with(&world, |world| assert_eq!(world.call(1, |_| Act::Gone), None));
        all(vec![call(), call(), call()]);
        assert_eq!((world.tally().runs, world.stored(1)), (3, None));
        at_rest(&world);
    });
}

#[test]
fn an_heir_that_is_dropped_passes_the_lead_on() {
    check("heir dropped", || {
        let world = World::new();
        let act = first_then(Act::Gone, Act::Value);
        let mut threads: Vec<_> = (0..2).map(|_| calling(&world, &act)).collect();
        threads.push(with(&world, |world| world.give_up(1, 2)));
        threads.push(with(&world, |world| world.give_up(1, 1)));
        all(threads);
        assert!(world.tally().runs <= 2, "one that went, one that took over");
        at_rest(&world);
    });
}

#[test]
fn a_follower_that_calls_again_before_it_waits_is_not_asked_to_lead() {
    check("a call inside a look", || {
        let world = World::new();
        let act = first_then(Act::Gone, Act::Value);
        let call = || calling(&world, &act);
        let mut threads = vec![call(), call()];
        threads.push(with(&world, move |world| world.call_twice(1, act)));
        all(threads);
        at_rest(&world);
    });
}

#[test]
fn followers_that_are_dropped_leave_the_leader_and_the_rest_alone() {
    check("followers dropped", || {
        let world = World::new();
        let call = || with(&world, |world| assert_eq!(world.call(1, |_| Act::Value), Some(1)));
        let give_up = |looks| with(&world, move |world| world.give_up(1, looks));
        all(vec![call(), give_up(0), give_up(1), call()]);
        assert_eq!(world.stored(1), Some(1));
        at_rest(&world);
    });
}

/// A leader that never ends, and `followers` that wait for it; time moves `times` when all wait.
fn forgotten(followers: usize, times: usize) -> Arc<World> {
    let world = World::new();
    assert_eq!(world.call(1, |_| Act::Forgotten), None);
    let call = || with(&world, |world| assert_eq!(world.call(1, |_| Act::Value), Some(1)));
    let mut threads: Vec<_> = (0..followers).map(|_| call()).collect();
    threads.push(with(&world, move |world| {
        world.until(|tally| tally.waiting == followers);
        (0..times).for_each(|_| world.advance(PATIENCE));
    }));
    all(threads);
    world
}

#[test]
fn a_forgotten_leader_is_deposed_by_one_follower() {
    check("depose", || {
        let world = forgotten(2, 1);
        let tally = world.tally();
        assert_eq!((tally.runs, tally.deposed, tally.waiting), (2, 1, 0));
        assert_eq!(world.stored(1), Some(1));
    });
}

#[test]
fn three_followers_of_a_forgotten_leader_end_though_time_goes_on() {
    check("depose while time goes on", || {
        let world = forgotten(3, 3);
        let tally = world.tally();
        assert!(tally.deposed >= 1 && tally.runs <= 4, "{tally:?}");
        assert_eq!((tally.waiting, tally.running), (0, 0));
    });
}

#[test]
fn a_follower_of_two_forgotten_leaders_computes_for_itself() {
    check("late", || {
        let world = World::new();
        assert_eq!(world.call(1, |_| Act::Forgotten), None);
        let act = first_then(Act::Forgotten, Act::Value);
        let call = || {
            let act = act.clone();
            with(&world, move |world| {
                world.call(1, act);
                world.count(|tally| tally.done += 1);
            })
        };
        let mut threads: Vec<_> = (0..2).map(|_| call()).collect();
        threads.push(with(&world, |world| {
            world.until(|tally| tally.waiting == 2);
            // Until the first has deposed, been forgotten in its turn, and the second has waited twice.
            world.advance(PATIENCE);
            world.until(|tally| tally.done == 1);
            while world.tally().done < 2 {
                world.advance(PATIENCE);
                shuttle::thread::yield_now();
            }
        }));
        all(threads);
        let tally = world.tally();
        assert_eq!((tally.runs, tally.deposed + tally.late), (3, 2), "{tally:?}");
        assert_eq!(world.stored(1), Some(1));
    });
}

#[test]
fn what_a_deposed_leader_brings_late_is_neither_stored_nor_shared() {
    check("deposed leader comes back", || {
        let world = World::new();
        let slow = with(&world, |world| {
            let within = Arc::clone(world);
            // It read the truth 1, and ends only when the call that deposed it has ended.
            let value = world.call(1, |_| {
                within.count(|tally| tally.done += 1);
                within.until(|tally| tally.done == 2);
                Act::Value
            });
            assert_eq!(value, Some(1), "its own caller still gets it");
        });
        let follower = with(&world, |world| {
            world.until(|tally| tally.done == 1);
            assert_eq!(world.change_truth(), 2);
            assert_eq!(world.call(1, |_| Act::Value), Some(2));
            world.count(|tally| tally.done += 1);
        });
        let time = with(&world, |world| {
            world.until(|tally| tally.waiting == 1);
            world.advance(PATIENCE);
        });
        all(vec![slow, follower, time]);
        assert_eq!((world.stored(1), world.tally().deposed, world.flights.len()), (Some(2), 1, 0));
    });
}

#[test]
fn followers_of_an_err_compute_at_the_same_time() {
    check("fail", || {
        let world = World::new();
        let together = Arc::new(Barrier::new(2));
        let leader = with(&world, |world| {
            let within = Arc::clone(world);
            let failed = world.call(1, |_| {
                within.count(|tally| tally.done += 1);
                within.until(|tally| tally.waiting == 2);
                Act::Fail
            });
            assert_eq!(failed, None);
        });
        let follower = || {
            let together = Arc::clone(&together);
            with(&world, move |world| {
                world.until(|tally| tally.done == 1);
                // Were one body to wait for the other, the scheduler would find a deadlock here.
                let value = world.call(1, |role| {
                    assert_eq!(role, Role::Alone);
                    together.wait();
                    Act::Value
                });
                assert_eq!(value, Some(1));
            })
        };
        all(vec![leader, follower(), follower()]);
        assert_eq!(world.tally().runs, 3);
        at_rest(&world);
    });
}

#[test]
fn callers_who_come_while_others_compute_after_an_err_end_too() {
    check("fail, and newcomers", || {
        let world = World::new();
        let act = first_then(Act::Fail, Act::Value);
        let call = || calling(&world, &act);
        all(vec![call(), call(), call()]);
        assert!((2..=3).contains(&world.tally().runs), "{:?}", world.tally());
        assert_eq!(world.stored(1), Some(1));
        at_rest(&world);
    });
}

#[test]
fn two_keys_of_one_hash_or_one_shard_are_two_flights() {
    check("two keys", || {
        let world = World::new();
        let call = |key| with(&world, move |world| assert_eq!(world.call(key, |_| Act::Value), Some(1)));
        all(vec![call(100), call(101), call(100), call(84)]);
        assert_eq!(world.tally().runs, 3, "one for each key");
        assert_eq!((world.tally().running, world.tally().waiting, world.flights.len()), (0, 0, 0));
    });
}

#[test]
fn a_body_that_calls_itself_computes_alone_while_others_wait() {
    check("recursion", || {
        let world = World::new();
        let call = || {
            with(&world, |world| {
                let within = Arc::clone(world);
                let value = world.call(1, |_| {
                    assert_eq!(
                        within.call(1, |role| {
                            assert_eq!(role, Role::Alone);
                            Act::Value
                        }),
                        Some(1)
                    );
                    Act::Value
                });
                assert_eq!(value, Some(1));
            })
        };
        all(vec![call(), call()]);
        at_rest(&world);
    });
}
