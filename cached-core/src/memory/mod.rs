//! Rust values in this process, bounded by their number and their weight.
//!
//! In: a key, borrowed or held, and a value with its header and weight. Out: the value. Reads take no lock and,
//! once an entry has been hit a few times, write nothing that other threads read; the engine inside
//! (`shards`, `table`, `index`, `slab`, `policy`, `pin`) is known to this room only.

use std::sync::Arc;

use crate::clock::{self, NEVER};
use crate::event::Reason;
use crate::key::{Held, OwnedKey, Part, Seed, Value};
use crate::stats::{Count, Counters};
use crate::sync::{Inside, inside};

mod entry;
pub(crate) mod horizon;
mod index;
mod pages;
mod past;
mod pin;
mod policy;
mod quarantine;
mod shards;
mod slab;
mod table;

use entry::{New, Seen};
use horizon::Horizon;
use pin::{Domain, Outermost, Pin, Pinned};
use quarantine::Freed;
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
    /// Whether entries can end where it is stored; without it when it was computed is known but roughly.
    pub(crate) timed: bool,
}

impl Header {
    fn is_timed(&self) -> bool {
        self.timed || self.deadline != NEVER
    }
}

/// What was found in memory.
pub(crate) enum Look<V> {
    /// A value to give; when it was computed, and when it ends.
    Live { kept: Kept<V>, created: u64, end: u64 },
    /// A value whose time has passed, and when that was.
    Ended(Kept<V>, u64),
    /// Nothing, and why.
    Nothing(Reason),
}

/// How much a memo may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// So many entries; `usize::MAX` is as many as there are.
    pub(crate) entries: usize,
    /// So much weight; `u64::MAX` is whatever they weigh.
    pub(crate) bytes: u64,
}

/// How a memo judges what it finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Entries of another generation are not there.
    pub(crate) generation: u64,
    /// Whether entries can end; without it no clock is read.
    pub(crate) timed: bool,
    /// The longest life that the site allows now, counted from an entry's creation.
    pub(crate) life: u64,
    /// The longest time that the site allows now between two hits.
    pub(crate) idle: u64,
}

impl Terms {
    /// Where an entry says all that counts.
    #[inline]
    pub(crate) fn plain(generation: u64, timed: bool) -> Self {
        Terms { generation, timed, life: NEVER, idle: NEVER }
    }
}

/// How often room is looked for while others still read what goes.
const TRIES: usize = 4;

/// The entries of one memo.
pub(crate) struct Memory<K, V> {
    seed: Seed,
    domain: Domain,
    horizon: Horizon,
    shards: Shards<K, V>,
    /// Whether values say what they weigh, and so may be large; they are got by [`Memory::get`].
    is_heavy: bool,
}

