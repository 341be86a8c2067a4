//! One cached value, by its arguments.
//!
//! In: the key arguments of a function. Out: what is stored for them, and the means to replace or
//! forget it. These ask the cache itself, so here a backend's fault is an error.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::backend::{Bytes, When};
use crate::call::address_of;
use crate::clock::{self, NEVER};
use crate::error::{Error, ErrorKind};
use crate::key::{Held, Part, Value};
use crate::memo::Memo;
use crate::memory::{Header, Kept};
use crate::site::{Route, Way};
use crate::stats::Count;
use crate::store::{Address, Channel, Found, wait};

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

struct Access<P: Part, V: Value> {
    memo: &'static Memo<P::Owned, V>,
    key: Held<P::Owned>,
}

/// Where an entry is, by the route of this moment.
enum Spot {
    Memory,
    Bytes(Arc<Channel>, Address),
    Nowhere,
}

impl<P: Part, V: Value> Entry<P, V> {
    pub(crate) fn new(memo: &'static Memo<P::Owned, V>, parts: &P) -> Self {
        Self(Access { memo, key: memo.held(parts) })
    }

    /// The stored value. This is not a call: it counts nothing and computes nothing.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn peek(&self) -> Result<Option<V>, Error> {
        Ok(self.look()?.map(|(kept, _)| kept.into_value()))
    }

    /// Shows the stored value to `f`, without cloning it if it is in memory.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn with<T>(&self, f: impl FnOnce(&V) -> T) -> Result<Option<T>, Error> {
        Ok(self.look()?.map(|(kept, _)| f(kept.as_ref())))
    }

    /// Stores a value in the place of what is there, with the lifetime of values. A computation
    /// that is under way is neither stored nor given to later callers.
    ///
    /// # Errors
    /// When the backend fails, or the value cannot be encoded or is too large.
    pub fn put(&self, value: V) -> Result<(), Error> {
        let (spot, route) = self.0.spot()?;
        self.0.overtake()?;
        match spot {
            Spot::Memory => self.0.put_in_memory(value, &route),
            Spot::Bytes(channel, address) => {
                let payload = self.0.encode(&value)?;
                let _pass = channel.gate.pass();
                channel.write(&address, &payload, route.ttl, When::Always).map(drop)
            }
            Spot::Nowhere => Ok(()),
        }
    }

    /// Forgets the value. A call that starts after this returned `Ok` never sees a value whose
    /// computation began before it.
    ///
    /// # Errors
    /// When the backend fails: the old value may still be there.
    pub fn invalidate(&self) -> Result<(), Error> {
        let (spot, _) = self.0.spot()?;
        self.0.overtake()?;
        self.0.remove_from_memory()?;
        match spot {
            Spot::Bytes(channel, address) => wait(channel.bury(&address), channel.op_timeout).map(drop),
            Spot::Memory | Spot::Nowhere => Ok(()),
        }
    }

    /// When the stored value ends; `None` if there is none.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn expires_at(&self) -> Result<Option<Expiry>, Error> {
        Ok(self.look()?.map(|(_, expiry)| expiry))
    }

    fn look(&self) -> Result<Option<(Kept<V>, Expiry)>, Error> {
        let (spot, route) = self.0.spot()?;
        match spot {
            Spot::Memory => self.0.look_in_memory(&route),
            Spot::Bytes(channel, address) => {
                let bytes = channel.read(&address)?;
                Ok(self.0.decode(&channel, &address, bytes, &route))
            }
            Spot::Nowhere => Ok(None),
        }
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
    pub fn peek(self) -> impl Future<Output = Result<Option<V>, Error>> + Send {
        let looked = self.look();
        async move { Ok(looked.await?.map(|(kept, _)| kept.into_value())) }
    }

    /// As [`Entry::with`].
    ///
    /// # Errors
    /// When the backend fails.
    pub fn with<T>(self, f: impl FnOnce(&V) -> T + Send) -> impl Future<Output = Result<Option<T>, Error>> + Send {
        let looked = self.look();
        async move { Ok(looked.await?.map(|(kept, _)| f(kept.as_ref()))) }
    }

    /// As [`Entry::put`].
    ///
    /// # Errors
    /// When the backend fails, or the value cannot be encoded or is too large.
    pub fn put(self, value: V) -> impl Future<Output = Result<(), Error>> + Send {
        let Self(access) = self;
        async move {
            let (spot, route) = access.spot()?;
            access.overtake()?;
            match spot {
                Spot::Memory => access.put_in_memory(value, &route),
                Spot::Bytes(channel, address) => {
                    let (payload, ttl) = (access.encode(&value)?, route.ttl);
                    let write = move |channel: &Channel| {
                        let _pass = channel.gate.pass();
                        crate::backend::Reply::Ready(channel.write(&address, &payload, ttl, When::Always).map(drop))
                    };
                    channel.later(write, drop).await
                }
                Spot::Nowhere => Ok(()),
            }
        }
    }

    /// As [`Entry::invalidate`].
    ///
    /// # Errors
    /// When the backend fails: the old value may still be there.
    pub fn invalidate(self) -> impl Future<Output = Result<(), Error>> + Send {
        let Self(access) = self;
        async move {
            let (spot, _) = access.spot()?;
            access.overtake()?;
            access.remove_from_memory()?;
            match spot {
                Spot::Bytes(channel, address) => channel.later(move |channel| channel.bury(&address), drop).await,
                Spot::Memory | Spot::Nowhere => Ok(()),
            }
        }
    }

    /// As [`Entry::expires_at`].
    ///
    /// # Errors
    /// When the backend fails.
    pub fn expires_at(self) -> impl Future<Output = Result<Option<Expiry>, Error>> + Send {
        let looked = self.look();
        async move { Ok(looked.await?.map(|(_, expiry)| expiry)) }
    }

    fn look(self) -> impl Future<Output = Result<Option<(Kept<V>, Expiry)>, Error>> + Send {
        let Self(access) = self;
        async move {
            let (spot, route) = access.spot()?;
            match spot {
                Spot::Memory => access.look_in_memory(&route),
                Spot::Bytes(channel, address) => {
                    let bytes = channel.read_later(&address).await?;
                    Ok(access.decode(&channel, &address, bytes, &route))
                }
                Spot::Nowhere => Ok(None),
            }
        }
    }
}

