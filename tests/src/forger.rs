//! A backend that hands back what a test puts in its place.
//!
//! In: what the engine writes, and bytes of the test's own. Out: each write as it was, and to a reader whatever the test
//! says: bytes that anybody could have put there who can write to a backend.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// It takes every write, whatever its condition.
#[derive(Debug, Default)]
pub struct Forger {
    written: Mutex<HashMap<Key, Bytes>>,
    last: Mutex<Option<(Key, Bytes)>>,
    forged: Mutex<Option<Bytes>>,
}

impl Forger {
    /// What was written last, and under which key; nothing until something is written again.
    pub fn take_last(&self) -> Option<(Key, Bytes)> {
        lock(&self.last).take()
    }

    /// What every reader is given from now on; `None`: what was written.
    pub fn forge(&self, bytes: Option<Bytes>) {
        *lock(&self.forged) = bytes;
    }
}

impl Backend for Forger {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let (written, forged) = (lock(&self.written), lock(&self.forged));
        Reply::Ready(Ok(keys.iter().map(|key| forged.clone().or_else(|| written.get(key).cloned())).collect()))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let stored = writes.into_iter().map(|write| {
            *lock(&self.last) = Some((write.key.clone(), write.bytes.clone()));
            lock(&self.written).insert(write.key, write.bytes);
            true
        });
        Reply::Ready(Ok(stored.collect()))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let mut written = lock(&self.written);
        Reply::Ready(Ok(keys.iter().map(|(key, _)| written.remove(key).is_some()).collect()))
    }

    fn clear(&self, _: &str) -> Reply<()> {
        lock(&self.written).clear();
        Reply::Ready(Ok(()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An envelope with another payload, of which everything else that it says is right again.
pub fn resealed(envelope: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short");
    let mut forged = [&envelope[..HEAD], payload].concat();
    forged[LENGTH].copy_from_slice(&length.to_le_bytes());
    let sum = xxh3_64_with_seed(&forged[..CHECKSUM.start], xxh3_64(payload));
    forged[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
    forged
}

/// How long the head of an envelope is, before its payload.
pub const HEAD: usize = 112;
const LENGTH: std::ops::Range<usize> = 96..100;
const CHECKSUM: std::ops::Range<usize> = 104..112;
