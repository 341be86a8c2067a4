//! The window of `stale`: while one caller computes, the others are given the old value, as long as the
//! window says. The caller who computes is held by hand, so that there is always another.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use cached_core::{cached, shutdown, testing};
use cached_testkit::poll_n;
use futures::executor::block_on;

use cached_tests::crowd::{now, routed};
use cached_tests::support::scaled;

use super::{Clock, Dice, KEYS, Moment, SECOND, SLACK, TTL, is_before, later};

const WINDOW: u64 = 25 * SECOND;

static BEGUN: AtomicU64 = AtomicU64::new(0);
static OPEN: AtomicBool = AtomicBool::new(true);

#[cached(ttl = "60s", stale = "25s")]
async fn by_stale(_key: usize) -> u64 {
    let run = BEGUN.fetch_add(1, SeqCst) + 1;
    poll_fn(|_| if OPEN.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }).await;
    run
}

type Caller = Pin<Box<dyn Future<Output = u64> + Send>>;

/// A caller, as far as a poll brings it; `Ok` is what it was given.
fn polled(caller: Caller) -> Result<u64, Caller> {
    poll_n(caller, 1).map_err(|pending| pending.future)
}

/// What the model knows of a key: the run that is stored, and when it ends.
type Stored = Option<(u64, Moment)>;

struct Model {
    keys: [Stored; KEYS],
    clock: Clock,
    dice: Dice,
    served: u64,
    refused: u64,
}

impl Model {
    fn plays(&mut self, steps: usize) {
        for _ in 0..steps {
            let key = usize::try_from(self.dice.below(KEYS as u64)).expect("it is small");
            match self.dice.below(8) {
                0..5 => self.calls(key),
                5 => self.clock.advance(self.dice.below(20 * SECOND)),
                _ => self.goes_to_an_end_of(key),
            }
        }
    }

    fn goes_to_an_end_of(&mut self, key: usize) {
        let Some((_, end)) = self.keys[key] else { return };
        let end = if self.dice.below(2) == 0 { end } else { later(end, WINDOW, WINDOW) };
        let slack = if self.clock.wall { SLACK } else { 1 };
        let goal = if self.dice.below(2) == 0 { end.0.saturating_sub(slack) } else { end.1 };
        self.clock.advance(goal.saturating_sub(self.clock.now()));
    }

    /// One caller; if it has to compute, it is held, and a second one comes.
    fn calls(&mut self, key: usize) {
        let (began, begun) = (self.clock.now(), BEGUN.load(SeqCst));
        OPEN.store(false, SeqCst);
        let mut first: Result<u64, Caller> = Err(Box::pin(by_stale(key)));
        while BEGUN.load(SeqCst) == begun {
            match first.map_or_else(polled, Ok) {
                Ok(given) => return self.was_served(key, given, (began, self.clock.now())),
                pending => first = pending,
            }
        }
        let at = (began, self.clock.now());
        if let Some((_, end)) = self.keys[key] {
            assert_ne!(is_before(at, end), Some(true), "lost before its deadline");
        }
        let second = self.second(key);
        OPEN.store(true, SeqCst);
        let Err(first) = first else { unreachable!("it was held") };
        if self.dice.below(4) == 0 {
            drop(first);
            drop(second);
            return;
        }
        let ended = self.clock.now();
        let fresh = block_on(first);
        assert_eq!(shutdown(Duration::from_secs(30)), 0, "what was computed is written");
        assert_eq!(fresh, begun + 1);
        if let Some(second) = second {
            assert_eq!(block_on(second), fresh, "who is not given the old value waits for the new one");
        }
        self.keys[key] = Some((fresh, later((ended, self.clock.now()), TTL, TTL)));
    }

    fn was_served(&self, key: usize, given: u64, at: Moment) {
        let (run, end) = self.keys[key].expect("what nobody stored cannot be served");
        assert_eq!(given, run, "the value of another");
        assert_ne!(is_before(at, end), Some(false), "served at its deadline or after it, while nobody computed");
    }

    /// A caller who comes while another computes: given the old value within the window, and not after it.
    fn second(&mut self, key: usize) -> Option<Caller> {
        let began = self.clock.now();
        let mut second: Result<u64, Caller> = Err(Box::pin(by_stale(key)));
        let window = self.keys[key].map(|(run, end)| (run, later(end, WINDOW, WINDOW)));
        // On bytes a worker reads; that a caller was not answered shows after a while only. Within the window it
        // is answered, unless that ends while the test waits.
        let asked = now();
        let mut patience = if self.clock.wall { 200 } else { 1 };
        while patience > 0 {
            second = second.map_or_else(polled, Ok);
            if second.is_ok() {
                break;
            }
            let at = (self.clock.now(), self.clock.now());
            if self.clock.wall && window.is_some_and(|(_, end)| is_before(at, end) == Some(true)) {
                assert!(asked.elapsed() < Duration::from_secs(10), "not served in its window");
            } else {
                patience -= 1;
            }
            std::thread::yield_now();
        }
        let within = window.map(|(_, end)| is_before((began, self.clock.now()), end));
        match second {
            Ok(given) => {
                self.served += 1;
                let run = window.expect("what nobody stored cannot be served").0;
                assert_eq!(given, run, "the value of another");
                assert_ne!(within, Some(Some(false)), "served after its window");
                None
            }
            Err(waiting) => {
                self.refused += 1;
                assert!(self.clock.wall || within != Some(Some(true)), "not served in its window");
                Some(waiting)
            }
        }
    }
}

#[test]
fn r24_while_one_computes_the_old_value_is_served_in_its_window_and_not_after_it() {
    for (kind, steps) in [("memory", 1_000_000), ("file", 20_000)] {
        let (_routed, _frozen) = (routed(kind, "reliability::lifetimes::stale::*", "10s"), testing::freeze());
        let clock = Clock { moved: 0, wall: kind == "file" };
        let dice = Dice(0x2545_f491_4f6c_dd1d);
        let mut model = Model { keys: [None; KEYS], clock, dice, served: 0, refused: 0 };
        let steps = scaled(steps);
        model.plays(steps);
        let Model { served, refused, .. } = model;
        println!("R24 by_stale {kind}: {steps} steps, {served} served stale, {refused} not: 0 late, 0 lost");
        assert!(served * 50 > steps as u64 && refused * 50 > steps as u64, "both sides of the window are met");
        assert_eq!(by_stale::site().flights(), 0);
    }
}
