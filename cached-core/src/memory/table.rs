//! An index and the slab that its numbers are of, under one pointer.
//!
//! In: a hash and a comparison. Out: the entry. Readers hold it by a pin; whoever replaces it retires the old one.
#![expect(unsafe_code, reason = "what the index shows is read without a lock")]

use std::ptr::NonNull;

use super::entry::Seen;
use super::index::Index;
use super::policy::Items;
use super::slab::Slab;

pub(super) struct Table<K, V> {
    pub(super) index: Index,
    pub(super) slab: Slab<K, V>,
}

impl<K, V> Table<K, V> {
    /// An empty table. `buckets` is a power of two.
    pub(super) fn new(buckets: usize) -> Self {
        Self { index: Index::new(buckets), slab: Slab::new() }
    }

    /// A table of twice the size with the same entries. For whoever keeps all writers away.
    pub(super) fn grown(&self) -> Self {
        // SAFETY: what is linked was given out.
        let upper = |number| unsafe { self.slab.entry(number) }.hash();
        Self { index: self.index.grown(&upper), slab: self.slab.again() }
    }

    /// # Safety
    /// The calling thread has been pinned since before it reached the table, and is within the borrow; or it is the one
    /// writer of the range of the hash.
    #[inline]
    pub(super) unsafe fn find<'a>(&'a self, hash: u64, mut is: impl FnMut(&K) -> bool) -> Option<Seen<'a, K, V>> {
        self.index.find(hash, |number| {
            // SAFETY: the caller's promise.
            let seen = unsafe { self.seen(number) };
            seen.has(hash, &mut is).then_some(seen)
        })
    }

    /// As [`Table::find`], but only in the bucket where an entry nearly always is. The outer `None`: it may be
    /// in another.
    ///
    /// # Safety
    /// As for [`Table::find`].
    #[inline(always)]
    pub(super) unsafe fn glance<'a>(&'a self, hash: u64, is: impl Fn(&K) -> bool) -> Option<Option<Seen<'a, K, V>>> {
        self.index.glance(hash, |number| {
            // SAFETY: the caller's promise.
            let seen = unsafe { self.seen(number) };
            seen.has(hash, &is).then_some(seen)
        })
    }

    /// # Safety
    /// The number is linked; or it was at some moment since the calling thread was pinned, which it is within the
    /// borrow. An entry is emptied only after a grace period that begins when it is linked no more, and none that begins
    /// during a pin passes before its end.
    #[inline]
    pub(super) unsafe fn seen(&self, number: u32) -> Seen<'_, K, V> {
        // SAFETY: it was filled before it was linked; and the caller's promise.
        unsafe { Seen::new(&self.slab, number) }
    }
}

impl<K, V> Items for Table<K, V> {
    fn hash(&self, number: u32) -> u64 {
        // SAFETY: what is queued was given out.
        unsafe { self.slab.entry(number) }.hash()
    }

    fn weight(&self, number: u32) -> u64 {
        // SAFETY: who asks for the weight of an item holds its part's lock, under which it is about to be linked, linked or
        // in quarantine, and not emptied.
        unsafe { self.seen(number) }.weight()
    }

    fn frequency(&self, number: u32) -> u8 {
        // SAFETY: as for its hash.
        unsafe { self.slab.entry(number) }.frequency()
    }

    fn set_frequency(&self, number: u32, frequency: u8) {
        // SAFETY: as for its hash.
        unsafe { self.slab.entry(number) }.set_frequency(frequency);
    }

    fn marks(&self, number: u32) -> u8 {
        // SAFETY: as for its hash.
        unsafe { self.slab.entry(number) }.marks()
    }

    fn set_marks(&self, number: u32, marks: u8) {
        // SAFETY: as for its hash.
        unsafe { self.slab.entry(number) }.set_marks(marks);
    }

    fn is_held(&self, number: u32) -> bool {
        // SAFETY: as for its hash.
        unsafe { self.slab.entry(number) }.is_held()
    }
}

/// Something that the memory owns and readers may be looking at.
pub(super) struct Owned<T>(NonNull<T>);

// SAFETY: it gives `&T` to any thread, and the box to one: what is `Send + Sync` allows both.
unsafe impl<T: Send + Sync> Send for Owned<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Owned<T> {}

impl<T> Owned<T> {
    pub(super) fn new(owned: T) -> Self {
        Owned(NonNull::from(Box::leak(Box::new(owned))))
    }

    /// The one whose [`Owned::as_ptr`] this is.
    ///
    /// # Safety
    /// It is one.
    pub(super) unsafe fn from_ptr(pointer: *mut T) -> Self {
        // SAFETY: what came from a box is not null.
        Owned(unsafe { NonNull::new_unchecked(pointer) })
    }

    pub(super) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// # Safety
    /// It is not freed within the borrow.
    pub(super) unsafe fn get(&self) -> &T {
        // SAFETY: it came from a box, and whoever calls vouches that this box is not freed yet.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    /// Nobody holds or can get a reference to it, and it is freed once.
    pub(super) unsafe fn free(&self) -> Box<T> {
        // SAFETY: it came from a box, and whoever calls is the last to know of it.
        unsafe { Box::from_raw(self.0.as_ptr()) }
    }
}
