//! Where entries lie: in segments that never move, each twice as large as the one before it.
//!
//! In: a number. Out: the entry that has it. Numbers are half as long as pointers, so that a line of the index holds
//! nearly twice as many; and an entry costs no allocation of its own.
#![expect(unsafe_code, reason = "entries are written where nobody looks, and read without a lock")]

use std::mem::MaybeUninit;
use std::ptr;

use super::entry::{Content, Entry, New, Side};
use crate::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// The first number, and how many entries the first segment has: what is left of a number without its highest bit is the
/// place in its segment.
const FIRST: u32 = 16;
const SEGMENTS: usize = (u32::BITS - FIRST.ilog2()) as usize;

pub(super) struct Slab<K, V> {
    entries: Segments<Entry<K, V>>,
    /// What only some entries have, at the same places.
    sides: Segments<Side>,
    /// The next number that was never given out.
    next: AtomicU32,
}

impl<K, V> Slab<K, V> {
    pub(super) fn new() -> Self {
        Self { entries: Segments::new(), sides: Segments::new(), next: AtomicU32::new(FIRST) }
    }

    /// The same slab once more, for a table that takes the place of one. Only one of the two is [ended](Slab::end), and
    /// no number is given out by the other any more.
    pub(super) fn again(&self) -> Self {
        let next = AtomicU32::new(self.next.load(Ordering::Relaxed));
        Self { entries: self.entries.again(), sides: self.sides.again(), next }
    }

    /// A number that was never given out, of an entry that is vacant; none, if all were.
    pub(super) fn fresh(&self) -> Option<u32> {
        let next = |next: u32| next.checked_add(1);
        let number = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        // SAFETY: nobody else has the number, so nobody looks at the place.
        unsafe { self.entries.make(number).write(Entry::vacant()) };
        Some(number)
    }

    /// # Safety
    /// The number was given out by this slab, and the slab is not ended within the borrow.
    #[inline]
    pub(super) unsafe fn entry(&self, number: u32) -> &Entry<K, V> {
        // SAFETY: what was given out was written, and is an entry from then on.
        unsafe { &*self.entries.at(number) }
    }

    /// # Safety
    /// As for [`Slab::entry`]; and the entry says that it has a side.
    #[inline]
    pub(super) unsafe fn side(&self, number: u32) -> &Side {
        // SAFETY: it was written before the entry said so.
        unsafe { &*self.sides.at(number) }
    }

    /// Puts key and value into an entry.
    ///
    /// # Safety
    /// The number was given out, its entry is vacant, and nobody else looks at it.
    pub(super) unsafe fn fill(&self, number: u32, new: New<K, V>) {
        if let Some(side) = new.side() {
            // SAFETY: whoever looks at a side has looked at its entry before.
            unsafe { self.sides.make(number).write(side) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.entry(number).fill(new) };
    }

    /// Drops what the entries hold, and frees them.
    ///
    /// # Safety
    /// Nobody looks at an entry of this slab, or of one that was made from it or for it, nor will.
    pub(super) unsafe fn end(&self) {
        Ending { slab: self, next: FIRST }.empty();
    }
}

/// Drops what the entries of a slab hold, one after the other, and then frees them; also where one of them panics.
struct Ending<'a, K, V> {
    slab: &'a Slab<K, V>,
    next: u32,
}

impl<K, V> Ending<'_, K, V> {
    fn empty(&mut self) {
        while self.next < self.slab.next.load(Ordering::Relaxed) {
            let number = self.next;
            self.next += 1;
            // SAFETY: the number was given out; and the promise of `end`.
            drop::<Option<Content<K, V>>>(unsafe { self.slab.entry(number).take() });
        }
    }
}

impl<K, V> Drop for Ending<'_, K, V> {
    fn drop(&mut self) {
        self.empty();
        // SAFETY: the promise of `end`.
        unsafe {
            self.slab.entries.end();
            self.slab.sides.end();
        }
    }
}

/// Places by number; a segment is made when the first of its places is needed.
struct Segments<T>([AtomicPtr<MaybeUninit<T>>; SEGMENTS]);

impl<T> Segments<T> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())))
    }

    fn again(&self) -> Self {
        Self(std::array::from_fn(|segment| AtomicPtr::new(self.0[segment].load(Ordering::Acquire))))
    }

    /// # Safety
    /// The segment of the number was made before the number came here.
    #[inline]
    unsafe fn at(&self, number: u32) -> *const T {
        let highest = number.ilog2();
        // SAFETY: numbers begin with FIRST, so there is such a segment, and it has so many places. It was made before
        // the number could be known, and whoever knows it sees that.
        unsafe {
            let segment = self.0.get_unchecked((highest - FIRST.ilog2()) as usize);
            segment.load(Ordering::Relaxed).add((number ^ (1 << highest)) as usize).cast()
        }
    }

    /// The place of a number, in a segment that is made for it if there is none. Several may come for one segment.
    fn make(&self, number: u32) -> *mut T {
        let highest = number.ilog2();
        let segment = &self.0[(highest - FIRST.ilog2()) as usize];
        let mut places = segment.load(Ordering::Acquire);
        if places.is_null() {
            let made: *mut [MaybeUninit<T>] = Box::into_raw(Box::new_uninit_slice(1 << highest));
            places = made.cast();
            if let Err(other) = segment.compare_exchange(ptr::null_mut(), places, Ordering::AcqRel, Ordering::Acquire) {
                places = other;
                // SAFETY: nobody saw it.
                drop(unsafe { Box::from_raw(made) });
            }
        }
        // SAFETY: a segment has as many places as there are numbers with its highest bit.
        unsafe { places.add((number ^ (1 << highest)) as usize).cast() }
    }

    /// # Safety
    /// Nobody looks at a place any more.
    unsafe fn end(&self) {
        for (segment, made) in self.0.iter().enumerate() {
            let places = made.swap(ptr::null_mut(), Ordering::AcqRel);
            if !places.is_null() {
                let places = ptr::slice_from_raw_parts_mut(places, (FIRST as usize) << segment);
                // SAFETY: it came from such a box in `make`, and the caller's promise.
                drop(unsafe { Box::from_raw(places) });
            }
        }
    }
}
