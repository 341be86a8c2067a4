//! One cached value, by its arguments.
//!
//! In: the key arguments of a function. Out: what is stored for them, and the means to replace or
//! forget it. These ask the cache itself, so here a backend's fault is an error.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::backend::{Bytes, When};
use crate::clock::{self, NEVER};
use crate::error::{Error, ErrorKind};
use crate::event::{Method, Reason};
use crate::explain::Explanation;
use crate::key::{Held, OwnedKey, Part, Value};
use crate::memo::Memo;
use crate::memory::{Header, Kept, Look, Terms};
use crate::project::Class;
use crate::scope::{self, Apart};
use crate::site::{Off, Route, Way};
use crate::store::{Address, Channel, Found, How};
use crate::sync::block_on;
use crate::trail::{Call, Ended, Pending};

/// When an entry ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It stays until it is invalidated or evicted.
    Never,
    /// It is not served from this moment on.
    At(SystemTime),
}

/// The entry of a cached function for some arguments: `f::entry(&a, b)`.
///
/// # Example: look, replace, forget
/// ```
/// # use cached_core::cached;
/// #[cached]
/// fn length(text: &str) -> usize { text.len() }
///
/// assert_eq!(length::entry("word").peek()?, None);
/// length("word");
/// assert_eq!(length::entry("word").peek()?, Some(4));
/// length::entry("word").put(5)?;
/// assert_eq!(length("word"), 5);
/// length::entry("word").invalidate()?;
/// assert_eq!(length("word"), 4);
/// # Ok::<(), cached_core::Error>(())
/// ```
#[must_use = "an entry does nothing by itself"]
pub struct Entry<P: Part, V: Value>(Parts<P, V>);

/// The entry of an async cached function: as [`Entry`], and what may wait is async.
#[must_use = "an entry does nothing by itself"]
pub struct EntryAsync<P: Part, V: Value>(Parts<P, V>);

impl<P: Part, V: Value> Entry<P, V> {
    /// Written by the macro.
    #[doc(hidden)]
    pub fn tagged(mut self, tags: Vec<String>) -> Self {
        self.0.tags = scope::tags(tags);
        self
    }

    pub(crate) fn new(memo: &'static Memo<P::Owned, V>, parts: P) -> Self {
        Self(Parts::new(memo, parts))
    }

    /// The stored value; of an alias of kind `tiered` what lies behind, and not the copy in front of it. This is not a call: it
    /// counts nothing and computes nothing.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn peek(&self) -> Result<Option<V>, Error> {
        self.with(V::clone)
    }

    /// Shows the stored value to `f`, without cloning it if it is in memory. While `f` runs nothing that it could see goes:
    /// what is evicted meanwhile takes room, and where there is none, what is computed is not stored.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn with<T>(&self, f: impl FnOnce(&V) -> T) -> Result<Option<T>, Error> {
        match self.0.show(f) {
            Ok(shown) => Ok(shown),
            Err(f) => Ok(block_on(self.0.access().look(How::Here))?.map(|(kept, _)| f(kept.as_ref()))),
        }
    }

    /// Stores a value in the place of what is there, with the lifetime of values. A computation
    /// that began before is neither stored nor given to later callers; one that begins beside it may replace it.
    /// A site that is switched off, by `disable` or by a `dummy` backend, keeps nothing, forgets what was there, and
    /// says `Ok`.
    ///
    /// # Errors
    /// When the backend fails, the value cannot be encoded or is too large, or the site has no backend.
    pub fn put(&self, value: V) -> Result<(), Error> {
        block_on(self.0.access().put(How::Here, value))
    }

    /// Forgets the value. A call that starts after this returned `Ok` never sees a value whose
    /// computation began before it.
    ///
    /// # Errors
    /// When the backend fails: the old value may still be there.
    pub fn invalidate(&self) -> Result<(), Error> {
        block_on(self.0.access().invalidate(How::Here))
    }

    /// What a call would meet now, and why. It computes and counts nothing.
    ///
    /// # Errors
    /// When the backend fails.
    ///
    /// # Example: why it would compute
    /// ```
    /// # use cached_core::cached;
    /// #[cached(ttl = "5m")]
    /// fn length(text: &str) -> usize { text.len() }
    ///
    /// let why = length::entry("word").explain()?;
    /// assert!(why.to_string().contains("a miss: nothing is stored; ttl 5m (attribute)"));
    /// # Ok::<(), cached_core::Error>(())
    /// ```
    pub fn explain(&self) -> Result<Explanation, Error> {
        block_on(self.0.access().explain(How::Here))
    }

    /// When the stored value ends; `None` if there is none.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn expires_at(&self) -> Result<Option<Expiry>, Error> {
        Ok(block_on(self.0.access().look(How::Here))?.map(|(_, expiry)| expiry))
    }
}

