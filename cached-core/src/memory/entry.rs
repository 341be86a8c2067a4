//! One stored value, as it lies in the slab.
//!
//! In: a key, a value and its header. Out: what a reader may see of them; and key and value again, once nobody looks.
//!
//! An entry has sixteen bytes beside its key and its value. What only some need (an exact time, a weight) lies in a [`Side`],
//! elsewhere.
#![expect(unsafe_code, reason = "entries are read without a lock, and emptied after a grace period")]

use std::cell::UnsafeCell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::sync::Arc;

use super::horizon::Horizon;
use super::pin::Pinned;
use super::slab::Slab;
use super::{Header, Kept, Terms};
use crate::clock::{self, NEVER};
use crate::key::Held;
use crate::sync::Watched;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Readers stop writing the frequency here: a steady hit writes nothing that others read.
const SATURATED: u8 = 3;

/// Where in the word the frequency lies, and where the generation: there as in the word of a site, so that a hit shifts
/// nothing.
const FREQUENCY: u32 = 8;
const GENERATION: u32 = 14;

/// So many bits beside the hash are the policy's.
const MARKS: u32 = 3;
/// The hash is known without so many lower bits.
const LOWER: u32 = 32 + MARKS;

/// An idle time begins anew at most this often, in nanoseconds, and sixteen times in its course: an entry may end by
/// so much early.
const PRECISION: u64 = 1_000_000;

/// Of an entry without a side the moment of its creation is known by so many nanoseconds (17 ms), rounded down.
const TICK: u32 = 24;

/// The value lies behind an `Arc`.
const SHARED: u8 = 1;
/// The side knows the times.
const TIMED: u8 = 2;
/// The side knows the weight.
const WEIGHED: u8 = 4;
/// Key and value are there.
const HELD: u8 = 8;

pub(super) struct Entry<K, V> {
    /// What is so of it; then hits of late, up to [`SATURATED`]; then the generation of the site under which it was
    /// computed. Of these only the hits change while others look, so that a count lost in a race is a hit not seen, and no
    /// more.
    word: AtomicU64,
    /// The upper bits of the key's hash, and what the policy notes.
    hash: AtomicU32,
    /// When it ends, as the [`Horizon`] counts; or when it was computed, in ticks, where no side knows the times.
    time: AtomicU32,
    key: UnsafeCell<MaybeUninit<K>>,
    value: UnsafeCell<Value<V>>,
    /// Key and value.
    watched: Watched,
}

/// What is known of some entries.
pub(super) struct Side {
    created: u64,
    deadline: u64,
    /// When it was last given, by [`clock::now`]; kept where an idle time is set.
    used: AtomicU64,
    weight: u64,
    watched: Watched,
}

/// Which it is, says the entry.
union Value<V> {
    vacant: (),
    inline: ManuallyDrop<V>,
    shared: ManuallyDrop<Arc<V>>,
}

/// What an entry held.
pub(super) struct Content<K, V> {
    _key: K,
    _value: Kept<V>,
}

/// What is to be an entry.
pub(super) struct New<K, V> {
    pub(super) key: Held<K>,
    pub(super) value: Kept<V>,
    pub(super) header: Header,
    /// What it weighs beside what every entry does.
    pub(super) held: u64,
}

impl<K, V> New<K, V> {
    pub(super) fn into_content(self) -> Content<K, V> {
        Content { _key: self.key.key, _value: self.value }
    }

    /// What it will weigh, in bytes.
    pub(super) fn weight(&self) -> u64 {
        weight::<K, V>(self.held, matches!(self.value, Kept::Inline(_)), self.needs_side())
    }

    fn needs_side(&self) -> bool {
        self.held > 0 || self.header.is_timed()
    }

    /// The side that it needs, if it needs one.
    pub(super) fn side(&self) -> Option<Side> {
        let Header { created, deadline, .. } = self.header;
        let side = || {
            let used = AtomicU64::new(created);
            Side { created, deadline, used, weight: self.held, watched: Watched::new() }
        };
        self.needs_side().then(side)
    }
}

