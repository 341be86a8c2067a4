//! Rust values in this process, bounded by their number.
//!
//! In: a key, borrowed or held, and a value with its header. Out: the value. Reads take no lock and,
//! once an entry has been hit a few times, write nothing that other threads read; the engine inside
//! (`shards`, `table`, `policy`, `pin`) is known to this room only.

use std::sync::Arc;

use crate::clock;
use crate::event::Reason;
use crate::key::{Held, OwnedKey, Part, Seed, Value};
use crate::stats::{Count, Counters};
use crate::sync::{Inside, inside};

mod entry;
mod pin;
mod policy;
mod quarantine;
mod shards;
mod table;

use entry::Entry;
use pin::{Domain, Outermost, Pin, Pinned};
use shards::Shards;

/// A value as it is kept.
///
/// What can be copied without running anybody's code lies in the entry itself; anything else lies
/// behind an `Arc`, which a flight can hand to its followers under its lock.
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
    domain: Domain,
    shards: Shards<K, V>,
}

impl<K: OwnedKey, V: Value> Memory<K, V> {
    /// An empty memory for at most `max_entries`.
    pub(crate) fn new(max_entries: usize) -> Self {
        let domain = Domain::new();
        Self { seed: Seed::new(), domain, shards: Shards::new(max_entries, shards(max_entries), domain) }
    }

    #[inline]
    pub(crate) fn hash<P: Part<Owned = K>>(&self, parts: &P) -> u64 {
        self.seed.hash(parts)
    }

    /// Pins this thread, if that is as simple as it nearly always is. A hit is short when nothing in it is
    /// ever called but what the key and the value bring along.
    #[inline]
    pub(crate) fn pin(&self) -> Option<Outermost> {
        Outermost::new(self.domain)
    }

    /// Pins this thread, whatever it does. `None`: a comparison of the user's on this thread called back;
    /// the call does without us.
    pub(crate) fn pin_again(&self) -> Option<Pin> {
        Pin::new(self.domain)
    }

    /// The live value of `parts`: all that a hit does here. The outer `None`: one look at the table does not
    /// tell; ask [`Memory::get`].
    #[inline(always)]
    pub(crate) fn glance<P: Part<Owned = K>>(&self, pinned: &Pinned, parts: &P, generation: u64) -> Option<Option<V>> {
        let hash = self.hash(parts);
        let entry = self.shards.glance(pinned, hash, |key| parts.is(key))?;
        Some(entry.filter(|entry| entry.header.generation == generation).map(|entry| entry.serve(pinned)))
    }

    /// The live value of `parts`. Why there is none is asked later, by [`Memory::look`].
    pub(crate) fn get<P: Part<Owned = K>>(
        &self,
        pinned: &Pinned,
        parts: &P,
        lives: impl FnOnce(&Header) -> bool,
    ) -> Option<V> {
        let hash = self.hash(parts);
        let entry = self.shards.find(pinned, hash, |key| parts.is(key))?;
        if lives(&entry.header) { Some(entry.serve(pinned)) } else { None }
    }

    /// What is there of a held key. `None`: as in [`Memory::pin_again`].
    pub(crate) fn look(&self, key: &Held<K>, terms: Terms) -> Option<Look<V>> {
        let pin = self.pin_again()?;
        Some(match self.shards.find(&pin, key.hash, |other| *other == key.key) {
            Some(entry) => {
                entry.touch();
                entry.header.judge(terms, entry.value.clone())
            }
            None => Look::Nothing(Reason::Cold),
        })
    }

    /// Stores a value, and hands back what had to go for it: the caller drops that after its locks.
    pub(crate) fn insert(&self, key: Held<K>, value: Kept<V>, header: Header) -> Gone<K, V> {
        let entry = Entry::new(key, value, header);
        match Inside::enter() {
            Some(_inside) => self.shards.insert(entry),
            None => Gone { freed: vec![entry], ..Gone::default() },
        }
    }

    pub(crate) fn remove(&self, key: &Held<K>) -> Option<()> {
        let gone = inside(|| self.shards.remove(key.hash, |other| *other == key.key))?;
        drop(gone);
        Some(())
    }

    /// Removes whatever has this hash; runs no code of a key's.
    pub(crate) fn remove_hash(&self, hash: u64) -> Option<()> {
        let gone = inside(|| self.shards.remove(hash, |_| true))?;
        drop(gone);
        Some(())
    }

    /// Whether anything has this hash; yes, if that cannot be asked now.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        self.pin_again().is_none_or(|pin| self.shards.find(&pin, hash, |_| true).is_some())
    }

    /// Removes everything. Values are dropped here, outside locks, but for those that are being read.
    pub(crate) fn clear(&self) {
        drop(inside(|| self.shards.clear()));
    }

    /// Changes the bound; what is over it goes.
    pub(crate) fn set_max_entries(&self, max_entries: usize) {
        drop(inside(|| self.shards.set_max_entries(max_entries)));
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.len()
    }
}

/// What went for a change; dropped by the caller, outside every lock.
pub(crate) struct Gone<K, V> {
    /// What has left quarantine, whenever it came there, or the entry that was not stored.
    freed: Vec<Box<Entry<K, V>>>,
    evicted: u64,
    pub(crate) is_stored: bool,
}

impl<K, V> Gone<K, V> {
    /// Counts what was evicted to keep the bound, and a value that was refused: there is no room for
    /// it while too much of what went is still being read.
    pub(crate) fn count(&self, counters: &Counters) {
        counters.add(Count::Evicted, self.evicted);
        counters.add(Count::NotStored, u64::from(!self.is_stored));
    }
}

impl<K, V> Default for Gone<K, V> {
    fn default() -> Self {
        Gone { freed: Vec::new(), evicted: 0, is_stored: false }
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

/// Shards are worth their unevenness, and the heavy fences of smaller batches, only when they hold many entries.
fn shards(max_entries: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(4, usize::from);
    let most = (cores * 4).next_power_of_two();
    1 << (max_entries / 4_096).clamp(1, most).ilog2()
}

#[cfg(test)]
impl<K, V> Memory<K, V> {
    /// Entries that live, and entries in quarantine.
    pub(crate) fn held(&self) -> usize {
        self.shards.held()
    }

    /// How many entries the table holds well.
    pub(crate) fn room(&self) -> usize {
        self.shards.room()
    }
}
