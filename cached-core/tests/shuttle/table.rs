//! The table of flights, with shards whose locks the model drives.
//!
//! The flight takes its own lock while it holds a shard's. Under a real shard lock that would be a
//! moment at which the scheduler runs another thread into that same lock, and the model would stand
//! still; so the shards are the model's too, and interleavings of both are explored.

use std::collections::BTreeMap;

use shuttle::sync::{Mutex, MutexGuard};

pub(crate) use crate::bucket::Bucket;
use crate::sync::Held;

const SHARDS: u64 = 16;

/// Buckets by hash; an empty one is not kept.
pub(crate) struct Table<T>(Vec<Mutex<BTreeMap<u64, Bucket<T>>>>);

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::new(BTreeMap::new())).collect())
    }

    pub(crate) fn with<R>(&self, hash: u64, change: impl FnOnce(&mut Bucket<T>) -> R) -> R {
        let _held = Held::new();
        let place = usize::try_from(hash % SHARDS).expect("less than the number of shards");
        let mut shard = lock(&self.0[place]);
        let result = change(shard.entry(hash).or_default());
        shard.retain(|_, bucket| !bucket.is_empty());
        result
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|shard| lock(shard).values().map(Bucket::len).sum::<usize>()).sum()
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().expect("no model panics under a shard's lock")
}
