//! The low-level cache: values by keys that the program makes itself.
//!
//! In: the name of a backend, a key, a value that serde can carry. Out: what the backend really did, as a `Result`: here
//! its fault is an error. Sync and async are two faces of one operation.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::event::Method;
use crate::registry;
use crate::store::How;
use crate::sync::block_on;

mod fill;
mod keys;
mod later;
mod many;
mod operation;
mod single;

pub use later::CacheAsync;
use operation::{Encoded, Operation};

/// How long an entry of the low-level cache lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ttl {
    /// As the alias says: its `ttl`, five minutes if it has none.
    #[default]
    Default,
    /// Until it is deleted or evicted.
    Forever,
    /// For so long; zero makes it unreadable at once.
    For(Duration),
}

impl From<Duration> for Ttl {
    fn from(life: Duration) -> Self {
        Ttl::For(life)
    }
}

/// The configured backends, as caches.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Caches;

/// The configured backends, as caches. Costs nothing; what is asked of it looks at the configuration of that moment.
///
/// # Example: by name
/// ```
/// use cached_core::{Config, Ttl, caches};
///
/// Config::new().option("shared", "kind", "memory").install()?;
/// let shared = caches().get("shared")?;
/// shared.set("greeting", "hello", Ttl::Default)?;
/// assert_eq!(shared.get::<String>("greeting")?.as_deref(), Some("hello"));
///
/// let error = caches().get("shard").unwrap_err();
/// assert!(error.to_string().contains("did you mean \"shared\"?"));
/// # Ok::<(), cached_core::Error>(())
/// ```
pub fn caches() -> Caches {
    Caches
}

/// The cache of the alias `default`, which is always there.
pub fn cache() -> Cache {
    Cache::of("default")
}

impl Caches {
    /// The cache of an alias.
    ///
    /// # Errors
    /// When nobody configured it, of kind [`ErrorKind::Config`]; the message names those that are there.
    pub fn get(self, alias: &str) -> Result<Cache, Error> {
        let registry = registry::current();
        match registry.aliases.contains_key(alias) {
            true => Ok(Cache::of(alias)),
            false => Err(Error::new(ErrorKind::Config, registry.unknown(alias))),
        }
    }

    /// The cache of every alias, by name.
    pub fn all(self) -> Vec<Cache> {
        registry::current().aliases.keys().map(|alias| Cache::of(alias)).collect()
    }

    /// The names of the aliases, sorted.
    pub fn names(self) -> Vec<String> {
        registry::current().aliases.keys().cloned().collect()
    }

    /// Closes every backend that was used since it was made or closed, and no other. May block as long as the
    /// `op_timeout` of each.
    ///
    /// # Errors
    /// With the first that fails; the others are closed all the same.
    pub fn close_all(self) -> Result<(), Error> {
        let registry = registry::current();
        let used = registry.aliases.values().filter(|alias| alias.cache.is_used.load(Ordering::Relaxed));
        let mut result = Ok(());
        for alias in used {
            // All of them, also behind one that fails.
            result = result.and(Cache::of(&alias.name).close());
        }
        result
    }
}

/// A cache, by the name of its backend: a handle that is cheap to clone and to share.
///
/// Each operation looks up what the name means at that moment. Values are anything that serde can carry, and are bytes
/// on every kind of backend: what was stored does not change with the value it was made of. What does not decode as the
/// type that is asked for is a miss. In a [`bypass`](crate::bypass) nothing is found, and what is written is not kept.
///
/// # Errors
/// Every method fails with [`ErrorKind::Config`] if the alias is not configured any more, with what the backend answers,
/// and with [`ErrorKind::Encode`] for a key of more than 64 KiB; any other text is a good key.
///
/// # Example: counters, and values computed once
/// ```
/// use std::time::Duration;
/// use cached_core::{Ttl, cache};
///
/// let cache = cache();
/// let names: Vec<String> = cache.get_or_set("names", Duration::from_secs(60), || vec!["ada".into()])?;
/// assert_eq!(names, ["ada"]);
/// cache.add("visits", &0, Ttl::Forever)?;
/// assert_eq!(cache.incr("visits", 1)?, 1);
/// # Ok::<(), cached_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache {
    alias: Arc<str>,
    version: Option<u64>,
}

impl Cache {
    fn of(alias: &str) -> Self {
        Self { alias: Arc::from(alias), version: None }
    }

