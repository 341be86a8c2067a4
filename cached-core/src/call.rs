//! What happens when a call was not served from memory at once.
//!
//! In: an owned key and the body. Out: the value, and exactly one outcome. Sync and async callers
//! take the same steps; they differ in how they wait, and nowhere else.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::backend::{Bytes, When};
use crate::clock::{self, Alarm, NEVER};
use crate::error::Error;
use crate::event::{self, Outcome, Reason};
use crate::flight::{Ended, Entered, Lead, Side, Wait};
use crate::key::{Held, OwnedKey, Value};
use crate::memo::{Core, Memo};
use crate::memory::{Header, Kept};
use crate::project::{Class, Project};
use crate::site::{Life, Route, Way};
use crate::stats::{Count, Counters, Lap};
use crate::store::{Address, Answer, Channel, Found, How};
use crate::sync::{block_on, park, thread_waker};
use crate::word::State;
use crate::workers::{self, Purpose};

/// A call that has to look further, with the key it owns by now.
pub struct Miss<const F: u8, K: 'static, V: 'static> {
    pub(crate) memo: &'static Memo<K, V>,
    pub(crate) key: Held<K>,
    pub(crate) manner: Manner,
    pub(crate) ticket: Ticket,
}

/// How a call treats what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes it.
    Ask,
    /// Computes, and replaces it.
    Refresh,
    /// Does not touch it: the engine is busy on this very thread.
    Avoid,
}

