//! Bytes that stay in this process, and bytes that stay nowhere.
//!
//! In: what every backend is given. Out: entries in a named store that all aliases of one `location` share, bounded
//! and without a thread of its own; or, of a `dummy`, nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};

use crate::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use crate::clock::{self, NEVER};
use crate::error::{Error, ErrorKind};
use crate::key::{Held, Seed};
use crate::memory::{Bounds, Header, Kept, Look, Memory, Terms};
use crate::store::Turns;
use crate::sync::Mutex;

/// Writers of one key take the same of so many locks: they look and write in one step.
const STRIPES: usize = 64;
/// Entries that each write looks at, to remove those that have ended; and where the store is full.
const SWEEP: usize = 4;
const SWEEP_FULL: usize = 256;
/// How often a write is tried while readers still hold what went.
const TRIES: usize = 1_000;

/// The engine makes none that is longer.
const LONGEST_KEY: u64 = 200;

/// Entries judge themselves by their deadlines alone.
const TERMS: Terms = Terms { generation: 0, timed: true, life: NEVER, idle: NEVER };

/// The stores in use, by name. One that no alias names goes.
static STORES: Mutex<BTreeMap<String, Weak<Local>>> = Mutex::new(BTreeMap::new());

/// A store in this process.
pub(crate) struct Local {
    seed: Seed,
    bounds: Mutex<Bounds>,
    /// Made by the first operation.
    memory: OnceLock<Memory<Key, Bytes>>,
    stripes: [Mutex<()>; STRIPES],
    /// Of all aliases on it together.
    pub(crate) turns: Arc<Turns>,
}

impl Local {
    /// The store of a name: the one in use, or an empty one.
    pub(crate) fn named(name: &str, bounds: Bounds) -> Arc<Self> {
        let mut stores = STORES.lock();
        if let Some(store) = stores.get(name).and_then(Weak::upgrade) {
            return store;
        }
        stores.retain(|_, store| store.strong_count() > 0);
        let store = Arc::new(Local {
            seed: Seed::new(),
            bounds: Mutex::new(bounds),
            memory: OnceLock::new(),
            stripes: std::array::from_fn(|_| Mutex::new(())),
            turns: Arc::default(),
        });
        stores.insert(name.into(), Arc::downgrade(&store));
        store
    }

    /// What a store of these bounds can do. A value that it could not hold beside its key is refused before it is
    /// written, so that the one before it stays.
    pub(crate) fn capable(bounds: Bounds) -> Capabilities {
        let most = bounds.bytes.saturating_sub(Memory::<Key, Bytes>::weight(LONGEST_KEY, true));
        let mut capabilities = Nothing.capabilities();
        capabilities.max_value = (bounds.bytes < u64::MAX).then(|| usize::try_from(most).unwrap_or(usize::MAX));
        capabilities
    }

    /// Changes the bounds; what is over them goes.
    pub(crate) fn set_bounds(&self, bounds: Bounds) {
        *self.bounds.lock() = bounds;
        if let Some(memory) = self.memory.get() {
            // Its keys are texts: no comparison of them calls back.
            let _ = memory.set_bounds(bounds);
        }
    }

    /// How many entries there are, and what they weigh.
    pub(crate) fn holds(&self) -> (u64, u64) {
        self.memory.get().map_or((0, 0), |memory| (memory.len() as u64, memory.bytes()))
    }

    fn memory(&self) -> &Memory<Key, Bytes> {
        self.memory.get_or_init(|| {
            let bounds = *self.bounds.lock();
            Memory::new(bounds, bounds.bytes < u64::MAX)
        })
    }

    fn held(&self, key: &Key) -> Held<Key> {
        self.seed.held(Arc::clone(key))
    }

    /// The live value of a key, for who uses it. One that has ended goes.
    ///
    /// A writer who replaces an entry takes the old one out before the new one is there. He holds the stripe, so
    /// whoever finds nothing looks once more behind him.
    fn live(&self, key: &Held<Key>) -> Result<Option<Bytes>, Error> {
        let memory = self.memory();
        if let Look::Live { kept, .. } = memory.ask(key, TERMS).ok_or_else(called_back)? {
            return Ok(Some(kept.into_value()));
        }
        let _stripe = self.stripe(key).lock();
        match memory.ask(key, TERMS).ok_or_else(called_back)? {
            Look::Live { kept, .. } => Ok(Some(kept.into_value())),
            Look::Ended(..) => memory.remove(key).ok_or_else(called_back).map(|()| None),
            Look::Nothing(_) => Ok(None),
        }
    }

