//! `get_or_set`, and many callers at one moment (B38 to B44, B48, C10).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cached_core::{Error, Ttl};
use cached_testkit::advance;
use cached_tests::crowd::{self, Gauge};
use cached_tests::support::until;
use futures::FutureExt as _;

use crate::both::{Face, KEEPING, aliases, everywhere, run, with};

const MINUTE: Duration = Duration::from_secs(60);

/// What a computation may fail with.
#[derive(Debug, PartialEq)]
enum Failed {
    Cache(Error),
    Ours,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Cache(error)
    }
}

/// Gives others the time to come and wait.
fn others_come() {
    (0..10_000).for_each(|_| std::thread::yield_now());
}

#[test]
fn get_or_set_gives_what_is_stored_and_computes_nothing() {
    everywhere(|cache| {
        cache.set("key", &1, Ttl::Default).unwrap();
        let given = cache.get_or_set("key", Ttl::Default, || -> i64 { panic!("it is there") }).unwrap();
        assert_eq!(given, 1);
    });
}

#[test]
fn get_or_set_stores_what_it_computes_for_the_lifetime_given() {
    everywhere(|cache| {
        assert_eq!(cache.get_or_set("key", MINUTE, || 1).unwrap(), 1);
        assert_eq!(cache.number("key"), Some(1));
        advance(MINUTE * 2);
        assert_eq!(cache.get_or_set("key", MINUTE, || 2).unwrap(), 2);
    });
}

#[test]
fn get_or_set_gives_what_another_stored_meanwhile() {
    everywhere(|cache| {
        let compute = || {
            assert!(cache.add("key", &1, Ttl::Default).unwrap());
            2
        };
        assert_eq!(cache.get_or_set("key", Ttl::Default, compute).unwrap(), 1);
        assert_eq!(cache.number("key"), Some(1), "who was faster is kept");
    });
}

#[test]
fn get_or_set_gives_its_own_value_where_another_came_and_went() {
    everywhere(|cache| {
        let compute = || {
            cache.set("key", "of another type", Ttl::Default).unwrap();
            2
        };
        assert_eq!(cache.get_or_set("key", Ttl::Default, compute).unwrap(), 2);
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("of another type"));
    });
}

#[test]
fn get_or_set_stores_a_none_and_takes_it_for_a_value() {
    everywhere(|cache| {
        let runs = Gauge::new();
        let compute = || {
            let _inside = runs.enter();
            None::<i64>
        };
        assert_eq!(cache.get_or_set("key", Ttl::Default, compute).unwrap(), None);
        assert_eq!(cache.get_or_set("key", Ttl::Default, compute).unwrap(), None);
        assert_eq!(runs.runs(), 1);
    });
}

#[test]
fn a_computation_that_fails_stores_nothing_and_its_error_is_given() {
    everywhere(|cache| {
        let failed = cache.get_or_try_set::<i64, _>("key", Ttl::Default, || Err(Failed::Ours));
        assert_eq!(failed, Err(Failed::Ours));
        assert!(!cache.has_key("key").unwrap());
        assert_eq!(cache.get_or_try_set::<_, Failed>("key", Ttl::Default, || Ok(2)), Ok(2));
        assert_eq!(cache.number("key"), Some(2));
    });
}

#[test]
fn a_computation_that_panics_stores_nothing_and_the_key_goes_on() {
    everywhere(|cache| {
        let panics = || cache.get_or_set("key", Ttl::Default, || -> i64 { panic!("ours") });
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert!(!cache.has_key("key").unwrap());
        assert_eq!(cache.get_or_set("key", Ttl::Default, || 2).unwrap(), 2);
    });
}

#[test]
fn a_fault_of_the_cache_is_an_error_of_the_callers_own_type() {
    everywhere(|cache| {
        let key = "k".repeat(70_000);
        let failed = cache.get_or_try_set::<i64, Failed>(&key, Ttl::Default, || panic!("not asked")).unwrap_err();
        assert!(matches!(failed, Failed::Cache(_)), "{failed:?}");
    });
}

#[test]
fn a_hundred_threads_that_ask_at_once_have_it_computed_once() {
    with("join_timeout = \"60s\"", |cache| {
        let gauge = Gauge::new();
        let (given, _) = crowd::threads(100, |_| {
            cache.get_or_set("key", Ttl::Default, || {
                let (number, _inside) = gauge.enter();
                others_come();
                number
            })
        });
        assert_eq!(gauge.runs(), 1);
        assert!(given.iter().all(|given| *given == Ok(Ok(1))), "{given:?}");
    });
}