impl<P: Part, V: Value> EntryAsync<P, V> {
    /// Written by the macro.
    #[doc(hidden)]
    pub fn tagged(mut self, tags: Vec<String>) -> Self {
        self.0.tags = scope::tags(tags);
        self
    }

    pub(crate) fn new(memo: &'static Memo<P::Owned, V>, parts: P) -> Self {
        Self(Parts::new(memo, parts))
    }

    /// As [`Entry::peek`].
    ///
    /// # Errors
    /// When the backend fails.
    pub fn peek(self) -> impl Future<Output = Result<Option<V>, Error>> {
        self.with(V::clone)
    }

    /// As [`Entry::with`].
    ///
    /// # Errors
    /// When the backend fails.
    pub async fn with<T>(self, f: impl FnOnce(&V) -> T) -> Result<Option<T>, Error> {
        match self.0.show(f) {
            Ok(shown) => Ok(shown),
            Err(f) => Ok(self.0.access().look(How::Later).await?.map(|(kept, _)| f(kept.as_ref()))),
        }
    }

    /// As [`Entry::put`].
    ///
    /// # Errors
    /// When the backend fails, or the value cannot be encoded or is too large.
    pub async fn put(self, value: V) -> Result<(), Error> {
        self.0.access().put(How::Later, value).await
    }

    /// As [`Entry::invalidate`].
    ///
    /// # Errors
    /// When the backend fails: the old value may still be there.
    pub async fn invalidate(self) -> Result<(), Error> {
        self.0.access().invalidate(How::Later).await
    }

    /// As [`Entry::explain`].
    ///
    /// # Errors
    /// When the backend fails.
    pub async fn explain(self) -> Result<Explanation, Error> {
        self.0.access().explain(How::Later).await
    }

    /// As [`Entry::expires_at`].
    ///
    /// # Errors
    /// When the backend fails.
    pub async fn expires_at(self) -> Result<Option<Expiry>, Error> {
        Ok(self.0.access().look(How::Later).await?.map(|(_, expiry)| expiry))
    }
}

/// A memo and what a key is made of: what both sorts of entry are.
struct Parts<P: Part, V: Value> {
    memo: &'static Memo<P::Owned, V>,
    parts: P,
    tags: Vec<String>,
    salt: u64,
}

impl<P: Part, V: Value> Parts<P, V> {
    #[inline]
    fn new(memo: &'static Memo<P::Owned, V>, parts: P) -> Self {
        let salt = scope::apart(&memo.site.counters).map_or(0, Apart::salt);
        Parts { memo, parts, tags: Vec::new(), salt }
    }

    /// With a key of its own, which what is only shown does not need.
    fn access(&self) -> Access<'_, P::Owned, V> {
        let Parts { memo, ref parts, ref tags, salt } = *self;
        Access { memo, key: memo.salted(parts, salt), tags, salt }
    }

    /// Shows the value to `f` as a hit is served; `f` is given back where that does not tell.
    #[inline]
    fn show<T, F: FnOnce(&V) -> T>(&self, f: F) -> Result<Option<T>, F> {
        let state = self.memo.site.word.load();
        match self.memo.ready() {
            Some(core) if state.is_plain() && !(state.is_timed() && self.memo.site.is_copied()) => {
                let terms = Terms::plain(state.generation(), state.is_timed());
                core.memory.show(&self.parts, self.salt, terms, f)
            }
            _ => Err(f),
        }
    }
}

/// A memo and a key: what is done with an entry of either sort.
struct Access<'a, K: 'static, V: 'static> {
    memo: &'static Memo<K, V>,
    key: Held<K>,
    tags: &'a [String],
    salt: u64,
}

