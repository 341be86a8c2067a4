//! A backend that fails again and again is left alone, and is found again when it is back.

use std::sync::Arc;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::testing::{self, advance};
use cached_core::{BackendReport, ErrorKind, cached};
use cached_testkit::{Fault, Faulty, Shelf, poll_n};

use cached_tests::support::{Configured, alone};
use cached_tests::verified;

const TIMEOUT: Duration = Duration::from_millis(100);
const REST: Duration = Duration::from_millis(500);
const NEARLY: Duration = Duration::from_millis(499);

#[cached(name = "breaker.sync", ttl = "1h")]
fn sync(n: u64) -> u64 {
    n * 3
}

#[cached(name = "breaker.later", ttl = "1h")]
async fn later(n: u64) -> u64 {
    n * 3
}

#[cached(name = "breaker.beside", ttl = "1h")]
fn beside(n: u64) -> u64 {
    n * 5
}

/// The sites on a backend of their own, but one that is on another, with a breaker as it is or as it is said.
fn on(breaker: Option<&str>) -> (Configured, Arc<Faulty>) {
    let guard = alone();
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let mut config = verified::config().backend("broken", Arc::clone(&backend) as _);
    if let Some(breaker) = breaker {
        config = config.option("broken", "breaker", breaker);
    }
    config = config.backend("whole", Arc::new(Shelf::new())).site("breaker.beside", "backend", "whole");
    config.site("breaker.sync", "backend", "broken").site("breaker.later", "backend", "broken").install().unwrap();
    (guard, backend)
}

fn asked(backend: &Faulty) -> usize {
    backend.reads() + backend.writes() + backend.deletes()
}

fn report() -> BackendReport {
    cached_core::backends().into_iter().find(|backend| backend.alias == "broken").expect("it is configured")
}

fn count(report: &BackendReport, name: &str) -> u64 {
    report.operations.iter().find(|(known, _)| known.starts_with(name)).map_or(0, |(_, count)| *count)
}

#[test]
fn r41_after_five_failures_in_a_row_a_backend_is_asked_once_each_half_second() {
    let (_guard, backend) = on(None);
    let _frozen = testing::freeze();
    backend.set_fault(Fault::Fail);
    for n in 0..10_000 {
        assert_eq!((sync(n), beside(n)), (n * 3, n * 5), "no call fails");
    }
    assert_eq!(asked(&backend), 5, "of 10,000 calls");
    assert!(report().is_broken);
    for period in 1..=20 {
        advance(NEARLY);
        assert_eq!((sync(1), asked(&backend)), (3, 4 + period), "not yet");
        advance(REST - NEARLY);
        for n in 0..100 {
            sync(n);
        }
        assert_eq!(asked(&backend), 5 + period, "one of a hundred calls");
    }
    let report = report();
    assert_eq!((count(&report, "failures"), report.broke), (25, 1));
    // A call whose read fails writes nothing.
    assert_eq!(count(&report, "not asked"), 10_000 + 20 * 101 - 25);
    assert!(cached_core::report().to_prometheus().contains("cached_backend_broken{alias=\"broken\"} 1\n"));
    assert_eq!(beside::site().stats().backend_errors, 0, "each backend has its own");
}

#[test]
fn a_backend_that_is_back_is_found_by_the_first_operation_that_is_let_through() {
    let (_guard, backend) = on(None);
    let _frozen = testing::freeze();
    sync(7);
    backend.set_fault(Fault::Fail);
    for n in 0..10 {
        sync(n);
    }
    backend.set_fault(Fault::None);
    assert_eq!((sync(7), report().is_broken), (21, true), "nobody knows yet");
    let refused = [sync::entry(&7).invalidate(), sync::entry(&7).put(1), sync::site().clear()];
    assert_eq!(refused.map(|answer| answer.unwrap_err().kind()), [ErrorKind::Unavailable; 3], "said, and not lost");
    advance(REST);
    let hits = sync::site().stats().hits;
    assert_eq!((sync(7), sync::site().stats().hits - hits, report().is_broken), (21, 1, false));
    sync::entry(&7).invalidate().unwrap();
    assert_eq!(report().broke, 1);
}

#[test]
fn a_look_at_the_connections_asks_whatever_came_before() {
    let (_guard, backend) = on(None);
    let _frozen = testing::freeze();
    backend.set_fault(Fault::Fail);
    for n in 0..10 {
        sync(n);
    }
    let answer = || cached_core::check_connections().into_iter().find(|(alias, _)| alias == "broken").unwrap().1;
    assert_eq!(answer().unwrap_err().kind(), ErrorKind::Backend);
    backend.set_fault(Fault::None);
    answer().unwrap();
    assert!(!report().is_broken);
}