#[test]
fn a_hundred_tasks_that_ask_at_once_have_it_computed_once() {
    static GAUGE: Gauge = Gauge::new();
    let runtime = crowd::runtime(true);
    with("join_timeout = \"60s\"", |cache| {
        GAUGE.reset();
        let asked = cache.cache.as_async();
        let (given, _) = crowd::tasks(&runtime, 100, |_| {
            let asked = asked.clone();
            async move {
                let compute = || async {
                    let (number, _inside) = GAUGE.enter();
                    crowd::step().await;
                    number
                };
                asked.get_or_set("key", Ttl::Default, compute).await
            }
        });
        assert_eq!(GAUGE.runs(), 1);
        assert!(given.iter().all(|given| *given == Ok(Ok(1))), "{given:?}");
    });
}

#[test]
fn who_waits_is_given_the_value_though_nothing_of_it_is_kept() {
    everywhere(|cache| {
        let (computing, waiting) = (AtomicBool::new(false), AtomicUsize::new(0));
        let ask = || {
            waiting.fetch_add(1, SeqCst);
            cache.get_or_set("key", Duration::ZERO, || -> i64 { panic!("it is being computed") })
        };
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| {
                cache.get_or_set("key", Duration::ZERO, || {
                    computing.store(true, SeqCst);
                    until(|| waiting.load(SeqCst) == 2);
                    // Both have said that they ask; they have a moment to begin to wait.
                    others_come();
                    1
                })
            });
            until(|| computing.load(SeqCst));
            let followers = [scope.spawn(ask), scope.spawn(ask)];
            assert_eq!(followers.map(|follower| follower.join().unwrap().unwrap()), [1, 1]);
            assert_eq!(leader.join().unwrap().unwrap(), 1);
        });
        assert!(!cache.has_key("key").unwrap());
    });
}

#[test]
fn a_leader_that_fails_or_panics_leaves_the_next_one_to_compute() {
    for fails in ["an error", "a panic"] {
        with("join_timeout = \"60s\"", |cache| {
            let gauge = Gauge::new();
            let (given, _) = crowd::threads(20, |_| {
                cache.get_or_try_set::<usize, Failed>("key", Ttl::Default, || {
                    let (number, _inside) = gauge.enter();
                    others_come();
                    match number {
                        1 if fails == "a panic" => panic!("the first one"),
                        1 => Err(Failed::Ours),
                        number => Ok(number),
                    }
                })
            });
            assert_eq!((gauge.runs(), gauge.most()), (2, 1), "one after the other");
            let values = given.iter().filter(|given| matches!(given, Ok(Ok(2)))).count();
            assert_eq!(values, 19, "{given:?}");
        });
    }
}

#[test]
fn a_leader_that_is_dropped_leaves_the_next_one_to_compute() {
    with("join_timeout = \"60s\"", |cache| {
        let (asked, computing) = (cache.cache.as_async(), AtomicBool::new(false));
        let never = || async {
            computing.store(true, SeqCst);
            std::future::pending::<i64>().await
        };
        let mut leader = Box::pin(asked.get_or_set("key", Ttl::Default, never));
        // A backend that blocks answers from a worker.
        while !computing.load(SeqCst) {
            assert!(leader.as_mut().now_or_never().is_none());
            std::thread::yield_now();
        }
        let mut follower = Box::pin(asked.get_or_set("key", Ttl::Default, || async { 5 }));
        for _ in 0..1_000 {
            assert!(follower.as_mut().now_or_never().is_none());
            std::thread::yield_now();
        }
        drop(leader);
        assert_eq!(run(follower).unwrap(), 5);
    });
}

#[test]
fn a_wait_for_a_leader_ends() {
    with("join_timeout = \"1ms\"", |cache| {
        let (computing, done) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| {
                cache.get_or_set("key", Ttl::Default, || {
                    computing.store(true, SeqCst);
                    until(|| done.load(SeqCst));
                    1
                })
            });
            until(|| computing.load(SeqCst));
            let given = cache.get_or_set("key", Ttl::Default, || 2);
            done.store(true, SeqCst);
            assert_eq!(given.unwrap(), 2);
            assert_eq!(leader.join().unwrap().unwrap(), 2, "what was stored meanwhile");
        });
    });
}

#[test]
fn a_computation_may_ask_for_its_own_key() {
    everywhere(|cache| {
        let inner = || cache.get_or_set("key", Ttl::Default, || 1).unwrap();
        assert_eq!(cache.get_or_set("key", Ttl::Default, || inner() + 1).unwrap(), 1, "the inner one was stored first");
        assert_eq!(cache.number("key"), Some(1));
    });
}

