//! The entries and their bound: read by anybody, written by one at a time in each part.
//!
//! In: entries with their weights, keys, bounds. Out: the entry of a key, to a pinned reader; and to a
//! writer what has gone and may be dropped, outside the lock. What is in quarantine counts as what is
//! stored: the bounds are for both.
//!
//! All parts share one table. A part is a range of hashes, and so a range of buckets, which only the
//! holder of its lock writes. Whoever holds all locks may replace the table, or use fewer parts.
#![expect(unsafe_code, reason = "readers follow pointers that writers change")]

mod validate;

use std::ops::DerefMut;
use std::sync::Arc;

use super::entry::{New, Seen};
use super::pin::{self, Domain, Pinned};
use super::policy::{Items as _, Policy};
use super::quarantine::{Freed, Quarantine, Retired, Whole};
use super::table::{Owned, Table};
use super::{Bounds, Gone};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// With so many entries in quarantine a part takes no more, however large its bound.
const MOST_RETIRED: usize = 1_024;

pub(super) struct Shards<K, V> {
    table: AtomicPtr<Table<K, V>>,
    /// A power of two of them.
    parts: Box<[Shard<K, V>]>,
    /// How many of them are in use, a power of two too; changed by whoever holds all locks.
    used: AtomicUsize,
}

struct Shard<K, V> {
    state: Mutex<State<K, V>>,
    len: AtomicUsize,
    weight: AtomicU64,
}

struct State<K, V> {
    bounds: Bounds,
    /// Every entry of the part that is in the table.
    policy: Policy,
    quarantine: Quarantine<K, V>,
}

