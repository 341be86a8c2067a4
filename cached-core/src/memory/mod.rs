//! Rust values in this process, bounded by their number.
//!
//! In: a key, borrowed or held, and a value with its header. Out: the value. The engine inside
//! is `quick_cache` (S3-FIFO, sharded); nothing outside this room knows that.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, UnitWeighter};

use crate::clock;
use crate::event::Reason;
use crate::key::{Finished, Held, OwnedKey, Part, Seed, Sought, Value};
use crate::sync::{Inside, inside};

/// A value as it is kept.
///
/// What can be copied without running anybody's code lies in the slot itself; anything else lies
/// behind an `Arc`, so that the user's `Clone` runs after the engine's lock is released.
#[derive(Clone)]
pub(crate) enum Kept<V> {
    Inline(V),
    Shared(Arc<V>),
}

impl<V: Value> Kept<V> {
    /// Keeps a copy of `value`; `quiet` says that copying it runs nobody's code.
    pub(crate) fn copy_of(value: &V, quiet: bool) -> Self {
        if quiet { Kept::Inline(value.clone()) } else { Kept::Shared(Arc::new(value.clone())) }
    }

    pub(crate) fn new(value: V, quiet: bool) -> Self {
        if quiet { Kept::Inline(value) } else { Kept::Shared(Arc::new(value)) }
    }

    /// The caller's own copy.
    #[inline]
    pub(crate) fn into_value(self) -> V {
        match self {
            Kept::Inline(value) => value,
            Kept::Shared(shared) => V::clone(&shared),
        }
    }

    pub(crate) fn as_ref(&self) -> &V {
        match self {
            Kept::Inline(value) => value,
            Kept::Shared(shared) => shared,
        }
    }
}

/// What is known of an entry beside its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// The site's generation under which the value was computed.
    pub(crate) generation: u64,
    /// When the body ended, by [`clock::now`].
    pub(crate) created: u64,
    /// From when on it is not served; [`NEVER`] is for ever.
    pub(crate) deadline: u64,
}

#[derive(Clone)]
struct Entry<V> {
    header: Header,
    value: Kept<V>,
}

/// What was found in memory.
pub(crate) enum Look<V> {
    /// A value to give.
    Live(Kept<V>, Header),
    /// A value whose time has passed, and when that was.
    Ended(Kept<V>, u64),
    /// Nothing, and why.
    Nothing(Reason),
}

/// The bound of a memo, and how it judges what it finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Entries of another generation are not there.
    pub(crate) generation: u64,
    /// Whether entries can end; without it no clock is read.
    pub(crate) timed: bool,
    /// The longest life that the site allows now, counted from an entry's creation.
    pub(crate) life: u64,
}

/// The entries of one memo.
pub(crate) struct Memory<K, V> {
    seed: Seed,
    map: Cache<Held<K>, Entry<V>, UnitWeighter, Finished, Collect>,
}

impl<K: OwnedKey, V: Value> Memory<K, V> {
    /// An empty memory for at most `max_entries`.
    pub(crate) fn new(max_entries: usize) -> Self {
        let shards = shards(max_entries);
        let options = OptionsBuilder::new()
            .shards(shards)
            .estimated_items_capacity(max_entries.min(10_000).max(shards * 32))
            .weight_capacity(capacity(max_entries, shards))
            .build()
            .expect("both required options are set");
        Self { seed: Seed::new(), map: Cache::with_options(options, UnitWeighter, Finished::default(), Collect) }
    }

    #[inline]
    pub(crate) fn hash<P: Part<Owned = K>>(&self, parts: &P) -> u64 {
        self.seed.hash(parts)
    }

    /// The live value of `parts`: all that a hit does here. Why there is none is asked later, by
    /// [`Memory::look`], so that this answer fits into registers.
    #[inline]
    pub(crate) fn get<P: Part<Owned = K>>(&self, parts: &P, lives: impl FnOnce(&Header) -> bool) -> Option<V> {
        let sought = Sought { hash: self.hash(parts), parts };
        let inside = Inside::enter()?;
        let entry = self.map.get(&sought);
        drop(inside);
        let Entry { header, value } = entry?;
        if lives(&header) { Some(value.into_value()) } else { None }
    }

