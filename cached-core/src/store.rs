//! Where values meet bytes.
//!
//! In: a key's canonical bytes and a value's payload. Out: what a backend holds under the address
//! made of them, judged. Every call of a backend goes through here, with its deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::backend::{Backend as _, Bytes, Capabilities, Key, Listener, Reply, Stamp, When, Write};
use crate::bounded::{Answer, Begun, Bounded, guarded, too_late, wait};
use crate::clock;
use crate::codec::{self, Format, Mark, Opened};
use crate::error::{Error, ErrorKind};
use crate::event::Reason;
use crate::meter::Meter;
use crate::process;
use crate::sync::Gate;
use crate::workers::{self, Pass, Pool};

/// How long a tombstone keeps what was computed before an invalidation from being stored.
/// A body that takes longer than this does not store.
pub(crate) const TOMBSTONE_LIFE: Duration = Duration::from_secs(3_600);

/// How long the stamp of a tag is kept after its last change.
const TAG_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// An alias whose entries are bytes.
pub(crate) struct Channel {
    pub(crate) backend: Meter,
    pub(crate) capabilities: Capabilities,
    /// Namespace, prefix and version of the alias: the beginning of every storage key.
    pub(crate) prefix: String,
    pub(crate) op_timeout: Duration,
    pub(crate) max_value_bytes: usize,
    /// How values are written.
    pub(crate) format: Format,
    /// A caller who computed does not wait until it is written.
    pub(crate) writes_behind: bool,
    pub(crate) turns: Arc<Turns>,
    /// Whether it was asked for anything since it was made or closed.
    pub(crate) is_used: AtomicBool,
}

/// Who may write to a store now, and who does so for others.
pub(crate) struct Turns {
    /// Writers pass together; a `clear` passes alone, after the writers before it.
    pub(crate) gate: Gate,
    /// How often the low-level cache was cleared: what was computed before is not stored.
    #[cfg_attr(not(feature = "bytes"), expect(dead_code, reason = "the low-level cache asks for it"))]
    cleared: AtomicU64,
    pub(crate) workers: Arc<Pool>,
}

#[cfg(feature = "bytes")]
impl Turns {
    /// Counts a `clear`, for who passes alone.
    pub(crate) fn count(&self) {
        self.cleared.fetch_add(1, Ordering::AcqRel);
    }

    /// How often it was cleared so far.
    pub(crate) fn times(&self) -> u64 {
        self.cleared.load(Ordering::Acquire)
    }
}

impl Default for Turns {
    fn default() -> Self {
        Turns { gate: Gate::new(), cleared: AtomicU64::new(0), workers: Pool::of_store() }
    }
}

/// Where an entry lives, and what its envelope has to say to be it.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) key: Key,
    pub(crate) mark: Mark,
}

/// When a value was computed, by the wall clock, how long it lives from then on, how long if nobody asks for
/// it, and how long after that it may still be served stale.
#[derive(Clone, Copy)]
pub(crate) struct Life {
    pub(crate) created: u64,
    pub(crate) ttl: Option<Duration>,
    pub(crate) unasked: Option<Duration>,
    pub(crate) window: Duration,
}

/// The longest life that the site allows now, and the longest time between two hits.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) life: Option<Duration>,
    pub(crate) idle: Option<Duration>,
}

/// A hit is noted once such a part of the idle time has passed since the last: an entry may end by so much early.
pub(crate) const RENEWAL: u64 = 16;

/// How the key of an entry's lease ends; no other key does.
pub(crate) const LEASE: &str = ".l";

/// What was found at an address.
pub(crate) enum Found<'a> {
    /// A live value; when it was computed and when it ends, by the wall clock. `renew`: that it is given now has to
    /// be noted, and it may then be kept so long.
    Live { payload: &'a [u8], created: u64, end: u64, renew: Option<Duration> },
    /// A value whose time has passed, and when that was.
    Ended(&'a [u8], u64),
    /// Nothing to give, and why.
    Nothing(Reason),
}

/// Where a backend may be waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// On this thread, which may block.
    Here,
    /// Not on this thread: the caller is async.
    Later,
}

impl Channel {
    /// `site` is the schema of the site, `schema` that of one instance of it.
    pub(crate) fn address(&self, site: [u8; 16], schema: [u8; 16], canonical: &[u8]) -> Address {
        let (digest, mut key) = (codec::digest(canonical), self.site_prefix(site));
        add_hex(&mut key, &schema[..6]);
        key.push(':');
        add_hex(&mut key, &digest[..20]);
        Address { key: Key::from(key), mark: Mark { schema, digest, codec: self.format.id() } }
    }

