//! What happens when a call was not served from memory at once.
//!
//! In: an owned key and the body. Out: the value, and exactly one outcome. Sync and async callers
//! take the same steps; they differ in how they wait, and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Bytes, When};
use crate::bounded::Answer;
use crate::clock::{self, Alarm};
use crate::error::Error;
use crate::event::{Outcome, Reason};
use crate::flight::{Ended, Entered, Lead, Side, Wait};
use crate::key::{Held, OwnedKey, Part, Value};
use crate::memo::{Core, Memo, Shared};
use crate::memory::{Kept, Look};
use crate::project::Project;
use crate::scope::{self, Apart};
use crate::site::{Route, Way};
use crate::stats::{Count, Counters, Lap};
use crate::store::{Channel, Found, unchanged};
use crate::word::State;

mod behind;
mod copy;
mod land;
mod lease;
mod remote;
mod run;
mod ticket;
mod verify;

use remote::Remote;
use run::Inside;

pub use behind::Behind;
pub use run::Run;
#[cfg(feature = "bytes")]
pub(crate) use run::block;
pub(crate) use ticket::Ticket;

/// A call that has to look further. In one box from its first step to its last, since of a recursion every level has
/// one on its stack.
pub struct Miss<const F: u8, K: 'static, V: 'static>(pub(crate) Box<Call<K, V>>);

impl<const F: u8, K, V> Miss<F, K, V> {
    /// What is stored of this call belongs to these tags.
    #[must_use]
    pub fn tagged(mut self, tags: Vec<String>) -> Self {
        self.0.tags = scope::tags(tags);
        self
    }
}

/// How a call treats what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes it.
    Ask,
    /// Computes, and replaces it.
    Refresh,
    /// Does not touch it: the engine is busy on this very thread, or the scope says so.
    Avoid,
}