// SAFETY: it gives `&K` and `&V` to any thread, and both themselves to one: what is `Send + Sync` allows that.
unsafe impl<K: Send + Sync, V: Send + Sync> Sync for Entry<K, V> {}

impl<K, V> Entry<K, V> {
    pub(super) fn vacant() -> Self {
        Self {
            word: AtomicU64::new(0),
            hash: AtomicU32::new(0),
            time: AtomicU32::new(0),
            key: UnsafeCell::new(MaybeUninit::uninit()),
            value: UnsafeCell::new(Value { vacant: () }),
            watched: Watched::new(),
        }
    }

    /// Puts key and value into it.
    ///
    /// # Safety
    /// It is vacant, and nobody else looks at it.
    pub(super) unsafe fn fill(&self, new: New<K, V>) {
        let New { key: Held { hash, key }, value, header, held } = new;
        let (value, shared) = match value {
            Kept::Inline(value) => (Value { inline: ManuallyDrop::new(value) }, 0),
            Kept::Shared(value) => (Value { shared: ManuallyDrop::new(value) }, SHARED),
        };
        self.watched.change();
        // SAFETY: the caller's promise.
        unsafe {
            (*self.key.get()).write(key);
            self.value.get().write(value);
        }
        let about = || u32::try_from(header.created >> TICK).unwrap_or(u32::MAX);
        let (timed, time) = if header.is_timed() { (TIMED, Horizon::end(header.deadline)) } else { (0, about()) };
        let weighed = if held > 0 { WEIGHED } else { 0 };
        self.hash.store(((hash >> LOWER) as u32) << MARKS, Ordering::Relaxed);
        self.time.store(time, Ordering::Relaxed);
        self.word.store(word(HELD | shared | timed | weighed, 0, header.generation), Ordering::Relaxed);
    }

    /// Takes out what is in it, if anything is.
    ///
    /// # Safety
    /// Nobody else looks at it.
    pub(super) unsafe fn take(&self) -> Option<Content<K, V>> {
        let is = self.word.load(Ordering::Relaxed) as u8;
        self.word.store(0, Ordering::Relaxed);
        self.watched.change();
        // SAFETY: it is there, and the caller's promise; it was marked as not there, so nobody takes it again.
        (is & HELD != 0).then(|| unsafe {
            let value = self.value.get();
            let value = match is & SHARED {
                0 => Kept::Inline(ManuallyDrop::take(&mut (*value).inline)),
                _ => Kept::Shared(ManuallyDrop::take(&mut (*value).shared)),
            };
            Content { _key: (*self.key.get()).assume_init_read(), _value: value }
        })
    }

    /// Whether key and value are there.
    pub(super) fn is_held(&self) -> bool {
        self.is(HELD)
    }

    #[inline]
    fn is(&self, what: u8) -> bool {
        self.word.load(Ordering::Relaxed) & u64::from(what) != 0
    }

    /// Hits of late.
    pub(super) fn frequency(&self) -> u8 {
        (self.word.load(Ordering::Relaxed) >> FREQUENCY) as u8 & 3
    }

    #[inline]
    pub(super) fn set_frequency(&self, frequency: u8) {
        let word = self.word.load(Ordering::Relaxed) & !(3 << FREQUENCY);
        self.word.store(word | u64::from(frequency) << FREQUENCY, Ordering::Relaxed);
    }

    /// What the policy noted.
    pub(super) fn marks(&self) -> u8 {
        self.hash.load(Ordering::Relaxed) as u8 & ((1 << MARKS) - 1)
    }

    pub(super) fn set_marks(&self, marks: u8) {
        let hash = self.hash.load(Ordering::Relaxed) >> MARKS << MARKS;
        self.hash.store(hash | u32::from(marks), Ordering::Relaxed);
    }

    /// The upper bits of the hash, in their place.
    pub(super) fn hash(&self) -> u64 {
        u64::from(self.hash.load(Ordering::Relaxed) >> MARKS) << LOWER
    }