    /// The name of the backend.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// The same cache with keys of another version than that of the alias; versions do not see each other.
    #[must_use]
    pub fn version(&self, version: u64) -> Self {
        Self { alias: Arc::clone(&self.alias), version: Some(version) }
    }

    /// The same cache for async callers: the same methods, each a future.
    pub fn as_async(&self) -> CacheAsync {
        CacheAsync(self.clone())
    }

    /// A value in bytes, as the alias writes it now. Runs the user's code.
    fn encode<V: ?Sized + Serialize>(&self, value: &V) -> Result<Encoded, Error> {
        let of_alias = registry::current().aliases.get(&*self.alias).map(|alias| alias.cache.format.describing());
        let format = of_alias.unwrap_or_default();
        Ok(Encoded { payload: codec::encode(format, value)?, codec: format.id() })
    }

    /// The values of many entries, all before one is written.
    fn encode_all<K, V: Serialize>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Vec<(K, Result<Encoded, Error>)> {
        entries.into_iter().map(|(key, value)| (key, self.encode(&value))).collect()
    }

    #[track_caller]
    fn begin(&self, method: Method) -> Operation {
        Operation::begin(self, How::Here, method, Location::caller())
    }

    /// The stored value. `Some(None)` is a stored `None`.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    #[track_caller]
    pub fn get<V: DeserializeOwned>(&self, key: &str) -> Result<Option<V>, Error> {
        block_on(self.begin(Method::Get).get(key))
    }

    /// Stores a value in the place of what is there. With a lifetime of zero it removes what is there.
    ///
    /// # Errors
    /// When the value cannot be encoded faithfully or is longer than `max_value_bytes`: then the one before it stays.
    /// See [`Cache`] for others.
    #[track_caller]
    pub fn set<V: ?Sized + Serialize>(&self, key: &str, value: &V, ttl: impl Into<Ttl>) -> Result<(), Error> {
        block_on(self.begin(Method::Set).set(key, self.encode(value), ttl.into()))
    }

    /// Stores a value if there is no live one, and says whether it did; of several at once exactly one does.
    ///
    /// # Errors
    /// As for [`Cache::set`].
    #[track_caller]
    pub fn add<V: ?Sized + Serialize>(&self, key: &str, value: &V, ttl: impl Into<Ttl>) -> Result<bool, Error> {
        block_on(self.begin(Method::Add).add(key, self.encode(value), ttl.into()))
    }

    /// The stored value, or what `compute` gives, which is then stored. In this process it runs once for all who ask at
    /// the same time; they wait for it, at most for the `join_timeout` of the alias. Who stored a value meanwhile is kept,
    /// and given to all. Inside `compute`, a call for the same key computes alone.
    ///
    /// # Errors
    /// As for [`Cache::set`].
    ///
    /// # Panics
    /// As `compute` does; then the next who asked computes.
    #[track_caller]
    pub fn get_or_set<V>(&self, key: &str, ttl: impl Into<Ttl>, compute: impl FnOnce() -> V) -> Result<V, Error>
    where
        V: Serialize + DeserializeOwned,
    {
        self.get_or_try_set(key, ttl, || Ok(compute()))
    }

    /// As [`Cache::get_or_set`], with a computation that may fail: then nothing is stored, and the next who asked computes.
    ///
    /// # Errors
    /// As for [`Cache::set`], and as `compute` does.
    ///
    /// # Example: an error of one's own
    /// ```
    /// # use cached_core::{Ttl, cache};
    /// type Failed = Box<dyn std::error::Error>;
    /// let parse = |text: &str| cache().get_or_try_set::<u64, Failed>(text, Ttl::Default, || Ok(text.parse()?));
    /// assert!(parse("many").is_err());
    /// assert_eq!(parse("7")?, 7);
    /// # Ok::<(), Failed>(())
    /// ```
    #[track_caller]
    pub fn get_or_try_set<V, E>(
        &self,
        key: &str,
        ttl: impl Into<Ttl>,
        compute: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E>
    where
        V: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        block_on(self.begin(Method::GetOrSet).get_or_set(key, ttl.into(), async { compute() }))
    }

    /// Begins the life of a live entry anew, and says whether there was one. What has ended stays so.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    #[track_caller]
    pub fn touch(&self, key: &str, ttl: impl Into<Ttl>) -> Result<bool, Error> {
        block_on(self.begin(Method::Touch).touch(key, ttl.into()))
    }

