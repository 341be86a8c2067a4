//! The cached functions, a module for each way to cache, written as its users write it.
//!
//! In: a number or a text. Out: what [`subjects::number`] and [`subjects::text`] make of it.

use std::sync::{Arc, LazyLock};

use foldhash::fast::RandomState;

use crate::subjects::{self, KEYS};

/// By `#[cached]` of this workspace, with its default features.
pub(crate) mod ours {
    use super::{Arc, subjects};
    use cached_core::cached;
    use std::hash::Hash;

    #[cached]
    pub(crate) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached]
    pub(crate) fn generic<T: Copy + Into<u64> + Hash + Eq + Send + Sync + 'static>(n: T) -> u64 {
        subjects::number(n.into())
    }

    #[cached]
    pub(crate) fn text(name: &str) -> Arc<str> {
        subjects::text(name)
    }

    #[cached]
    pub(crate) async fn later(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_entries = 1_024)]
    pub(crate) fn full(n: u64) -> u64 {
        subjects::number(n)
    }
}

/// By `#[cached]` of the crate `cached`, which owns a borrowed argument before it looks.
pub(crate) mod by_cached {
    use super::{Arc, subjects};
    use cached::macros::cached;

    #[cached]
    pub(crate) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached]
    pub(crate) fn text(name: &str) -> Arc<str> {
        subjects::text(name)
    }

    #[cached]
    pub(crate) async fn later(n: u64) -> u64 {
        subjects::number(n)
    }

    #[cached(max_size = 1_024)]
    pub(crate) fn full(n: u64) -> u64 {
        subjects::number(n)
    }
}

/// By `#[memoize]`, which keeps a map for each thread and takes no references.
pub(crate) mod by_memoize {
    use super::{Arc, subjects};
    use memoize::memoize;

    #[memoize]
    pub(crate) fn number(n: u64) -> u64 {
        subjects::number(n)
    }

    #[memoize]
    pub(crate) fn text(name: String) -> Arc<str> {
        subjects::text(&name)
    }
}

/// By hand, around a `DashMap`.
pub(crate) mod by_dashmap {
    use super::{Arc, LazyLock, RandomState, subjects};
    use dashmap::DashMap;

    static NUMBERS: LazyLock<DashMap<u64, u64, RandomState>> = LazyLock::new(DashMap::default);
    static TEXTS: LazyLock<DashMap<String, Arc<str>, RandomState>> = LazyLock::new(DashMap::default);

    pub(crate) fn number(n: u64) -> u64 {
        if let Some(found) = NUMBERS.get(&n) {
            return *found;
        }
        *NUMBERS.entry(n).or_insert_with(|| subjects::number(n))
    }

    pub(crate) fn text(name: &str) -> Arc<str> {
        if let Some(found) = TEXTS.get(name) {
            return Arc::clone(&found);
        }
        Arc::clone(&TEXTS.entry(name.to_owned()).or_insert_with(|| subjects::text(name)))
    }
}

/// By hand, around a `quick_cache`, with our own default bound.
pub(crate) mod by_quick_cache {
    use super::{Arc, KEYS, LazyLock, RandomState, subjects};
    use quick_cache::UnitWeighter;
    use quick_cache::sync::{Cache, DefaultLifecycle};
    use std::hash::Hash;

    type Map<K, V> = Cache<K, V, UnitWeighter, RandomState>;

    static NUMBERS: LazyLock<Map<u64, u64>> = LazyLock::new(|| bounded(10_000));
    static TEXTS: LazyLock<Map<String, Arc<str>>> = LazyLock::new(|| bounded(10_000));
    static FULL: LazyLock<Map<u64, u64>> = LazyLock::new(|| bounded(KEYS));

    fn bounded<K: Hash + Eq, V: Clone>(bound: u64) -> Map<K, V> {
        let items = usize::try_from(bound).unwrap_or(usize::MAX);
        Cache::with(items, bound, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
    }

    pub(crate) fn number(n: u64) -> u64 {
        NUMBERS.get(&n).unwrap_or_else(|| {
            let value = subjects::number(n);
            NUMBERS.insert(n, value);
            value
        })
    }

    pub(crate) fn text(name: &str) -> Arc<str> {
        TEXTS.get(name).unwrap_or_else(|| {
            let value = subjects::text(name);
            TEXTS.insert(name.to_owned(), Arc::clone(&value));
            value
        })
    }

    pub(crate) fn full(n: u64) -> u64 {
        FULL.get(&n).unwrap_or_else(|| {
            let value = subjects::number(n);
            FULL.insert(n, value);
            value
        })
    }
}

/// The floor: a map that is never written to, read without a lock.
pub(crate) mod bare {
    use super::{Arc, KEYS, LazyLock, RandomState, subjects};
    use hashbrown::HashMap;
    use std::cell::RefCell;
    use std::collections::VecDeque;

    pub(crate) static NUMBERS: LazyLock<HashMap<u64, u64, RandomState>> =
        LazyLock::new(|| (0..KEYS).map(|n| (n, subjects::number(n))).collect());
    pub(crate) static TEXTS: LazyLock<HashMap<String, Arc<str>, RandomState>> =
        LazyLock::new(|| subjects::NAMES.iter().map(|name| (name.clone(), subjects::text(name))).collect());

    thread_local! {
        static FULL: RefCell<(HashMap<u64, u64, RandomState>, VecDeque<u64>)> = RefCell::default();
    }

    pub(crate) fn number(found: Option<&u64>) -> u64 {
        *found.expect("all numbers are there")
    }

    pub(crate) fn text(found: Option<&Arc<str>>) -> Arc<str> {
        Arc::clone(found.expect("all texts are there"))
    }

    /// Lends a function that inserts a number and removes the one that has been there longest.
    pub(crate) fn full(work: impl FnOnce(&mut dyn FnMut(u64) -> u64)) {
        FULL.with_borrow_mut(|(map, order)| {
            work(&mut |n| {
                let value = subjects::number(n);
                map.insert(n, value);
                order.push_back(n);
                if order.len() > KEYS as usize {
                    order.pop_front().and_then(|oldest| map.remove(&oldest));
                }
                value
            });
        });
    }
}
