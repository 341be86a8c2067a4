//! A backend in memory that a test can look into.
//!
//! In: writes, and a clock. Out: what still lives by that clock.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};

/// A backend that keeps its entries in a map, for tests.
///
/// It honours lifetimes and every condition, each operation as one step. It has no bound, and an
/// operation takes time in proportion to the entries.
///
/// # Example: time is moved, not slept
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
/// use cached_core::backend::{Backend, When, Write};
/// use cached_testkit::Shelf;
///
/// let seconds = Arc::new(AtomicU64::new(0));
/// let clock = Arc::clone(&seconds);
/// let shelf = Shelf::with_clock(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
///
/// let life = Some(Duration::from_secs(30));
/// let _ = shelf.set_many(vec![Write::new("k".into(), b"value"[..].into(), life, When::Always)]);
/// assert_eq!(shelf.keys(), ["k".into()]);
/// seconds.store(30, Ordering::Relaxed);
/// assert!(shelf.keys().is_empty());
/// ```
pub struct Shelf {
    entries: Mutex<HashMap<Key, Entry>>,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

struct Entry {
    bytes: Bytes,
    /// By the shelf's clock; none never comes.
    deadline: Option<Duration>,
}

impl Shelf {
    /// An empty shelf that goes by the wall clock.
    pub fn new() -> Self {
        Self::with_clock(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// An empty shelf for which it is `clock()` after some beginning.
    pub fn with_clock(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { entries: Mutex::default(), clock: Box::new(clock) }
    }

    /// The keys that live now, sorted.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.live().keys().cloned().collect();
        keys.sort();
        keys
    }

    /// How long the entry of `key` has to live: nothing if there is none, `Some(None)` for ever.
    pub fn remaining(&self, key: &str) -> Option<Option<Duration>> {
        let now = (self.clock)();
        self.live().get(key).map(|entry| entry.deadline.map(|deadline| deadline.saturating_sub(now)))
    }

    /// The entries, without those whose time has come.
    fn live(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        let now = (self.clock)();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.deadline.is_none_or(|deadline| now < deadline));
        entries
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Shelf {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let entries = self.live();
        Reply::Ready(Ok(keys.iter().map(|key| entries.get(key).map(|entry| entry.bytes.clone())).collect()))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let now = (self.clock)();
        let mut entries = self.live();
        let store = |write: Write| {
            let met = is_met(&entries, &write.key, write.when);
            if met {
                let deadline = write.ttl.and_then(|ttl| now.checked_add(ttl));
                entries.insert(write.key, Entry { bytes: write.bytes, deadline });
            }
            met
        };
        Reply::Ready(Ok(writes.into_iter().map(store).collect()))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let mut entries = self.live();
        let remove = |(key, when): (Key, When)| is_met(&entries, &key, when) && entries.remove(&key).is_some();
        Reply::Ready(Ok(keys.into_iter().map(remove).collect()))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.live().retain(|key, _| !key.starts_with(prefix));
        Reply::Ready(Ok(()))
    }
}

fn is_met(entries: &HashMap<Key, Entry>, key: &str, when: When) -> bool {
    when.is_met_by(entries.get(key).map(|entry| &entry.bytes[..]))
}

/// How many entries there are, and neither keys nor values.
impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("entries", &self.live().len()).finish_non_exhaustive()
    }
}
