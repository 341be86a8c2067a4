//! Which calls a scope gathers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use cached_core::recorder::Scope;
use cached_core::{Outcome, Reason, cached, recorder};

use super::{outcomes, recorded};

const COLD: Outcome = Outcome::Miss(Reason::Cold);

#[test]
fn nothing_is_gathered_while_recording_is_off() {
    #[cached]
    fn quiet(n: u64) -> u64 {
        n
    }
    let (on, recorder) = recorded();
    recorder.disable();
    let scope = recorder.scope("off");
    scope.run(|| quiet(1) + quiet(1));
    assert!(!scope.is_recorded() && scope.recording().calls.is_empty());
    recorder.enable();
    let scope = recorder.scope("on");
    scope.run(|| quiet(1));
    // Switched off, a scope keeps what it has and gathers no more.
    recorder.disable();
    scope.run(|| quiet(1));
    assert_eq!(outcomes(&scope.recording()), [Outcome::Hit]);
    assert_eq!(quiet::site().stats().calls, 4, "counted all the same");
    drop(on);
}

#[test]
fn a_scope_gathers_its_own_calls_and_no_others() {
    #[cached]
    fn own(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let [first, second] = ["first", "second"].map(|label| recorder.scope(label));
    own(0);
    first.run(|| {
        own(1);
        second.run(|| own(2));
        own(3);
    });
    own(4);
    assert_eq!(outcomes(&first.recording()), [COLD, COLD]);
    assert_eq!(outcomes(&second.recording()), [COLD]);
    assert_eq!(first.recording().label, "first");
}

#[test]
fn a_scope_that_nobody_wants_hides_the_one_around_it() {
    #[cached]
    fn wanted(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    recorder.enable_for(|label| label.starts_with("GET"));
    let (request, health) = (recorder.scope("GET /"), recorder.scope("HEAD /health"));
    request.run(|| health.run(|| wanted(1)));
    assert!(request.is_recorded() && !health.is_recorded());
    assert_eq!(request.recording().calls.len() + health.recording().calls.len(), 0);
    request.run(|| wanted(1));
    assert_eq!(outcomes(&request.recording()), [Outcome::Hit]);
    assert_eq!(request.totals(), request.recording().totals());
    assert_eq!((health.totals(), request.totals().hits), (recorder::Totals::default(), 1));
}

#[test]
fn what_was_chosen_is_recorded_again_and_all_of_it_where_nothing_was() {
    let (_on, recorder) = recorded();
    let chosen = || ["GET /", "HEAD /health"].map(|label| recorder.scope(label).is_recorded());
    recorder.enable_for(|label| label.starts_with("GET"));
    recorder.disable();
    assert_eq!(chosen(), [false, false]);
    recorder.resume();
    recorder.resume();
    assert_eq!(chosen(), [true, false]);
    recorder.enable();
    assert_eq!(chosen(), [true, true]);
    recorder.disable();
    recorder.resume();
    assert_eq!(chosen(), [true, true]);
}

#[test]
fn a_call_inside_a_call_is_gathered_once_beneath_it() {
    #[cached]
    fn inner(n: u64) -> u64 {
        n
    }
    #[cached]
    fn outer(n: u64) -> u64 {
        inner(n) + inner(n)
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("nested");
    scope.run(|| outer(1) + outer(1) + inner(1));
    let recording = scope.recording();
    let seen: Vec<_> = recording.calls.iter().map(|call| (call.site.unwrap().name(), call.depth)).collect();
    let [outer, inner] = [outer::site().name(), inner::site().name()];
    assert_eq!(seen, [(outer, 0), (inner, 1), (inner, 1), (outer, 0), (inner, 0)]);
    assert_eq!(outcomes(&recording), [COLD, COLD, Outcome::Hit, Outcome::Hit, Outcome::Hit]);
    let at_the_top: std::time::Duration =
        recording.calls.iter().filter(|call| call.depth == 0).map(|call| call.took).sum();
    assert_eq!(recording.totals().time, at_the_top, "time inside another call is not counted twice");
}

#[test]
fn the_depth_of_calls_survives_a_panic() {
    #[cached]
    fn falls(n: u64) -> u64 {
        assert!(n > 1, "as it should");
        n
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("panics");
    scope.run(|| {
        catch_unwind(AssertUnwindSafe(|| falls(1))).unwrap_err();
        falls(2);
    });
    let recording = scope.recording();
    assert_eq!(outcomes(&recording), [Outcome::Error, COLD], "a call that fails is gathered too");
    assert!(recording.calls.iter().all(|call| call.depth == 0));
    // Its figures: an error found nothing.
    assert_eq!((recording.totals().hits, recording.totals().misses), (0, 2));
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    #[cached]
    fn many(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    recorder.keep(10);
    let scope = recorder.scope("many");
    scope.run(|| (0..25).map(many).sum::<u64>());
    assert_eq!((scope.recording().calls.len(), scope.recording().dropped), (10, 15));
    let totals = scope.recording().totals();
    assert_eq!((totals.calls, totals.misses), (25, 25), "what is not kept is counted all the same");
    assert!(scope.recording().to_string().ends_with("and 15 more, for which there was no room\n"));
}

#[test]
fn a_handle_takes_the_scope_to_work_that_it_starts() {
    #[cached]
    fn started(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("with a thread");
    scope.run(|| {
        let here = Scope::here();
        thread::scope(|threads| {
            threads.spawn(move || here.run(|| started(1)));
            threads.spawn(|| started(2));
        });
    });
    assert_eq!(outcomes(&scope.recording()), [COLD], "what is started without it is not");
    assert!(!Scope::here().is_recorded());
}

#[test]
fn what_ends_after_its_scope_goes_to_no_other() {
    #[cached]
    async fn late(n: u64) -> u64 {
        tokio::task::yield_now().await;
        n
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("gone before its call ends");
    let mut call = Box::pin(late(1));
    let began = scope.run(|| call.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())));
    assert!(began.is_pending());
    drop(scope);
    // The next one stands where that one stood.
    let next = recorder.scope("next");
    assert_eq!(next.run(|| futures::executor::block_on(call)), 1);
    assert_eq!(next.recording().calls.len(), 0);
    assert_eq!(recorder.scope("and another").recording().calls.len(), 0);
}

#[test]
fn recording_is_switched_while_calls_run() {
    #[cached]
    fn busy(n: u64) -> u64 {
        n + 1
    }
    let (_on, recorder) = recorded();
    let before = busy::site().stats().calls;
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| (0..20_000).for_each(|n| assert_eq!(busy(n % 16), n % 16 + 1)));
        }
        for _ in 0..50 {
            recorder.disable();
            recorder.enable();
        }
    });
    assert_eq!(busy::site().stats().calls, before + 40_000);
    assert!(recorder.is_enabled());
}

#[test]
fn the_time_of_a_call_is_counted_though_there_was_no_room_for_it_beside_those_inside_it() {
    #[cached]
    fn part(n: u64) -> u64 {
        n
    }
    #[cached]
    fn whole(n: u64) -> u64 {
        (0..n).map(part).sum()
    }
    let (_on, recorder) = recorded();
    recorder.keep(10);
    let scope = recorder.scope("one around many");
    scope.run(|| whole(20));
    let totals = scope.recording().totals();
    assert_eq!(totals.calls, 21);
    assert!(totals.time > std::time::Duration::ZERO, "the outer call ended last, when there was no room any more");
}

#[test]
fn a_scope_inside_of_a_body_has_depths_of_its_own() {
    #[cached]
    fn inner(n: u64) -> u64 {
        n
    }
    #[cached]
    fn body(n: u64) -> u64 {
        let scope = recorder().scope("inside");
        let value = scope.run(|| inner(n));
        assert!(scope.recording().calls[0].depth == 0 && !scope.recording().totals().time.is_zero());
        value
    }
    let (_on, recorder) = recorded();
    recorder.scope("outside").run(|| body(1));
}

#[test]
fn calls_stand_in_the_order_of_their_beginnings_though_time_stands_still() {
    #[cached]
    fn second(n: u64) -> u64 {
        n
    }
    #[cached]
    fn first(n: u64) -> u64 {
        second(n)
    }
    let (_on, recorder) = recorded();
    let time = cached_testkit::freeze();
    let scope = recorder.scope("frozen");
    scope.run(|| first(1));
    drop(time);
    assert_eq!(scope.recording().calls.iter().map(|call| call.depth).collect::<Vec<_>>(), [0, 1]);
}