    /// How every storage key of a site begins.
    pub(crate) fn site_prefix(&self, site: [u8; 16]) -> String {
        // With room for what follows it in an address.
        let mut head = String::with_capacity(self.prefix.len() + 80);
        head.push_str(&self.prefix);
        head.push(':');
        add_hex(&mut head, &site[..12]);
        head.push(':');
        head
    }

    /// The bytes at an address.
    pub(crate) fn read(self: &Arc<Self>, how: How, address: &Address) -> Answer<Option<Bytes>> {
        self.read_key(how, address.key.clone())
    }

    pub(crate) fn read_key(self: &Arc<Self>, how: How, key: Key) -> Answer<Option<Bytes>> {
        self.ask(how, move |channel| channel.backend.get_many(&[key]), |found| found.into_iter().next().flatten())
    }

    /// A write in any case; one that the backend does not take is an error.
    pub(crate) fn must(self: &Arc<Self>, how: How, write: Write) -> Answer<()> {
        must(self.ask(how, move |channel| channel.backend.set_many(vec![write]), |stored| stored == [true]))
    }

    /// As [`Channel::must`], among those who write.
    pub(crate) fn must_inside(self: &Arc<Self>, how: How, write: Write) -> Answer<()> {
        let operation = move |channel: &Channel| channel.backend.set_many(vec![write]);
        must(self.ask_inside(how, false, operation, |stored| stored == [true]))
    }

