//! What becomes of the value that a body gave.
//!
//! In: the result of the body, and the role in which it ran. Out: the value with those who wait,
//! and in memory or with the backend, for as long as its class is kept; and the call's outcome.

use std::time::Duration;

use super::{Call, Turn};
use crate::clock::{self, NEVER};
use crate::event::Outcome;
use crate::key::{OwnedKey, Value};
use crate::memory::{Header, Kept};
use crate::project::{Class, Project};
use crate::site::{Life, Route, Way};
use crate::stats::Count;
use crate::store::TOMBSTONE_LIFE;
use crate::workers::{self, Purpose};

/// Who carries bytes to the backend.
#[derive(Clone, Copy)]
pub(super) enum Writer {
    Here,
    Worker,
}

/// How long a value of this class is kept: `None` not at all, `Some(None)` for ever.
fn life(route: &Route, class: Class) -> Option<Option<Duration>> {
    let life = match class {
        Class::Value => Life::AsValues,
        Class::Error => route.errors,
        Class::None => route.none,
    };
    match life {
        Life::Never => None,
        Life::AsValues => Some(route.ttl),
        Life::For(life) => Some(Some(route.ttl.map_or(life, |ttl| ttl.min(life)))),
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// What the body gave is shared, and stored if it may be. `writer` carries bytes away.
    pub(super) fn finish<const F: u8, R: Project<F, Stored = V>>(
        mut self,
        turn: Turn<K, V>,
        result: &R,
        writer: Writer,
    ) {
        let counters = self.counters();
        let nanos = self.lap.end();
        let free = matches!(turn, Turn::Free);
        let Some(value) = result.stored() else {
            counters.ran(nanos, true);
            turn.fail();
            self.ticket.end(if free { Outcome::Bypass } else { Outcome::Error });
            return;
        };
        let class = R::class(value);
        counters.ran(nanos, class == Class::Error);
        let outcome = match class {
            _ if free => Outcome::Bypass,
            Class::Error => Outcome::Error,
            _ => Outcome::Miss(self.reason),
        };
        if !free {
            let kept = Kept::copy_of(value, self.memo.facts.quiet);
            match life(&self.route, class) {
                None => self.share_only(turn, kept),
                Some(life) if self.remote.is_some() => self.write(turn, kept, life, writer),
                Some(life) if matches!(self.route.way, Way::Memory) => self.keep(turn, kept, life),
                Some(_) => self.share_only(turn, kept),
            }
        }
        self.ticket.end(outcome);
    }

    fn share_only(&self, turn: Turn<K, V>, kept: Kept<V>) {
        turn.land(kept, || ());
        self.counters().add(Count::NotStored, 1);
    }

    fn keep(&self, turn: Turn<K, V>, kept: Kept<V>, life: Option<Duration>) {
        let created = clock::now();
        let deadline = life.map_or(NEVER, |life| clock::after(created, life));
        let header = Header { generation: self.state.generation(), created, deadline };
        let key = self.key.clone();
        let stored = turn.land(kept.clone(), || {
            // What a `clear` overtook would only push out something newer.
            let current = self.memo.site.word.load().generation() == header.generation;
            // The key leaves the lock alive: its `Drop` is the user's code.
            if current { Ok(self.core.memory.insert(key, kept, header)) } else { Err((key, kept)) }
        });
        match stored {
            Some(Ok(gone)) => gone.count(self.counters()),
            _ => self.counters().add(Count::NotStored, 1),
        }
    }

    fn write(&mut self, turn: Turn<K, V>, kept: Kept<V>, life: Option<Duration>, writer: Writer) {
        let encoded = self.memo.facts.value.map(|(encode, _)| encode(kept.as_ref()));
        let (payload, remote) = match (encoded, self.remote.take()) {
            (Some(Ok(payload)), Some(remote)) => (payload, remote),
            (Some(Err(error)), _) => {
                self.memo.site.fault(&error);
                return self.share_only(turn, kept);
            }
            _ => return self.share_only(turn, kept),
        };
        let (memo, generation, started) = (self.memo, self.state.generation(), self.lap.started());
        let write = move || {
            let counters = &memo.site.counters;
            let pass = remote.channel.gate.pass();
            let late = clock::now().saturating_sub(started) >= clock::after(0, TOMBSTONE_LIFE);
            let overtaken = late || turn.is_overtaken() || memo.site.word.load().generation() != generation;
            let written = match overtaken {
                true => Ok(false),
                false => remote.channel.write(&remote.address, &payload, life, remote.when),
            };
            drop(pass);
            match written {
                Ok(true) => {}
                Ok(false) => counters.add(Count::NotStored, 1),
                Err(error) => {
                    counters.add(Count::NotStored, 1);
                    memo.site.fault(&error);
                }
            }
            // Landed after the write: whoever asks in between still finds the flight.
            turn.land(kept, || ());
        };
        match writer {
            Writer::Here => write(),
            Writer::Worker => {
                if let Err(job) = workers::submit(Purpose::Write, Box::new(write)) {
                    // Too many writes wait. Dropping the job lets the next in line compute.
                    self.counters().add(Count::NotStored, 1);
                    drop(job);
                }
            }
        }
    }
}
