//! The entries and their bound: read by anybody, written by one at a time in each part.
//!
//! In: entries, keys, a bound. Out: the entry of a key, to a pinned reader; and to a writer what has
//! gone and may be dropped, outside the lock. What is in quarantine counts as what is stored: the
//! bound is for both.
//!
//! All parts share one table. A part is a range of hashes, and so a range of buckets, which only the
//! holder of its lock writes. Whoever holds all locks may replace the table.
#![expect(unsafe_code, reason = "readers follow pointers that writers change")]

use std::ops::DerefMut;

use super::Gone;
use super::entry::{Entry, Handle, Owned};
use super::pin::{Domain, Pinned};
use super::policy::{Item, Policy};
use super::quarantine::{Quarantine, Retired};
use super::table::Table;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// With so many entries in quarantine a part takes no more, however large its bound.
const MOST_RETIRED: usize = 1_024;

pub(super) struct Shards<K, V> {
    table: AtomicPtr<Table<K, V>>,
    /// A power of two of them.
    parts: Box<[Shard<K, V>]>,
}

struct Shard<K, V> {
    state: Mutex<State<K, V>>,
    len: AtomicUsize,
}

struct State<K, V> {
    limit: usize,
    /// Every entry of the part that is in the table.
    policy: Policy<Handle<K, V>>,
    quarantine: Quarantine<K, V>,
}

impl<K, V> Item for Handle<K, V> {
    fn hash(self) -> u64 {
        // SAFETY: what is queued is linked, and only the writer, who asks here, frees what it has unlinked.
        unsafe { self.get() }.key.hash
    }

    fn place(self) -> u32 {
        // SAFETY: as above.
        unsafe { self.get() }.place.load(Ordering::Relaxed)
    }

    fn set_place(self, place: u32) {
        // SAFETY: as above.
        unsafe { self.get() }.place.store(place, Ordering::Relaxed);
    }

    fn frequency(self) -> u8 {
        // SAFETY: as above.
        unsafe { self.get() }.frequency.load(Ordering::Relaxed)
    }

    fn set_frequency(self, frequency: u8) {
        // SAFETY: as above.
        unsafe { self.get() }.frequency.store(frequency, Ordering::Relaxed);
    }
}

impl<K, V> Shards<K, V> {
    /// `parts` is a power of two.
    pub(super) fn new(max_entries: usize, parts: usize, domain: Domain) -> Self {
        let shard = |part| {
            let quarantine = Quarantine::new(domain);
            let state = State { limit: share(max_entries, part, parts), policy: Policy::new(), quarantine };
            Shard { state: Mutex::new(state), len: AtomicUsize::new(0) }
        };
        let table = Owned::new(Box::new(Table::new(parts)));
        Self { table: AtomicPtr::new(table.as_ptr()), parts: (0..parts).map(shard).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len.load(Ordering::Relaxed)).sum()
    }