/// Counts the end of a call exactly once, also when it panics or is dropped.
pub(crate) struct Ticket(Option<&'static Counters>);

impl Ticket {
    pub(crate) fn new(counters: &'static Counters) -> Self {
        Ticket(Some(counters))
    }

    /// For a `refresh`, which is not a call.
    pub(crate) fn silent() -> Self {
        Ticket(None)
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(counters) = self.0.take() {
            event::ended(counters, outcome);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(counters) = self.0 {
            counters.add(if std::thread::panicking() { Count::Panicked } else { Count::Cancelled }, 1);
            self.end(Outcome::Error);
        }
    }
}

/// The next thing to do.
enum Step<K: OwnedKey, V: Value> {
    /// Give this value.
    Give(Kept<V>, Outcome),
    /// Read the bytes at the address; with the lead in hand when they were read before it.
    Read(Option<Lead<'static, K, Kept<V>>>),
    /// Wait for the leader.
    Wait(Wait<'static, K, Kept<V>>),
    /// Run the body.
    Compute(Turn<K, V>),
}

/// In which role the body runs.
enum Turn<K: OwnedKey, V: Value> {
    Lead(Lead<'static, K, Kept<V>>),
    Side(Side<'static, K, Kept<V>>),
    /// Without the cache.
    Free,
}

impl<K: OwnedKey, V: Value> Turn<K, V> {
    fn run_here(&self) -> Option<impl Sized + use<K, V>> {
        match self {
            Turn::Lead(lead) => Some(lead.run_here()),
            Turn::Side(side) => Some(side.run_here()),
            Turn::Free => None,
        }
    }

    /// Stores, unless overtaken, and shares the value with those who wait.
    fn land<R>(self, value: Kept<V>, store: impl FnOnce() -> R) -> Option<R> {
        match self {
            Turn::Lead(lead) => lead.land(value, store),
            Turn::Side(side) => side.store(store),
            Turn::Free => None,
        }
    }

    fn fail(self) {
        if let Turn::Lead(lead) = self {
            lead.fail();
        }
    }
}

/// One call on its way.
struct Call<K: OwnedKey, V: Value> {
    memo: &'static Memo<K, V>,
    core: &'static Core<K, V>,
    key: Held<K>,
    reason: Reason,
    manner: Manner,
    ticket: Ticket,
    state: State,
    route: Arc<Route>,
    remote: Option<Remote>,
    lap: Lap,
}

/// The byte side of a call.
struct Remote {
    channel: Arc<Channel>,
    address: Address,
    /// What has to be there still for the write to happen.
    when: When,
    /// Flights that had landed before the bytes were read.
    landed: u64,
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    fn begin<const F: u8>(miss: Miss<F, K, V>) -> (Self, Step<K, V>) {
        let Miss { memo, key, manner, ticket } = miss;
        let (state, route) = memo.site.route();
        let core = memo.core();
        let reason = Reason::Cold;
        let mut call =
            Self { memo, core, key, reason, manner, ticket, state, route, remote: None, lap: Lap::default() };
        let step = call.first_step();
        (call, step)
    }

    fn first_step(&mut self) -> Step<K, V> {
        if self.manner == Manner::Refresh && self.core.flights.overtake(&self.key).is_none() {
            self.manner = Manner::Avoid;
        }
        let route = Arc::clone(&self.route);
        match &route.way {
            _ if self.manner == Manner::Avoid => Step::Compute(Turn::Free),
            Way::Off(_) => Step::Compute(Turn::Free),
            Way::Memory => self.enter(),
            Way::Bytes(channel) => match self.address(channel) {
                Ok(address) => {
                    let (channel, landed) = (Arc::clone(channel), self.core.flights.landed());
                    self.remote = Some(Remote { channel, address, when: When::Absent, landed });
                    Step::Read(None)
                }
                Err(error) => {
                    self.fault(&error);
                    Step::Compute(Turn::Free)
                }
            },
        }
    }

    fn address(&self, channel: &Channel) -> Result<Address, Error> {
        address_of(self.memo, &self.key, channel)
    }

    /// A backend's fault is counted and said once; the call goes on.
    fn fault(&self, error: &Error) {
        self.counters().add(Count::BackendErrors, 1);
        let (alias, at) = (&self.route.alias, self.memo.site.location());
        self.memo.site.warn(&format!("{at}: backend \"{alias}\": {error}"));
    }

    fn counters(&self) -> &'static Counters {
        &self.memo.site.counters
    }

    /// Joins or opens the flight of the key.
    fn enter(&mut self) -> Step<K, V> {
        let generation = self.state.generation();
        if !self.route.flight {
            let side = self.core.flights.aside(&self.key, generation);
            return Step::Compute(side.map_or(Turn::Free, Turn::Side));
        }
        match self.core.flights.enter(&self.key, generation, self.memo.patience(&self.route)) {
            Entered::Lead(lead) => self.lead(lead),
            // Whoever leads may have found a value instead of computing it: a refresh does not wait for that.
            Entered::Wait(_) if self.manner == Manner::Refresh => {
                let side = self.core.flights.aside(&self.key, generation);
                Step::Compute(side.map_or(Turn::Free, Turn::Side))
            }
            Entered::Wait(wait) => Step::Wait(wait),
            Entered::Alone(side) => Step::Compute(Turn::Side(side)),
            Entered::Busy => Step::Compute(Turn::Free),
        }
    }

    /// Before a leader computes it looks again: the value may have landed since it looked.
    fn lead(&mut self, lead: Lead<'static, K, Kept<V>>) -> Step<K, V> {
        if self.manner == Manner::Refresh {
            return Step::Compute(Turn::Lead(lead));
        }
        if let Some(remote) = &mut self.remote {
            let landed = self.core.flights.landed();
            if remote.landed == landed {
                return Step::Compute(Turn::Lead(lead));
            }
            remote.landed = landed;
            return Step::Read(Some(lead));
        }
        match self.core.memory.look(&self.key, self.memo.terms(self.state)) {
            Some(Ok((kept, _))) => {
                lead.land(kept.clone(), || ());
                Step::Give(kept, Outcome::Hit)
            }
            Some(Err(reason)) => {
                self.reason = reason;
                Step::Compute(Turn::Lead(lead))
            }
            None => Step::Compute(Turn::Lead(lead)),
        }
    }

    /// What the bytes say.
    fn was_read(&mut self, lead: Option<Lead<'static, K, Kept<V>>>, read: Result<Option<Bytes>, Error>) -> Step<K, V> {
        let Some(remote) = &mut self.remote else { return Step::Compute(Turn::Free) };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                self.fault(&error);
                self.reason = Reason::Cold;
                // Still one computation per key; nothing is written to a backend that cannot be read.
                self.remote = None;
                return lead.map_or_else(|| self.enter(), |lead| Step::Compute(Turn::Lead(lead)));
            }
        };
        match remote.channel.judge(&remote.address, bytes, self.route.ttl) {
            Found::Value { bytes, .. } => {
                let payload = remote.channel.payload(&remote.address, &bytes).unwrap_or_default();
                remote.when = bytes.first_chunk().map_or(When::Always, |stamp| When::Stamp(*stamp));
                let decoded = self.memo.facts.value.and_then(|(_, decode)| decode(payload).ok());
                match decoded {
                    Some(value) if self.manner == Manner::Ask => {
                        let kept = Kept::new(value, self.memo.facts.quiet);
                        if let Some(lead) = lead {
                            lead.land(kept.clone(), || ());
                        }
                        return Step::Give(kept, Outcome::Hit);
                    }
                    Some(_) => {}
                    None => self.reason = Reason::Undecodable,
                }
            }
            Found::Nothing { when, reason } => {
                remote.when = when;
                self.reason = reason;
            }
        }
        lead.map_or_else(|| self.enter(), |lead| Step::Compute(Turn::Lead(lead)))
    }

    fn read(&self, how: How) -> Answer<Option<Bytes>> {
        match &self.remote {
            Some(remote) => remote.channel.read(how, &remote.address),
            None => Box::pin(std::future::ready(Ok(None))),
        }
    }

    fn waited(&mut self, ended: Ended<'static, K, Kept<V>>) -> Step<K, V> {
        match ended {
            Ended::Value(kept) => Step::Give(kept, Outcome::Joined),
            Ended::Lead(lead) => self.lead(lead),
            Ended::Failed(side) => Step::Compute(Turn::Side(side)),
            Ended::Deposed(lead) => {
                self.counters().add(Count::WaitsEnded, 1);
                self.lead(lead)
            }
            Ended::Late(side) => {
                self.counters().add(Count::WaitsEnded, 1);
                Step::Compute(Turn::Side(side))
            }
        }
    }

    fn give<const F: u8, R: Project<F, Stored = V>>(mut self, kept: Kept<V>, outcome: Outcome) -> R {
        // The user's `Clone` may panic: then the call did not end in a value.
        let value = kept.into_value();
        self.ticket.end(outcome);
        R::restore(value)
    }

    /// What the body gave is shared, and stored if it may be. `writer` carries bytes away.
    fn finish<const F: u8, R: Project<F, Stored = V>>(mut self, turn: Turn<K, V>, result: &R, writer: Writer) {
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

    fn keep(&self, turn: Turn<K, V>, kept: Kept<V>, life: Option<std::time::Duration>) {
        let created = clock::now();
        let deadline = life.map_or(NEVER, |life| clock::after(created, life));
        let header = Header { generation: self.state.generation(), created, deadline };
        let key = self.key.clone();
        let stored = turn.land(kept.clone(), || {
            // What a `clear` overtook would only push out something newer.
            let current = self.memo.site.word.load().generation() == header.generation;
            if current { self.core.memory.insert(key, kept, header) } else { None }
        });
        match stored.flatten() {
            Some(gone) => self.counters().add(Count::Evicted, gone.evicted()),
            None => self.counters().add(Count::NotStored, 1),
        }
    }

    fn write(&mut self, turn: Turn<K, V>, kept: Kept<V>, life: Option<std::time::Duration>, writer: Writer) {
        let encoded = self.memo.facts.value.map(|(encode, _)| encode(kept.as_ref()));
        let (payload, remote) = match (encoded, self.remote.take()) {
            (Some(Ok(payload)), Some(remote)) => (payload, remote),
            (Some(Err(error)), _) => {
                self.fault(&error);
                return self.share_only(turn, kept);
            }
            _ => return self.share_only(turn, kept),
        };
        let (memo, generation, started) = (self.memo, self.state.generation(), self.lap.started());
        let write = move || {
            let counters = &memo.site.counters;
            let pass = remote.channel.gate.pass();
            let late = clock::now().saturating_sub(started) >= clock::after(0, crate::store::TOMBSTONE_LIFE);
            let overtaken = late || memo.site.word.load().generation() != generation;
            let written = match overtaken {
                true => Ok(false),
                false => remote.channel.write(&remote.address, &payload, life, remote.when),
            };
            drop(pass);
            match written {
                Ok(true) => {}
                Ok(false) => counters.add(Count::NotStored, 1),
                Err(error) => {
                    counters.add(Count::BackendErrors, 1);
                    memo.site.warn(&format!("{}: {error}", memo.site.location()));
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

/// Who carries bytes to the backend.
#[derive(Clone, Copy)]
enum Writer {
    Here,
    Worker,
}

/// How long a value of this class is kept: `None` not at all, `Some(None)` for ever.
fn life(route: &Route, class: Class) -> Option<Option<std::time::Duration>> {
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

pub(crate) fn address_of<K: OwnedKey, V: Value>(
    memo: &Memo<K, V>,
    key: &Held<K>,
    channel: &Channel,
) -> Result<Address, Error> {
    let unsupported = |why| Error::new(crate::ErrorKind::Unsupported, why);
    let encode = memo.facts.key.ok_or_else(|| unsupported("serde cannot carry the key of this site"))?;
    if memo.facts.value.is_none() {
        return Err(unsupported("serde cannot carry the value of this site"));
    }
    Ok(channel.address(memo.schema(), &encode(&key.key)?))
}

impl<const F: u8, K, V> Miss<F, K, V> {
    /// Gives the value: from the backend, from another caller's computation, or from `body`.
    #[cold]
    #[inline(never)]
    pub fn run<R: Project<F, Stored = V>>(self, body: impl FnOnce() -> R) -> R
    where
        K: OwnedKey,
        V: Value,
    {
        let (mut call, mut step) = Call::begin(self);
        loop {
            step = match step {
                Step::Give(kept, outcome) => return call.give(kept, outcome),
                Step::Read(lead) => {
                    let read = block_on(call.read(How::Here));
                    call.was_read(lead, read)
                }
                Step::Wait(wait) => {
                    let ended = block(wait);
                    call.waited(ended)
                }
                Step::Compute(turn) => {
                    call.lap = Lap::start();
                    let here = turn.run_here();
                    let result = call.lap.run(body);
                    drop(here);
                    call.finish(turn, &result, Writer::Here);
                    return result;
                }
            };
        }
    }

    /// As [`Miss::run`], without blocking: a future that polls `body` only if it has to.
    pub fn run_async<B>(self, body: B) -> Run<Stage<F, K, V>, B>
    where
        K: OwnedKey,
        V: Value,
    {
        Run { stage: Stage(At::New(self)), body }
    }
}

fn block<'a, K: OwnedKey, V: Value>(mut wait: Wait<'a, K, Kept<V>>) -> Ended<'a, K, Kept<V>> {
    let waker = thread_waker();
    loop {
        if let Some(ended) = wait.look(&waker) {
            return ended;
        }
        park(clock::until(wait.deadline()));
    }
}

pin_project! {
    /// A call of an async function that was not served from memory at once.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Run<S, B> {
        stage: S,
        #[pin]
        body: B,
    }
}

/// How far an async call is.
pub struct Stage<const F: u8, K: OwnedKey, V: Value>(At<F, K, V>);

enum At<const F: u8, K: OwnedKey, V: Value> {
    New(Miss<F, K, V>),
    Read(Call<K, V>, Option<Lead<'static, K, Kept<V>>>, Answer<Option<Bytes>>),
    Wait(Call<K, V>, Wait<'static, K, Kept<V>>, Option<Alarm>),
    Compute(Call<K, V>, Turn<K, V>),
    Done,
}

impl<const F: u8, K, V, R, B> Future for Run<Stage<F, K, V>, B>
where
    K: OwnedKey,
    V: Value,
    R: Project<F, Stored = V>,
    B: Future<Output = R>,
{
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        let (mut body, Stage(stage)) = (this.body, this.stage);
        loop {
            // Taken out, so that a panic below drops call and turn while it unwinds.
            let (call, step) = match std::mem::replace(stage, At::Done) {
                At::New(miss) => Call::begin(miss),
                At::Done => panic!("a cached call was polled after it had ended"),
                At::Read(mut call, lead, mut answer) => match answer.as_mut().poll(cx) {
                    Poll::Ready(read) => {
                        let step = call.was_read(lead, read);
                        (call, step)
                    }
                    Poll::Pending => {
                        *stage = At::Read(call, lead, answer);
                        return Poll::Pending;
                    }
                },
                At::Wait(mut call, mut wait, alarm) => match wait.look(cx.waker()) {
                    Some(ended) => {
                        drop(alarm);
                        let step = call.waited(ended);
                        (call, step)
                    }
                    None => {
                        let alarm = Alarm::set(wait.deadline(), cx.waker().clone());
                        *stage = At::Wait(call, wait, Some(alarm));
                        return Poll::Pending;
                    }
                },
                At::Compute(mut call, turn) => {
                    let here = turn.run_here();
                    let polled = call.lap.run(|| body.as_mut().poll(cx));
                    drop(here);
                    let Poll::Ready(result) = polled else {
                        *stage = At::Compute(call, turn);
                        return Poll::Pending;
                    };
                    call.finish(turn, &result, Writer::Worker);
                    return Poll::Ready(result);
                }
            };
            *stage = match step {
                Step::Give(kept, outcome) => return Poll::Ready(call.give(kept, outcome)),
                Step::Wait(wait) => At::Wait(call, wait, None),
                Step::Compute(turn) => At::Compute(Call { lap: Lap::start(), ..call }, turn),
                Step::Read(lead) => {
                    let answer = call.read(How::Later);
                    At::Read(call, lead, answer)
                }
            };
        }
    }
}