    /// What is there of a held key. `None`: the engine is busy on this thread, because a comparison of
    /// the user's called back; the call does without it.
    pub(crate) fn look(&self, key: &Held<K>, terms: Terms) -> Option<Look<V>> {
        let entry = inside(|| self.map.get(key))?;
        Some(match entry {
            Some(Entry { header, value }) => header.judge(terms, value),
            None => Look::Nothing(Reason::Cold),
        })
    }

    /// Stores a value, and hands back what had to go for it: the caller drops that after its locks.
    pub(crate) fn insert(&self, key: Held<K>, value: Kept<V>, header: Header) -> Option<Gone<K, V>> {
        let mut gone = Gone::default();
        inside(|| {
            // Removed first: a replaced entry would be dropped under the engine's lock.
            let replaced = self.map.remove(&key);
            self.map.insert_with_lifecycle(key, Entry { header, value }, &mut gone);
            gone.replaced = replaced;
        })?;
        Some(gone)
    }

    pub(crate) fn remove(&self, key: &Held<K>) -> Option<()> {
        let removed = inside(|| self.map.remove(key))?;
        drop(removed);
        Some(())
    }

    /// Removes whatever has this hash; runs no code of a key's.
    pub(crate) fn remove_hash(&self, hash: u64) -> Option<()> {
        while let Some(removed) = inside(|| self.map.remove(&AnyOf(hash)))? {
            drop(removed);
        }
        Some(())
    }

    /// Whether anything has this hash; yes, if that cannot be asked now.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        inside(|| self.map.contains_key(&AnyOf(hash))).unwrap_or(true)
    }

    /// Removes everything, one entry at a time, so that values are dropped outside locks.
    pub(crate) fn clear(&self) {
        let mut drain = self.map.drain();
        while let Some(Some(removed)) = inside(|| drain.next()) {
            drop(removed);
        }
    }

    /// Changes the bound; what is over it goes.
    pub(crate) fn set_max_entries(&self, max_entries: usize) {
        let capacity = capacity(max_entries, self.map.num_shards());
        let _ = inside(|| {
            if self.map.capacity() != capacity {
                self.map.set_capacity(capacity);
            }
        });
    }

    pub(crate) fn len(&self) -> usize {
        inside(|| self.map.len()).unwrap_or(0)
    }
}

/// Any key of a hash.
struct AnyOf(u64);

impl Hash for AnyOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl<K> Equivalent<Held<K>> for AnyOf {
    fn equivalent(&self, held: &Held<K>) -> bool {
        self.0 == held.hash
    }
}

/// What had to go for an insertion; dropped by the caller, outside every lock.
pub(crate) struct Gone<K, V> {
    evicted: Vec<(Held<K>, Entry<V>)>,
    replaced: Option<(Held<K>, Entry<V>)>,
}

impl<K, V> Gone<K, V> {
    /// How many entries were evicted to keep the bound.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.len() as u64
    }
}

impl<K, V> Default for Gone<K, V> {
    fn default() -> Self {
        Gone { evicted: Vec::new(), replaced: None }
    }
}

#[derive(Clone, Copy)]
struct Collect;

impl<K, V> Lifecycle<Held<K>, Entry<V>> for Collect {
    type RequestState = Gone<K, V>;

    fn on_evict(&self, gone: &mut Gone<K, V>, key: Held<K>, entry: Entry<V>) {
        gone.evicted.push((key, entry));
    }
}

impl Header {
    /// Whether the entry has reached its deadline, or the longest life allowed now. Reads the clock.
    pub(crate) fn has_ended(&self, life: u64) -> bool {
        clock::now() >= self.end(life)
    }

    /// From when on the entry is not served; `life` is the longest life allowed now.
    pub(crate) fn end(&self, life: u64) -> u64 {
        self.deadline.min(self.created.saturating_add(life))
    }

    fn judge<V>(self, terms: Terms, value: Kept<V>) -> Look<V> {
        match self.generation == terms.generation {
            false => Look::Nothing(Reason::Invalidated),
            true if terms.timed && self.has_ended(terms.life) => Look::Ended(value, self.end(terms.life)),
            true => Look::Live(value, self),
        }
    }
}

/// Shards are worth their unevenness only when they hold many entries.
fn shards(max_entries: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(4, usize::from);
    (max_entries / 256).clamp(1, cores * 4).next_power_of_two()
}

/// The bound, rounded down so that the shards together never exceed it: a bound set below the
/// number of shards that the memory was made with keeps nothing.
fn capacity(max_entries: usize, shards: usize) -> u64 {
    (max_entries / shards * shards) as u64
}