#[test]
fn an_answer_among_failures_begins_the_count_anew_and_off_is_off() {
    for (breaker, calls) in [(None, 4), (Some("2"), 1), (Some("off"), 100)] {
        let (_guard, backend) = on(breaker);
        for round in 0..3 {
            backend.set_fault(Fault::Fail);
            for _ in 0..calls {
                sync::entry(&round).put(1).unwrap_err();
            }
            assert!(!report().is_broken, "{breaker:?}");
            backend.set_fault(Fault::None);
            sync::entry(&round).put(1).unwrap();
        }
    }
}

/// The backend, as one that answers later on no thread of ours.
struct Far(Arc<Faulty>);

impl Backend for Far {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.0.capabilities();
        capabilities.blocking = false;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.0.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.0.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.0.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.0.clear(prefix)
    }
}

#[test]
fn who_gives_up_early_breaks_nothing_and_who_waits_in_vain_does() {
    let (_guard, backend) = on(None);
    let config = verified::config().backend("broken", Arc::new(Far(Arc::clone(&backend))));
    config.site("breaker.later", "backend", "broken").install().unwrap();
    let _frozen = testing::freeze();
    backend.set_fault(Fault::Hang);
    for n in 0..20 {
        drop(poll_n(Box::pin(later(n)), 3).unwrap_err().future);
        // Nor does it when somebody else's panic is why the caller goes.
        let waiting = poll_n(Box::pin(later(n)), 3).unwrap_err().future;
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _waiting = waiting;
            std::panic::resume_unwind(Box::new("as the test asked"))
        }));
    }
    assert!(!report().is_broken);
    for n in 100..105 {
        assert!(!report().is_broken);
        let waiting = poll_n(Box::pin(later(n)), 3).unwrap_err().future;
        advance(TIMEOUT);
        assert_eq!(poll_n(waiting, 3).unwrap(), n * 3);
    }
    assert!(report().is_broken);
    // From now on nobody waits; and a turn that is given up is not the last.
    assert_eq!(poll_n(Box::pin(later(200)), 1).unwrap(), 600);
    advance(REST);
    drop(poll_n(Box::pin(later(201)), 3).unwrap_err().future);
    assert_eq!(poll_n(Box::pin(later(202)), 1).unwrap(), 606);
    backend.set_fault(Fault::None);
    advance(REST);
    assert_eq!((poll_n(Box::pin(later(203)), 9).unwrap(), report().is_broken), (609, false));
}

#[test]
fn a_backend_that_panics_is_left_alone_too() {
    for steps in [0, 1] {
        let (_guard, backend) = on(None);
        backend.set_fault(Fault::Panic);
        backend.answer_later(steps);
        for n in 0..10 {
            assert_eq!(sync(n), n * 3);
        }
        assert!(report().is_broken);
        assert_eq!(asked(&backend), 5);
    }
}

#[test]
fn threads_that_meet_at_the_end_of_a_rest_send_one_and_leave_nothing_shut() {
    let (_guard, backend) = on(None);
    let _frozen = testing::freeze();
    for round in 0..50 {
        backend.set_fault(Fault::Fail);
        crowd(8, 20);
        assert!(report().is_broken, "round {round}");
        let before = asked(&backend);
        advance(REST);
        crowd(8, 20);
        assert_eq!(asked(&backend) - before, 1, "round {round}");
        backend.set_fault(Fault::None);
        advance(REST);
        crowd(8, 20);
        assert!(!report().is_broken, "round {round}");
    }
}

/// So many threads that ask for so many keys each, none of which another asks for.
fn crowd(threads: u64, calls: u64) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || (0..calls).for_each(|n| assert_eq!(sync(thread << 32 | n), (thread << 32 | n) * 3)));
        }
    });
}

#[test]
fn how_long_answers_took_is_told_by_steps() {
    let (_guard, _backend) = on(None);
    let _frozen = testing::freeze();
    let before: u64 = report().latency.steps.iter().map(|(_, count)| count).sum();
    assert_eq!((sync(1), sync(1)), (3, 3));
    let latency = report().latency;
    let counts: Vec<u64> = latency.steps.iter().map(|(_, count)| *count).collect();
    // A read and a write, then a read; while time stands still all are in the first step.
    assert_eq!((counts[0] - before, counts.iter().sum::<u64>() - before), (3, 3));
    assert_eq!((latency.steps[0].0, latency.total), (Duration::from_micros(10), Duration::ZERO));
    assert_eq!(latency.steps.last().map(|(longest, _)| *longest), Some(Duration::MAX));
    let text = cached_core::report().to_prometheus();
    let line = |whole: &str| text.lines().any(|line| line == whole);
    assert!(line("cached_backend_operation_seconds_bucket{alias=\"broken\",le=\"0.00001\"} 3"), "{text}");
    assert!(line("cached_backend_operation_seconds_count{alias=\"broken\"} 3"), "{text}");
    assert!(line("cached_backend_operations_total{alias=\"broken\",outcome=\"writes\"} 1"), "{text}");
    assert!(line("cached_backend_broken{alias=\"broken\"} 0"), "{text}");
}
