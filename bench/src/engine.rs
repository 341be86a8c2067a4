//! The engine beside every peer: what a hit costs by its shape, from how many threads, and where it is full.
//!
//! In: nothing. Out: works as in `subjects`. What they are held against first is a bare map that one thread reads.

use std::hint::black_box;

use crate::engines::{FULL, MANY, bare, by_cached, by_hand, by_memoize, ours};
use crate::subjects::{self, CACHED, FLOOR, KEYS, OURS, Work, hits, subject};
use crate::table::{Goal, Rate, Rows};

const TIMED: &str = "ours, with a lifetime";
const LRU: &str = "lru, one thread";
const QUICK: &str = "quick_cache + foldhash";
const WITH: &str = "ours, `with`";

const TO_FLOOR: fn(&Rows) -> f64 = |rows| rows.ratio(OURS, FLOOR);

pub(crate) const WORKS: &[Work] = &[
    Work {
        title: "E1 hit, fn(u64) -> u64 with a lifetime, 1,024 keys",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| hits(calls, bare::number)),
            subject(TIMED, |calls| hits(calls, ours::timed)),
            subject(OURS, |calls| hits(calls, ours::number)),
            subject("cached, max_size and ttl", |calls| hits(calls, by_cached::timed)),
            subject("concurrent_cached", |calls| hits(calls, by_cached::concurrent)),
            subject("concurrent_cached, max_size and ttl", |calls| hits(calls, by_cached::concurrent_timed)),
            subject("memoize, capacity and ttl", |calls| hits(calls, by_memoize::timed)),
            subject("memoize, shared", |calls| hits(calls, by_memoize::shared)),
            subject("moka + foldhash", |calls| hits(calls, by_hand::moka)),
            subject(QUICK, |calls| hits(calls, by_hand::quick_cache)),
            subject("papaya + foldhash", |calls| hits(calls, by_hand::papaya)),
            subject("scc::HashIndex + foldhash", |calls| hits(calls, by_hand::scc)),
            subject("parking_lot::RwLock<HashMap>, foldhash", |calls| hits(calls, by_hand::locked)),
        ],
        goals: &[
            Goal { text: "ours with a lifetime / floor", at_most: 1.6, figure: |rows| rows.ratio(TIMED, FLOOR) },
            Goal {
                text: "what a lifetime adds, ns",
                at_most: 0.5,
                figure: |rows| rows.of(TIMED).median - rows.of(OURS).median,
            },
        ],
    },
    Work {
        title: "E2 hit, fn(u64) -> u64, each key from the value before, 1,024 keys",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| chain(calls, bare::number)),
            subject(OURS, |calls| chain(calls, ours::timed)),
            subject(QUICK, |calls| chain(calls, by_hand::quick_cache)),
            subject("papaya + foldhash", |calls| chain(calls, by_hand::papaya)),
            subject("scc::HashIndex + foldhash", |calls| chain(calls, by_hand::scc)),
        ],
        goals: &[Goal { text: "ours / floor", at_most: 1.05, figure: TO_FLOOR }],
    },
    Work {
        title: "E3 hit, fn(u64, u64, &str) -> Arc<Vec<u8>>, 1,024 keys",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| named(calls, |n, name| bare::bytes(n, n + 1, name))),
            subject(OURS, |calls| named(calls, |n, name| ours::bytes(n, n + 1, name))),
            subject(CACHED, |calls| named(calls, |n, name| by_cached::bytes(n, n + 1, name))),
        ],
        goals: &[Goal { text: "ours / floor", at_most: 1.08, figure: TO_FLOOR }],
    },
    Work {
        title: "E4 hit, fn(String) -> Arc<str>, 1,024 keys that are made for the call",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| named(calls, |_, name| bare::owned(name.to_owned()))),
            subject(OURS, |calls| named(calls, |_, name| ours::owned(name.to_owned()))),
            subject(CACHED, |calls| named(calls, |_, name| by_cached::owned(name.to_owned()))),
        ],
        goals: &[Goal { text: "ours / floor", at_most: 1.08, figure: TO_FLOOR }],
    },
    Work {
        title: "E5 hit, fn(u64) -> u64, 1,048,576 keys at random",
        hits: true,
        subjects: &[
            subject(FLOOR, |calls| at_random(calls, bare::one_of_many)),
            subject(OURS, |calls| at_random(calls, ours::one_of_many)),
            subject(CACHED, |calls| at_random(calls, by_cached::number)),
            subject("dashmap + foldhash", |calls| at_random(calls, by_hand::dashmap)),
            subject("papaya + foldhash", |calls| at_random(calls, by_hand::papaya)),
        ],
        goals: &[Goal { text: "ours / floor", at_most: 1.5, figure: TO_FLOOR }],
    },
    Work {
        title: "E6 miss and insert, fn(u64) -> u64, full at 10,000",
        hits: false,
        subjects: &[
            subject(LRU, |calls| stream(calls, by_hand::lru)),
            subject(OURS, |calls| stream(calls, ours::full)),
            subject(QUICK, |calls| stream(calls, by_hand::quick_cache_full)),
            subject(CACHED, |calls| stream(calls, by_cached::full)),
        ],
        goals: &[
            Goal { text: "ours / lru", at_most: 1.1, figure: |rows| rows.ratio(OURS, LRU) },
            Goal { text: "ours / quick_cache", at_most: 0.4, figure: |rows| rows.ratio(OURS, QUICK) },
        ],
    },
];

