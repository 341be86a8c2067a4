//! What becomes of the value that a body gave.
//!
//! In: the result of the body, and the role in which it ran. Out: the value with those who wait,
//! and in memory or with the backend, for as long as its class is kept; and the call's outcome.

use std::sync::Arc;
use std::time::Duration;

use super::copy::Copy;
use super::lease::Lease;
use super::{Call, Old, Remote, Ticket, Turn};
use crate::backend::When;
use crate::clock::{self, NEVER};
use crate::error::Error;
use crate::event::Outcome;
use crate::key::{OwnedKey, Value};
use crate::memo::{Memo, Shared};
use crate::memory::{Header, Kept};
use crate::project::{Class, Project};
use crate::site::Way;
use crate::stats::{Count, Counters};
use crate::store::{self, TOMBSTONE_LIFE, Told};
use crate::workers::{Begins, Purpose};

/// Who carries bytes to the backend.
#[derive(Clone, Copy)]
pub(super) enum Writer {
    Here,
    Worker,
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// What the body gave is shared, and stored if it may be. Gives what the caller is to have: what the
    /// body gave, or the old value where that failed. `writer` carries bytes away.
    pub(super) fn finish<const F: u8, R: Project<F, Stored = V>>(
        mut self: Box<Self>,
        turn: Turn<K, V>,
        result: R,
        writer: Writer,
    ) -> R {
        let counters = self.counters;
        let (own, whole, ended) = self.lap.end();
        self.ended = ended;
        let free = matches!(turn, Turn::Free);
        let class = result.stored().map(R::class);
        let failed = matches!(class, None | Some(Class::Error));
        if let Some(is_sampled) = counters.ran(own, whole, failed) {
            self.memo.site.word.sample(is_sampled);
        }
        if self.old.is_some() && !failed {
            self.core.resting.remove(self.key.hash);
        } else if self.old.is_some() {
            self.core.resting.add(self.key.hash);
            let window = self.route.lives.stale_if_error;
            // An `Err` that was kept is no value to fall back on.
            let serves = |old: &Old<V>| old.is_within(window) && R::class(old.kept.as_ref()) != Class::Error;
            if let Some(old) = self.old.take_if(|old| serves(old)) {
                turn.fail();
                return self.give(old.kept, Outcome::Stale);
            }
        }
        let outcome = match class {
            _ if free => Outcome::Bypass,
            None | Some(Class::Error) => Outcome::Error,
            Some(_) => Outcome::Miss(self.reason),
        };
        let mut ticket = match result.stored() {
            None => {
                turn.fail();
                self.ticket
            }
            Some(_) if free => self.ticket,
            Some(value) => {
                self.ticket.value(self.memo, value);
                self.land(turn, value, R::class(value), writer)
            }
        };
        ticket.end(outcome);
        result
    }

    /// Gives back what counts the call.
    fn land(mut self: Box<Self>, turn: Turn<K, V>, value: &V, class: Class, writer: Writer) -> Ticket {
        // The user's code, before anything is locked: it may panic.
        let refused = self.memo.facts.hooks.cache_if.is_some_and(|cache_if| !cache_if(value));
        let life = self.memo.lifetime(&self.route, class, value, self.key.hash).filter(|_| !refused);
        let in_memory = life.is_some() && self.remote.is_none() && matches!(self.route.way, Way::Memory);
        let held = if in_memory { self.make_room(value) } else { 0 };
        let kept = Kept::copy_of(value, self.memo.facts.quiet);
        match life {
            Some(life) if self.remote.is_some() => self.write(turn, kept, life, writer),
            Some(life) if in_memory => return self.keep(turn, kept, life, held),
            // The backend cannot be read: a copy, as long as one may be given.
            Some(life) => {
                let copy = self.copy_of(value, self.route.lives.unasked(life));
                self.share_only(turn, kept.clone(), deadline(life));
                copy.into_iter().for_each(|copy| copy.keep(kept.clone()));
            }
            // Not to be kept: only those have it who asked before it was there.
            None => self.share_only(turn, kept, NEVER),
        }
        self.ticket
    }

    /// Gives what the value holds, for which there is room now.
    pub(super) fn make_room(&self, value: &V) -> u64 {
        let held = self.memo.facts.held(value);
        self.core.memory.prepare(self.key.hash, held, self.memo.facts.quiet, self.counters);
        held
    }

    fn share_only(&self, turn: Turn<K, V>, kept: Kept<V>, deadline: u64) {
        turn.land(Shared { kept, deadline }, || ());
        self.counters.add(Count::NotStored, 1);
    }