impl<K: OwnedKey, V: Value> Access<'_, K, V> {
    /// An operation that is to be recorded, if anybody wants that.
    fn begin(&self, method: Method) -> Option<Box<Pending>> {
        Pending::begin(|| Call { method, ..self.memo.described(&self.key.key) })
    }

    async fn look(&self, how: How) -> Result<Option<(Kept<V>, Expiry)>, Error> {
        let pending = self.begin(Method::Get);
        let found = self.find(how).await;
        Pending::close(pending, &found, |found, call| {
            call.value = found.as_ref().and_then(|(kept, _)| self.memo.shown_value(kept.as_ref()));
            call.found(found.is_some())
        });
        found
    }

    async fn put(&self, how: How, value: V) -> Result<(), Error> {
        let pending = self.begin(Method::Set);
        let stored = self.store(how, value).await;
        Pending::close(pending, &stored, |(), _| Ended::Done);
        stored
    }

    async fn invalidate(&self, how: How) -> Result<(), Error> {
        let pending = self.begin(Method::Delete);
        let forgotten = self.forget(how).await;
        Pending::close(pending, &forgotten, |(), _| Ended::Done);
        forgotten
    }

    async fn find(&self, how: How) -> Result<Option<(Kept<V>, Expiry)>, Error> {
        let (state, route) = self.memo.site.route();
        match &route.way {
            Way::Memory => {
                let terms = self.memo.terms(state, &route);
                let found = self.memo.core().memory.look(&self.key, terms).ok_or_else(called_back)?;
                let Look::Live { kept, end, .. } = found else { return Ok(None) };
                Ok(Some((kept, expiry(end))))
            }
            Way::Bytes(channel) => {
                let address = self.address(how, channel).await?;
                let bytes = channel.read(how, &address).await?;
                Ok(self.decode(channel, &address, bytes.as_ref(), &route))
            }
            Way::Off(_) => Ok(None),
        }
    }

    async fn explain(&self, how: How) -> Result<Explanation, Error> {
        let (state, route) = self.memo.site.route();
        let so_far = Explanation::new(self.memo.site, &route);
        let computing = self.memo.core().flights.is_led(&self.key, state.generation());
        let others = computing || (route.flight.is_one() && route.behind);
        let rests = self.memo.core().resting.has(self.key.hash);
        let lives = &route.lives;
        let served = |since: Duration| (since < lives.stale && others) || (rests && since < lives.window());
        if scope::is_bypassed() {
            return Ok(so_far.bypassed());
        }
        let (terms, now) = (self.memo.terms(state, &route), clock::now());
        let passed = |since: u64| Duration::from_nanos(now.saturating_sub(since));
        let left = |end: u64| (end < NEVER).then(|| clock::until(end));
        let look = || self.memo.core().memory.look(&self.key, terms).ok_or_else(called_back);
        if route.copies.is_some()
            && let Look::Live { created, end, .. } = look()?
        {
            return Ok(so_far.live(passed(created), left(end)).copied().computing(computing));
        }
        let explained = match &route.way {
            Way::Off(_) => return Ok(so_far),
            Way::Memory => match look()? {
                Look::Live { created, end, .. } => so_far.live(passed(created), left(end)),
                Look::Ended(_, end) => so_far.ended(passed(end), served(passed(end))),
                Look::Nothing(reason) => so_far.nothing(reason),
            },
            Way::Bytes(channel) => {
                let address = self.address(how, channel).await?;
                let bytes = channel.read(how, &address).await?;
                let (now, carried) = (clock::wall(), self.memo.facts.value);
                let passed = |since: u64| Duration::from_millis(now.saturating_sub(since));
                match channel.judge(&address, bytes.as_ref(), route.lives.limits()) {
                    Found::Live { payload, .. }
                        if carried.is_none_or(|(_, decode)| decode(channel.format, payload).is_err()) =>
                    {
                        so_far.nothing(Reason::Undecodable)
                    }
                    Found::Live { created, end, .. } => {
                        let left = Duration::from_millis(end.saturating_sub(now));
                        so_far.live(passed(created), (end < u64::MAX).then_some(left))
                    }
                    Found::Ended(_, end) => so_far.ended(passed(end), served(passed(end))),
                    Found::Nothing(reason) => so_far.nothing(reason),
                }
            }
        };
        Ok(explained.computing(computing))
    }

    async fn store(&self, how: How, value: V) -> Result<(), Error> {
        let (state, route) = self.memo.site.route();
        self.overtake()?;
        match &route.way {
            Way::Memory => {
                let ttl = self.lifetime(&route, &value);
                let created = clock::now();
                let deadline = ttl.map_or(NEVER, |ttl| clock::after(created, ttl));
                let header = Header { generation: state.generation(), created, deadline, timed: state.is_timed() };
                let (core, quiet) = (self.memo.core(), self.memo.facts.quiet);
                let held = self.memo.facts.held(&value);
                core.memory.prepare(self.key.hash, held, quiet, self.memo.site.tally());
                let kept = Kept::new(value, quiet);
                // Before, for whoever invalidates when it is there; and after, since what is not there yet may have
                // been pruned meanwhile.
                core.tag(self.tags, self.key.hash);
                let gone = core.memory.insert(self.key.clone(), kept, header, held);
                core.tag(self.tags, self.key.hash);
                gone.count(self.memo.site.tally());
                // What is refused for another reason is as one that was evicted at once.
                if gone.is_too_heavy { Err(self.too_heavy(held, route.bounds.bytes)) } else { Ok(()) }
            }
            Way::Bytes(channel) => {
                let address = self.address(how, channel).await?;
                let ttl = self.lifetime(&route, &value);
                let life = route.lives.of_bytes(clock::wall(), ttl);
                let (encode, _) = self.memo.facts.value.ok_or_else(called_back)?;
                let encoded = encode(channel.format, &value);
                let sealed = encoded.and_then(|payload| channel.sealed(&address, &payload, life, When::Always));
                let write = match sealed {
                    Ok(write) => write,
                    // What it was to replace is not the value any more.
                    Err(error) => return self.forget(how).await.and(Err(error)),
                };
                let written = channel.must_inside(how, write).await;
                self.forget_copy(&route)?;
                written
            }
            // What was there was replaced: it does not come back when the site is switched on again.
            Way::Off(Off::Disabled | Off::Dummy) => self.forget(how).await,
            Way::Off(Off::Unknown | Off::Unencodable) => {
                let (site, alias) = (self.memo.site.at(), &route.alias);
                let message = format!("{site} stores nothing on backend \"{alias}\"");
                Err(Error::new(ErrorKind::Config, message).note("`Config::install` says what is wrong with it"))
            }
        }
    }

    fn too_heavy(&self, held: u64, bytes: u64) -> Error {
        let (at, of_all) = (self.memo.site.at(), "of all instances together");
        let message =
            format!("{at}: the value holds {held} bytes; `max_bytes` is {bytes}, {of_all}; nothing is stored now");
        Error::new(ErrorKind::Encode, message)
    }

    async fn forget(&self, how: How) -> Result<(), Error> {
        let (_, route) = self.memo.site.route();
        self.overtake()?;
        self.memo.core().memory.remove(&self.key).ok_or_else(called_back)?;
        let Some(channel) = &route.bytes else { return Ok(()) };
        let address = self.address(how, channel).await?;
        let buried = channel.bury(how, &address).await;
        self.forget_copy(&route)?;
        buried
    }

    /// What was kept of the bytes while they changed goes, whether they did or not.
    fn forget_copy(&self, route: &Route) -> Result<(), Error> {
        let Some(copies) = &route.copies else { return Ok(()) };
        copies.near.change();
        self.memo.core().memory.remove(&self.key).ok_or_else(called_back)
    }

    async fn address(&self, how: How, channel: &Arc<Channel>) -> Result<Address, Error> {
        let stamps = if self.tags.is_empty() { Vec::new() } else { channel.stamps(how, self.tags).await? };
        self.memo.address(&self.key, channel, &scope::set_apart(&stamps, self.salt))
    }

    /// How long a value that is put lives, as one that was computed; none is for ever.
    fn lifetime(&self, route: &Route, value: &V) -> Option<Duration> {
        self.memo.lifetime(route, Class::Value, value, self.key.hash).unwrap_or(Some(Duration::ZERO))
    }

    fn overtake(&self) -> Result<(), Error> {
        self.memo.core().flights.overtake(&self.key).map(drop).ok_or_else(called_back)
    }

    fn decode(
        &self,
        channel: &Channel,
        address: &Address,
        bytes: Option<&Bytes>,
        route: &Route,
    ) -> Option<(Kept<V>, Expiry)> {
        let Found::Live { payload, end, .. } = channel.judge(address, bytes, route.lives.limits()) else { return None };
        let (_, decode) = self.memo.facts.value?;
        let value = decode(channel.format, payload).ok()?;
        let expiry = match end {
            u64::MAX => Expiry::Never,
            millis => UNIX_EPOCH.checked_add(Duration::from_millis(millis)).map_or(Expiry::Never, Expiry::At),
        };
        Some((Kept::new(value, self.memo.facts.quiet), expiry))
    }
}

/// When an entry in memory ends, by the wall clock.
fn expiry(end: u64) -> Expiry {
    match end {
        NEVER => Expiry::Never,
        end => Expiry::At(UNIX_EPOCH + Duration::from_millis(clock::wall()) + clock::until(end)),
    }
}

pub(crate) fn called_back() -> Error {
    Error::new(ErrorKind::Unsupported, "a comparison of keys called back into the cache that was comparing")
}

impl<P: Part, V: Value> fmt::Debug for Entry<P, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry of {:?}", self.0.memo.site)
    }
}

impl<P: Part, V: Value> fmt::Debug for EntryAsync<P, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryAsync of {:?}", self.0.memo.site)
    }
}