/// Works of two threads at once.
pub(crate) const TOGETHER: &[(Work, &[Goal<Rate>])] = &[
    (
        Work {
            title: "T1 hit, fn(u64) -> u64, one key on two threads",
            hits: true,
            subjects: &[
                subject(FLOOR, |calls| hot(calls, bare::number)),
                subject(OURS, |calls| hot(calls, ours::number)),
                subject(CACHED, |calls| hot(calls, by_cached::number)),
                subject(QUICK, |calls| hot(calls, by_hand::quick_cache)),
                subject("papaya + foldhash", |calls| hot(calls, by_hand::papaya)),
                subject("scc::HashIndex + foldhash", |calls| hot(calls, by_hand::scc)),
            ],
            goals: &[],
        },
        &[Goal { text: "floor's calls / ours", at_most: 1.25, figure: |rate| rate.of(FLOOR) / rate.of(OURS) }],
    ),
    (
        Work {
            title: "T2 95 hits and 5 misses in a hundred, full at 10,000, on two threads",
            hits: false,
            subjects: &[
                subject(QUICK, |calls| mostly_hits(calls, by_hand::quick_cache_full)),
                subject(OURS, |calls| mostly_hits(calls, ours::full)),
                subject(CACHED, |calls| mostly_hits(calls, by_cached::full)),
            ],
            goals: &[],
        },
        &[Goal { text: "quick_cache's calls / ours", at_most: 0.5, figure: |rate| rate.of(QUICK) / rate.of(OURS) }],
    ),
    (
        Work {
            title: "T3 a borrowed hit beside a clone of an `Arc`, one key on two threads",
            hits: true,
            subjects: &[
                subject(OURS, |calls| {
                    for _ in 0..calls {
                        black_box(ours::text(black_box("name-0000000000000000007")));
                    }
                }),
                subject(WITH, |calls| {
                    for _ in 0..calls {
                        black_box(
                            ours::text::entry(black_box("name-0000000000000000007")).with(|text| text.len()).ok(),
                        );
                    }
                }),
            ],
            goals: &[],
        },
        &[Goal { text: "a clone's calls / `with`", at_most: 0.25, figure: |rate| rate.of(OURS) / rate.of(WITH) }],
    ),
];

#[inline(always)]
fn chain(calls: u64, mut call: impl FnMut(u64) -> u64) {
    let mut n = 0;
    for _ in 0..calls {
        // The value is twice the key.
        n = (black_box(call(n)) / 2 + 1) % KEYS;
    }
    black_box(n);
}

#[inline(always)]
fn named<V>(calls: u64, mut call: impl FnMut(u64, &str) -> V) {
    let names = &**subjects::NAMES;
    for i in 0..calls {
        let n = i % KEYS;
        black_box(call(black_box(n), black_box(&names[usize::try_from(n).unwrap_or(0)])));
    }
}

#[inline(always)]
fn hot<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    for _ in 0..calls {
        black_box(call(black_box(7)));
    }
}

/// The next number of a row without a visible order (G. Marsaglia, "Xorshift RNGs", 2003).
#[inline(always)]
fn next(mut x: u64) -> u64 {
    x ^= x << 13;
    x ^= x >> 7;
    x ^ (x << 17)
}

thread_local! {
    static ROW: std::cell::Cell<u64> = const { std::cell::Cell::new(0x9e37_79b9_7f4a_7c15) };
}

#[inline(always)]
fn at_random<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    let mut row = ROW.get();
    for _ in 0..calls {
        row = next(row);
        black_box(call(black_box(row % MANY)));
    }
    ROW.set(row);
}

/// Nineteen in twenty of what fits, and one of what never came before.
#[inline(always)]
fn mostly_hits<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    let mut row = ROW.get();
    for _ in 0..calls {
        row = next(row);
        let n = if row.is_multiple_of(20) { row | 1 << 63 } else { row % (FULL / 2) };
        black_box(call(black_box(n)));
    }
    ROW.set(row);
}

/// Keys that nobody asked for before.
#[inline(always)]
fn stream<V>(calls: u64, mut call: impl FnMut(u64) -> V) {
    thread_local! {
        static NEXT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }
    let first = NEXT.get();
    NEXT.set(first + calls);
    for n in first..first + calls {
        black_box(call(black_box(n)));
    }
}

/// Fills what is asked for at random, so that all of it is a hit.
pub(crate) fn fill(work: &Work) {
    if work.title.starts_with("E5") {
        for n in 0..MANY {
            black_box((ours::one_of_many(n), by_cached::number(n), by_hand::dashmap(n), by_hand::papaya(n)));
        }
    }
}