    #[expect(clippy::boxed_local, reason = "the key is moved out of the box in which the call lies already")]
    fn keep(self: Box<Self>, turn: Turn<K, V>, kept: Kept<V>, life: Option<Duration>, held: u64) -> Ticket {
        let created = self.ended;
        let deadline = ends(created, life);
        let unasked = ends(created, self.route.lives.unasked(life));
        let header = Header { generation: self.state.generation(), created, deadline, timed: self.state.is_timed() };
        let Call { memo, core, counters, key, ticket, .. } = *self;
        let stored = turn.land(Shared { kept: kept.clone(), deadline: unasked }, || {
            // What a `clear` overtook would only push out something newer.
            let current = memo.site.word.load().generation() == header.generation;
            // The key leaves the lock alive: its `Drop` is the user's code.
            if current { Ok(core.memory.insert(key, kept, header, held)) } else { Err((key, kept)) }
        });
        match stored {
            Some(Ok(gone)) => gone.count(counters),
            _ => counters.add(Count::NotStored, 1),
        }
        ticket
    }

    fn write(&mut self, turn: Turn<K, V>, kept: Kept<V>, life: Option<Duration>, writer: Writer) {
        let copy = self.copy_of(kept.as_ref(), self.route.lives.unasked(life));
        let deadline = deadline(self.route.lives.unasked(life));
        let carried = self.memo.facts.value.zip(self.remote.take());
        let encoded = carried.map(|((encode, _), remote)| (encode(remote.channel.format, kept.as_ref()), remote));
        let Some((payload, remote)) = encoded else { return self.share_only(turn, kept, deadline) };
        if let (Err(error), When::Absent) = (&payload, remote.when) {
            // Nothing is to be written, and nothing to go.
            self.memo.site.fault(error);
            return self.share_only(turn, kept, deadline);
        }
        let length = payload.as_ref().map_or(0, Vec::len);
        self.ticket.bytes(length);
        let (memo, generation) = (self.memo, self.state.generation());
        let life = self.route.lives.of_bytes(clock::wall(), life);
        let shared = Shared { kept, deadline };
        let counters = self.counters;
        let writer = if remote.channel.writes_behind { Writer::Worker } else { writer };
        let lease = self.lease.take();
        let mut cargo = Cargo { memo, counters, generation, remote, turn, shared, payload, life, copy, lease };
        match writer {
            Writer::Here => cargo.carry(),
            Writer::Worker => {
                cargo.turn.leave_thread();
                let channel = Arc::clone(&cargo.remote.channel);
                let workers = &channel.turns.workers;
                let submitted = match channel.capabilities.blocking {
                    true => workers.submit(Purpose::Write(length), cargo, Cargo::carry),
                    false => workers.submit_write(length, channel.pass(), cargo, Cargo::begin),
                };
                if let Err(cargo) = submitted {
                    // Too many writes wait: shared at least, so that nobody computes it again now.
                    self.share_only(cargo.turn, cargo.shared.kept, deadline);
                }
            }
        }
    }
}

/// When a life that begins now ends.
fn deadline(life: Option<Duration>) -> u64 {
    ends(clock::now(), life)
}

fn ends(from: u64, life: Option<Duration>) -> u64 {
    life.map_or(NEVER, |life| clock::after(from, life))
}

/// A value on its way to a backend.
struct Cargo<K: OwnedKey, V: Value> {
    memo: &'static Memo<K, V>,
    counters: &'static Counters,
    generation: u64,
    remote: Box<Remote>,
    turn: Turn<K, V>,
    shared: Shared<V>,
    /// Or why there is none.
    payload: Result<Vec<u8>, Error>,
    life: store::Life,
    copy: Option<Copy<K, V>>,
    /// Given back once it is written.
    lease: Option<Lease>,
}

impl<K: OwnedKey, V: Value> Cargo<K, V> {
    fn carry(self) {
        let channel = Arc::clone(&self.remote.channel);
        let pass = channel.turns.gate.pass();
        let Begins { begun, land } = self.begin();
        let answer = begun.wait();
        drop(pass);
        land(answer);
    }

    /// Begins the write, for who has the pass of the channel. Runs none of the user's code.
    fn begin(self) -> Begins {
        let remote = &self.remote;
        let late = Duration::from_millis(clock::wall().saturating_sub(remote.began)) >= TOMBSTONE_LIFE;
        let overtaken = late || self.turn.is_overtaken() || self.memo.site.word.load().generation() != self.generation;
        let payload = self.payload.as_deref().map_err(Clone::clone);
        let (begun, told) = match overtaken {
            true => Told::nothing(Ok(false)),
            false => remote.channel.write(&remote.address, payload, self.life, remote.when),
        };
        Begins { begun, land: Box::new(move |answer| self.land(told.by(answer))) }
    }

    fn land(self, written: Result<bool, Error>) {
        let Cargo { memo, counters, turn, shared, copy, lease, .. } = self;
        let may_copy = !matches!(written, Ok(false));
        match written {
            Ok(true) => {}
            Ok(false) => counters.add(Count::NotStored, 1),
            Err(error) => {
                counters.add(Count::NotStored, 1);
                memo.site.fault(&error);
            }
        }
        // If it was not written because something else is there, a copy would be none.
        if let Some(copy) = copy.filter(|_| may_copy) {
            copy.keep(shared.kept.clone());
        }
        drop(lease);
        // Landed after the write: whoever asks in between still finds the flight.
        turn.land(shared, || ());
    }
}
