//! What is measured: the same small functions, cached by us, by the peers and by hand.
//!
//! In: a number of calls. Out: the calls, made in a loop of their own type, so that nothing stands
//! between the loop and the cached function. Every body is counted: a work of hits runs none.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use cached_core::recorder::{Show, recorder};

use crate::peers::{bare, by_cached, by_dashmap, by_memoize, by_quick_cache, ours};
use crate::table::{Goal, Rows};

/// Keys of a work of hits; also the bound of the caches that are full.
pub(crate) const KEYS: u64 = 1_024;

/// The names that ratios and goals refer to.
pub(crate) const FLOOR: &str = "floor: bare hashbrown + foldhash";
pub(crate) const OURS: &str = "ours";
pub(crate) const CACHED: &str = "cached";
const GENERIC: &str = "ours, generic";
const RECORDED: &str = "ours, recorded";
const TRACED: &str = "ours, recorded with a trace each";

/// One way to cache, with a loop that makes so many calls.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) run: fn(u64),
}

/// What the subjects of one table all do.
pub(crate) struct Work {
    pub(crate) title: &'static str,
    /// Once warm, no call runs the body.
    pub(crate) hits: bool,
    pub(crate) subjects: &'static [Subject],
    pub(crate) goals: &'static [Goal<Rows>],
}

pub(crate) const fn subject(name: &'static str, run: fn(u64)) -> Subject {
    Subject { name, run }
}

/// No allocation on a hit: the goal of every work of hits.
const NO_ALLOCATION: Goal<Rows> =
    Goal { text: "ours, allocations per hit", at_most: 0.0, figure: |rows| rows.of(OURS).allocations };

/// One thread, one operation each.
pub(crate) const WORKS: &[Work] = &[
    Work {
        title: "W1 hit, fn(u64) -> u64, 1,024 keys",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| hits(calls, |n| bare::number(bare::NUMBERS.get(&n)))),
            subject(OURS, |calls| hits(calls, ours::number)),
            subject(CACHED, |calls| hits(calls, by_cached::number)),
            subject("memoize (one map per thread)", |calls| hits(calls, by_memoize::number)),
            subject("dashmap + foldhash", |calls| hits(calls, by_dashmap::number)),
            subject("quick_cache + foldhash", |calls| hits(calls, by_quick_cache::number)),
        ],
        goals: &[
            Goal { text: "ours / cached, time", at_most: 0.7, figure: |rows| rows.ratio(OURS, CACHED) },
            NO_ALLOCATION,
        ],
    },
    Work {
        title: "W2 hit, fn(&str) -> Arc<str>, 1,024 keys of 24 bytes",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| named(calls, |key| bare::text(bare::TEXTS.get(key)))),
            subject(OURS, |calls| named(calls, ours::text)),
            subject(CACHED, |calls| named(calls, by_cached::text)),
            subject("memoize (one map per thread)", |calls| named(calls, |key| by_memoize::text(key.to_owned()))),
            subject("dashmap + foldhash", |calls| named(calls, by_dashmap::text)),
            subject("quick_cache + foldhash", |calls| named(calls, by_quick_cache::text)),
        ],
        goals: &[
            Goal { text: "ours / cached, time", at_most: 0.7, figure: |rows| rows.ratio(OURS, CACHED) },
            NO_ALLOCATION,
        ],
    },
    Work {
        title: "W3 hit, fn<T>(T) -> u64, 1,024 keys",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| hits(calls, |n| bare::number(bare::NUMBERS.get(&n)))),
            subject(OURS, |calls| hits(calls, ours::number)),
            subject(GENERIC, |calls| hits(calls, ours::generic::<u64>)),
        ],
        goals: &[
            Goal {
                text: "ours, generic - plain, ns",
                at_most: 1.5,
                figure: |rows| rows.of(GENERIC).median - rows.of(OURS).median,
            },
            Goal {
                text: "ours, generic, allocations per hit",
                at_most: 0.0,
                figure: |rows| rows.of(GENERIC).allocations,
            },
        ],
    },
    Work {
        title: "W4 hit, async fn(u64) -> u64, 1,024 keys, one poll",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| hits(calls, |n| once(async { bare::number(bare::NUMBERS.get(&n)) }))),
            subject(OURS, |calls| hits(calls, |n| once(ours::later(n)))),
            subject(CACHED, |calls| hits(calls, |n| once(by_cached::later(n)))),
        ],
        goals: &[NO_ALLOCATION],
    },
    Work {
        title: "W5 miss and insert, fn(u64) -> u64, full at 1,024",
        hits: false,
        subjects: &[
            subject(FLOOR, |calls| bare::full(|insert| misses(calls, insert))),
            subject(OURS, |calls| misses(calls, ours::full)),
            subject(CACHED, |calls| misses(calls, by_cached::full)),
            subject("quick_cache + foldhash", |calls| misses(calls, by_quick_cache::full)),
        ],
        goals: &[],
    },
    Work {
        title: "W7 hit, fn(u64) -> u64, while calls are recorded, in scopes of 500",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| hits(calls, |n| bare::number(bare::NUMBERS.get(&n)))),
            subject(OURS, |calls| hits(calls, ours::number)),
            subject(RECORDED, |calls| recorded(calls, 0, Show::Nothing)),
            subject("ours, recorded with its key", |calls| recorded(calls, 0, Show::Keys)),
            subject(TRACED, |calls| recorded(calls, u32::MAX, Show::Nothing)),
        ],
        goals: &[
            Goal {
                text: "ours, recorded - ours, ns",
                at_most: 1_000.0,
                figure: |rows| rows.of(RECORDED).median - rows.of(OURS).median,
            },
            Goal {
                text: "ours, with a trace each - ours, ns",
                at_most: 10_000.0,
                figure: |rows| rows.of(TRACED).median - rows.of(OURS).median,
            },
        ],
    },
];