    /// Whether it has the hash, as far as it knows it, and the key.
    ///
    /// # Safety
    /// Key and value are there, and stay within the borrow.
    #[inline]
    pub(super) unsafe fn has(&self, hash: u64, is: impl FnOnce(&K) -> bool) -> bool {
        // SAFETY: the caller's promise.
        (self.hash.load(Ordering::Relaxed) ^ (hash >> 32) as u32) >> MARKS == 0 && is(unsafe { self.key() })
    }

    /// # Safety
    /// As for [`Entry::has`].
    #[inline]
    unsafe fn key(&self) -> &K {
        self.watched.look();
        // SAFETY: the caller's promise.
        unsafe { (*self.key.get()).assume_init_ref() }
    }
}

/// An entry that stays as it is while somebody looks at it.
pub(super) struct Seen<'a, K, V> {
    entry: &'a Entry<K, V>,
    slab: &'a Slab<K, V>,
    number: u32,
}

impl<K, V> Clone for Seen<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Seen<'_, K, V> {}

impl<'a, K, V> Seen<'a, K, V> {
    /// # Safety
    /// The entry of the number holds key and value, and does within the borrow.
    #[inline]
    pub(super) unsafe fn new(slab: &'a Slab<K, V>, number: u32) -> Self {
        // SAFETY: the caller's promise.
        Self { entry: unsafe { slab.entry(number) }, slab, number }
    }

    pub(super) fn number(self) -> u32 {
        self.number
    }

    /// Whether it has the hash and the key.
    pub(super) fn has(self, hash: u64, is: impl FnOnce(&K) -> bool) -> bool {
        // SAFETY: the promise of `new`.
        unsafe { self.entry.has(hash, is) }
    }

    #[inline]
    pub(super) fn key(self) -> &'a K {
        // SAFETY: the promise of `new`.
        unsafe { self.entry.key() }
    }

    fn side(self, what: u8) -> Option<&'a Side> {
        // SAFETY: the promise of `new`; and it says that it has one.
        let side = self.entry.is(what).then(|| unsafe { self.slab.side(self.number) });
        side.inspect(|side| side.watched.look())
    }

    /// What it weighs, in bytes.
    pub(super) fn weight(self) -> u64 {
        let held = self.side(WEIGHED).map_or(0, |side| side.weight);
        weight::<K, V>(held, !self.entry.is(SHARED), self.entry.is(TIMED | WEIGHED))
    }

    /// When it was computed.
    pub(super) fn created(self) -> u64 {
        let about = || u64::from(self.entry.time.load(Ordering::Relaxed)) << TICK;
        self.side(TIMED).map_or_else(about, |side| side.created)
    }

    pub(super) fn deadline(self) -> u64 {
        self.side(TIMED).map_or(NEVER, |side| side.deadline)
    }

    #[inline]
    pub(super) fn is_of(self, generation: u64) -> bool {
        self.entry.word.load(Ordering::Relaxed) >> GENERATION == word(0, 0, generation) >> GENERATION
    }

    /// From when on it is not served.
    pub(super) fn end(self, terms: Terms) -> u64 {
        let (side, created) = (self.side(TIMED), self.created());
        let end = side.map_or(NEVER, |side| side.deadline).min(created.saturating_add(terms.life));
        let used = || side.map_or(created, |side| side.used.load(Ordering::Relaxed));
        if terms.idle == NEVER { end } else { end.min(used().saturating_add(terms.idle)) }
    }

    /// Whether it is served now; if it is, its idle time begins anew. Reads the clock where entries can end.
    #[inline]
    pub(super) fn lives(self, terms: Terms, horizon: Horizon) -> bool {
        self.is_of(terms.generation) && (!terms.timed || self.lasts(terms, horizon))
    }

    /// The same without a clock, where the terms are plain. `None`: that does not tell.
    #[inline]
    pub(super) fn lives_by_itself(self, terms: Terms, horizon: Horizon) -> Option<bool> {
        let lives = self.is_of(terms.generation);
        let tells = !terms.timed || self.entry.is(TIMED) && horizon.is_before(self.entry.time.load(Ordering::Relaxed));
        (!lives || tells).then_some(lives)
    }

    #[inline]
    fn lasts(self, terms: Terms, horizon: Horizon) -> bool {
        let (end, now) = (self.end(terms), clock::now());
        if terms.idle == NEVER {
            horizon.renew(now, end);
            return now < end;
        }
        if let Some(side) = self.side(TIMED).filter(|_| now < end) {
            // Not at each hit: a line that all readers write would pass from core to core.
            let due = side.used.load(Ordering::Relaxed).saturating_add(PRECISION.min(terms.idle / 16));
            if now >= due {
                side.used.fetch_max(now, Ordering::Relaxed);
            }
        }
        now < end
    }

    /// Notes a hit.
    #[inline]
    pub(super) fn touch(self) {
        let frequency = self.entry.frequency();
        if frequency < SATURATED {
            self.entry.set_frequency(frequency + 1);
        }
    }

    /// The value, or what shares it.
    #[inline]
    fn value(self) -> Result<&'a V, &'a Arc<V>> {
        // SAFETY: the promise of `new`; which it is, says the entry.
        unsafe {
            let value = &*self.entry.value.get();
            if self.entry.is(SHARED) { Err(&value.shared) } else { Ok(&value.inline) }
        }
    }

    /// Shows the value to `f`, which is the user's code.
    pub(super) fn show<T>(self, pinned: &Pinned, f: impl FnOnce(&V) -> T) -> T {
        pinned.has_compared();
        f(self.value().unwrap_or_else(|shared| shared))
    }

    /// What shares the value, where something does.
    pub(super) fn shared(self) -> Option<&'a Arc<V>> {
        self.value().err()
    }
}

