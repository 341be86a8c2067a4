//! Where entries lie: in segments that never move, each as large as all before it.
//!
//! In: a number. Out: the entry that has it. Numbers are half as long as pointers, so that a line of the index holds
//! nearly twice as many; and an entry costs no allocation of its own.
#![expect(unsafe_code, reason = "entries are written where nobody looks, and read without a lock")]

use std::alloc::{self, Layout};
use std::marker::PhantomData;
use std::ptr;

use super::entry::{Content, Entry, New, Side};
use super::pages;
use crate::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// How many entries the first two segments have each.
const FIRST: u32 = 16;
/// A number has its place in so many lower bits, and its segment in the others.
const PLACE: u32 = 27;
const SEGMENTS: usize = (PLACE - FIRST.ilog2() + 2) as usize;
/// So many entries there can be: more than a quarter of a thousand million.
const MOST: u32 = 2 << PLACE;

pub(super) struct Slab<K, V> {
    entries: Segments<Entry<K, V>>,
    /// What only some entries have, at the same places.
    sides: Segments<Side>,
    /// How many numbers were given out.
    given: AtomicU32,
}

impl<K, V> Slab<K, V> {
    pub(super) fn new() -> Self {
        Self { entries: Segments::new(), sides: Segments::new(), given: AtomicU32::new(0) }
    }

    /// The same slab once more, for a table that takes the place of one. Only one of the two is [ended](Slab::end), and
    /// no number is given out by the other any more.
    pub(super) fn again(&self) -> Self {
        let given = AtomicU32::new(self.given.load(Ordering::Relaxed));
        Self { entries: self.entries.again(), sides: self.sides.again(), given }
    }

    /// Whether no number was given out.
    pub(super) fn is_new(&self) -> bool {
        self.given.load(Ordering::Relaxed) == 0
    }

    /// A number that was never given out, of an entry that is vacant; none, if all were.
    pub(super) fn fresh(&self) -> Option<u32> {
        let one_more = |given| if given < MOST { Some(given + 1) } else { None };
        let number = number(self.given.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?);
        // SAFETY: nobody else has the number, so nobody looks at the place.
        unsafe { self.entries.make(number).write(Entry::vacant()) };
        Some(number)
    }

    /// The numbers that were given out, from the lowest up.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        (0..self.given.load(Ordering::Relaxed)).map(number)
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
        Ending { slab: self, next: 0 }.empty();
    }
}

/// Drops what the entries of a slab hold, one after the other, and then frees them; also where one of them panics.
struct Ending<'a, K, V> {
    slab: &'a Slab<K, V>,
    next: u32,
}

impl<K, V> Ending<'_, K, V> {
    fn empty(&mut self) {
        while self.next < self.slab.given.load(Ordering::Relaxed) {
            let number = number(self.next);
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
struct Segments<T>([AtomicPtr<T>; SEGMENTS], PhantomData<T>);

impl<T> Segments<T> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())), PhantomData)
    }

    fn again(&self) -> Self {
        Self(std::array::from_fn(|segment| AtomicPtr::new(self.0[segment].load(Ordering::Acquire))), PhantomData)
    }

    /// # Safety
    /// The segment of the number was made before the number came here.
    #[inline]
    unsafe fn at(&self, number: u32) -> *const T {
        let (segment, place) = locate(number);
        // SAFETY: the number was given out, so there is such a segment, and it has so many places. It was made before the
        // number could be known, and whoever knows it sees that.
        unsafe { self.0.get_unchecked(segment).load(Ordering::Relaxed).add(place) }
    }

    /// The place of a number, in a segment that is made for it if there is none. Several may come for one segment.
    fn make(&self, number: u32) -> *mut T {
        let (segment, place) = locate(number);
        let (layout, segment) = (layout::<T>(segment), &self.0[segment]);
        let mut places = segment.load(Ordering::Acquire);
        if places.is_null() {
            // SAFETY: a segment has places, and a place has a size.
            let made: *mut T = unsafe { alloc::alloc(layout) }.cast();
            if made.is_null() {
                alloc::handle_alloc_error(layout);
            }
            pages::make_large(made, layout.size());
            places = match segment.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => made,
                Err(other) => {
                    // SAFETY: it was allocated so, and nobody saw it.
                    unsafe { alloc::dealloc(made.cast(), layout) };
                    other
                }
            };
        }
        // SAFETY: the number is one of this segment.
        unsafe { places.add(place) }
    }

    /// # Safety
    /// Nobody looks at a place any more.
    unsafe fn end(&self) {
        for (segment, made) in self.0.iter().enumerate() {
            let places = made.swap(ptr::null_mut(), Ordering::AcqRel);
            if !places.is_null() {
                // SAFETY: it was allocated so in `make`, and the caller's promise.
                unsafe { alloc::dealloc(places.cast(), layout::<T>(segment)) };
            }
        }
    }
}

/// The number that is given out after so many others.
fn number(given: u32) -> u32 {
    let segment = (given / FIRST).checked_ilog2().map_or(0, |doubled| doubled + 1);
    let before = if segment == 0 { 0 } else { FIRST << (segment - 1) };
    segment << PLACE | (given - before)
}

/// The segment of a number, and its place there.
#[inline]
fn locate(number: u32) -> (usize, usize) {
    ((number >> PLACE) as usize, (number & ((1 << PLACE) - 1)) as usize)
}

/// A segment: each but the first has as many places as all before it. It begins with a cache line.
fn layout<T>(segment: usize) -> Layout {
    let places = (FIRST as usize) << segment.saturating_sub(1);
    let layout = Layout::array::<T>(places).and_then(|layout| layout.align_to(64));
    layout.expect("no place has so many bytes that a segment could not be counted")
}
