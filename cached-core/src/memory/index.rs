//! Numbers of entries by hash, found without a lock.
//!
//! In: a hash, and a look at an entry. Out: what the look saw at the one that it is about. A bucket is one cache line: eleven
//! numbers with a byte of the hash each, and the next bucket where more share it. Readers may come at any moment; writers
//! come one at a time for each range of hashes.
//!
//! The line is that of CLHT (T. David, R. Guerraoui, V. Trigonakis, "Asynchronized Concurrency", ASPLOS
//! 2015), the bytes beside it those of Swiss tables. An index that grows copies numbers only: the entries stay.
#![expect(unsafe_code, reason = "readers follow a pointer that writers change, and check nothing twice")]

use std::ptr;

use super::pages;
use crate::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::sync::{FIRST, FULL, WAYS, Watched};

pub(super) struct Index {
    /// A power of two of them, two at least.
    buckets: Box<[Bucket]>,
    /// What is left of a hash after so many bits is the place of its bucket.
    shift: u32,
}

#[repr(C, align(64))]
struct Bucket {
    /// A byte for each way: 0 where nothing is.
    tags: AtomicU64,
    /// The same for the rest. The last byte is always 0.
    more: AtomicU32,
    /// Only read where the tag is not 0, so what is no longer linked may be left here.
    numbers: [AtomicU32; WAYS],
    next: AtomicPtr<Bucket>,
    watched: Watched,
}

// In the models it has fewer ways.
const _: () = assert!(WAYS < 11 || size_of::<Bucket>() == 64, "a bucket is a cache line");

/// Seven bits of the hash; never 0, nor 0 but for the lowest bit.
#[inline]
fn tag(hash: u64) -> u8 {
    hash as u8 | 0x80
}

impl Index {
    /// An empty index. `buckets` is a power of two.
    pub(super) fn new(buckets: usize) -> Self {
        let count = buckets.max(2);
        let mut buckets: Vec<Bucket> = Vec::with_capacity(count);
        pages::make_large(buckets.as_mut_ptr(), count * size_of::<Bucket>());
        buckets.resize_with(count, Bucket::new);
        Self { buckets: buckets.into(), shift: u64::BITS - count.ilog2() }
    }

    /// How many entries it holds well.
    pub(super) fn room(&self) -> usize {
        self.buckets.len() * FULL
    }

    #[inline]
    fn bucket(&self, hash: u64) -> &Bucket {
        // SAFETY: there are 2^n buckets, and `shift` leaves n bits. A check could panic, and a hit without
        // anything that can needs fewer registers.
        unsafe { self.buckets.get_unchecked(self.place(hash)) }
    }

    /// The place of the bucket of a hash.
    #[inline]
    pub(super) fn place(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }

    /// What `look` sees at the number for which it sees anything.
    #[inline]
    pub(super) fn find<T>(&self, hash: u64, mut look: impl FnMut(u32) -> Option<T>) -> Option<T> {
        let mut bucket = self.bucket(hash);
        loop {
            bucket.watched.look();
            let tags = [bucket.tags.load(Ordering::Acquire), u64::from(bucket.more.load(Ordering::Acquire))];
            for (tags, first) in tags.into_iter().zip([0, FIRST]) {
                let mut ways = equal(tag(hash), tags);
                while ways != 0 {
                    let seen = look(bucket.at(first, ways));
                    if seen.is_some() {
                        return seen;
                    }
                    ways &= ways - 1;
                }
            }
            bucket = bucket.following()?;
        }
    }

    /// As [`Index::find`], but only in the bucket where that nearly always is. The outer `None`: it may be in another.
    #[inline(always)]
    pub(super) fn glance<T>(&self, hash: u64, mut look: impl FnMut(u32) -> Option<T>) -> Option<Option<T>> {
        let bucket = self.bucket(hash);
        bucket.watched.look();
        let mut ways = equal(tag(hash), bucket.tags.load(Ordering::Acquire));
        let mut first = 0;
        loop {
            while ways != 0 {
                let seen = look(bucket.at(first, ways));
                if seen.is_some() {
                    return Some(seen);
                }
                ways &= ways - 1;
            }
            if first == FIRST {
                return if bucket.following().is_none() { Some(None) } else { None };
            }
            ways = equal(tag(hash), u64::from(bucket.more.load(Ordering::Acquire)));
            first = FIRST;
        }
    }

