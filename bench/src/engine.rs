//! The engine beside every peer: what a hit costs by its shape, from how many threads, and what room takes.
//!
//! In: nothing. Out: works as in `subjects`. What they are held against first is a bare map that one thread reads.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::alloc;
use crate::subjects::{self, CACHED, FLOOR, KEYS, OURS, Subject, Work, hits, subject};
use crate::table::{Goal, Rate, Rows, head};

/// As many as do not fit into any cache of the processor.
const MANY: u64 = 1 << 20;
/// The bound of what is full.
const FULL: u64 = 10_000;

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
            Goal {
                text: "ours with a lifetime / floor",
                at_most: 1.6,
                figure: |rows| rows.ratio(TIMED, FLOOR),
            },
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
            subject(FLOOR, |calls| named(calls, |_, name| bare::text(&name.to_owned()))),
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
                        black_box(ours::text::entry(black_box("name-0000000000000000007")).with(|text| text.len()).ok());
                    }
                }),
            ],
            goals: &[],
        },
        &[Goal { text: "a clone's calls / `with`", at_most: 0.25, figure: |rate| rate.of(OURS) / rate.of(WITH) }],
    ),
];

/// By `#[cached]` of this workspace.
mod ours {
    use super::{Arc, subjects};
    use cached_core::cached;

    #[cached]
    pub(super) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(ttl = "1h")]
    pub(super) fn timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_entries = "unbounded")]
    pub(super) fn one_of_many(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_entries = 10_000)]
    pub(super) fn full(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached]
    pub(super) fn bytes(a: u64, b: u64, name: &str) -> Arc<Vec<u8>> {
        subjects::bytes(a, b, name)
    }

    #[cached]
    pub(super) fn owned(name: String) -> Arc<str> {
        subjects::text(&name)
    }

    #[cached]
    pub(super) fn text(name: &str) -> Arc<str> {
        subjects::text(name)
    }
}

/// By the attributes of the crate `cached`.
mod by_cached {
    use super::{Arc, subjects};
    use cached::macros::{cached, concurrent_cached};

    #[cached]
    pub(super) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_size = 10_000, ttl_secs = 3_600)]
    pub(super) fn timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[concurrent_cached]
    pub(super) fn concurrent(n: u64) -> u64 {
        subjects::number(n)
    }

    #[concurrent_cached(max_size = 10_000, ttl_secs = 3_600)]
    pub(super) fn concurrent_timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_size = 10_000)]
    pub(super) fn full(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached]
    pub(super) fn bytes(a: u64, b: u64, name: &str) -> Arc<Vec<u8>> {
        subjects::bytes(a, b, name)
    }

    #[cached]
    pub(super) fn owned(name: String) -> Arc<str> {
        subjects::text(&name)
    }
}

/// By `#[memoize]`.
mod by_memoize {
    use super::subjects;
    use memoize::memoize;
    use std::time::Duration;

    #[memoize(Capacity: 10_000, TimeToLive: Duration::from_secs(3_600))]
    pub(super) fn timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[memoize(SharedCache)]
    pub(super) fn shared(n: u64) -> u64 {
        subjects::number(n)
    }
}

/// By a map or a cache in a static, as one writes it by hand.
mod by_hand {
    use super::{FULL, HashMap, LazyLock, MANY, RandomState, RefCell, subjects};
    use quick_cache::UnitWeighter;
    use quick_cache::sync::{Cache, DefaultLifecycle};

    type Quick = Cache<u64, u64, UnitWeighter, RandomState>;

    static MOKA: LazyLock<moka::sync::Cache<u64, u64, RandomState>> =
        LazyLock::new(|| moka::sync::Cache::builder().max_capacity(FULL).build_with_hasher(RandomState::default()));
    static QUICK: LazyLock<Quick> = LazyLock::new(|| quick(2 * FULL));
    static QUICK_FULL: LazyLock<Quick> = LazyLock::new(|| quick(FULL));
    static PAPAYA: LazyLock<papaya::HashMap<u64, u64, RandomState>> = LazyLock::new(papaya::HashMap::default);
    static SCC: LazyLock<scc::HashIndex<u64, u64, RandomState>> = LazyLock::new(scc::HashIndex::default);
    static DASHMAP: LazyLock<dashmap::DashMap<u64, u64, RandomState>> = LazyLock::new(dashmap::DashMap::default);
    static LOCKED: LazyLock<parking_lot::RwLock<HashMap<u64, u64, RandomState>>> = LazyLock::new(Default::default);

    thread_local! {
        static LRU: RefCell<lru::LruCache<u64, u64, RandomState>> = RefCell::new(lru::LruCache::with_hasher(
            usize::try_from(FULL).ok().and_then(|bound| bound.try_into().ok()).expect("more than none"),
            RandomState::default(),
        ));
    }