    fn stripe(&self, key: &Held<Key>) -> &Mutex<()> {
        &self.stripes[usize::try_from(key.hash >> 32).unwrap_or(0) % STRIPES]
    }

    fn write(&self, write: Write) -> Result<bool, Error> {
        let (memory, key, bounds) = (self.memory(), self.held(&write.key), *self.bounds.lock());
        let held = (write.bytes.len() + write.key.len()) as u64;
        let is_full = memory.len() >= bounds.entries || memory.bytes().saturating_add(held) > bounds.bytes;
        memory.sweep(key.hash, if is_full { SWEEP_FULL } else { SWEEP });
        let stripe = self.stripe(&key).lock();
        if !self.is_met(&key, write.when)? {
            return Ok(false);
        }
        let created = clock::now();
        let deadline = write.ttl.map_or(NEVER, |ttl| clock::after(created, ttl));
        let mut gone = Vec::new();
        let is_stored = (0..TRIES).any(|_| {
            let header = Header { generation: TERMS.generation, created, deadline, timed: false };
            let change = memory.insert(key.clone(), Kept::Inline(Arc::clone(&write.bytes)), header, held);
            let is_stored = change.is_stored;
            gone.push(change);
            is_stored || wait_a_little()
        });
        drop(stripe);
        if is_stored { Ok(true) } else { Err(no_room()) }
    }

    fn remove(&self, key: &Key, when: When) -> Result<bool, Error> {
        let key = self.held(key);
        let _stripe = self.stripe(&key).lock();
        let live = self.look(&key)?;
        let is_met = when.is_met_by(live.as_deref());
        if is_met {
            self.memory().remove(&key).ok_or_else(called_back)?;
        }
        Ok(is_met && live.is_some())
    }

    fn is_met(&self, key: &Held<Key>, when: When) -> Result<bool, Error> {
        Ok(when == When::Always || when.is_met_by(self.look(key)?.as_deref()))
    }

    /// The live value of a key, for who holds its stripe.
    fn look(&self, key: &Held<Key>) -> Result<Option<Bytes>, Error> {
        Ok(match self.memory().look(key, TERMS).ok_or_else(called_back)? {
            Look::Live { kept, .. } => Some(kept.into_value()),
            Look::Ended(..) | Look::Nothing(_) => None,
        })
    }
}

impl Backend for Local {
    fn capabilities(&self) -> Capabilities {
        Self::capable(*self.bounds.lock())
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        Reply::Ready(keys.iter().map(|key| self.live(&self.held(key))).collect())
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        Reply::Ready(writes.into_iter().map(|write| self.write(write)).collect())
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        Reply::Ready(keys.into_iter().map(|(key, when)| self.remove(&key, when)).collect())
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        if let Some(memory) = self.memory.get() {
            memory.remove_all(|key| key.starts_with(prefix));
        }
        Reply::Ready(Ok(()))
    }
}

/// What stands behind a `dummy`: it takes everything and keeps nothing.
pub(crate) struct Nothing;

impl Backend for Nothing {
    fn capabilities(&self) -> Capabilities {
        // Nobody waits for anything but other writers.
        Capabilities { blocking: false, ..Capabilities::blocking() }
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        Reply::Ready(Ok(vec![None; keys.len()]))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        Reply::Ready(Ok(vec![true; writes.len()]))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        Reply::Ready(Ok(vec![false; keys.len()]))
    }

    fn clear(&self, _: &str) -> Reply<()> {
        Reply::Ready(Ok(()))
    }
}

fn wait_a_little() -> bool {
    std::thread::yield_now();
    false
}

fn no_room() -> Error {
    Error::new(ErrorKind::Backend, "no room in this process: what went is still being read; try again")
}

fn called_back() -> Error {
    Error::new(ErrorKind::Unsupported, "a comparison of keys called back into the cache that was comparing")
}