impl<K, V: Clone> Seen<'_, K, V> {
    /// A copy of the value, for a hit, where the terms are plain; none, if it is of another generation. The outer `None`:
    /// a clock has to be read.
    #[inline]
    pub(super) fn serve_of(self, terms: Terms, horizon: Horizon, pinned: &Pinned) -> Option<Option<V>> {
        if terms.timed && !horizon.is_before(self.entry.time.load(Ordering::Relaxed)) {
            return None;
        }
        let timed = if terms.timed { TIMED } else { 0 };
        // Nearly always one look tells all: it is of this generation, nothing is to be noted, and the value is here.
        if self.entry.word.load(Ordering::Relaxed) == word(HELD | timed, SATURATED, terms.generation) {
            // SAFETY: the promise of `new`; and it is not shared.
            return Some(Some(V::clone(unsafe { &(*self.entry.value.get()).inline })));
        }
        Some(self.lives_by_itself(terms, horizon)?.then(|| self.serve(pinned)))
    }

    /// A copy of the value, for a hit.
    #[inline]
    pub(super) fn serve(self, pinned: &Pinned) -> V {
        self.touch();
        match self.value() {
            Ok(value) => value.clone(),
            Err(value) => {
                // The user's code, under no lock. It may call us, panic, or take its time.
                pinned.has_compared();
                V::clone(value)
            }
        }
    }

    pub(super) fn kept(self) -> Kept<V> {
        match self.value() {
            Ok(value) => Kept::Inline(value.clone()),
            Err(value) => Kept::Shared(Arc::clone(value)),
        }
    }
}

/// What an entry weighs whose value holds so much elsewhere.
pub(super) fn weight<K, V>(held: u64, quiet: bool, has_side: bool) -> u64 {
    let behind = if quiet { 0 } else { size_of::<V>() + 2 * size_of::<usize>() };
    let side = if has_side { size_of::<Side>() } else { 0 };
    held + (size_of::<Entry<K, V>>() + behind + side) as u64
}

/// The word of an entry.
#[inline]
fn word(is: u8, frequency: u8, generation: u64) -> u64 {
    u64::from(is) | u64::from(frequency) << FREQUENCY | generation << GENERATION
}