    /// Asks the backend. An async caller of a backend that blocks has it asked on a worker.
    pub(crate) fn ask<T: Send + 'static, U: Send + 'static>(
        self: &Arc<Self>,
        how: How,
        operation: impl FnOnce(&Channel) -> Reply<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Answer<U> {
        let timeout = self.op_timeout;
        self.is_used.store(true, Ordering::Relaxed);
        let reply = match how {
            How::Here => Reply::Ready(wait(timeout, || operation(self))),
            How::Later if self.capabilities.blocking => return self.ask_on_worker(operation, then),
            How::Later => guarded(|| operation(self)).unwrap_or_else(|error| Reply::Ready(Err(error))),
        };
        match reply {
            Reply::Ready(answer) => Box::pin(std::future::ready(answer.map(then))),
            Reply::Later(answer) => {
                let bounded = Bounded::new(answer, timeout);
                Box::pin(async move { bounded.await.map(then) })
            }
        }
    }

    /// As [`Channel::ask`], among those who write or alone. An executor's thread does not wait until that may be.
    pub(crate) fn ask_inside<T: Send + 'static, U: Send + 'static>(
        self: &Arc<Self>,
        how: How,
        alone: bool,
        operation: impl FnOnce(&Channel) -> Reply<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Answer<U> {
        let mut asked = Some((operation, then));
        if how == How::Later && !self.capabilities.blocking {
            let at_once = || asked.take().map(|(operation, then)| self.ask(how, operation, then));
            if let Some(answer) = self.turns.gate.try_inside(alone, at_once).flatten() {
                return answer;
            }
        }
        let Some((operation, then)) = asked else { return Box::pin(std::future::ready(Err(busy()))) };
        let end = clock::after(clock::now(), self.op_timeout);
        let inside = move |channel: &Channel| {
            channel.turns.gate.inside(alone, || match how {
                // The caller was told so already, and may have done something else since.
                How::Later if clock::now() >= end => Reply::Ready(Err(too_late(channel.op_timeout))),
                How::Here | How::Later => operation(channel),
            })
        };
        match how {
            How::Here => self.ask(how, inside, then),
            How::Later => self.ask_on_worker(inside, then),
        }
    }

    /// The caller waits no longer than for any other answer; the job goes on, and its answer is dropped.
    fn ask_on_worker<T: Send + 'static, U: Send + 'static>(
        self: &Arc<Self>,
        operation: impl FnOnce(&Channel) -> Reply<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Answer<U> {
        self.is_used.store(true, Ordering::Relaxed);
        // What would not be let through waits for no thread.
        if let Some(refusal) = self.backend.refusal(1) {
            return Box::pin(std::future::ready(Err(refusal)));
        }
        let (channel, timeout) = (Arc::clone(self), self.op_timeout);
        let offloaded = workers::offload(&self.turns.workers, move || wait(timeout, || operation(&channel)));
        let answer = Box::pin(async move { offloaded.await.unwrap_or_else(|| Err(busy())) });
        let mut bounded = Bounded::new(answer, timeout);
        // A thread that hangs tells nobody; of other answers the meter knows.
        let channel = self.capabilities.blocking.then(|| Arc::clone(self));
        Box::pin(async move {
            let answer = (&mut bounded).await;
            if let Some(breaker) = channel.as_ref().filter(|_| bounded.is_late).and_then(|it| it.backend.breaker()) {
                breaker.failed();
            }
            answer.map(then)
        })
    }

    /// Says what the bytes at an address are worth.
    pub(crate) fn judge<'a>(&self, address: &Address, bytes: Option<&'a Bytes>, limits: Limits) -> Found<'a> {
        let Some(bytes) = bytes else { return Found::Nothing(Reason::Cold) };
        let now = clock::wall();
        match codec::open(bytes, &address.mark, now) {
            Opened::Value { payload, created, expires, used } => {
                let after = |since: u64, limit| since.saturating_add(limit);
                let last = limits.life.map_or(expires, |life| expires.min(after(created, millis(life))));
                let idle = limits.idle.map_or(u64::MAX, millis);
                match last.min(after(used, idle)) {
                    end if now < end => {
                        let is_due = limits.idle.is_some() && now >= after(used, idle / RENEWAL);
                        let renew = is_due.then(|| Duration::from_millis(idle.min(last - now)));
                        Found::Live { payload, created, end, renew }
                    }
                    end => Found::Ended(payload, end),
                }
            }
            Opened::Tombstone => Found::Nothing(Reason::Invalidated),
            Opened::Nothing => Found::Nothing(Reason::Undecodable),
        }
    }

    /// Where the stamp of a tag lies.
    pub(crate) fn tag_key(&self, tag: &str) -> Key {
        Key::from(format!("{}:tag:{}", self.prefix, hex(&codec::digest(tag.as_bytes())[..20])))
    }

    /// Whether a storage key is that of a tag.
    pub(crate) fn is_tag_key(&self, key: &str) -> bool {
        key.strip_prefix(&self.prefix).is_some_and(|rest| rest.starts_with(":tag:"))
    }

    /// Of an entry and its tags, the names by which the backend tells of changes: that of the entry, then those of
    /// the tags.
    pub(crate) fn names(&self, entry: &Key, tags: &[String]) -> Vec<String> {
        let tags = tags.iter().map(|tag| self.tag_key(tag));
        std::iter::once(Arc::clone(entry)).chain(tags).map(|key| key.to_string()).collect()
    }

    /// What an invalidation of a tag changes: a stamp under the tag's own key. One that is lost costs misses.
    fn fresh(&self, tag: &str, when: When) -> Write {
        let mark = Mark { schema: [0; 16], digest: codec::digest(tag.as_bytes()), codec: [0; 4] };
        let bytes = codec::tombstone(&mark, process::stamp(), clock::wall());
        Write::new(self.tag_key(tag), bytes, Some(TAG_LIFE), when)
    }

    /// The stamps of some tags, one after the other; those that are not there are made.
    pub(crate) fn stamps(self: &Arc<Self>, how: How, tags: &[String]) -> Answer<Vec<u8>> {
        let keys: Vec<Key> = tags.iter().map(|tag| self.tag_key(tag)).collect();
        let (channel, tags) = (Arc::clone(self), tags.to_vec());
        let read = move |keys: Vec<Key>| move |channel: &Channel| channel.backend.get_many(&keys);
        Box::pin(async move {
            let mut found = channel.ask(how, read(keys.clone()), |found| found).await?;
            if found.iter().any(Option::is_none) {
                let make = move |channel: &Channel| {
                    channel.backend.set_many(tags.iter().map(|tag| channel.fresh(tag, When::Absent)).collect())
                };
                channel.ask(how, make, drop).await?;
                found = channel.ask(how, read(keys), |found| found).await?;
            }
            let stamp = |bytes: Option<Bytes>| bytes.and_then(|bytes| bytes.first_chunk::<16>().copied());
            let stamps: Option<Vec<Stamp>> = found.into_iter().map(stamp).collect();
            let lost = || Error::new(ErrorKind::Backend, "the stamp of a tag is not kept");
            stamps.map(|stamps| stamps.concat()).ok_or_else(lost)
        })
    }

    /// Gives a tag another stamp: what was stored under the old one is not found any more.
    pub(crate) fn restamp(self: &Arc<Self>, how: How, tag: &str) -> Answer<()> {
        let write = self.fresh(tag, When::Always);
        self.must(how, write)
    }

    /// How writes pass that are under way together.
    pub(crate) fn pass(self: &Arc<Self>) -> Pass {
        let channel = Arc::clone(self);
        Box::new(move |work| channel.turns.gate.inside(false, work))
    }

    /// Begins to store a payload. Of one that there cannot be, nothing older stays.
    pub(crate) fn write(
        &self,
        address: &Address,
        payload: Result<&[u8], Error>,
        life: Life,
        when: When,
    ) -> (Begun<Vec<bool>>, Told) {
        let age = Duration::from_millis(clock::wall().saturating_sub(life.created));
        if life.unasked.is_some_and(|unasked| age >= unasked) {
            return Told::nothing(Ok(false));
        }
        let begin = |write| Begun::new(self.op_timeout, || self.backend.set_many(vec![write]));
        let bury = || begin(tombstone(address, TOMBSTONE_LIFE, when));
        match payload.and_then(|payload| self.sealed(address, payload, life, when)) {
            // Foreign bytes without a stamp: nothing tells them from an invalidation that came since. A
            // tombstone takes their place, and the next computation finds something to compare with.
            Ok(_) if when == When::Always => (bury(), Told::Always(Ok(false))),
            Ok(write) => (begin(Write { ttl: write.ttl.map(|ttl| ttl.saturating_sub(age)), ..write }), Told::First),
            Err(error) if when == When::Absent => Told::nothing(Err(error)),
            Err(error) => (bury(), Told::Always(Err(error))),
        }
    }

    /// A payload in its envelope, on its way to the address.
    pub(crate) fn sealed(&self, address: &Address, payload: &[u8], life: Life, when: When) -> Result<Write, Error> {
        let limit = self.capabilities.max_value.map_or(self.max_value_bytes, |max| max.min(self.max_value_bytes));
        let life_ms = life.ttl.map_or(u64::MAX, millis);
        let bytes = codec::seal(&address.mark, process::stamp(), life.created, life_ms, payload)
            .map_err(|why| Error::new(ErrorKind::Encode, why.to_string()))?;
        if bytes.len() > limit {
            let message = format!("a value of {} bytes; the bound `max_value_bytes` is {limit}", bytes.len());
            return Err(Error::new(ErrorKind::Encode, message));
        }
        let kept = life.unasked.map(|unasked| unasked.saturating_add(life.window));
        Ok(Write::new(address.key.clone(), bytes, kept, when))
    }

    /// Notes that bytes were given at a moment, and keeps them for so long, unless others have taken their place.
    pub(crate) fn renew(&self, address: &Address, bytes: &Bytes, given: u64, kept: Duration) -> Result<(), Error> {
        let renewed = codec::renewed(bytes, given);
        let write = Write::new(address.key.clone(), renewed, Some(kept), unchanged(Some(bytes)));
        wait(self.op_timeout, || self.backend.set_many(vec![write])).map(drop)
    }

    /// Makes whatever is at the address, or is on its way there, invalid.
    pub(crate) fn bury(self: &Arc<Self>, how: How, address: &Address) -> Answer<()> {
        self.must(how, tombstone(address, TOMBSTONE_LIFE, When::Always))
    }

    /// Has the backend tell of changes. An answer is not waited for: the news themselves say whether they come.
    pub(crate) fn subscribe(&self, listener: Listener) {
        drop(guarded(|| self.backend.subscribe(&self.prefix, listener)));
    }

    /// Removes all entries of one site, of all its instances, after the writes that have begun.
    pub(crate) fn clear(&self, site: [u8; 16]) -> Result<(), Error> {
        let _alone = self.turns.gate.alone();
        wait(self.op_timeout, || self.backend.clear(&self.site_prefix(site)))
    }
}

/// What the answer to a write says of it: whether it was stored. It was not, if its condition was not met or its life is
/// over.
pub(crate) enum Told {
    First,
    /// This, unless the answer is a fault.
    Always(Result<bool, Error>),
}

impl Told {
    /// Of a write that nobody is asked for.
    pub(crate) fn nothing(told: Result<bool, Error>) -> (Begun<Vec<bool>>, Self) {
        (Begun::Ready(Ok(Vec::new())), Told::Always(told))
    }