    /// Makes a number reachable. For the one writer.
    pub(super) fn link(&self, hash: u64, number: u32) {
        let mut bucket = self.bucket(hash);
        loop {
            if let Some(way) = (0..WAYS).find(|way| bucket.tag(*way) == 0) {
                // The number before its tag: whoever sees the tag sees the number and what is in its entry.
                bucket.numbers[way].store(number, Ordering::Release);
                return bucket.set_tag(way, tag(hash));
            }
            bucket = match bucket.following() {
                Some(next) => next,
                None => bucket.follow(),
            };
        }
    }

    /// Makes a number unreachable for whoever looks from now on. For the one writer.
    pub(super) fn unlink(&self, hash: u64, number: u32) {
        let mut bucket = self.bucket(hash);
        loop {
            let is_here = |way: &usize| bucket.numbers[*way].load(Ordering::Relaxed) == number && bucket.tag(*way) != 0;
            if let Some(way) = (0..WAYS).find(is_here) {
                return bucket.set_tag(way, 0);
            }
            // Were it not found here, readers might still find it: nothing may free it.
            bucket = bucket.following().expect("what is unlinked was linked");
        }
    }

    /// An index of twice the size with the same in it. `upper` knows the upper half of a number's hash. For whoever
    /// keeps all writers away.
    pub(super) fn grown(&self, upper: &dyn Fn(u32) -> u64) -> Self {
        let grown = Self::new(self.buckets.len() * 2);
        self.each(|number, tag, _| grown.link(upper(number) | u64::from(tag), number));
        grown
    }

    /// Shows each number with its tag and the place of its bucket. For whoever keeps all writers away.
    pub(super) fn each(&self, mut show: impl FnMut(u32, u8, usize)) {
        for (place, bucket) in self.buckets.iter().enumerate() {
            let mut next = Some(bucket);
            while let Some(bucket) = next {
                for way in 0..WAYS {
                    let (tag, number) = (bucket.tag(way), bucket.numbers[way].load(Ordering::Relaxed));
                    if tag != 0 {
                        show(number, tag, place);
                    }
                }
                next = bucket.following();
            }
        }
    }
}

impl Bucket {
    fn new() -> Self {
        let numbers = std::array::from_fn(|_| AtomicU32::new(0));
        let (tags, more, next) = (AtomicU64::new(0), AtomicU32::new(0), AtomicPtr::new(ptr::null_mut()));
        Self { tags, more, numbers, next, watched: Watched::new() }
    }

    /// The tag of a way, for the one writer.
    fn tag(&self, way: usize) -> u8 {
        match way.checked_sub(FIRST) {
            None => self.tags.load(Ordering::Relaxed).to_le_bytes()[way],
            Some(way) => self.more.load(Ordering::Relaxed).to_le_bytes()[way],
        }
    }

    /// For the one writer.
    fn set_tag(&self, way: usize, tag: u8) {
        match way.checked_sub(FIRST) {
            None => {
                let mut tags = self.tags.load(Ordering::Relaxed).to_le_bytes();
                tags[way] = tag;
                self.tags.store(u64::from_le_bytes(tags), Ordering::Release);
            }
            Some(way) => {
                let mut tags = self.more.load(Ordering::Relaxed).to_le_bytes();
                tags[way] = tag;
                self.more.store(u32::from_le_bytes(tags), Ordering::Release);
            }
        }
    }

    /// The number at the first of some ways, which are counted from one of them. It was reachable at some moment since
    /// their tags were read: the tag was set after it was stored, and the acquire of the tag shows that number, or one
    /// stored later.
    #[inline]
    fn at(&self, first: usize, ways: u64) -> u32 {
        let way = first + ways.trailing_zeros() as usize / 8;
        // SAFETY: there is a way, and tags beyond the last are 0, which none is.
        unsafe { self.numbers.get_unchecked(way) }.load(Ordering::Acquire)
    }

    #[inline]
    fn following(&self) -> Option<&Self> {
        // SAFETY: null, or from a box of `follow`, which is freed with the index and no sooner.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }

    /// Hangs an empty bucket on the last of a line.
    fn follow(&self) -> &Self {
        let next = Box::leak(Box::new(Bucket::new()));
        self.next.store(next, Ordering::Release);
        next
    }
}

impl Drop for Index {
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
fn equal(tag: u8, tags: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differs = tags ^ (u64::from(tag) * ONES);
    differs.wrapping_sub(ONES) & !differs & (0x80 * ONES)
}
