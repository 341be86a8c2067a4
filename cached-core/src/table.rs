//! Buckets by hash, each changed under the lock of its shard.
//!
//! In: a hash that is already one. Out: the bucket, to be read and changed; an empty one is not
//! kept. The models of the flight replace this file by one that a scheduler drives.

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

pub(crate) use crate::bucket::Bucket;
use crate::key::Finished;
use crate::sync::Held;

/// A concurrent table that holds little: what is being computed now.
pub(crate) struct Table<T>(DashMap<u64, Bucket<T>, Finished>);

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Self(DashMap::with_hasher_and_shard_amount(Finished::default(), 16))
    }

    /// Runs `change` on the bucket of `hash`, alone.
    pub(crate) fn with<R>(&self, hash: u64, change: impl FnOnce(&mut Bucket<T>) -> R) -> R {
        let (mut change, mut result) = (Some(change), None);
        self.change(hash, &mut |bucket| result = change.take().map(|change| change(bucket)));
        result.expect("every bucket is changed once")
    }

    /// Apart from [`Table::with`], so that it is compiled once for a type.
    fn change(&self, hash: u64, change: &mut dyn FnMut(&mut Bucket<T>)) {
        let _held = Held::new();
        match self.0.entry(hash) {
            Entry::Occupied(mut occupied) => {
                change(occupied.get_mut());
                if occupied.get().is_empty() {
                    occupied.remove();
                }
            }
            Entry::Vacant(vacant) => {
                let mut bucket = Bucket::default();
                change(&mut bucket);
                if !bucket.is_empty() {
                    vacant.insert(bucket);
                }
            }
        }
    }

    /// How many things are in all buckets.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|bucket| bucket.len()).sum()
    }
}
