//! One operation on one alias: what the sync, the async and the bulk methods have in common.
//!
//! In: an alias, a key, bytes, and where a backend may be waited for. Out: the backend's own answers, judged; and at
//! one place, [`Operation::end`], what the operation met.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Cache, Ttl, keys};
use crate::backend::{Backend as _, Bytes, Key, Reply, When, Write};
use crate::clock;
use crate::codec::{self, Format};
use crate::entry::called_back;
use crate::error::{Error, ErrorKind};
use crate::event::{Method, Outcome, Reason};
use crate::flight::{Flights, Watch};
use crate::key::{Held, Seed};
use crate::registry::{self, Alias, BYTE_TTL, Place, nowhere};
use crate::scope;
use crate::store::{Address, Channel, Found, How, Life, Limits, millis, tombstone, unchanged};
use crate::trail::{Call, Ended, Pending, Show, shown, text};

/// How often a change is tried while others change the same entry.
pub(super) const TRIES: usize = 1_000;
/// For how long a tombstone keeps a computation of this process that is just being written from being stored.
const TOMBSTONE_LIFE: Duration = Duration::from_secs(60);
/// The lifetime is in the envelope; nobody shortens it.
const LIMITS: Limits = Limits { life: None, idle: None };

/// A value in bytes, and by which codec.
#[derive(Clone)]
pub(super) struct Encoded {
    pub(super) payload: Vec<u8>,
    pub(super) codec: [u8; 4],
}

/// What is being computed by `get_or_set` now; what is shared is the value's bytes.
pub(super) static FLIGHTS: LazyLock<Flights<Key, Arc<Encoded>>> = LazyLock::new(Flights::new);
static SEED: LazyLock<Seed> = LazyLock::new(Seed::new);

/// An operation under way.
pub(super) struct Operation {
    pub(super) how: How,
    /// What the alias means at this moment.
    place: Result<Means, Error>,
    version: Option<u64>,
    salt: u64,
    pub(super) met: Met,
    /// What is recorded of it, if anybody wants that.
    pending: Option<Box<Pending>>,
}

/// What an operation met.
#[derive(Default)]
pub(super) struct Met {
    /// How it ended, where it asked for one value.
    pub(super) outcome: Option<Outcome>,
    /// Of the keys it asked for: with a value, and without.
    pub(super) hits: u32,
    pub(super) misses: u32,
    /// Of the values that it read or wrote, without their envelopes.
    pub(super) bytes: usize,
}

impl Met {
    /// Notes how the one value was found, instead of what was noted before.
    pub(super) fn found(&mut self, outcome: Outcome) {
        let is_given = matches!(outcome, Outcome::Hit | Outcome::Joined);
        (self.hits, self.misses) = (u32::from(is_given), u32::from(!is_given));
        self.outcome = Some(outcome);
    }
}

struct Means {
    alias: Arc<Alias>,
    /// Nothing is kept: a `dummy`, or a bypass.
    is_off: bool,
    channel: Arc<Channel>,
}

/// Where the entry of one key lives.
pub(super) struct Spot {
    pub(super) channel: Arc<Channel>,
    pub(super) address: Address,
    pub(super) alias: Arc<Alias>,
    pub(super) is_off: bool,
}

/// How long an entry lives that is changed; none is for ever.
#[derive(Clone, Copy)]
pub(super) enum Lasts {
    For(Option<Duration>),
    AsBefore,
}

/// An entry that is to be removed on a condition, and whether it lives.
struct Going<'a> {
    spot: &'a Spot,
    when: When,
    is_live: bool,
}

