//! The breaker's word: how many may ask a backend that failed, whatever meets whatever.

use loom::sync::Arc;
use loom::thread;

use crate::breaker::{Breaker, REST};
use crate::check;
use crate::clock;

fn breaker(limit: u64) -> Arc<Breaker> {
    clock::set(0);
    Arc::new(Breaker::new(limit))
}

fn both<T: Send + 'static>(breaker: &Arc<Breaker>, act: impl Fn(&Breaker) -> T + Copy + Send + 'static) -> [T; 2] {
    let other = Arc::clone(breaker);
    let other = thread::spawn(move || act(&other));
    [act(breaker), other.join().unwrap()]
}

#[test]
fn of_all_who_come_after_a_rest_one_is_let_through() {
    check("two come to a broken one that has rested", || {
        let breaker = breaker(1);
        breaker.failed();
        assert!(breaker.is_open() && breaker.refuses());
        assert_eq!(both(&breaker, Breaker::lets_through), [false, false], "not yet");
        clock::set(clock::after(0, REST));
        let through = both(&breaker, Breaker::lets_through);
        assert_eq!(through.into_iter().filter(|through| *through).count(), 1);
        assert!(breaker.refuses(), "the others wait for how that one ends");
    });
}

#[test]
fn failures_of_two_threads_break_it_once() {
    check("failure against failure", || {
        let breaker = breaker(2);
        both(&breaker, Breaker::failed);
        assert!(breaker.is_open());
        assert_eq!(breaker.broke(), 1);
    });
}

#[test]
fn a_success_beside_a_failure_leaves_one_failure_at_most() {
    check("success against failure", || {
        let breaker = breaker(2);
        breaker.failed();
        let other = Arc::clone(&breaker);
        let other = thread::spawn(move || other.succeeded());
        breaker.failed();
        other.join().unwrap();
        // Open, if the second came before the success was seen to be needed; closed, or one failure, else.
        let was_open = breaker.is_open();
        breaker.succeeded();
        assert!(!breaker.is_open());
        breaker.failed();
        assert!(!breaker.is_open(), "one failure is not two; it was open: {was_open}");
    });
}

#[test]
fn the_success_of_the_one_let_through_opens_the_way_though_another_fails_late() {
    check("the success of a probe against a late failure", || {
        let breaker = breaker(2);
        breaker.failed();
        breaker.failed();
        clock::set(clock::after(0, REST));
        assert!(breaker.lets_through());
        let late = Arc::clone(&breaker);
        let late = thread::spawn(move || late.failed());
        breaker.succeeded();
        late.join().unwrap();
        assert!(!breaker.is_open() && breaker.lets_through());
        assert_eq!(breaker.broke(), 1);
    });
}
