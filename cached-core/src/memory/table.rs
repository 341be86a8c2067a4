//! Entries by hash, found without a lock.
//!
//! In: a hash and a comparison. Out: the entry. A bucket is one cache line: six entries with a byte
//! of the hash each, and the next bucket where more than six share it. Readers may come at any
//! moment; writers come one at a time.
//!
//! The line is that of CLHT (T. David, R. Guerraoui, V. Trigonakis, "Asynchronized Concurrency", ASPLOS
//! 2015), the bytes beside it those of Swiss tables. Entries themselves never move, since a key of the
//! user's may change inside while readers compare with it; so a table that grows copies pointers only.
#![expect(unsafe_code, reason = "readers follow pointers that writers change")]

use std::ptr;

use super::entry::{Entry, Handle};
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

const WAYS: usize = 6;
/// Entries per bucket from which on the table is too small. Of seven in a bucket one in nine is then more.
const FULL: usize = 3;

pub(super) struct Table<K, V> {
    /// A power of two of them, two at least.
    buckets: Box<[Bucket<K, V>]>,
    /// What is left of a hash after so many bits is the place of its bucket.
    shift: u32,
}

#[repr(align(64))]
struct Bucket<K, V> {
    /// A byte for each way: 0 where nothing is. The last two are always 0.
    tags: AtomicU64,
    /// Only read where the tag is not 0, so what is no longer linked may be left here.
    entries: [AtomicPtr<Entry<K, V>>; WAYS],
    next: AtomicPtr<Bucket<K, V>>,
}

/// Seven bits of the hash; never 0, nor 0 but for the lowest bit.
#[inline]
fn tag(hash: u64) -> u64 {
    hash & 0xff | 0x80
}

impl<K, V> Table<K, V> {
    /// An empty table. `buckets` is a power of two.
    pub(super) fn new(buckets: usize) -> Self {
        let buckets: Box<[_]> = (0..buckets.max(2)).map(|_| Bucket::new()).collect();
        Self { shift: u64::BITS - buckets.len().ilog2(), buckets }
    }

    pub(super) fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// How many entries it holds well.
    pub(super) fn room(&self) -> usize {
        self.buckets.len() * FULL
    }

    #[inline]
    fn bucket(&self, hash: u64) -> &Bucket<K, V> {
        // SAFETY: there are 2^n buckets, and `shift` leaves n bits. A check could panic, and a hit without
        // anything that can needs fewer registers.
        unsafe { self.buckets.get_unchecked((hash >> self.shift) as usize) }
    }

    /// # Safety
    /// The calling thread has been pinned since before it reached the table, or is the one writer.
    #[inline]
    pub(super) unsafe fn find(&self, hash: u64, mut is: impl FnMut(&K) -> bool) -> Option<Handle<K, V>> {
        let mut bucket = self.bucket(hash);
        loop {
            let mut matches = matches(bucket.tags.load(Ordering::Acquire), tag(hash));
            while matches != 0 {
                // SAFETY: the caller's promise, and a match.
                let found = unsafe { bucket.at(matches, hash, &mut is) };
                if found.is_some() {
                    return found;
                }
                matches &= matches - 1;
            }
            bucket = bucket.following()?;
        }
    }

    /// As [`Table::find`], but only in the place where an entry nearly always is. The outer `None`: it may be
    /// in another.
    ///
    /// # Safety
    /// As for [`Table::find`].
    #[inline]
    pub(super) unsafe fn glance(&self, hash: u64, is: impl FnOnce(&K) -> bool) -> Option<Option<Handle<K, V>>> {
        let bucket = self.bucket(hash);
        let matches = matches(bucket.tags.load(Ordering::Acquire), tag(hash));
        if matches == 0 {
            return if bucket.following().is_none() { Some(None) } else { None };
        }
        // SAFETY: the caller's promise, and a match.
        unsafe { bucket.at(matches, hash, is) }.map(Some)
    }