impl<K: OwnedKey, V: Value> Memory<K, V> {
    /// An empty memory.
    pub(crate) fn new(bounds: Bounds, is_heavy: bool) -> Self {
        let domain = Domain::new();
        let cores = std::thread::available_parallelism().map_or(4, usize::from);
        let shards = Shards::new(bounds, (cores * 4).next_power_of_two(), domain);
        Self { seed: Seed::new(), domain, horizon: Horizon::new(), shards, is_heavy }
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
    /// tell; ask [`Memory::get`]. `STRICT`: what an entry says of itself is not enough.
    #[inline(always)]
    pub(crate) fn glance<const STRICT: bool, P: Part<Owned = K>>(
        &self,
        pinned: &Pinned,
        parts: &P,
        terms: Terms,
    ) -> Option<Option<V>> {
        if STRICT && self.is_heavy {
            return None;
        }
        let hash = self.hash(parts);
        let found = self.shards.glance(pinned, hash, |key| parts.is(key))?;
        match found {
            None => Some(None),
            Some(entry) if !STRICT => entry.serve_of(terms, self.horizon, pinned),
            Some(entry) => Some(entry.lives(terms, self.horizon).then(|| entry.serve(pinned))),
        }
    }

    /// The live value of `parts`. Why there is none is asked later, by [`Memory::look`].
    ///
    /// A heavy one is copied when the pin has gone: that takes long, and nothing that went would be freed meanwhile.
    pub(crate) fn get<P: Part<Owned = K>>(&self, pin: Pin, parts: &P, terms: Terms) -> Option<V> {
        let hash = self.hash(parts);
        let entry =
            self.shards.find(&pin, hash, |key| parts.is(key)).filter(|entry| entry.lives(terms, self.horizon))?;
        if let Some(shared) = entry.shared().filter(|_| self.is_heavy) {
            entry.touch();
            let shared = Arc::clone(shared);
            drop(pin);
            return Some(V::clone(&shared));
        }
        Some(entry.serve(&pin))
    }

    /// Shows the live value of `parts` to `f`, where an entry says all that counts; the salt of a scope sets its keys apart.
    /// `f` is given back where one look at the table does not tell.
    pub(crate) fn show<P: Part<Owned = K>, T, F: FnOnce(&V) -> T>(
        &self,
        parts: &P,
        salt: u64,
        terms: Terms,
        f: F,
    ) -> Result<Option<T>, F> {
        let Some(pin) = self.pin() else { return Err(f) };
        let hash = self.hash(parts) ^ salt;
        match self.shards.glance(&pin, hash, |key| parts.is(key)) {
            Some(None) => Ok(None),
            Some(Some(entry)) => match entry.lives_by_itself(terms, self.horizon) {
                Some(lives) => Ok(lives.then(|| entry.show(&pin, f))),
                None => Err(f),
            },
            None => Err(f),
        }
    }

    /// What is there of a held key, for a call: as a hit, it begins an idle time anew. `None`: as in
    /// [`Memory::pin_again`].
    pub(crate) fn ask(&self, key: &Held<K>, terms: Terms) -> Option<Look<V>> {
        self.judge(key, terms, |entry| {
            entry.touch();
            entry.lives(terms, self.horizon)
        })
    }

    /// What is there of a held key, for somebody who only looks. `None`: as in [`Memory::pin_again`].
    pub(crate) fn look(&self, key: &Held<K>, terms: Terms) -> Option<Look<V>> {
        self.judge(key, terms, |entry| !terms.timed || clock::now() < entry.end(terms))
    }

    fn judge(&self, key: &Held<K>, terms: Terms, lives: impl FnOnce(Seen<'_, K, V>) -> bool) -> Option<Look<V>> {
        let pin = self.pin_again()?;
        let Some(entry) = self.shards.find(&pin, key.hash, |other| *other == key.key) else {
            return Some(Look::Nothing(Reason::Cold));
        };
        if !entry.is_of(terms.generation) {
            return Some(Look::Nothing(Reason::Invalidated));
        }
        let (kept, created, end) = (entry.kept(), entry.created(), entry.end(terms));
        Some(if lives(entry) { Look::Live { kept, created, end } } else { Look::Ended(kept, end) })
    }

    /// Makes room for a heavy value before there is a copy of it, and drops here what has to go. So nothing is held
    /// twice for long, and whoever still reads what goes has a moment to leave.
    pub(crate) fn prepare(&self, hash: u64, held: u64, quiet: bool, counters: &Counters) {
        let mut is_done = !self.is_heavy;
        for _ in 0..TRIES {
            if is_done {
                return;
            }
            let mut gone = Gone { is_stored: true, ..Gone::default() };
            is_done = inside(|| self.shards.prepare(hash, Self::weight(held, quiet), &mut gone)).unwrap_or(true);
            gone.count(counters);
            drop(gone);
            if !is_done {
                std::thread::yield_now();
            }
        }
    }

    /// What an entry weighs whose value holds so much elsewhere. Whatever a `weigh` says, sums of it stay sums.
    pub(crate) fn weight(held: u64, quiet: bool) -> u64 {
        entry::weight::<K, V>(held.min(1 << 48), quiet, held > 0)
    }

    /// Stores a value, and hands back what had to go for it: the caller drops that after its locks. `held` is
    /// what the value holds elsewhere, in bytes.
    pub(crate) fn insert(&self, key: Held<K>, value: Kept<V>, header: Header, held: u64) -> Gone<K, V> {
        self.insert_if(key, value, header, held, &|| true)
    }

    /// As [`Memory::insert`], if `may` says so once nobody else can remove what has this hash.
    #[expect(clippy::too_many_arguments, reason = "what an insertion takes, and a question")]
    pub(crate) fn insert_if(
        &self,
        key: Held<K>,
        value: Kept<V>,
        header: Header,
        held: u64,
        may: &dyn Fn() -> bool,
    ) -> Gone<K, V> {
        let new = New { key, value, header, held: held.min(1 << 48) };
        match Inside::enter() {
            Some(_inside) => self.shards.insert(new, may),
            None => Gone { freed: vec![Freed::Entry(new.into_content())], ..Gone::default() },
        }
    }

    pub(crate) fn remove(&self, key: &Held<K>) -> Option<()> {
        let gone = inside(|| self.shards.remove(key.hash, &|other| *other == key.key))?;
        drop(gone);
        Some(())
    }

    /// Removes whatever has this hash; runs no code of a key's.
    pub(crate) fn remove_hash(&self, hash: u64) -> Option<()> {
        let gone = inside(|| self.shards.remove(hash, &|_| true))?;
        drop(gone);
        Some(())
    }

    /// Removes the entries whose keys are picked. That runs under locks, and is for keys that are ours.
    pub(crate) fn remove_all(&self, goes: impl Fn(&K) -> bool) {
        drop(inside(|| self.shards.remove_all(|entry| goes(entry.key()))));
    }

    /// Looks at so many entries in the neighbourhood of a hash, others each time, and removes those that have ended.
    pub(crate) fn sweep(&self, hash: u64, count: usize) {
        let now = clock::now();
        drop(inside(|| self.shards.sweep(hash, count, |entry| now >= entry.deadline())));
    }

    /// Whether anything has this hash; yes, if that cannot be asked now.
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        self.pin_again().is_none_or(|pin| self.shards.find(&pin, hash, |_| true).is_some())
    }

    /// Removes everything. Values are dropped here, outside locks, but for those that are being read.
    pub(crate) fn clear(&self) {
        drop(inside(|| self.shards.clear()));
    }

    /// Changes the bounds; what is over them goes. `None`: not where a comparison called back.
    pub(crate) fn set_bounds(&self, bounds: Bounds) -> Option<()> {
        inside(|| self.shards.set_bounds(bounds)).map(drop)
    }

    /// Checks that everything is where it should be, in debug builds; for tests. Looks at every entry, under all locks.
    ///
    /// # Panics
    /// When something is not.
    pub(crate) fn validate(&self) {
        if cfg!(debug_assertions) {
            inside(|| self.shards.validate());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.len()
    }

    /// What the entries weigh, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.shards.weight()
    }
}

/// What went for a change; dropped by the caller, outside every lock.
pub(crate) struct Gone<K, V> {
    /// What has left quarantine, whenever it came there, or the entry that was not stored.
    freed: Vec<Freed<K, V>>,
    evicted: u64,
    pub(crate) is_stored: bool,
    /// The value alone weighs more than everything may.
    pub(crate) is_too_heavy: bool,
}

impl<K, V> Gone<K, V> {
    /// Counts what was evicted to keep the bounds, and a value that was refused: it is too large, or there is no
    /// room for it while too much of what went is still being read.
    pub(crate) fn count(&self, counters: &Counters) {
        counters.add(Count::Evicted, self.evicted);
        counters.add(Count::NotStored, u64::from(!self.is_stored));
    }
}

impl<K, V> Default for Gone<K, V> {
    fn default() -> Self {
        Gone { freed: Vec::new(), evicted: 0, is_stored: false, is_too_heavy: false }
    }
}

#[cfg(test)]
impl Bounds {
    /// So many entries, whatever they weigh.
    pub(crate) fn entries(entries: usize) -> Self {
        Bounds { entries, bytes: u64::MAX }
    }
}

#[cfg(test)]
impl<K, V> Memory<K, V> {
    /// Entries that live, and entries in quarantine.
    pub(crate) fn held(&self) -> usize {
        self.shards.held()
    }

    /// What they weigh.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.shards.held_bytes()
    }

    /// What waits until readers have left, tables too.
    pub(crate) fn retired(&self) -> usize {
        self.shards.retired()
    }

    /// How many entries the table holds well.
    pub(crate) fn room(&self) -> usize {
        self.shards.room()
    }
}

#[cfg(test)]
impl<K, V> Drop for Memory<K, V> {
    /// Whatever a test did, everything is where it should be at its end.
    fn drop(&mut self) {
        // A second panic would hide the first.
        if !std::thread::panicking() {
            self.shards.validate();
        }
    }
}