/// One key that all threads ask for.
pub(crate) const HOT: Work = Work {
    title: "W6 hit, fn(u64) -> u64, one key on two threads",
    hits: true,
    subjects: &[
        subject(FLOOR, |calls| hot(calls, |n| bare::number(bare::NUMBERS.get(&n)))),
        subject(OURS, |calls| hot(calls, ours::number)),
        subject(CACHED, |calls| hot(calls, by_cached::number)),
        subject("dashmap + foldhash", |calls| hot(calls, by_dashmap::number)),
        subject("quick_cache + foldhash", |calls| hot(calls, by_quick_cache::number)),
    ],
    goals: &[],
};

#[inline(always)]
pub(crate) fn hits<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    for i in 0..calls {
        black_box(call(black_box(i % KEYS)));
    }
}

/// Hits that are recorded; the recorder is off again afterwards.
fn recorded(calls: u64, traces: u32, show: Show) {
    let recorder = recorder();
    recorder.enable();
    recorder.traces(traces);
    recorder.show(show);
    for first in (0..calls).step_by(500) {
        recorder.scope("a request").run(|| hits(500.min(calls - first), ours::number));
    }
    recorder.show(Show::Nothing);
    recorder.traces(0);
    recorder.disable();
}

#[inline(always)]
fn named<V>(calls: u64, mut call: impl FnMut(&str) -> V) {
    let names = &**NAMES;
    for i in 0..calls {
        let name = &names[usize::try_from(i % KEYS).unwrap_or(0)];
        black_box(call(black_box(name)));
    }
}

#[inline(always)]
fn hot<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    for _ in 0..calls {
        black_box(call(black_box(7)));
    }
}

/// Calls with arguments that nobody was called with before.
#[inline(always)]
fn misses<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let first = NEXT.fetch_add(calls, Ordering::Relaxed);
    for n in first..first + calls {
        black_box(call(black_box(n)));
    }
}

/// Polls a future that is ready at its first poll, as a hit is.
#[inline(always)]
fn once<V>(future: impl Future<Output = V>) -> V {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a hit has to be ready at its first poll"),
    }
}

/// The texts that are asked for, 24 bytes each.
pub(crate) static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..KEYS).map(|n| format!("name-{n:019}")).collect());

static BODIES: AtomicU64 = AtomicU64::new(0);

/// How often a body ran so far.
pub(crate) fn bodies() -> u64 {
    BODIES.load(Ordering::Relaxed)
}

/// What every function on numbers computes.
pub(crate) fn number(n: u64) -> u64 {
    BODIES.fetch_add(1, Ordering::Relaxed);
    n * 2
}

/// What every function on numbers and a name computes.
pub(crate) fn bytes(a: u64, b: u64, name: &str) -> Arc<Vec<u8>> {
    BODIES.fetch_add(1, Ordering::Relaxed);
    Arc::new([&a.to_le_bytes()[..], &b.to_le_bytes(), name.as_bytes()].concat())
}

/// What every function on texts computes.
pub(crate) fn text(name: &str) -> Arc<str> {
    BODIES.fetch_add(1, Ordering::Relaxed);
    name.to_uppercase().into()
}