impl<K, V> Shards<K, V> {
    /// As many parts as suit the bounds, up to `most`; for later bounds it may use fewer.
    pub(super) fn new(bounds: Bounds, most: usize, domain: Domain) -> Self {
        let parts = bounds.parts(most);
        let shard = |part| {
            let bounds = bounds.share(part, parts);
            let state = State { bounds, policy: Policy::default(), quarantine: Quarantine::new(domain) };
            Shard { state: Mutex::new(state), len: AtomicUsize::new(0), weight: AtomicU64::new(0) }
        };
        let table = AtomicPtr::new(Owned::new(Table::new(parts)).as_ptr());
        Self { table, parts: (0..parts).map(shard).collect(), used: AtomicUsize::new(parts) }
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len.load(Ordering::Relaxed)).sum()
    }

    /// What all entries weigh.
    pub(super) fn weight(&self) -> u64 {
        self.parts.iter().map(|part| part.weight.load(Ordering::Relaxed)).fold(0, u64::saturating_add)
    }

    /// The entry of a key. The comparison may be the user's: it runs under no lock.
    #[inline]
    pub(super) fn find<'a>(
        &'a self,
        pinned: &'a Pinned,
        hash: u64,
        is: impl FnMut(&K) -> bool,
    ) -> Option<Seen<'a, K, V>> {
        // SAFETY: this thread was pinned before it loads the pointer, and is as long as the answer is used.
        // A table is freed as entries are emptied: when the grace period after its replacement has passed.
        unsafe { self.read(pinned).find(hash, is) }
    }

    /// As [`Shards::find`], but it looks at a few entries at most. The outer `None`: that may not be enough.
    #[inline(always)]
    pub(super) fn glance<'a>(
        &'a self,
        pinned: &'a Pinned,
        hash: u64,
        is: impl Fn(&K) -> bool,
    ) -> Option<Option<Seen<'a, K, V>>> {
        // SAFETY: as above.
        unsafe { self.read(pinned).glance(hash, is) }
    }

    #[inline]
    fn read<'a>(&'a self, _pinned: &'a Pinned) -> &'a Table<K, V> {
        // SAFETY: as above.
        unsafe { &*self.table.load(Ordering::Acquire) }
    }

    /// Stores an entry in the place of the one with its key, if there is one. One that weighs more than is
    /// allowed in all is not stored, nor is the old one any more.
    ///
    /// Nor is anything changed where it may not be stored any more: `may` is asked under the lock that removals take.
    pub(super) fn insert(&self, new: New<K, V>, may: &dyn Fn() -> bool) -> Gone<K, V>
    where
        K: Eq,
    {
        let mut gone = Gone::default();
        let (hash, weight) = (new.key.hash, new.weight());
        let (part, mut state) = self.lock(hash);
        if !may() {
            gone.freed.push(Freed::Entry(new.into_content()));
            return gone;
        }
        // The only code of the user's under this lock. If it panics, nothing has changed.
        let old = self.own_find(hash, &|other| *other == new.key.key);
        if let Some(old) = old {
            self.remove_own(&mut state, old);
        }
        let has_room = self.make_room(&mut state, weight, &mut gone);
        let vacant = if has_room { state.policy.vacant().or_else(|| self.own_table().slab.fresh()) } else { None };
        if let Some(number) = vacant {
            let (table, limit) = (self.own_table(), state.bounds.entries);
            // SAFETY: the number is vacant, and nobody else was given it.
            unsafe { table.slab.fill(number, new) };
            state.policy.insert(table, number, old.is_some(), limit);
            table.index.link(hash, number);
            gone.is_stored = true;
        } else {
            gone.freed.push(Freed::Entry(new.into_content()));
        }
        if state.quarantine.len() > 0 && state.is_due() {
            self.reclaim(&mut state, &mut gone);
        }
        part.note(&state);
        let is_tight = self.is_tight(&state);
        drop(state);
        if is_tight {
            self.grow(&mut gone);
        }
        gone
    }

    /// Makes room for an entry that is to come, in the part of its hash. `false`: not yet, or never.
    pub(super) fn prepare(&self, hash: u64, weight: u64, gone: &mut Gone<K, V>) -> bool {
        let (part, mut state) = self.lock(hash);
        // What has the hash now is nearly always what will be replaced.
        let old = self.own_find(hash, &|_| true).map_or(0, |old| self.own_table().weight(old));
        let has_room = self.make_room(&mut state, weight.saturating_sub(old), gone);
        part.note(&state);
        has_room || gone.is_too_heavy
    }

    /// Removes whatever has the hash and is it.
    pub(super) fn remove(&self, hash: u64, is: &dyn Fn(&K) -> bool) -> Gone<K, V> {
        let mut gone = Gone::default();
        let (part, mut state) = self.lock(hash);
        while let Some(old) = self.own_find(hash, is) {
            self.remove_own(&mut state, old);
            part.note(&state);
        }
        self.reclaim(&mut state, &mut gone);
        gone
    }

    pub(super) fn clear(&self) -> Gone<K, V> {
        let mut gone = Gone::default();
        let mut states = self.lock_all();
        // Of one in which there never was anything, nothing has to go.
        let whole = (!self.own_table().slab.is_new()).then(|| {
            let old = self.table.swap(Owned::new(Table::new(self.parts.len())).as_ptr(), Ordering::AcqRel);
            Arc::new(Whole::new(old))
        });
        for (place, (part, state)) in self.parts.iter().zip(&mut states).enumerate() {
            if let Some(whole) = &whole {
                let policy = std::mem::take(&mut state.policy);
                let (entries, weight) = state.quarantine.leave_entries();
                let (entries, weight) = (entries + policy.len(), weight.wrapping_add(policy.weight()));
                // Who has nothing to count would not come back for it; but of an empty table somebody has to.
                if entries > 0 || place == 0 {
                    // SAFETY: the table that is found from now on has a slab of its own, and is empty as the policy is.
                    unsafe { state.quarantine.add(Retired::Whole(Arc::clone(whole)), entries, weight) };
                }
                part.note(state);
            }
            self.reclaim(state, &mut gone);
        }
        gone
    }

    /// Looks at so many entries of the part of a hash, a little further each time, and removes those that
    /// `goes` picks, under the part's lock.
    pub(super) fn sweep(&self, hash: u64, count: usize, goes: impl Fn(Seen<'_, K, V>) -> bool) -> Gone<K, V> {
        let mut gone = Gone::default();
        let (part, mut state) = self.lock(hash);
        if self.cull(&mut state, count, &goes) {
            part.note(&state);
            self.reclaim(&mut state, &mut gone);
        }
        gone
    }

    /// Removes every entry that `goes` picks, under all locks.
    pub(super) fn remove_all(&self, goes: impl Fn(Seen<'_, K, V>) -> bool) -> Gone<K, V> {
        let mut gone = Gone::default();
        let mut states = self.lock_all();
        for (part, state) in self.parts.iter().zip(&mut states) {
            if self.cull(state, usize::MAX, &goes) {
                part.note(state);
                self.reclaim(state, &mut gone);
            }
        }
        gone
    }

    /// Gives whether any was removed.
    fn cull(&self, state: &mut State<K, V>, count: usize, goes: &impl Fn(Seen<'_, K, V>) -> bool) -> bool {
        let table = self.own_table();
        let looked_at = state.policy.next(table, count).into_iter();
        // SAFETY: what the policy has is linked, and only the holder of this lock unlinks it.
        let going: Vec<_> = looked_at.filter(|number| goes(unsafe { table.seen(*number) })).collect();
        going.iter().for_each(|number| self.remove_own(state, *number));
        !going.is_empty()
    }

    /// Changes the bounds; what is over them goes.
    pub(super) fn set_bounds(&self, bounds: Bounds) -> Gone<K, V> {
        let mut gone = Gone::default();
        let mut states = self.lock_all();
        let used = bounds.parts(self.parts.len());
        let share = |place| if place < used { bounds.share(place, used) } else { Bounds::NOTHING };
        if states.iter().enumerate().all(|(place, state)| state.bounds == share(place)) {
            return gone;
        }
        if self.used.swap(used, Ordering::Relaxed) != used {
            self.deal(&mut states, used);
        }
        for (place, (part, state)) in self.parts.iter().zip(&mut states).enumerate() {
            state.bounds = share(place);
            self.reclaim(state, &mut gone);
            let over = state.held().saturating_sub(state.bounds.entries);
            self.evict(state, over, 0, &mut gone);
            self.reclaim(state, &mut gone);
            part.note(state);
        }
        gone
    }

    /// Gives every entry to its part among those in use, one former part after the other; all count as proven.
    fn deal(&self, states: &mut [impl DerefMut<Target = State<K, V>>], used: usize) {
        let policies: Vec<_> = states.iter_mut().map(|state| std::mem::take(&mut state.policy)).collect();
        let mut among: Vec<_> = states[..used].iter_mut().map(|state| &mut state.policy).collect();
        policies.into_iter().for_each(|policy| policy.deal(self.own_table(), &mut among, |hash| part_of(hash, used)));
        let (of_use, rest) = states.split_at_mut(used);
        rest.iter_mut().for_each(|state| of_use[0].quarantine.take_over(&mut state.quarantine));
    }

    /// Makes room for one entry. `false`: it is too heavy, or what went before is still being read; nobody
    /// waits for that.
    fn make_room(&self, state: &mut State<K, V>, weight: u64, gone: &mut Gone<K, V>) -> bool {
        gone.is_too_heavy = weight > state.bounds.bytes;
        if gone.is_too_heavy {
            return false;
        }
        if !state.has_room(weight) {
            self.reclaim(state, gone);
        }
        // While somebody sleeps over what went, nothing more goes: it would make no room either.
        if !state.has_room(weight) && state.quarantine.len() == 0 {
            self.evict(state, state.batch(), weight, gone);
            self.reclaim(state, gone);
        }
        state.has_room(weight)
    }

    /// Evicts so many entries, or more until there would be room for one of a weight.
    fn evict(&self, state: &mut State<K, V>, count: usize, weight: u64, gone: &mut Gone<K, V>) {
        let mut evicted = 0;
        while evicted < count || state.policy.weight() > state.bounds.bytes.saturating_sub(weight) {
            let (limit, weighed) = (state.extent(), state.bounds.bytes < u64::MAX);
            let Some((victim, weight)) = state.policy.evict(self.own_table(), limit, weighed) else { return };
            self.retire(state, victim, weight);
            gone.evicted += 1;
            evicted += 1;
        }
    }

    fn remove_own(&self, state: &mut State<K, V>, number: u32) {
        let weight = state.policy.remove(self.own_table(), number);
        self.retire(state, number, weight);
    }

    /// Puts an entry that left the policy where no reader finds it.
    fn retire(&self, state: &mut State<K, V>, number: u32, weight: u64) {
        let table = self.own_table();
        table.index.unlink(table.hash(number), number);
        // SAFETY: it has just left the index, and the policy before.
        unsafe { state.quarantine.add(Retired::Entry(number), 1, weight) };
    }

    /// Takes out of quarantine what nobody can be reading any more.
    fn reclaim(&self, state: &mut State<K, V>, gone: &mut Gone<K, V>) {
        let (table, State { policy, quarantine, .. }) = (self.own_table(), state);
        quarantine.reclaim(&table.slab, &mut gone.freed, |number| policy.vacate(table, number));
    }

    /// Whether the part has its share of what the table holds well.
    fn is_tight(&self, state: &State<K, V>) -> bool {
        // A power of two.
        let room = self.own_table().index.room() >> self.used.load(Ordering::Relaxed).trailing_zeros();
        (room..state.bounds.entries).contains(&state.policy.len())
    }

    fn grow(&self, gone: &mut Gone<K, V>) {
        let mut states = self.lock_all();
        if states.iter().any(|state| self.is_tight(state)) {
            let table = Owned::new(self.own_table().grown());
            let old = self.table.swap(table.as_ptr(), Ordering::AcqRel);
            // SAFETY: what stood there came from `as_ptr`, and is not found there any more.
            unsafe { states[0].quarantine.add(Retired::Table(Owned::from_ptr(old)), 0, 0) };
            self.reclaim(&mut states[0], gone);
        }
    }

    /// In the order of the parts; whoever holds one lock otherwise takes no other.
    fn lock_all(&self) -> Vec<impl DerefMut<Target = State<K, V>>> {
        self.parts.iter().map(|part| part.state.lock()).collect()
    }

    /// The part of a hash, locked.
    fn lock(&self, hash: u64) -> (&Shard<K, V>, impl DerefMut<Target = State<K, V>>) {
        loop {
            let used = self.used.load(Ordering::Relaxed);
            let part = &self.parts[part_of(hash, used)];
            let state = part.state.lock();
            // It changes only while all parts are locked.
            if self.used.load(Ordering::Relaxed) == used {
                return (part, state);
            }
        }
    }

    /// The table, for whoever holds a lock.
    fn own_table(&self) -> &Table<K, V> {
        // SAFETY: a table is replaced by whoever holds all locks. This thread holds one, and keeps no such
        // reference over a replacement of its own.
        unsafe { &*self.table.load(Ordering::Relaxed) }
    }

    /// As [`Shards::find`], for whoever holds the lock of the part.
    fn own_find(&self, hash: u64, is: &dyn Fn(&K) -> bool) -> Option<u32> {
        // SAFETY: what the index shows is linked; only the holder of this lock unlinks in its range, and nothing is
        // emptied before that.
        unsafe { self.own_table().find(hash, is) }.map(Seen::number)
    }
}

impl<K, V> Shard<K, V> {
    fn note(&self, state: &State<K, V>) {
        self.len.store(state.policy.len(), Ordering::Relaxed);
        self.weight.store(state.policy.weight(), Ordering::Relaxed);
    }
}

impl<K, V> State<K, V> {
    fn held(&self) -> usize {
        self.policy.len() + self.quarantine.len()
    }

    /// For how many entries there is room; where their weight is bounded, hardly more than there are.
    fn extent(&self) -> usize {
        match self.bounds {
            Bounds { entries, bytes: u64::MAX } => entries,
            Bounds { entries, .. } => entries.min(self.policy.len().max(1).next_power_of_two()),
        }
    }

    fn has_room(&self, weight: u64) -> bool {
        let weighs = || self.policy.weight().saturating_add(self.quarantine.weight()).saturating_add(weight);
        let fits = self.bounds.bytes == u64::MAX || weighs() <= self.bounds.bytes;
        fits && self.held() < self.bounds.entries && self.quarantine.len() < MOST_RETIRED
    }

    /// How many go at once, since one heavy fence is good for all of them: a small part of what is stored,
    /// since what has been replaced may be large.
    fn batch(&self) -> usize {
        let [least, most] = self.batches();
        if least < most && !pin::is_cheap() { most } else { least }
    }

    /// Where a grace period costs no fence, and where it does.
    fn batches(&self) -> [usize; 2] {
        let len = self.policy.len();
        match len / 24 {
            0 | 1 => [1, 1],
            batch => [(len / 96).clamp(1, 32), batch.min(128)],
        }
    }

    /// Whether so much waits that a grace period is due. Who has a record is asked only where it counts.
    fn is_due(&self) -> bool {
        let ([least, most], waits) = (self.batches(), self.quarantine.len());
        waits >= most || waits >= least && pin::is_cheap()
    }
}

impl<K, V> Drop for Shards<K, V> {
    fn drop(&mut self) {
        let mut freed = Vec::new();
        for part in &self.parts {
            // SAFETY: what a reader holds borrows the shards, so nobody reads in them now.
            unsafe { part.state.lock().quarantine.end(&mut freed) };
        }
        // SAFETY: what stands there came from `as_ptr`, and nobody asks for it again; and as above.
        drop(unsafe { Whole::new(self.table.load(Ordering::Relaxed)).take() });
    }
}

/// The part of a hash: by its upper bits, by which the table goes too.
fn part_of(hash: u64, parts: usize) -> usize {
    ((u128::from(hash) * parts as u128) >> 64) as usize
}

impl Bounds {
    const NOTHING: Bounds = Bounds { entries: 0, bytes: 0 };

    /// How many parts suit these bounds. They are worth their unevenness, and the heavy fences of smaller batches,
    /// only where they hold many entries; and a value may be as large as the share of a part.
    fn parts(self, most: usize) -> usize {
        let many = self.bytes == u64::MAX;
        if many { 1 << (self.entries / 4_096).clamp(1, most).ilog2() } else { 1 }
    }

    /// What falls to each of several.
    pub(crate) fn among(self, several: usize) -> Self {
        match self.share(several, several) {
            // As many as there are, of each.
            each if self.entries == usize::MAX => Bounds { entries: usize::MAX, ..each },
            each => each,
        }
    }

    /// What falls to one part of several; the first have what cannot be divided.
    fn share(self, part: usize, parts: usize) -> Self {
        let entries = self.entries / parts + usize::from(part < self.entries % parts);
        Bounds { entries, bytes: if self.bytes == u64::MAX { u64::MAX } else { self.bytes / parts as u64 } }
    }
}

#[cfg(test)]
impl<K, V> Shards<K, V> {
    /// Entries that live, and entries in quarantine.
    pub(super) fn held(&self) -> usize {
        self.parts.iter().map(|part| part.state.lock().held()).sum()
    }

    /// What they weigh.
    pub(super) fn held_bytes(&self) -> u64 {
        let weights = self.parts.iter().map(|part| part.state.lock());
        weights.map(|state| state.policy.weight() + state.quarantine.weight()).sum()
    }

    pub(super) fn retired(&self) -> usize {
        self.parts.iter().map(|part| part.state.lock().quarantine.retired()).sum()
    }

    pub(super) fn room(&self) -> usize {
        let _states = self.lock_all();
        self.own_table().index.room()
    }
}