impl Operation {
    pub(super) fn begin(cache: &Cache, how: How, method: Method, at: &'static Location<'static>) -> Self {
        let registry = registry::current();
        let means = |alias: &Arc<Alias>| {
            let is_bypassed = scope::is_bypassed();
            let is_off = is_bypassed || matches!(alias.place, Place::Dummy);
            let channel = if is_bypassed { nowhere() } else { Arc::clone(&alias.cache) };
            Means { alias: Arc::clone(alias), is_off, channel }
        };
        let alias = registry.aliases.get(&*cache.alias);
        let pending = Pending::begin(|| {
            let kind = alias.map_or_else(|| "none".into(), |alias| Arc::clone(&alias.kind));
            Call::new(method, Arc::clone(&cache.alias), kind, (at.file(), at.line()))
        });
        let unknown = || Error::new(ErrorKind::Config, registry.unknown(&cache.alias));
        let place = alias.map(means).ok_or_else(unknown);
        Self { how, place, version: cache.version, salt: scope::salt(), met: Met::default(), pending }
    }

    /// The one place where an operation ends: here it is known what it met, with which keys, whether it failed, and
    /// whether it changed anything.
    pub(super) fn end<T>(
        self,
        keys: &[&str],
        result: Result<T, Error>,
        is_done: impl FnOnce(&T) -> bool,
    ) -> Result<T, Error> {
        let met = self.met;
        Pending::close(self.pending, &result, |given, call| {
            (call.hits, call.misses) = (met.hits, met.misses);
            (call.keys, call.bytes) = (u32::try_from(keys.len()).unwrap_or(u32::MAX), Some(met.bytes as u64));
            call.key = (shown(None) >= Show::Keys).then(|| text(&Listed(keys)));
            match met.outcome {
                Some(outcome) => Ended::Call(outcome),
                None if is_done(given) => Ended::Done,
                None => Ended::Nothing,
            }
        });
        result
    }

    /// Closes the backend of a cache. This is not an operation on entries: nothing notes it.
    pub(super) async fn close(cache: &Cache, how: How) -> Result<(), Error> {
        let registry = registry::current();
        let unknown = || Error::new(ErrorKind::Config, registry.unknown(&cache.alias));
        let channel = Arc::clone(&registry.aliases.get(&*cache.alias).ok_or_else(unknown)?.cache);
        let closed = channel.ask(how, |channel| channel.backend.close(channel.op_timeout), drop).await;
        channel.is_used.store(false, Ordering::Relaxed);
        registry.closed(&channel);
        closed
    }

    fn means(&self) -> Result<&Means, Error> {
        self.place.as_ref().map_err(Error::clone)
    }

    pub(super) fn channel(&self) -> Result<&Arc<Channel>, Error> {
        Ok(&self.means()?.channel)
    }

    /// What every entry of the alias begins with.
    pub(super) fn prefix(&self) -> Result<String, Error> {
        Ok(keys::clear_prefix(&self.means()?.alias.keys, self.salt))
    }

    pub(super) fn version(&self) -> Result<u64, Error> {
        Ok(self.version.unwrap_or(self.means()?.alias.keys.version))
    }

    pub(super) fn spot(&self, key: &str) -> Result<Spot, Error> {
        self.spot_of(key, self.version()?)
    }

    pub(super) fn spot_of(&self, key: &str, version: u64) -> Result<Spot, Error> {
        self.spot_in(key, version, self.format()?.id())
    }

    /// As [`Operation::spot`], for a value that may have been encoded before the alias was given another codec.
    pub(super) fn spot_for(&self, key: &str, value: &Encoded) -> Result<Spot, Error> {
        self.spot_in(key, self.version()?, value.codec)
    }

    fn spot_in(&self, key: &str, version: u64, codec: [u8; 4]) -> Result<Spot, Error> {
        let Means { alias, is_off, channel } = self.means()?;
        let address = keys::address(&alias.keys, version, key, self.salt, codec)?;
        Ok(Spot { channel: Arc::clone(channel), address, alias: Arc::clone(alias), is_off: *is_off })
    }

    pub(super) fn format(&self) -> Result<Format, Error> {
        Ok(self.means()?.channel.format.describing())
    }