    /// Removes an entry, and says whether a live one went. What `get_or_set` computes for it in this process at that
    /// moment is not stored.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    #[track_caller]
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        block_on(self.begin(Method::Delete).delete(key))
    }

    /// Removes every entry of the alias's namespace and `key_prefix`, of all versions, and nothing else: not those of
    /// cached functions, nor of other prefixes on the same store.
    ///
    /// Takes time proportional to what is in the store.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    #[track_caller]
    pub fn clear(&self) -> Result<(), Error> {
        block_on(self.begin(Method::Clear).clear())
    }

    /// Whether there is a live entry, of whatever type. To a bounded store it counts as a use, as `get` does.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    #[track_caller]
    pub fn has_key(&self, key: &str) -> Result<bool, Error> {
        block_on(self.begin(Method::HasKey).has_key(key))
    }

    /// The values that are there, by their keys as they were given. One exchange with the backend.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    ///
    /// # Example: what is not there is not in the map
    /// ```
    /// # use cached_core::{Ttl, cache};
    /// cache().set_many([("a", 1), ("b", 2)], Ttl::Default)?;
    /// let found = cache().get_many::<_, i32>(["a", "b", "c"])?;
    /// assert_eq!((found.len(), found["b"]), (2, 2));
    /// # Ok::<(), cached_core::Error>(())
    /// ```
    #[track_caller]
    pub fn get_many<K, V>(&self, keys: impl IntoIterator<Item = K>) -> Result<HashMap<K, V>, Error>
    where
        K: AsRef<str> + Eq + Hash,
        V: DeserializeOwned,
    {
        block_on(self.begin(Method::GetMany).get_many(keys.into_iter().collect()))
    }

    /// Stores all values, with one lifetime, and gives the keys that the backend did not take. One exchange with it;
    /// all are encoded before, so if one cannot be, none is stored.
    ///
    /// # Errors
    /// As for [`Cache::set`].
    #[track_caller]
    pub fn set_many<K, V>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
        ttl: impl Into<Ttl>,
    ) -> Result<Vec<K>, Error>
    where
        K: AsRef<str>,
        V: Serialize,
    {
        block_on(self.begin(Method::SetMany).set_many(self.encode_all(entries), ttl.into()))
    }

    /// Removes all these entries as [`Cache::delete`] does, and gives how many live ones went. Costs one read, and one
    /// exchange for all that have to go; another for those among them that `get_or_set` is computing.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    #[track_caller]
    pub fn delete_many<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Result<usize, Error> {
        block_on(self.begin(Method::DeleteMany).delete_many(keys.into_iter().collect()))
    }

    /// Adds to the whole number that is stored, and gives the sum; its life goes on as it was. Exact, however many do
    /// so at once.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no live entry; [`ErrorKind::NotNumber`] if it is no whole number, or the sum
    /// does not fit into 64 bits. Then nothing has changed. See [`Cache`] for others.
    #[track_caller]
    pub fn incr(&self, key: &str, delta: i64) -> Result<i64, Error> {
        block_on(self.begin(Method::Incr).incr(key, Some(delta)))
    }

    /// As [`Cache::incr`], with what is to be taken away. It goes below zero.
    ///
    /// # Errors
    /// As for [`Cache::incr`].
    #[track_caller]
    pub fn decr(&self, key: &str, delta: i64) -> Result<i64, Error> {
        block_on(self.begin(Method::Decr).incr(key, delta.checked_neg()))
    }

    /// Moves an entry so many versions up, over whatever is there, and gives its new version. Its life goes on as it was.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no live entry; [`ErrorKind::NotNumber`] if there is no such version. See
    /// [`Cache`] for others.
    #[track_caller]
    pub fn incr_version(&self, key: &str, delta: i64) -> Result<u64, Error> {
        block_on(self.begin(Method::IncrVersion).incr_version(key, Some(delta)))
    }

    /// As [`Cache::incr_version`], down.
    ///
    /// # Errors
    /// As for [`Cache::incr_version`].
    #[track_caller]
    pub fn decr_version(&self, key: &str, delta: i64) -> Result<u64, Error> {
        block_on(self.begin(Method::DecrVersion).incr_version(key, delta.checked_neg()))
    }

    /// Ends the connections of the backend and writes what it still holds, within `op_timeout`. It opens again when it
    /// is used.
    ///
    /// # Errors
    /// As the backend says; see [`Cache`].
    pub fn close(&self) -> Result<(), Error> {
        block_on(Operation::close(self, How::Here))
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("alias", &self.alias).field("version", &self.version).finish()
    }
}