impl<P: Part, V: Value> Access<P, V> {
    fn spot(&self) -> Result<(Spot, Arc<Route>), Error> {
        let (_, route) = self.memo.site.route();
        let spot = match &route.way {
            Way::Memory => Spot::Memory,
            Way::Bytes(channel) => Spot::Bytes(Arc::clone(channel), address_of(self.memo, &self.key, channel)?),
            Way::Off(_) => Spot::Nowhere,
        };
        Ok((spot, route))
    }

    fn overtake(&self) -> Result<(), Error> {
        self.memo.core().flights.overtake(&self.key).ok_or_else(called_back)
    }

    fn remove_from_memory(&self) -> Result<(), Error> {
        self.memo.core().memory.remove(&self.key).ok_or_else(called_back)
    }

    fn put_in_memory(&self, value: V, route: &Route) -> Result<(), Error> {
        let created = clock::now();
        let deadline = route.ttl.map_or(NEVER, |ttl| clock::after(created, ttl));
        let generation = self.memo.site.word.load().generation();
        let header = Header { generation, created, deadline };
        let kept = Kept::new(value, self.memo.facts.quiet);
        let gone = self.memo.core().memory.insert(self.key.clone(), kept, header).ok_or_else(called_back)?;
        self.memo.site.counters.add(Count::Evicted, gone.evicted());
        Ok(())
    }

    fn look_in_memory(&self, route: &Route) -> Result<Option<(Kept<V>, Expiry)>, Error> {
        let terms = self.memo.terms(self.memo.site.word.load());
        let found = self.memo.core().memory.look(&self.key, terms).ok_or_else(called_back)?;
        Ok(found.ok().map(|(kept, header)| {
            let limit = route.ttl.map_or(NEVER, |ttl| clock::after(header.created, ttl));
            let expiry = match header.deadline.min(limit) {
                NEVER => Expiry::Never,
                deadline => Expiry::At(UNIX_EPOCH + Duration::from_millis(clock::wall()) + clock::until(deadline)),
            };
            (kept, expiry)
        }))
    }

    fn encode(&self, value: &V) -> Result<Vec<u8>, Error> {
        let (encode, _) = self.memo.facts.value.ok_or_else(called_back)?;
        encode(value)
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