    /// How long a value lives; none is for ever.
    pub(super) fn life(&self, ttl: Ttl) -> Result<Option<Duration>, Error> {
        Ok(match ttl {
            Ttl::For(life) => Some(life),
            Ttl::Forever => None,
            Ttl::Default => Some(self.means()?.alias.ttl.unwrap_or(BYTE_TTL)).filter(|life| *life != Duration::MAX),
        })
    }

    pub(super) async fn read(&self, spot: &Spot) -> Result<Option<Bytes>, Error> {
        spot.channel.read(self.how, &spot.address).await
    }

    pub(super) async fn read_many<'a>(
        &self,
        spots: impl Iterator<Item = &'a Spot>,
    ) -> Result<Vec<Option<Bytes>>, Error> {
        let keys: Vec<Key> = spots.map(|spot| spot.address.key.clone()).collect();
        self.channel()?.ask(self.how, move |channel| channel.backend.get_many(&keys), |found| found).await
    }

    /// Stores what is sealed, on its condition; after a `clear` that is under way.
    pub(super) async fn write(&self, spot: &Spot, write: Write) -> Result<bool, Error> {
        self.write_many(&spot.channel, vec![write]).await.map(|stored| stored == [true])
    }

    pub(super) async fn write_many(&self, channel: &Arc<Channel>, writes: Vec<Write>) -> Result<Vec<bool>, Error> {
        let operation = move |channel: &Channel| channel.backend.set_many(writes);
        channel.ask_inside(self.how, false, operation, |stored| stored).await
    }

    /// As [`Operation::write`], for what was computed: unless the cache was cleared since it had been so many times, or
    /// the entry was set or removed since the computation began.
    ///
    /// Whether it came too late is looked at once more when it is written, since a `delete` whose guard a `set` replaced
    /// leaves nothing for the condition to meet. That, and taking it back, is part of the write: a caller who is dropped
    /// meanwhile leaves both to the worker, or neither is done.
    pub(super) async fn write_computed(
        &self,
        spot: &Spot,
        write: Write,
        cleared: u64,
        watch: Option<Watch<Key, Arc<Encoded>>>,
    ) -> Result<bool, Error> {
        let of_all = Arc::clone(&spot.channel);
        let operation = move |channel: &Channel| {
            let is_late = move || watch.as_ref().is_some_and(Watch::is_overtaken);
            if channel.turns.times() != cleared || is_late() {
                return Reply::Ready(Ok(vec![false]));
            }
            let written = vec![(write.key.clone(), unchanged(Some(&write.bytes)))];
            match channel.backend.set_many(vec![write]) {
                Reply::Ready(Ok(stored)) if stored == [true] && is_late() => {
                    not_stored(channel.backend.delete_many(written))
                }
                Reply::Later(stored) => Reply::Later(Box::pin(async move {
                    let stored = stored.await?;
                    if stored != [true] || !is_late() {
                        return Ok(stored);
                    }
                    match not_stored(of_all.backend.delete_many(written)) {
                        Reply::Ready(answer) => answer,
                        Reply::Later(answer) => answer.await,
                    }
                })),
                ready => ready,
            }
        };
        spot.channel.ask_inside(self.how, false, operation, |stored| stored == [true]).await
    }

    /// The value in some bytes, if they are one of this type; notes how it was found.
    pub(super) fn value<V: DeserializeOwned>(&mut self, spot: &Spot, bytes: Option<&Bytes>) -> Option<V> {
        let (value, outcome) = match spot.judge(bytes) {
            Found::Live { payload, .. } => {
                self.met.bytes += payload.len();
                match codec::decode(self.format().unwrap_or_default(), payload) {
                    Ok(value) => (Some(value), Outcome::Hit),
                    Err(_) => (None, Outcome::Miss(Reason::Undecodable)),
                }
            }
            Found::Ended(..) => (None, Outcome::Miss(Reason::Expired)),
            Found::Nothing(reason) => (None, Outcome::Miss(reason)),
        };
        self.met.found(outcome);
        value
    }

    /// Removes an entry; gives whether a live one went. See [`Operation::remove_many`].
    pub(super) async fn remove(&self, spot: &Spot) -> Result<bool, Error> {
        self.remove_many(std::slice::from_ref(spot)).await.map(|count| count == 1)
    }

    /// Removes entries of one channel; gives how many live ones went. What is being computed for them here is not
    /// stored.
    ///
    /// One read, then each goes on the condition that it is what was read: where something is computed a guard takes its
    /// place, which is one exchange for all; elsewhere it is deleted, which is another. A guard that is there stays where
    /// nothing is computed: somebody else may be writing what it keeps out. What was changed meanwhile is done again.
    pub(super) async fn remove_many(&self, spots: &[Spot]) -> Result<usize, Error> {
        let overtaken = |spot| Ok((spot, Spot::overtake(spot)?));
        let mut open: Vec<(&Spot, bool)> = spots.iter().map(overtaken).collect::<Result<_, Error>>()?;
        let mut count = 0;
        for _ in 0..TRIES {
            if open.is_empty() {
                return Ok(count);
            }
            let found = self.read_many(open.iter().map(|(spot, _)| *spot)).await?;
            let (mut guarded, mut deleted) = (Vec::new(), Vec::new());
            for ((spot, is_computed), bytes) in open.into_iter().zip(&found) {
                let judged = spot.judge(bytes.as_ref());
                let is_live = matches!(judged, Found::Live { .. });
                let going = Going { spot, when: unchanged(bytes.as_ref()), is_live };
                match judged {
                    // It began after the guard that may be there, and would write over that.
                    _ if is_computed => guarded.push(going),
                    Found::Nothing(Reason::Cold | Reason::Invalidated) => {}
                    Found::Live { .. } | Found::Ended(..) | Found::Nothing(_) => deleted.push(going),
                }
            }
            open = Vec::new();
            for (going, is_computed) in [(guarded, true), (deleted, false)] {
                let gone = self.take_many(&going, is_computed).await?;
                for (Going { spot, is_live, .. }, is_gone) in going.into_iter().zip(gone) {
                    count += usize::from(is_gone && is_live);
                    open.extend((!is_gone).then_some((spot, is_computed)));
                }
            }
        }
        Err(contended())
    }

    /// Removes what is there on a condition; see [`Operation::remove_many`].
    pub(super) async fn take(&self, spot: &Spot, when: When, is_computed: bool) -> Result<bool, Error> {
        let going = [Going { spot, when, is_live: true }];
        self.take_many(&going, is_computed).await.map(|gone| gone == [true])
    }

    /// Whoever computed for it may be past his last look, and writes only over what he had found: for him a tombstone
    /// is left.
    async fn take_many(&self, going: &[Going<'_>], is_computed: bool) -> Result<Vec<bool>, Error> {
        let Some(first) = going.first() else { return Ok(Vec::new()) };
        if is_computed {
            let guard = |going: &Going<'_>| tombstone(&going.spot.address, TOMBSTONE_LIFE, going.when);
            return self.write_many(&first.spot.channel, going.iter().map(guard).collect()).await;
        }
        let keys = going.iter().map(|going| (going.spot.address.key.clone(), going.when)).collect();
        let delete = move |channel: &Channel| channel.backend.delete_many(keys);
        first.spot.channel.ask(self.how, delete, |gone| gone).await
    }

    /// Writes again what is live, as `change` makes it of the payload, until nobody has written meanwhile. It lives for
    /// so long from now on, or ends when it did. `None`: nothing is live.
    pub(super) async fn change<T>(
        &mut self,
        spot: &Spot,
        lasts: Lasts,
        mut change: impl FnMut(&[u8]) -> Result<(T, Vec<u8>), Error>,
    ) -> Result<Option<T>, Error> {
        for _ in 0..TRIES {
            let bytes = self.read(spot).await?;
            let Found::Live { payload, end, .. } = spot.judge(bytes.as_ref()) else { return Ok(None) };
            let (when, (given, payload)) = (unchanged(bytes.as_ref()), change(payload)?);
            let write = match lasts {
                Lasts::For(life) => spot.sealed(&payload, life, when)?,
                Lasts::AsBefore => spot.sealed_until(&payload, end, when)?,
            };
            self.met.bytes = payload.len();
            if self.write(spot, write).await? {
                return Ok(Some(given));
            }
        }
        Err(contended())
    }
}

