//! Backends that keep every rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cached_core::backend::Backend;
use cached_testkit::conformance::{Report, Store, Subject, Verdict, check};
use cached_testkit::{Faulty, Shelf};

use crate::broken::{Broken, Clock, get, set, subject};
use crate::later::{Way, posted};
use crate::news::{Quirk, telling};

const LATER: [&str; 4] = [
    "a_reply_may_change_hands",
    "replies_may_be_awaited_in_any_order",
    "a_dropped_reply_does_not_stop_the_write",
    "dropped_replies_shift_no_others",
];
const NEWS: [&str; 9] = [
    "it_says_from_when_on_it_hears",
    "a_write_of_another_is_told",
    "a_conditional_write_of_another_is_told",
    "a_removal_of_another_is_told",
    "a_clear_of_another_is_told",
    "a_batch_of_another_is_told",
    "nothing_else_is_told",
    "own_changes_lose_no_news",
    "two_listeners_hear_their_own",
];
const LIMIT: [&str; 2] = ["the_longest_value_comes_back", "a_value_over_the_limit_is_never_cut"];
const HANDLES: [&str; 6] = [
    "another_handle_sees_what_was_written",
    "another_handle_sees_what_was_removed",
    "a_handle_remembers_nothing",
    "conditions_hold_between_handles",
    "threads_of_two_handles_count_exactly",
    "a_handle_that_goes_takes_nothing_along",
];

/// Checks that every rule passed, but for those that say nothing about it.
#[track_caller]
fn passes(report: &Report, but: &[&[&str]]) {
    report.assert();
    assert_eq!(report.not_applicable(), but.concat());
    assert!(report.verdicts().filter(|(_, verdict)| **verdict == Verdict::Passed).count() >= 100);
}

#[test]
fn a_shelf_whose_time_is_moved_keeps_every_rule() {
    passes(&check(&subject(|it| it)), &[&LIMIT, &LATER, &NEWS]);
}

#[test]
fn a_shelf_whose_time_goes_by_keeps_every_rule() {
    let subject = Subject::new(|| Store::new(Arc::new(Shelf::new())));
    let report = check(&subject);
    passes(&report, &[&LIMIT, &HANDLES, &["closing_takes_nothing_along"], &LATER, &NEWS]);
}

#[test]
fn a_shelf_that_answers_later_keeps_every_rule() {
    passes(&check(&posted(Way::Sound)), &[&LIMIT, &NEWS]);
    let subject = Subject::new(|| {
        let faulty = Arc::new(Faulty::new(Arc::new(Shelf::new())));
        faulty.answer_later(2);
        Store::new(Arc::clone(&faulty) as Arc<dyn Backend>).another(move || faulty.clone())
    });
    passes(&check(&subject), &[&LIMIT, &NEWS]);
}

#[test]
fn a_shelf_that_tells_of_changes_keeps_every_rule() {
    passes(&check(&telling(Quirk::None)), &[&LIMIT, &LATER, &["without_news_it_says_so"]]);
}

#[test]
fn a_shelf_that_refuses_what_is_too_long_keeps_every_rule() {
    passes(&check(&subject(|it| it.refusing_over(2 << 20))), &[&LATER, &NEWS]);
    let report = check(&subject(|it| it.refusing_over(100_000)));
    passes(&report, &[&["a_mebibyte_comes_back"], &LATER, &NEWS]);
}

#[test]
fn a_shelf_that_takes_its_time_keeps_every_rule() {
    let made = AtomicUsize::new(0);
    let subject = Subject::new(move || {
        // The first store is that of the rules about lifetimes: the shortest life is over before three are asked.
        let slow = made.fetch_add(1, Ordering::Relaxed) == 0;
        let take_time = move || thread::sleep(Duration::from_millis(if slow { 25 } else { 0 }));
        let backend = Broken::on(Arc::new(Shelf::new()), &Clock::default()).racing();
        let backend = backend.get(move |shelf, keys| {
            take_time();
            get(shelf, keys)
        });
        Store::new(Arc::new(backend.set(move |shelf, writes| {
            take_time();
            set(shelf, writes)
        })))
    });
    passes(&check(&subject), &[&LIMIT, &HANDLES, &["closing_takes_nothing_along"], &LATER, &NEWS]);
}

#[test]
fn a_shelf_with_a_coarse_clock_keeps_every_rule_if_that_is_said() {
    const STEP: u128 = 60;
    let subject = Subject::new(|| {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() / STEP * STEP;
        Store::new(Arc::new(Shelf::with_clock(move || Duration::from_millis(now().try_into().unwrap()))))
    });
    let report = check(&subject.tick(Duration::from_millis(60)));
    passes(&report, &[&LIMIT, &HANDLES, &["closing_takes_nothing_along"], &LATER, &NEWS]);
}
