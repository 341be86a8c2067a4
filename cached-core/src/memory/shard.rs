//! A part of the entries with its bound: read by anybody, written by one at a time.
//!
//! In: entries, keys, a bound. Out: the entry of a key, to a pinned reader; and to a writer what has
//! gone and may be dropped, outside the lock. Whoever removes something puts it in quarantine until
//! no reader can be at it. What is in quarantine counts as what is stored: the bound is for both.
#![expect(unsafe_code, reason = "readers follow pointers that writers change")]

use super::Gone;
use super::entry::{Entry, Handle, Owned};
use super::pin::{Domain, Grace, Pinned};
use super::policy::{Item, Policy};
use super::table::Table;
use crate::key::Held;
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use crate::sync::{LOOKS, Mutex};

pub(super) struct Shard<K, V> {
    /// All that readers touch. It changes when the table grows or is cleared.
    table: AtomicPtr<Table<K, V>>,
    /// Apart, so that nobody writes beside what readers read.
    writers: Box<Writers<K, V>>,
}

struct Writers<K, V> {
    state: Mutex<State<K, V>>,
    len: AtomicUsize,
}

struct State<K, V> {
    limit: usize,
    /// Every entry that is linked in the table.
    policy: Policy<Handle<K, V>>,
    quarantine: Quarantine<K, V>,
}

/// What can no longer be found, and may still be read.
struct Quarantine<K, V> {
    domain: Domain,
    /// Their grace period has not begun.
    fresh: Vec<Retired<K, V>>,
    /// Their grace period has begun.
    waiting: Vec<Retired<K, V>>,
    grace: Option<Grace>,
    /// Entries in both.
    entries: usize,
}

enum Retired<K, V> {
    Entry(Handle<K, V>),
    Table(Owned<Table<K, V>>),
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

impl<K, V> Shard<K, V> {
    pub(super) fn new(limit: usize, domain: Domain) -> Self {
        let quarantine = Quarantine { domain, fresh: Vec::new(), waiting: Vec::new(), grace: None, entries: 0 };
        let state = Mutex::new(State { limit, policy: Policy::new(), quarantine });
        let table = Owned::new(Box::new(Table::for_entries(1)));
        Self { table: AtomicPtr::new(table.as_ptr()), writers: Box::new(Writers { state, len: AtomicUsize::new(0) }) }
    }

    pub(super) fn len(&self) -> usize {
        self.writers.len.load(Ordering::Relaxed)
    }

    /// The entry of a key. The comparison may be the user's: it runs under no lock.
    #[inline]
    pub(super) fn find<'a>(&'a self, _pinned: &'a Pinned, hash: u64, is: impl FnMut(&K) -> bool) -> Option<&'a Entry<K, V>> {
        // SAFETY: a table is freed as entries are: when the grace period after its replacement has passed.
        // This thread was pinned before it loaded the pointer, and is as long as the answer is used.
        unsafe { (*self.table.load(Ordering::Acquire)).find(hash, is).map(|handle| handle.get()) }
    }

    /// Stores an entry in the place of the one with its key, if there is one.
    pub(super) fn insert(&self, entry: Box<Entry<K, V>>) -> Gone<K, V>
    where
        K: Eq,
    {
        let mut gone = Gone::default();
        let mut state = self.writers.state.lock();
        let hash = entry.key.hash;
        // The only code of the user's under this lock. If it panics, nothing has changed.
        let old = self.locked_find(&entry.key);
        if let Some(old) = old {
            state.policy.remove(old);
            self.retire(&mut state, old);
        }
        if self.make_room(&mut state, &mut gone) {
            if state.policy.len() >= self.table().room() {
                self.grow(&mut state, &mut gone);
            }
            let handle = Owned::new(entry);
            state.policy.insert(handle, old.is_some());
            self.table().link(hash, handle);
            gone.is_stored = true;
        } else {
            gone.freed.push(entry);
        }
        if state.quarantine.entries >= state.batch() {
            state.quarantine.reclaim(&mut gone);
        }
        self.writers.len.store(state.policy.len(), Ordering::Relaxed);
        gone
    }

    pub(super) fn remove(&self, key: &Held<K>) -> Gone<K, V>
    where
        K: Eq,
    {
        let mut gone = Gone::default();
        let mut state = self.writers.state.lock();
        if let Some(old) = self.locked_find(key) {
            state.policy.remove(old);
            self.retire(&mut state, old);
            self.writers.len.store(state.policy.len(), Ordering::Relaxed);
        }
        state.quarantine.reclaim(&mut gone);
        gone
    }

    pub(super) fn clear(&self) -> Gone<K, V> {
        let mut gone = Gone::default();
        let mut state = self.writers.state.lock();
        self.replace_table(&mut state, Table::for_entries(1));
        let policy = std::mem::replace(&mut state.policy, Policy::new());
        policy.items().for_each(|item| state.quarantine.add(item));
        self.writers.len.store(0, Ordering::Relaxed);
        state.quarantine.reclaim(&mut gone);
        gone
    }

    /// Changes the bound; what is over it goes.
    pub(super) fn set_limit(&self, limit: usize) -> Gone<K, V> {
        let mut gone = Gone::default();
        let mut state = self.writers.state.lock();
        state.limit = limit;
        state.quarantine.reclaim(&mut gone);
        let over = state.held().saturating_sub(limit);
        self.evict(&mut state, over, &mut gone);
        state.quarantine.reclaim(&mut gone);
        self.writers.len.store(state.policy.len(), Ordering::Relaxed);
        gone
    }