/// Keys as they are shown: one as it is, several as a list.
struct Listed<'a>(&'a [&'a str]);

impl fmt::Debug for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [key] => f.write_str(key),
            keys => f.debug_list().entries(keys).finish(),
        }
    }
}

impl Spot {
    pub(super) fn judge<'a>(&self, bytes: Option<&'a Bytes>) -> Found<'a> {
        self.channel.judge(&self.address, bytes, LIMITS)
    }

    pub(super) fn is_live(&self, bytes: Option<&Bytes>) -> bool {
        matches!(self.judge(bytes), Found::Live { .. })
    }

    /// A payload in its envelope. Fractions of a millisecond of its life are rounded up: none becomes zero.
    pub(super) fn sealed(&self, payload: &[u8], life: Option<Duration>, when: When) -> Result<Write, Error> {
        let is_round = |life: &Duration| life.subsec_nanos().is_multiple_of(1_000_000);
        let rounded = |life: Duration| Duration::from_millis(millis(life).saturating_add(1));
        let ttl = life.map(|life| if is_round(&life) { life } else { rounded(life) });
        self.sealed_at(clock::wall(), payload, ttl, when)
    }

    /// As [`Spot::sealed`], for an end by the wall clock, which it is to the millisecond.
    pub(super) fn sealed_until(&self, payload: &[u8], end: u64, when: When) -> Result<Write, Error> {
        // What is left is counted from the moment from which the envelope counts it.
        let now = clock::wall();
        let left = (end < u64::MAX).then(|| Duration::from_millis(end.saturating_sub(now)));
        self.sealed_at(now, payload, left, when)
    }

    fn sealed_at(&self, created: u64, payload: &[u8], ttl: Option<Duration>, when: When) -> Result<Write, Error> {
        let life = Life { created, ttl, unasked: ttl, window: Duration::ZERO };
        self.channel.sealed(&self.address, payload, life, when)
    }

    /// What is being computed for this entry in this process is neither stored nor given to later callers. Gives
    /// whether anything is.
    pub(super) fn overtake(&self) -> Result<bool, Error> {
        FLIGHTS.overtake(&self.flight()).ok_or_else(called_back)
    }

    /// What a computation of this entry is known by: the store, for all aliases on it, and the place in it.
    pub(super) fn flight(&self) -> Held<Key> {
        SEED.held(Key::from(format!("{}\0{}", self.alias.store, self.address.key)))
    }
}

/// The answer of a write that was taken back.
fn not_stored(taken_back: Reply<Vec<bool>>) -> Reply<Vec<bool>> {
    match taken_back {
        Reply::Ready(answer) => Reply::Ready(answer.map(|_| vec![false])),
        Reply::Later(answer) => Reply::Later(Box::pin(async move { answer.await.map(|_| vec![false]) })),
    }
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "there is no live entry of this key").note("`set` or `add` one first")
}

pub(super) fn not_number(why: &str) -> Error {
    Error::new(ErrorKind::NotNumber, why)
}

pub(super) fn refused() -> Error {
    Error::new(ErrorKind::Backend, "the backend did not take a write in any case")
}

pub(super) fn contended() -> Error {
    Error::new(ErrorKind::Backend, format!("the entry was changed by others {TRIES} times in a row"))
}