    fn quick(bound: u64) -> Quick {
        let items = usize::try_from(bound.min(MANY)).unwrap_or(usize::MAX);
        Cache::with(items, bound, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
    }

    pub(super) fn moka(n: u64) -> u64 {
        MOKA.get(&n).unwrap_or_else(|| {
            MOKA.insert(n, subjects::number(n));
            n * 2
        })
    }

    pub(super) fn quick_cache(n: u64) -> u64 {
        into(&QUICK, n)
    }

    pub(super) fn quick_cache_full(n: u64) -> u64 {
        into(&QUICK_FULL, n)
    }

    fn into(cache: &Quick, n: u64) -> u64 {
        cache.get(&n).unwrap_or_else(|| {
            cache.insert(n, subjects::number(n));
            n * 2
        })
    }

    pub(super) fn papaya(n: u64) -> u64 {
        let map = PAPAYA.pin();
        *map.get(&n).unwrap_or_else(|| map.get_or_insert_with(n, || subjects::number(n)))
    }

    pub(super) fn scc(n: u64) -> u64 {
        SCC.peek_with(&n, |_, value| *value).unwrap_or_else(|| {
            let _ = SCC.insert_sync(n, subjects::number(n));
            n * 2
        })
    }

    pub(super) fn dashmap(n: u64) -> u64 {
        if let Some(found) = DASHMAP.get(&n) {
            return *found;
        }
        *DASHMAP.entry(n).or_insert_with(|| subjects::number(n))
    }

    pub(super) fn locked(n: u64) -> u64 {
        if let Some(found) = LOCKED.read().get(&n) {
            return *found;
        }
        *LOCKED.write().entry(n).or_insert_with(|| subjects::number(n))
    }

    pub(super) fn lru(n: u64) -> u64 {
        LRU.with_borrow_mut(|cache| *cache.get_or_insert(n, || subjects::number(n)))
    }
}

/// The floor: maps that are never written to.
mod bare {
    use super::{Arc, HashMap, KEYS, LazyLock, MANY, RandomState, subjects};
    use hashbrown::HashTable;
    use std::hash::BuildHasher;

    type Bytes = Arc<Vec<u8>>;

    static NUMBERS: LazyLock<HashMap<u64, u64, RandomState>> =
        LazyLock::new(|| (0..KEYS).map(|n| (n, n * 2)).collect());
    static ALL: LazyLock<HashMap<u64, u64, RandomState>> = LazyLock::new(|| (0..MANY).map(|n| (n, n * 2)).collect());
    static TEXTS: LazyLock<HashMap<String, Arc<str>, RandomState>> =
        LazyLock::new(|| subjects::NAMES.iter().map(|name| (name.clone(), subjects::text(name))).collect());
    static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    static BYTES: LazyLock<HashTable<(u64, u64, String, Bytes)>> = LazyLock::new(|| {
        let hash = |(a, b, name, _): &(u64, u64, String, Bytes)| HASHER.hash_one((a, b, name.as_str()));
        let mut table = HashTable::new();
        for (n, name) in (0..).zip(subjects::NAMES.iter()) {
            let entry = (n, n + 1, name.clone(), subjects::bytes(n, n + 1, name));
            table.insert_unique(hash(&entry), entry, hash);
        }
        table
    });

    pub(super) fn number(n: u64) -> u64 {
        NUMBERS[&n]
    }

    pub(super) fn one_of_many(n: u64) -> u64 {
        ALL[&n]
    }

    pub(super) fn text(name: &str) -> Arc<str> {
        Arc::clone(&TEXTS[name])
    }

    pub(super) fn bytes(a: u64, b: u64, name: &str) -> Bytes {
        let found = BYTES.find(HASHER.hash_one((a, b, name)), |entry| (entry.0, entry.1, entry.2.as_str()) == (a, b, name));
        found.map(|entry| Arc::clone(&entry.3)).expect("all are there")
    }
}

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

/// Bytes that are held for each of a million entries of two numbers.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn memory() {
    #[cached_core::cached(max_entries = 1_000_000)]
    fn held(n: u64) -> u64 {
        n
    }
    const ENTRIES: u64 = 1_000_000;
    const GOAL: Goal<f64> = Goal { text: "ours, bytes per entry", at_most: 42.0, figure: |bytes| *bytes };
    head("Memory of 1,000,000 entries of a `u64` and a `u64`", &["engine", "bytes per entry"]);
    let of = |fill: &mut dyn FnMut()| {
        let before = alloc::held();
        fill();
        (alloc::held() - before) as f64 / ENTRIES as f64
    };
    let ours = of(&mut || (0..ENTRIES).for_each(|n| assert_eq!(held(n), n)));
    let kept = held::site().stats().entries;
    println!("| ours ({kept} entries) | {ours:.1} |");
    let mut map = HashMap::<u64, u64, RandomState>::default();
    println!("| hashbrown | {:.1} |", of(&mut || (0..ENTRIES).for_each(|n| drop(map.insert(n, n)))));
    let dashmap = dashmap::DashMap::<u64, u64, RandomState>::default();
    println!("| dashmap | {:.1} |", of(&mut || (0..ENTRIES).for_each(|n| drop(dashmap.insert(n, n)))));
    let quick = quick_cache::sync::Cache::<u64, u64>::new(1_000_000);
    println!("| quick_cache | {:.1} |", of(&mut || (0..ENTRIES).for_each(|n| quick.insert(n, n))));
    let moka = moka::sync::Cache::<u64, u64>::new(ENTRIES);
    let fill = &mut || {
        (0..ENTRIES).for_each(|n| moka.insert(n, n));
        moka.run_pending_tasks();
    };
    println!("| moka | {:.1} |\n", of(fill));
    GOAL.print(&ours);
}