    /// Makes an entry reachable. For the one writer.
    pub(super) fn link(&self, hash: u64, entry: Handle<K, V>) {
        let mut bucket = self.bucket(hash);
        loop {
            let tags = bucket.tags.load(Ordering::Relaxed);
            if let Some(way) = (0..WAYS).find(|way| tags >> (8 * way) & 0xff == 0) {
                // The entry before its tag: whoever sees the tag sees the entry and what is in it.
                bucket.entries[way].store(entry.as_ptr(), Ordering::Release);
                return bucket.tags.store(tags | tag(hash) << (8 * way), Ordering::Release);
            }
            bucket = match bucket.following() {
                Some(next) => next,
                None => bucket.follow(),
            };
        }
    }

    /// Makes an entry unreachable for whoever looks from now on. For the one writer.
    pub(super) fn unlink(&self, hash: u64, entry: Handle<K, V>) {
        let mut bucket = self.bucket(hash);
        loop {
            let tags = bucket.tags.load(Ordering::Relaxed);
            let is_here = |way: &usize| {
                tags >> (8 * way) & 0xff != 0 && bucket.entries[*way].load(Ordering::Relaxed) == entry.as_ptr()
            };
            if let Some(way) = (0..WAYS).find(is_here) {
                return bucket.tags.store(tags & !(0xff << (8 * way)), Ordering::Release);
            }
            // Were it not found here, readers might still find it: nothing may free it.
            bucket = bucket.following().expect("what is unlinked was linked");
        }
    }
}

impl<K, V> Bucket<K, V> {
    fn new() -> Self {
        let entries = std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut()));
        Self { tags: AtomicU64::new(0), entries, next: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The entry at the first of some matches, if it has the hash and the key.
    ///
    /// # Safety
    /// As for [`Table::find`]; and there is a match.
    #[inline]
    unsafe fn at(&self, matches: u64, hash: u64, is: impl FnOnce(&K) -> bool) -> Option<Handle<K, V>> {
        let way = matches.trailing_zeros() as usize / 8;
        // SAFETY: a tag that is not 0 is that of one of the six ways. It was set, so an entry had been
        // stored here before it, and the acquire of the tag shows that one, or one stored later. It was
        // reachable at some moment of this pin (or still is, for the writer): an entry is freed only after
        // a grace period that begins when its tag is cleared, and none that begins during this pin passes
        // before its end.
        let (handle, entry) = unsafe {
            let handle = Handle::from_ptr(self.entries.get_unchecked(way).load(Ordering::Acquire));
            (handle, handle.get())
        };
        (entry.key.hash == hash && is(&entry.key.key)).then_some(handle)
    }

    #[inline]
    fn following(&self) -> Option<&Self> {
        // SAFETY: null, or from a box of `follow`, which is freed with the table and no sooner.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }

    /// Hangs an empty bucket on the last of a line.
    fn follow(&self) -> &Self {
        let next = Box::leak(Box::new(Bucket::new()));
        self.next.store(next, Ordering::Release);
        next
    }
}

impl<K, V> Drop for Table<K, V> {
    fn drop(&mut self) {
        for bucket in &mut self.buckets {
            // One after the other: a line may be longer than the stack is deep.
            let mut next = bucket.next.load(Ordering::Acquire);
            while !next.is_null() {
                // SAFETY: it came from a box in `follow`, and only the bucket before it knew of it.
                let bucket = unsafe { Box::from_raw(next) };
                next = bucket.next.load(Ordering::Acquire);
            }
        }
    }
}

/// The high bit of each byte that equals `tag`. A byte above one that does may count too, if it differs
/// in the lowest bit only: by the choice of tags that is another tag, and the comparison tells.
#[inline]
fn matches(tags: u64, tag: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differs = tags ^ (tag * ONES);
    differs.wrapping_sub(ONES) & !differs & (0x80 * ONES)
}
