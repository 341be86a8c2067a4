//! One cached value, by its arguments.
//!
//! In: the key arguments of a function. Out: what is stored for them, and the means to replace or
//! forget it. These ask the cache itself, so here a backend's fault is an error.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::backend::{Bytes, When};
use crate::call::address_of;
use crate::clock::{self, NEVER};
use crate::error::{Error, ErrorKind};
use crate::key::{Held, Part, Value};
use crate::memo::Memo;
use crate::memory::{Header, Kept};
use crate::site::{Route, Way};
use crate::store::{Address, Channel, Found, How};
use crate::sync::block_on;

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
pub struct Entry<P: Part, V: Value>(Access<P, V>);

/// The entry of an async cached function: as [`Entry`], and what may wait is async.
#[must_use = "an entry does nothing by itself"]
pub struct EntryAsync<P: Part, V: Value>(Access<P, V>);

impl<P: Part, V: Value> Entry<P, V> {
    pub(crate) fn new(memo: &'static Memo<P::Owned, V>, parts: &P) -> Self {
        Self(Access { memo, key: memo.held(parts) })
    }

    /// The stored value. This is not a call: it counts nothing and computes nothing.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn peek(&self) -> Result<Option<V>, Error> {
        self.with(V::clone)
    }

    /// Shows the stored value to `f`, without cloning it if it is in memory.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn with<T>(&self, f: impl FnOnce(&V) -> T) -> Result<Option<T>, Error> {
        Ok(block_on(self.0.look(How::Here))?.map(|(kept, _)| f(kept.as_ref())))
    }

    /// Stores a value in the place of what is there, with the lifetime of values. A computation
    /// that is under way is neither stored nor given to later callers.
    ///
    /// # Errors
    /// When the backend fails, or the value cannot be encoded or is too large.
    pub fn put(&self, value: V) -> Result<(), Error> {
        block_on(self.0.put(How::Here, value))
    }

    /// Forgets the value. A call that starts after this returned `Ok` never sees a value whose
    /// computation began before it.
    ///
    /// # Errors
    /// When the backend fails: the old value may still be there.
    pub fn invalidate(&self) -> Result<(), Error> {
        block_on(self.0.invalidate(How::Here))
    }

    /// When the stored value ends; `None` if there is none.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn expires_at(&self) -> Result<Option<Expiry>, Error> {
        Ok(block_on(self.0.look(How::Here))?.map(|(_, expiry)| expiry))
    }
}

impl<P: Part, V: Value> EntryAsync<P, V> {
    pub(crate) fn new(memo: &'static Memo<P::Owned, V>, parts: &P) -> Self {
        Self(Access { memo, key: memo.held(parts) })
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
        Ok(self.0.look(How::Later).await?.map(|(kept, _)| f(kept.as_ref())))
    }

    /// As [`Entry::put`].
    ///
    /// # Errors
    /// When the backend fails, or the value cannot be encoded or is too large.
    pub async fn put(self, value: V) -> Result<(), Error> {
        self.0.put(How::Later, value).await
    }

    /// As [`Entry::invalidate`].
    ///
    /// # Errors
    /// When the backend fails: the old value may still be there.
    pub async fn invalidate(self) -> Result<(), Error> {
        self.0.invalidate(How::Later).await
    }

    /// As [`Entry::expires_at`].
    ///
    /// # Errors
    /// When the backend fails.
    pub async fn expires_at(self) -> Result<Option<Expiry>, Error> {
        Ok(self.0.look(How::Later).await?.map(|(_, expiry)| expiry))
    }
}

/// A memo and a key: what both sorts of entry do, once for both.
struct Access<P: Part, V: Value> {
    memo: &'static Memo<P::Owned, V>,
    key: Held<P::Owned>,
}

impl<P: Part, V: Value> Access<P, V> {
    async fn look(&self, how: How) -> Result<Option<(Kept<V>, Expiry)>, Error> {
        let (state, route) = self.memo.site.route();
        match &route.way {
            Way::Memory => {
                let found = self.memo.core().memory.look(&self.key, self.memo.terms(state)).ok_or_else(called_back)?;
                Ok(found.ok().map(|(kept, header)| (kept, expiry(&header, &route))))
            }
            Way::Bytes(channel) => {
                let address = address_of(self.memo, &self.key, channel)?;
                let bytes = channel.read(how, &address).await?;
                Ok(self.decode(channel, &address, bytes, &route))
            }
            Way::Off(_) => Ok(None),
        }
    }

    async fn put(&self, how: How, value: V) -> Result<(), Error> {
        let (state, route) = self.memo.site.route();
        self.overtake()?;
        match &route.way {
            Way::Memory => {
                let created = clock::now();
                let deadline = route.ttl.map_or(NEVER, |ttl| clock::after(created, ttl));
                let header = Header { generation: state.generation(), created, deadline };
                let kept = Kept::new(value, self.memo.facts.quiet);
                self.memo.core().memory.insert(self.key.clone(), kept, header).count(&self.memo.site.counters);
                Ok(())
            }
            Way::Bytes(channel) => {
                let address = address_of(self.memo, &self.key, channel)?;
                let (encode, _) = self.memo.facts.value.ok_or_else(called_back)?;
                let write = channel.sealed(&address, &encode(&value)?, route.ttl, When::Always)?;
                let write = move |channel: &Channel| {
                    let _pass = channel.gate.pass();
                    channel.backend.set_many(vec![write])
                };
                channel.ask(how, write, drop).await
            }
            Way::Off(_) => Ok(()),
        }
    }

    async fn invalidate(&self, how: How) -> Result<(), Error> {
        let (_, route) = self.memo.site.route();
        self.overtake()?;
        self.memo.core().memory.remove(&self.key).ok_or_else(called_back)?;
        let Some(channel) = &route.bytes else { return Ok(()) };
        let address = address_of(self.memo, &self.key, channel)?;
        channel.ask(how, move |channel| channel.bury(&address), drop).await
    }

    fn overtake(&self) -> Result<(), Error> {
        self.memo.core().flights.overtake(&self.key).ok_or_else(called_back)
    }

    fn decode(
        &self,
        channel: &Channel,
        address: &Address,
        bytes: Option<Bytes>,
        route: &Route,
    ) -> Option<(Kept<V>, Expiry)> {
        let Found::Value { bytes, expires, .. } = channel.judge(address, bytes, route.ttl) else { return None };
        let (_, decode) = self.memo.facts.value?;
        let value = decode(channel.payload(address, &bytes)?).ok()?;
        let expiry = match expires {
            u64::MAX => Expiry::Never,
            millis => UNIX_EPOCH.checked_add(Duration::from_millis(millis)).map_or(Expiry::Never, Expiry::At),
        };
        Some((Kept::new(value, self.memo.facts.quiet), expiry))
    }
}

/// When an entry in memory ends, by the wall clock.
fn expiry(header: &Header, route: &Route) -> Expiry {
    let limit = route.ttl.map_or(NEVER, |ttl| clock::after(header.created, ttl));
    match header.deadline.min(limit) {
        NEVER => Expiry::Never,
        deadline => Expiry::At(UNIX_EPOCH + Duration::from_millis(clock::wall()) + clock::until(deadline)),
    }
}

fn called_back() -> Error {
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