#[test]
fn what_is_computed_is_not_stored_over_what_was_set_or_after_it_was_removed() {
    type Change = fn(&Face);
    let changes: [(&str, Change, Option<i64>); 6] = [
        ("set", |cache| cache.set("key", &9, Ttl::Default).unwrap(), Some(9)),
        ("set_many", |cache| drop(cache.set_many([("key", 9)], Ttl::Default).unwrap()), Some(9)),
        ("delete", |cache| assert!(!cache.delete("key").unwrap()), None),
        ("delete_many", |cache| assert_eq!(cache.delete_many(["other", "key"]).unwrap(), 0), None),
        ("set for no time", |cache| cache.set("key", &9, Duration::ZERO).unwrap(), None),
        ("clear", |cache| cache.clear().unwrap(), None),
    ];
    everywhere(|cache| {
        for (name, change, left) in changes {
            let compute = || {
                change(cache);
                1
            };
            assert_eq!(cache.get_or_set("key", Ttl::Default, compute).unwrap(), left.unwrap_or(1), "{name}");
            assert_eq!(cache.number("key"), left, "{name}");
            cache.delete("key").unwrap();
            // Later callers compute for themselves, and what they compute is stored.
            assert_eq!(cache.get_or_set("key", Ttl::Default, || 5).unwrap(), 5, "{name}");
            assert_eq!(cache.number("key"), Some(5), "{name}");
            cache.delete("key").unwrap();
        }
    });
}

#[test]
fn an_alias_overtakes_what_another_computes_on_the_same_store_in_memory() {
    aliases("memory", &[("one", ""), ("two", "")], |alias| {
        let (one, two) = (alias("one"), alias("two"));
        let changes: [&dyn Fn(); 2] = [&|| assert!(!two.delete("key").unwrap()), &|| two.clear().unwrap()];
        for change in changes {
            let compute = || {
                change();
                1
            };
            assert_eq!(one.get_or_set("key", Ttl::Default, compute).unwrap(), 1);
            assert!(!one.has_key("key").unwrap());
        }
    });
}

#[test]
fn incr_is_exact_under_eight_threads() {
    for kind in KEEPING {
        let each = if kind == "file" { 25 } else { 200 };
        aliases(kind, &[("there", "")], |alias| {
            let there = alias("there");
            there.set("key", &0, Ttl::Default).unwrap();
            let add = |_| (0..each).for_each(|_| assert!(there.incr("key", 1).is_ok()));
            let (given, _) = crowd::threads(8, add);
            assert!(given.iter().all(Result::is_ok));
            assert_eq!(there.number("key"), Some(8 * each));
        });
    }
}

#[test]
fn add_has_one_winner_in_each_of_two_hundred_races() {
    for kind in KEEPING {
        let races = if kind == "file" { 50 } else { 200 };
        aliases(kind, &[("there", "")], |alias| {
            let there = alias("there");
            for race in 0..races {
                let key = format!("race {race}");
                let (given, _) = crowd::threads(4, |i| there.add(&key, &i, Ttl::Default).unwrap());
                let winners: Vec<_> = (0..4).filter(|i| given[*i] == Ok(true)).collect();
                assert_eq!(winners.len(), 1, "{race}: {given:?}");
                assert_eq!(there.get::<usize>(&key).unwrap(), Some(winners[0]));
            }
        });
    }
}

#[test]
fn incr_version_has_one_winner_and_nothing_is_lost() {
    everywhere(|cache| {
        for race in 0..20 {
            let key = format!("race {race}");
            cache.set(&key, &race, Ttl::Default).unwrap();
            let (given, _) = crowd::threads(4, |_| cache.incr_version(&key, 1).is_ok());
            assert_eq!(given.iter().filter(|given| **given == Ok(true)).count(), 1, "{given:?}");
            assert_eq!(cache.version(2).number(&key), Some(race));
        }
    });
}

#[test]
fn reading_a_value_back_never_computes_it_again() {
    everywhere(|cache| {
        let runs = Gauge::new();
        let compute = || {
            let (number, _inside) = runs.enter();
            number
        };
        cache.get_or_set("key", Ttl::Default, compute).unwrap();
        for _ in 0..10 {
            assert_eq!(cache.get::<usize>("key").unwrap(), Some(1));
            assert_eq!(cache.get_or_set("key", Ttl::Default, compute).unwrap(), 1);
        }
        assert_eq!(runs.runs(), 1);
    });
}
