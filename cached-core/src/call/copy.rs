//! Copies in memory of what a backend holds.
//!
//! In: a value that was read from a backend, or written to it, and when it ends there. Out: a copy that ends no later,
//! unless something changed since the backend was asked.

use std::sync::Arc;
use std::time::Duration;

use super::{Call, Step};
use crate::clock;
use crate::key::{Held, OwnedKey, Value};
use crate::memo::Core;
use crate::memory::{Header, Kept};
use crate::near::Near;
use crate::stats::Counters;

/// A copy that is to be kept.
pub(super) struct Copy<K: OwnedKey, V: Value> {
    core: &'static Core<K, V>,
    counters: &'static Counters,
    key: Held<K>,
    tags: Vec<String>,
    near: Arc<Near>,
    seen: u64,
    generation: u64,
    life: Duration,
    /// What the value holds.
    held: u64,
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Gives the copy in memory, where there is one; else the backend is asked, and from now on what changes is heard.
    pub(super) fn look_near(&mut self) -> Option<Step<K, V>> {
        let copies = self.route.copies.clone()?;
        copies.listen();
        self.seen = Some(copies.near.changes());
        if self.state.is_fast() { None } else { self.look() }
    }

    /// Keeps a copy of what was read; it ends at `end`, by the wall clock.
    pub(super) fn copy(&self, kept: &Kept<V>, end: u64) {
        let left = Duration::from_millis(end.saturating_sub(clock::wall()));
        if let Some(copy) = self.copy_of(kept.as_ref(), Some(left)) {
            copy.keep(kept.clone());
        }
    }

    /// A copy of `value` that lives for `life` at most, if there may be one. Runs the user's `weigh`, and `Clone` of the key.
    pub(super) fn copy_of(&self, value: &V, life: Option<Duration>) -> Option<Copy<K, V>> {
        let (copies, seen) = (self.route.copies.as_ref()?, self.seen?);
        let longest = copies.life(self.route.lives.idle);
        Some(Copy {
            core: self.core,
            counters: self.counters,
            key: self.key.clone(),
            tags: self.tags.clone(),
            near: Arc::clone(&copies.near),
            seen,
            generation: self.state.generation(),
            life: life.map_or(longest, |life| life.min(longest)),
            held: self.make_room(value),
        })
    }
}

impl<K: OwnedKey, V: Value> Copy<K, V> {
    /// Keeps it. What is invalidated moves the number of changes first, and then removes what is kept, under the lock in
    /// which this looks: so either it finds this copy, or this finds that the number moved.
    pub(super) fn keep(self, kept: Kept<V>) {
        let Copy { core, counters, key, tags, near, seen, generation, life, held } = self;
        let (hash, created) = (key.hash, clock::now());
        let header = Header { generation, created, deadline: clock::after(created, life), timed: true };
        // Before, for whoever forgets what is there; and after, since what is not there yet may be pruned.
        core.tag(&tags, hash);
        let gone = core.memory.insert_if(key, kept, header, held, &|| near.changes() == seen);
        // Without a copy the value is stored all the same.
        if gone.is_stored {
            gone.count(counters);
        }
        core.tag(&tags, hash);
    }
}