    /// Makes room for one entry. `false`: what went before is still being read; nobody waits for that.
    fn make_room(&self, state: &mut State<K, V>, gone: &mut Gone<K, V>) -> bool {
        let is_full = |state: &State<K, V>| state.held() >= state.limit;
        if is_full(state) || state.quarantine.entries >= state.most_retired() {
            state.quarantine.reclaim(gone);
        }
        if state.quarantine.entries >= state.most_retired() {
            return false;
        }
        if is_full(state) {
            self.evict(state, state.batch(), gone);
            state.quarantine.reclaim(gone);
        }
        !is_full(state)
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
        self.table().unlink(entry.hash(), entry);
        state.quarantine.add(entry);
    }

    fn grow(&self, state: &mut State<K, V>, gone: &mut Gone<K, V>) {
        let table = Table::for_entries(self.table().room().saturating_mul(2).min(state.limit));
        state.policy.items().for_each(|item| table.link(item.hash(), item));
        self.replace_table(state, table);
        state.quarantine.reclaim(gone);
    }

    fn replace_table(&self, state: &mut State<K, V>, table: Table<K, V>) {
        let old = self.table.swap(Owned::new(Box::new(table)).as_ptr(), Ordering::AcqRel);
        // SAFETY: what stands there came from `as_ptr`, here or in `new`.
        state.quarantine.fresh.push(Retired::Table(unsafe { Owned::from_ptr(old) }));
    }

    /// The table, for the one writer.
    fn table(&self) -> &Table<K, V> {
        // SAFETY: a table is freed by a writer after it was replaced; this writer reads the current one
        // under the lock, and uses none of these references across a replacement.
        unsafe { &*self.table.load(Ordering::Relaxed) }
    }

    /// As [`Shard::find`], for the one writer.
    fn locked_find(&self, key: &Held<K>) -> Option<Handle<K, V>>
    where
        K: Eq,
    {
        // SAFETY: whoever calls holds the lock.
        unsafe { self.table().find(key.hash, |other| *other == key.key) }
    }
}

impl<K, V> State<K, V> {
    fn held(&self) -> usize {
        self.policy.len() + self.quarantine.entries
    }

    /// How many go at once, since one heavy fence is good for all of them.
    fn batch(&self) -> usize {
        (self.limit / 32).clamp(1, 64)
    }

    /// With so many in quarantine, nothing is stored.
    fn most_retired(&self) -> usize {
        (self.limit / 8).clamp(1, 1_024)
    }
}

impl<K, V> Quarantine<K, V> {
    fn add(&mut self, entry: Handle<K, V>) {
        self.fresh.push(Retired::Entry(entry));
        self.entries += 1;
    }

    /// Takes out what nobody can be reading any more.
    fn reclaim(&mut self, gone: &mut Gone<K, V>) {
        self.drain(gone);
        if self.waiting.is_empty() && !self.fresh.is_empty() {
            let Some(grace) = Grace::begin(self.domain) else { return };
            self.grace = Some(grace);
            std::mem::swap(&mut self.fresh, &mut self.waiting);
            self.drain(gone);
        }
    }

    fn drain(&mut self, gone: &mut Gone<K, V>) {
        // A reader is gone in nanoseconds, unless it sleeps.
        let has_passed = |grace: Grace| (0..LOOKS).any(|_| grace.has_passed());
        if !self.grace.is_some_and(has_passed) {
            return;
        }
        for retired in self.waiting.drain(..) {
            // SAFETY: it was unlinked, or replaced, before this grace period began. Whoever could find it
            // was pinned then, and has left since.
            gone.freed.extend(unsafe { retired.free() });
        }
        self.entries = self.fresh.iter().filter(|retired| matches!(retired, Retired::Entry(_))).count();
    }
}

impl<K, V> Retired<K, V> {
    /// Gives the entry; a table owns none, and goes at once.
    ///
    /// # Safety
    /// As for [`Owned::free`].
    unsafe fn free(self) -> Option<Box<Entry<K, V>>> {
        // SAFETY: the caller's promise, handed on.
        unsafe {
            match self {
                Retired::Entry(entry) => Some(entry.free()),
                Retired::Table(table) => {
                    drop(table.free());
                    None
                }
            }
        }
    }
}

impl<K, V> Drop for Shard<K, V> {
    fn drop(&mut self) {
        drop(self.clear());
        let quarantine = &mut self.writers.state.lock().quarantine;
        // SAFETY: what stands there came from `as_ptr`, and goes nowhere else.
        let table = Retired::Table(unsafe { Owned::from_ptr(self.table.load(Ordering::Relaxed)) });
        for retired in quarantine.fresh.drain(..).chain(quarantine.waiting.drain(..)).chain([table]) {
            // SAFETY: what a reader holds borrows the shard, so nobody reads it now.
            drop(unsafe { retired.free() });
        }
    }
}

#[cfg(test)]
impl<K, V> Shard<K, V> {
    /// Entries that live, and entries in quarantine.
    pub(super) fn held(&self) -> usize {
        self.writers.state.lock().held()
    }

    pub(super) fn room(&self) -> usize {
        let _state = self.writers.state.lock();
        self.table().room()
    }
}
