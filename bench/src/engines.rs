//! The engines that are held against one another: functions cached by us, by the attributes of others, and by hand.
//!
//! In: a number or a text. Out: what [`subjects`] make of it; and the bytes that an entry takes.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::alloc;
use crate::subjects::{self, KEYS};
use crate::table::{Goal, head};

/// As many as do not fit into any cache of the processor.
pub(crate) const MANY: u64 = 1 << 20;
/// The bound of what is full.
pub(crate) const FULL: u64 = 10_000;

/// By `#[cached]` of this workspace.
pub(crate) mod ours {
    use super::{Arc, subjects};
    use cached_core::cached;

    #[cached]
    pub(crate) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(ttl = "1h")]
    pub(crate) fn timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_entries = "unbounded")]
    pub(crate) fn one_of_many(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_entries = 10_000)]
    pub(crate) fn full(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached]
    pub(crate) fn bytes(a: u64, b: u64, name: &str) -> Arc<Vec<u8>> {
        subjects::bytes(a, b, name)
    }

    #[cached]
    pub(crate) fn owned(name: String) -> Arc<str> {
        subjects::text(&name)
    }

    #[cached]
    pub(crate) fn text(name: &str) -> Arc<str> {
        subjects::text(name)
    }
}

/// By the attributes of the crate `cached`.
pub(crate) mod by_cached {
    use super::{Arc, subjects};
    use cached::macros::{cached, concurrent_cached};

    #[cached]
    pub(crate) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_size = 10_000, ttl_secs = 3_600)]
    pub(crate) fn timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[concurrent_cached]
    pub(crate) fn concurrent(n: u64) -> u64 {
        subjects::number(n)
    }

    #[concurrent_cached(max_size = 10_000, ttl_secs = 3_600)]
    pub(crate) fn concurrent_timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_size = 10_000)]
    pub(crate) fn full(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached]
    pub(crate) fn bytes(a: u64, b: u64, name: &str) -> Arc<Vec<u8>> {
        subjects::bytes(a, b, name)
    }

    #[cached]
    pub(crate) fn owned(name: String) -> Arc<str> {
        subjects::text(&name)
    }
}

/// By `#[memoize]`.
#[expect(clippy::disallowed_methods, reason = "its expansion reads the clock")]
pub(crate) mod by_memoize {
    use super::subjects;
    use memoize::memoize;
    use std::time::Duration;

    #[memoize(Capacity: 10_000, TimeToLive: Duration::from_secs(3_600))]
    pub(crate) fn timed(n: u64) -> u64 {
        subjects::number(n)
    }

    #[memoize(SharedCache)]
    pub(crate) fn shared(n: u64) -> u64 {
        subjects::number(n)
    }
}

/// By a map or a cache in a static, as one writes it by hand.
pub(crate) mod by_hand {
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

    pub(crate) fn moka(n: u64) -> u64 {
        MOKA.get(&n).unwrap_or_else(|| {
            MOKA.insert(n, subjects::number(n));
            n * 2
        })
    }

    pub(crate) fn quick_cache(n: u64) -> u64 {
        into(&QUICK, n)
    }

    pub(crate) fn quick_cache_full(n: u64) -> u64 {
        into(&QUICK_FULL, n)
    }

    fn into(cache: &Quick, n: u64) -> u64 {
        cache.get(&n).unwrap_or_else(|| {
            cache.insert(n, subjects::number(n));
            n * 2
        })
    }

    pub(crate) fn papaya(n: u64) -> u64 {
        let map = PAPAYA.pin();
        *map.get(&n).unwrap_or_else(|| map.get_or_insert_with(n, || subjects::number(n)))
    }

    pub(crate) fn scc(n: u64) -> u64 {
        SCC.peek_with(&n, |_, value| *value).unwrap_or_else(|| {
            let _ = SCC.insert_sync(n, subjects::number(n));
            n * 2
        })
    }

    pub(crate) fn dashmap(n: u64) -> u64 {
        if let Some(found) = DASHMAP.get(&n) {
            return *found;
        }
        *DASHMAP.entry(n).or_insert_with(|| subjects::number(n))
    }

    pub(crate) fn locked(n: u64) -> u64 {
        if let Some(found) = LOCKED.read().get(&n) {
            return *found;
        }
        *LOCKED.write().entry(n).or_insert_with(|| subjects::number(n))
    }

    pub(crate) fn lru(n: u64) -> u64 {
        LRU.with_borrow_mut(|cache| *cache.get_or_insert(n, || subjects::number(n)))
    }
}

/// The floor: maps that are never written to.
pub(crate) mod bare {
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

    pub(crate) fn number(n: u64) -> u64 {
        NUMBERS[&n]
    }

    pub(crate) fn one_of_many(n: u64) -> u64 {
        ALL[&n]
    }

    #[expect(clippy::needless_pass_by_value, reason = "as the functions that are held against it")]
    pub(crate) fn owned(name: String) -> Arc<str> {
        Arc::clone(&TEXTS[&name])
    }

    pub(crate) fn bytes(a: u64, b: u64, name: &str) -> Bytes {
        let found =
            BYTES.find(HASHER.hash_one((a, b, name)), |entry| (entry.0, entry.1, entry.2.as_str()) == (a, b, name));
        found.map(|entry| Arc::clone(&entry.3)).expect("all are there")
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
    println!("| hashbrown | {:.1} |", of(&mut || (0..ENTRIES).for_each(|n| assert!(map.insert(n, n).is_none()))));
    let dashmap = dashmap::DashMap::<u64, u64, RandomState>::default();
    println!("| dashmap | {:.1} |", of(&mut || (0..ENTRIES).for_each(|n| assert!(dashmap.insert(n, n).is_none()))));
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
