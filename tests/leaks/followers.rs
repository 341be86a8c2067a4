//! R18: a thousand followers, of whom nearly all give up.
//!
//! In: a leader, and followers that are polled by hand and dropped at random polls. Out: one body, the value for those who
//! stayed, and a heap as it was before.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use cached_core::cached;

use cached_tests::crowd::{Gauge, at_rest, flush, routed, step};
use cached_tests::dice::Dice;
use cached_tests::support::scaled;

use crate::{KIB, heap};

const FOLLOWERS: usize = 1_000;
const STAY: usize = 10;
/// The body takes so many polls; the leader ends it when the followers who leave have left.
const STEPS: u64 = 20;

static BODIES: Gauge = Gauge::new();
static ROUND: AtomicU64 = AtomicU64::new(0);

#[cached(max_entries = 10)]
async fn stepwise(round: u64) -> String {
    let _inside = BODIES.enter();
    for _ in 0..STEPS {
        step().await;
    }
    format!("value {round}")
}

type Call = Pin<Box<dyn Future<Output = String> + Send>>;

fn poll(call: &mut Call) -> Option<String> {
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// How many reads of files have ended.
fn reads() -> u64 {
    let there = cached_core::backends().into_iter().find(|backend| backend.alias == "there").expect("configured");
    there.operations.iter().filter(|(name, _)| name.starts_with("reads")).map(|(_, count)| count).sum()
}

fn round(dice: &mut Dice, all: usize, on_files: bool) {
    let (round, before) = (ROUND.fetch_add(1, Relaxed), stepwise::site().stats());
    BODIES.reset();
    let mut leader: Call = Box::pin(stepwise(round));
    // On a backend that blocks, a worker reads first; the body is there when the Gauge says so.
    while BODIES.runs() == 0 {
        assert!(poll(&mut leader).is_none());
    }
    let (read, mut polled) = (reads(), 0);
    let follower = |_| Box::pin(stepwise(round)) as Call;
    let mut followers: Vec<Option<Call>> = (0..all).map(|place| Some(follower(place))).collect();
    let stays = |place: usize| place.is_multiple_of(all / STAY);
    // Each who leaves is polled a few times, and gone after the last; one in twenty of them is never polled.
    let mut left: Vec<_> = (0..all).map(|place| if stays(place) { u64::MAX } else { dice.below(STEPS) }).collect();
    for turn in 0..STEPS {
        polled += if turn == 0 { left.iter().filter(|&&left| left > 0).count() as u64 } else { 0 };
        for place in 0..all {
            if left[place] == 0 {
                followers[place] = None;
            }
            left[place] = left[place].saturating_sub(1);
            if let Some(follower) = &mut followers[place] {
                assert_eq!(poll(follower), None, "the leader has not ended at turn {turn}");
            }
        }
    }
    // Having read, those who stay wait for the leader.
    while on_files && reads() - read < polled {
        std::thread::yield_now();
    }
    for follower in followers.iter_mut().flatten() {
        assert_eq!(poll(follower), None, "the leader has not ended");
    }
    let (here, cancelled) = (
        followers.iter().flatten().count(),
        usize::try_from(stepwise::site().stats().cancelled - before.cancelled).expect("few"),
    );
    assert_eq!(here, STAY, "those who stay");
    assert!(
        (all * 9 / 10..=all - STAY).contains(&cancelled),
        "of those who left, all but the never polled are counted: {cancelled}"
    );
    let value = format!("value {round}");
    let mut led = None;
    while led.is_none() {
        led = poll(&mut leader);
    }
    assert_eq!(led.as_ref(), Some(&value));
    flush();
    for follower in followers.iter_mut().flatten() {
        // Of a read that was counted, the answer may still be on its way.
        let given = std::iter::repeat_with(|| poll(follower)).find(|given| given.is_some() || !on_files);
        assert_eq!(given.flatten().as_ref(), Some(&value), "whoever stayed has the value at once");
    }
    assert_eq!(BODIES.runs(), 1, "the leader finishes once");
    let after = stepwise::site().stats();
    assert_eq!(after.joined + after.hits - before.joined - before.hits, STAY as u64);
}

pub(crate) fn leave(kind: &str) {
    let _routed = routed(kind, "leaks::followers::*", "10s");
    let mut dice = Dice::new(0);
    let on_files = kind == "file";
    // First more of them (no more than may wait for a thread at a time), so that every table has its size; then as many rounds as there may be entries, so that
    // from then on each value stands in the place of another.
    (0..3).for_each(|_| round(&mut dice, FOLLOWERS + 20, on_files));
    (0..10).for_each(|_| round(&mut dice, FOLLOWERS, on_files));
    let rounds = scaled(100);
    let before = heap();
    let mut most = 0;
    for _ in 0..rounds {
        round(&mut dice, FOLLOWERS, on_files);
        assert_eq!(stepwise::site().flights(), 0, "nobody waits in it");
        most = most.max((heap() - before).abs());
    }
    println!(
        "R18 {kind}: {rounds} rounds of {FOLLOWERS} followers, of whom {STAY} stayed: 1 body in each, the heap at most \
         {most} bytes from where it was"
    );
    assert!(most <= 64 * KIB, "{most} bytes");
    at_rest(stepwise::site());
}