/// The next thing to do.
enum Step<K: 'static, V: 'static> {
    /// Give this value.
    Give(Kept<V>, Outcome),
    /// Read the stamps of the tags.
    Tags(Arc<Channel>),
    /// Read the bytes at the address; with the lead in hand when they were read before it.
    Read(Option<Lead<'static, K, Shared<V>>>),
    /// Ask for the lease of the entry, for all of this process.
    Lease(Lead<'static, K, Shared<V>>),
    /// Wait for the leader.
    Wait(Box<Wait<'static, K, Shared<V>>>),
    /// Run the body.
    Compute(Turn<K, V>),
}

/// In which role the body runs.
enum Turn<K: 'static, V: 'static> {
    Lead(Lead<'static, K, Shared<V>>),
    Side(Side<'static, K, Shared<V>>),
    /// Without the cache.
    Free,
}

impl<K: OwnedKey, V: Value> Turn<K, V> {
    /// Says that this thread is inside the flight. Whoever is given a turn is; it is left before the turn waits, or
    /// goes on elsewhere.
    fn enter_thread(&mut self) {
        match self {
            Turn::Lead(lead) => lead.enter_thread(),
            Turn::Side(side) => side.enter_thread(),
            Turn::Free => {}
        }
    }

    fn leave_thread(&mut self) {
        match self {
            Turn::Lead(lead) => lead.leave_thread(),
            Turn::Side(side) => side.leave_thread(),
            Turn::Free => {}
        }
    }

    /// Stores, unless overtaken, and shares the value with those who wait.
    fn land<R>(self, value: Shared<V>, store: impl FnOnce() -> R) -> Option<R> {
        match self {
            Turn::Lead(lead) => lead.land(value, store),
            Turn::Side(side) => side.store(store),
            Turn::Free => None,
        }
    }

    fn is_overtaken(&self) -> bool {
        match self {
            Turn::Lead(lead) => lead.is_overtaken(),
            Turn::Side(side) => side.is_overtaken(),
            Turn::Free => false,
        }
    }

    fn fail(self) {
        if let Turn::Lead(lead) = self {
            lead.fail();
        }
    }
}

/// One call on its way.
pub(crate) struct Call<K: 'static, V: 'static> {
    /// What the body that runs has changed for its thread. First, since it ends before what others see.
    inside: Inside,
    memo: &'static Memo<K, V>,
    core: &'static Core<K, V>,
    counters: &'static Counters,
    key: Held<K>,
    salt: u64,
    tags: Vec<String>,
    reason: Reason,
    manner: Manner,
    state: State,
    route: Arc<Route>,
    remote: Option<Box<Remote>>,
    /// When it began to ask for bytes.
    asked: u64,
    /// Of copies: how many changes there were before the bytes were read; none, if nobody could tell of this entry's.
    seen: Option<u64>,
    lap: Lap,
    /// When the body ended.
    ended: u64,
    /// Whether a leader's value had ended before it could be given.
    again: bool,
    /// What was stored, if its time has passed and the site declares a window for that.
    old: Option<Old<V>>,
    doing: Doing<K, V>,
    /// Of all processes, this one computes.
    lease: Option<lease::Lease>,
    // Dropped after the lead that it may hold: who waits for that does not wait for those who are told of this call.
    ticket: Ticket,
}

/// What a call does, or waits for.
enum Doing<K: 'static, V: 'static> {
    /// Nothing so far.
    New,
    Tags(Arc<Channel>, Answer<Vec<u8>>),
    Read(Option<Lead<'static, K, Shared<V>>>, Answer<Option<Bytes>>),
    Lease(Lead<'static, K, Shared<V>>, Answer<lease::Taken>),
    Wait(Box<Wait<'static, K, Shared<V>>>, Option<Alarm>),
    Compute(Turn<K, V>),
    /// The body, to compare with what is stored.
    Verify(Kept<V>),
    /// Nothing any more.
    Done,
}

/// A stored value whose time has passed.
struct Old<V> {
    kept: Kept<V>,
    /// How long ago that was when it was seen, and when it was seen.
    passed: Duration,
    seen: u64,
}

impl<V> Old<V> {
    fn new(kept: Kept<V>, passed: Duration) -> Self {
        Old { kept, passed, seen: clock::now() }
    }

    fn is_within(&self, window: Duration) -> bool {
        let since = Duration::from_nanos(clock::now().saturating_sub(self.seen));
        self.passed.saturating_add(since) < window
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// A call with a key of its own, counted by the ticket.
    pub(crate) fn new<P: Part<Owned = K>>(
        memo: &'static Memo<K, V>,
        parts: &P,
        manner: Manner,
        apart: Option<&'static Apart>,
        mut ticket: Ticket,
    ) -> Box<Self> {
        let counters = memo.site.tally_in(apart);
        let salt = apart.map_or(0, Apart::salt);
        let (core, key) = (memo.core(), memo.salted(parts, salt));
        ticket.record(memo, &key.key);
        let (state, route) = memo.site.route();
        Box::new(Self {
            memo,
            core,
            counters,
            key,
            salt,
            tags: Vec::new(),
            reason: Reason::Cold,
            manner,
            ticket,
            state,
            route,
            remote: None,
            asked: 0,
            seen: None,
            lap: Lap::default(),
            ended: 0,
            again: false,
            old: None,
            doing: Doing::New,
            lease: None,
            inside: Inside::default(),
        })
    }

    fn first_step(&mut self) -> Step<K, V> {
        if scope::is_bypassed() {
            self.manner = Manner::Avoid;
        }
        if self.manner == Manner::Refresh && self.core.flights.overtake(&self.key).is_none() {
            self.manner = Manner::Avoid;
        }
        if self.manner == Manner::Avoid {
            return Step::Compute(Turn::Free);
        }
        let channel = match &self.route.way {
            Way::Off(_) => return Step::Compute(Turn::Free),
            Way::Memory => return self.look_or_enter(),
            Way::Bytes(channel) => Arc::clone(channel),
        };
        if let Some(hit) = self.look_near() {
            return hit;
        }
        self.asked = clock::now();
        if self.tags.is_empty() { self.address(&channel, &[]) } else { Step::Tags(channel) }
    }

    fn look_or_enter(&mut self) -> Step<K, V> {
        // On the fast path this call has just looked, and a leader looks again; whoever does not lead looks there.
        let has_looked = self.state.is_fast() && self.route.flight.is_one() && self.manner == Manner::Ask;
        match if has_looked { None } else { self.look() } {
            Some(hit) => hit,
            None => self.enter(),
        }
    }

    /// The body is about to run: what it gives will belong to the tags.
    fn tag(&self, turn: &Turn<K, V>) {
        if !matches!(turn, Turn::Free) {
            self.core.tag(&self.tags, self.key.hash);
        }
    }

    fn was_stamped(&mut self, channel: &Arc<Channel>, stamps: Result<Vec<u8>, Error>) -> Step<K, V> {
        match stamps {
            Ok(stamps) => self.address(channel, &stamps),
            Err(error) => {
                self.seen = None;
                self.memo.site.fault(&error);
                self.enter()
            }
        }
    }

    fn address(&mut self, channel: &Arc<Channel>, stamps: &[u8]) -> Step<K, V> {
        match self.memo.address(&self.key, channel, &scope::set_apart(stamps, self.salt)) {
            Ok(address) => {
                let (channel, landed) = (Arc::clone(channel), self.core.flights.landed());
                let (when, began) = (When::Absent, clock::wall());
                if self.seen.is_some() {
                    self.tags.extend(channel.names(&address.key, &self.tags));
                }
                self.remote = Some(Box::new(Remote { channel, address, when, landed, began }));
                Step::Read(None)
            }
            Err(error) => {
                self.memo.site.fault(&error);
                Step::Compute(Turn::Free)
            }
        }
    }

    /// The leader's value ended before this caller came to take it. Once it joins another flight; after
    /// that it computes beside the others, since lives as short as this would have them queue.
    fn ask_again(&mut self) -> Step<K, V> {
        self.reason = Reason::Expired;
        if std::mem::replace(&mut self.again, true) {
            let side = self.core.flights.aside(&self.key, self.state.generation());
            return Step::Compute(side.map_or(Turn::Free, Turn::Side));
        }
        self.enter()
    }

    /// Joins or opens the flight of the key.
    fn enter(&mut self) -> Step<K, V> {
        let generation = self.state.generation();
        // The write that ends a flight may wait for this very thread.
        let is_awaited = matches!(&self.route.way, Way::Bytes(channel) if channel.turns.workers.is_here());
        if !self.route.flight.is_one() || is_awaited {
            let side = self.core.flights.aside(&self.key, generation);
            return Step::Compute(side.map_or(Turn::Free, Turn::Side));
        }
        let patience = || self.memo.patience(&self.route);
        match self.core.flights.enter(&self.key, generation, patience) {
            Entered::Lead(lead) => self.lead(lead),
            Entered::Busy => Step::Compute(Turn::Free),
            // While another caller computes, what is stored is given within the window of `stale`.
            Entered::Wait(wait) => match self.look() {
                Some(hit) => hit,
                None => self.give_old(self.route.lives.stale).unwrap_or(Step::Wait(wait)),
            },
            Entered::Alone(side) => match self.look() {
                Some(hit) => hit,
                None => Step::Compute(Turn::Side(side)),
            },
        }
    }

    /// Looks into memory, if that is where entries are: a value to give, or why there is none and what is left
    /// of an old one.
    fn look(&mut self) -> Option<Step<K, V>> {
        if !self.route.is_in_memory() || self.manner != Manner::Ask {
            return None;
        }
        match self.core.memory.ask(&self.key, self.memo.terms(self.state, &self.route))? {
            Look::Live { kept, .. } => return Some(Step::Give(kept, Outcome::Hit)),
            // What is not copied is asked of the backend.
            _ if self.route.copies.is_some() => {}
            Look::Ended(kept, ended) => {
                self.reason = Reason::Expired;
                self.old = Some(Old::new(kept, clock::since(ended)));
            }
            Look::Nothing(reason) => {
                self.reason = reason;
                self.old = None;
            }
        }
        None
    }

    /// The old value, if it may still be given within a window.
    fn give_old(&mut self, window: Duration) -> Option<Step<K, V>> {
        let old = self.old.take_if(|old| old.is_within(window))?;
        Some(Step::Give(old.kept, Outcome::Stale))
    }

    /// Computes for all; unless that failed a moment ago, and there is still something to give.
    fn compute(&mut self, lead: Lead<'static, K, Shared<V>>) -> Step<K, V> {
        let rests = self.old.is_some() && self.core.resting.has(self.key.hash);
        let window = if rests { self.route.lives.window() } else { Duration::ZERO };
        match self.give_old(window) {
            Some(step) => step,
            None => self.compute_leased(lead),
        }
    }

    /// Before a leader computes it looks again: the value may have landed since it looked.
    fn lead(&mut self, lead: Lead<'static, K, Shared<V>>) -> Step<K, V> {
        if self.manner == Manner::Refresh {
            return Step::Compute(Turn::Lead(lead));
        }
        if let Some(remote) = &mut self.remote {
            let landed = self.core.flights.landed();
            if remote.landed == landed {
                return self.compute(lead);
            }
            remote.landed = landed;
            self.asked = clock::now();
            return Step::Read(Some(lead));
        }
        // What was found is not landed: it may be older than an invalidation that came before a follower.
        // The next in line leads, and looks for itself.
        match self.look() {
            Some(hit) => hit,
            None => self.compute(lead),
        }
    }

    /// What the bytes say.
    fn was_read(
        &mut self,
        lead: Option<Lead<'static, K, Shared<V>>>,
        read: Result<Option<Bytes>, Error>,
    ) -> Step<K, V> {
        let Some(remote) = &mut self.remote else { return Step::Compute(Turn::Free) };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                self.memo.site.fault(&error);
                self.reason = Reason::Cold;
                // Still one computation per key; nothing is written to a backend that cannot be read.
                self.remote = None;
                return lead.map_or_else(|| self.enter(), |lead| Step::Compute(Turn::Lead(lead)));
            }
        };
        remote.when = unchanged(bytes.as_ref());
        let found = remote.channel.judge(&remote.address, bytes.as_ref(), self.route.lives.limits());
        let format = remote.channel.format;
        let decode = |payload| self.memo.facts.value.and_then(|(_, decode)| decode(format, payload).ok());
        let kept = |value| Kept::new(value, self.memo.facts.quiet);
        match found {
            _ if self.manner != Manner::Ask => {}
            Found::Live { payload, end, renew, .. } => match decode(payload) {
                // As in `lead`: a lead in hand passes on.
                Some(value) => {
                    self.ticket.bytes(payload.len());
                    self.counters.looked_up(self.asked);
                    let kept = kept(value);
                    self.copy(&kept, end);
                    if let (Some(life), Some(bytes)) = (renew, bytes) {
                        self.renew(bytes, life);
                    }
                    return Step::Give(kept, Outcome::Hit);
                }
                None => self.reason = Reason::Undecodable,
            },
            Found::Ended(payload, ended) => {
                self.reason = Reason::Expired;
                let passed = Duration::from_millis(clock::wall().saturating_sub(ended));
                if passed < self.route.lives.window() {
                    self.old = decode(payload).map(|value| Old::new(kept(value), passed));
                }
            }
            Found::Nothing(reason) => self.reason = reason,
        }
        match lead {
            Some(lead) => self.compute(lead),
            None => self.enter(),
        }
    }

    fn waited(&mut self, ended: Ended<'static, K, Shared<V>>) -> Step<K, V> {
        match ended {
            Ended::Value(shared) if shared.has_ended() => self.ask_again(),
            Ended::Value(shared) => Step::Give(shared.kept, Outcome::Joined),
            Ended::Lead(lead) => self.lead(lead),
            Ended::Failed(side) => {
                let window = self.route.lives.stale_if_error;
                self.give_old(window).unwrap_or(Step::Compute(Turn::Side(side)))
            }
            Ended::Deposed(lead) => {
                self.counters.add(Count::WaitsEnded, 1);
                self.lead(lead)
            }
            Ended::Late(side) => {
                self.counters.add(Count::WaitsEnded, 1);
                Step::Compute(Turn::Side(side))
            }
        }
    }

    fn give<const F: u8, R: Project<F, Stored = V>>(&mut self, kept: Kept<V>, outcome: Outcome) -> R {
        self.ticket.value(self.memo, kept.as_ref());
        // The user's `Clone` may panic: then the call did not end in a value.
        let value = kept.into_value();
        self.ticket.end(outcome);
        R::restore(value)
    }
}