    pub(crate) fn by(self, answer: Result<Vec<bool>, Error>) -> Result<bool, Error> {
        match self {
            Told::First => answer.map(|stored| stored.first() == Some(&true)),
            Told::Always(told) => answer.and(told),
        }
    }
}

fn must(asked: Answer<bool>) -> Answer<()> {
    Box::pin(async move {
        let refused = || Error::new(ErrorKind::Backend, "the backend did not take a write in any case");
        if asked.await? { Ok(()) } else { Err(refused()) }
    })
}

/// What makes invalid whatever is at the address, for so long.
pub(crate) fn tombstone(address: &Address, life: Duration, when: When) -> Write {
    let bytes = codec::tombstone(&address.mark, process::stamp(), clock::wall());
    Write::new(address.key.clone(), bytes, Some(life), when)
}

/// What has to be there still for a write to take the place of what was read.
pub(crate) fn unchanged(read: Option<&Bytes>) -> When {
    read.map_or(When::Absent, |bytes| {
        bytes.first_chunk::<16>().map_or(When::Always, |stamp: &Stamp| When::Stamp(*stamp))
    })
}

pub(crate) fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    add_hex(&mut text, bytes);
    text
}

fn add_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    text.extend(digits.map(|digit| char::from(DIGITS[usize::from(digit)])));
}

fn busy() -> Error {
    Error::new(ErrorKind::Backend, "no worker thread could take the operation")
}