    /// The entry of a key. The comparison may be the user's: it runs under no lock.
    #[inline]
    pub(super) fn find<'a>(
        &'a self,
        pinned: &'a Pinned,
        hash: u64,
        is: impl FnMut(&K) -> bool,
    ) -> Option<&'a Entry<K, V>> {
        // SAFETY: this thread was pinned before it loads the pointer, and is as long as the answer is used.
        // A table is freed as entries are: when the grace period after its replacement has passed.
        unsafe { self.read(pinned).find(hash, is).map(|handle| handle.get()) }
    }

    /// As [`Shards::find`], but it looks at one entry at most. The outer `None`: that may not be enough.
    #[inline]
    pub(super) fn glance<'a>(
        &'a self,
        pinned: &'a Pinned,
        hash: u64,
        is: impl FnOnce(&K) -> bool,
    ) -> Option<Option<&'a Entry<K, V>>> {
        // SAFETY: as above.
        unsafe { self.read(pinned).glance(hash, is).map(|found| found.map(|handle| handle.get())) }
    }

    #[inline]
    fn read<'a>(&'a self, _pinned: &'a Pinned) -> &'a Table<K, V> {
        // SAFETY: as above.
        unsafe { &*self.table.load(Ordering::Acquire) }
    }

    /// Stores an entry in the place of the one with its key, if there is one.
    pub(super) fn insert(&self, entry: Box<Entry<K, V>>) -> Gone<K, V>
    where
        K: Eq,
    {
        let mut gone = Gone::default();
        let hash = entry.key.hash;
        let part = self.part(hash);
        let mut state = part.state.lock();
        // The only code of the user's under this lock. If it panics, nothing has changed.
        let old = self.own_find(entry.key.hash, |other| *other == entry.key.key);
        if let Some(old) = old {
            state.policy.remove(old);
            self.retire(&mut state, old);
        }
        if self.make_room(&mut state, &mut gone) {
            let handle = Owned::new(entry);
            let limit = state.limit;
            state.policy.insert(handle, old.is_some(), limit);
            self.own_table().link(hash, handle);
            gone.is_stored = true;
        } else {
            gone.freed.push(entry);
        }
        if state.quarantine.len() >= state.batch() {
            state.quarantine.reclaim(&mut gone.freed);
        }
        part.len.store(state.policy.len(), Ordering::Relaxed);
        let is_tight = self.is_tight(&state);
        drop(state);
        if is_tight {
            self.grow(&mut gone);
        }
        gone
    }

    /// Removes whatever has the hash and is it.
    pub(super) fn remove(&self, hash: u64, is: impl Fn(&K) -> bool) -> Gone<K, V> {
        let mut gone = Gone::default();
        let part = self.part(hash);
        let mut state = part.state.lock();
        while let Some(old) = self.own_find(hash, &is) {
            state.policy.remove(old);
            self.retire(&mut state, old);
            part.len.store(state.policy.len(), Ordering::Relaxed);
        }
        state.quarantine.reclaim(&mut gone.freed);
        gone
    }

    pub(super) fn clear(&self) -> Gone<K, V> {
        let mut gone = Gone::default();
        let mut states = self.lock_all();
        self.replace_table(&mut states[0], Table::new(self.parts.len()));
        for (part, state) in self.parts.iter().zip(&mut states) {
            let policy = std::mem::replace(&mut state.policy, Policy::new());
            // SAFETY: the table that is found from now on is empty, and so is the policy.
            policy.items().for_each(|item| unsafe { state.quarantine.add(Retired::Entry(item)) });
            part.len.store(0, Ordering::Relaxed);
            state.quarantine.reclaim(&mut gone.freed);
        }
        gone
    }

    /// Changes the bound; what is over it goes.
    pub(super) fn set_max_entries(&self, max_entries: usize) -> Gone<K, V> {
        let mut gone = Gone::default();
        for (i, part) in self.parts.iter().enumerate() {
            let mut state = part.state.lock();
            state.limit = share(max_entries, i, self.parts.len());
            state.quarantine.reclaim(&mut gone.freed);
            let over = state.held().saturating_sub(state.limit);
            self.evict(&mut state, over, &mut gone);
            state.quarantine.reclaim(&mut gone.freed);
            part.len.store(state.policy.len(), Ordering::Relaxed);
        }
        gone
    }

    /// Makes room for one entry. `false`: what went before is still being read; nobody waits for that.
    fn make_room(&self, state: &mut State<K, V>, gone: &mut Gone<K, V>) -> bool {
        if !state.has_room() {
            state.quarantine.reclaim(&mut gone.freed);
        }
        // While somebody sleeps over what went, nothing more goes: it would make no room either.
        if !state.has_room() && state.quarantine.len() == 0 {
            self.evict(state, state.batch(), gone);
            state.quarantine.reclaim(&mut gone.freed);
        }
        state.has_room()
    }

    fn evict(&self, state: &mut State<K, V>, count: usize, gone: &mut Gone<K, V>) {
        for _ in 0..count {
            let Some(victim) = state.policy.evict(state.limit) else { return };
            self.retire(state, victim);
            gone.evicted += 1;
        }
    }

    /// Puts an entry that left the policy where no reader finds it.
    fn retire(&self, state: &mut State<K, V>, entry: Handle<K, V>) {
        self.own_table().unlink(entry.hash(), entry);
        // SAFETY: it has just left the table, and the policy before.
        unsafe { state.quarantine.add(Retired::Entry(entry)) };
    }

    /// Whether the part has its share of what the table holds well.
    fn is_tight(&self, state: &State<K, V>) -> bool {
        let room = self.own_table().room() / self.parts.len();
        (room..state.limit).contains(&state.policy.len())
    }

    fn grow(&self, gone: &mut Gone<K, V>) {
        let mut states = self.lock_all();
        if states.iter().any(|state| self.is_tight(state)) {
            let table = Table::new(self.own_table().buckets() * 2);
            for item in states.iter().flat_map(|state| state.policy.items()) {
                table.link(item.hash(), item);
            }
            self.replace_table(&mut states[0], table);
            states[0].quarantine.reclaim(&mut gone.freed);
        }
    }

    /// In the order of the parts; whoever holds one lock otherwise takes no other.
    fn lock_all(&self) -> Vec<impl DerefMut<Target = State<K, V>>> {
        self.parts.iter().map(|part| part.state.lock()).collect()
    }

    /// For whoever holds all locks; the first of them is given.
    fn replace_table(&self, state: &mut State<K, V>, table: Table<K, V>) {
        let old = self.table.swap(Owned::new(Box::new(table)).as_ptr(), Ordering::AcqRel);
        // SAFETY: what stood there came from `as_ptr`, and is not found there any more.
        unsafe { state.quarantine.add(Retired::Table(Owned::from_ptr(old))) };
    }

    fn part(&self, hash: u64) -> &Shard<K, V> {
        // The upper bits, by which the table goes too.
        let part = (u128::from(hash) * self.parts.len() as u128) >> 64;
        &self.parts[part as usize]
    }

    /// The table, for whoever holds a lock.
    fn own_table(&self) -> &Table<K, V> {
        // SAFETY: a table is replaced by whoever holds all locks. This thread holds one, and keeps no such
        // reference over a replacement of its own.
        unsafe { &*self.table.load(Ordering::Relaxed) }
    }

    /// As [`Shards::find`], for whoever holds the lock of the part.
    fn own_find(&self, hash: u64, is: impl Fn(&K) -> bool) -> Option<Handle<K, V>> {
        // SAFETY: only the holder of the lock frees entries of the part.
        unsafe { self.own_table().find(hash, is) }
    }
}

impl<K, V> State<K, V> {
    fn held(&self) -> usize {
        self.policy.len() + self.quarantine.len()
    }

    fn has_room(&self) -> bool {
        self.held() < self.limit && self.quarantine.len() < MOST_RETIRED
    }

    /// How many go at once, since one heavy fence is good for all of them: a small part of what is stored,
    /// since what has been replaced may be large.
    fn batch(&self) -> usize {
        (self.policy.len() / 24).clamp(1, 128)
    }
}

impl<K, V> Drop for Shards<K, V> {
    fn drop(&mut self) {
        drop(self.clear());
        let mut states = self.lock_all();
        // SAFETY: what stands there came from `as_ptr`, and nobody asks for it again.
        unsafe { states[0].quarantine.add(Retired::Table(Owned::from_ptr(self.table.load(Ordering::Relaxed)))) };
        // SAFETY: what a reader holds borrows the shards, so nobody reads in them now.
        states.iter_mut().for_each(|state| unsafe { state.quarantine.end() });
    }
}

/// The part of the bound that falls to one shard of several.
fn share(max_entries: usize, part: usize, parts: usize) -> usize {
    max_entries / parts + usize::from(part < max_entries % parts)
}

#[cfg(test)]
impl<K, V> Shards<K, V> {
    /// Entries that live, and entries in quarantine.
    pub(super) fn held(&self) -> usize {
        self.parts.iter().map(|part| part.state.lock().held()).sum()
    }

    pub(super) fn room(&self) -> usize {
        let _states = self.lock_all();
        self.own_table().room()
    }
}
