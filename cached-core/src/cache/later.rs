//! The async face of a cache.
//!
//! In: the arguments of the sync methods, and futures where those take closures. Out: futures; a backend that blocks is
//! asked on a worker thread, and waited for at most `op_timeout`.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::panic::Location;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::operation::Operation;
use super::{Cache, Ttl};
use crate::error::Error;
use crate::event::Method;
use crate::store::How;

/// A [`Cache`] for async callers; made by [`Cache::as_async`]. A future does nothing until it is polled, and may be
/// dropped at any moment: what it wrote by then is written.
///
/// # Example: the value of a future
/// ```
/// use cached_core::{Error, Ttl, cache};
///
/// async fn answer() -> Result<i32, Error> {
///     let cache = cache().as_async();
///     let answer = cache.get_or_set("answer", Ttl::Default, || async { 42 }).await?;
///     assert_eq!(cache.get("answer").await?, Some(answer));
///     Ok(answer)
/// }
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # let polled = std::pin::pin!(answer()).poll(&mut context);
/// # assert_eq!(polled, std::task::Poll::Ready(Ok(42)));
/// ```
#[derive(Clone)]
pub struct CacheAsync(pub(super) Cache);

impl CacheAsync {
    /// As [`Cache::alias`].
    pub fn alias(&self) -> &str {
        self.0.alias()
    }

    /// As [`Cache::version`].
    #[must_use]
    pub fn version(&self, version: u64) -> Self {
        CacheAsync(self.0.version(version))
    }

    fn begin(&self, method: Method, at: &'static Location<'static>) -> Operation {
        Operation::begin(&self.0, How::Later, method, at)
    }

    /// As [`Cache::get`].
    ///
    /// # Errors
    /// As for [`Cache::get`].
    #[track_caller]
    pub fn get<V: DeserializeOwned>(&self, key: &str) -> impl Future<Output = Result<Option<V>, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::Get, at).get(key).await }
    }

    /// As [`Cache::set`].
    ///
    /// # Errors
    /// As for [`Cache::set`].
    #[track_caller]
    pub fn set<V: ?Sized + Serialize>(
        &self,
        key: &str,
        value: &V,
        ttl: impl Into<Ttl>,
    ) -> impl Future<Output = Result<(), Error>> {
        let at = Location::caller();
        let (value, ttl) = (self.0.encode(value), ttl.into());
        async move { self.begin(Method::Set, at).set(key, value, ttl).await }
    }

    /// As [`Cache::add`].
    ///
    /// # Errors
    /// As for [`Cache::add`].
    #[track_caller]
    pub fn add<V: ?Sized + Serialize>(
        &self,
        key: &str,
        value: &V,
        ttl: impl Into<Ttl>,
    ) -> impl Future<Output = Result<bool, Error>> {
        let at = Location::caller();
        let (value, ttl) = (self.0.encode(value), ttl.into());
        async move { self.begin(Method::Add, at).add(key, value, ttl).await }
    }

    /// As [`Cache::get_or_set`], with a closure that gives a future.
    ///
    /// # Errors
    /// As for [`Cache::get_or_set`].
    #[track_caller]
    pub fn get_or_set<V, F>(
        &self,
        key: &str,
        ttl: impl Into<Ttl>,
        compute: impl FnOnce() -> F,
    ) -> impl Future<Output = Result<V, Error>>
    where
        V: Serialize + DeserializeOwned,
        F: Future<Output = V>,
    {
        let at = Location::caller();
        let ttl = ttl.into();
        async move { self.begin(Method::GetOrSet, at).get_or_set(key, ttl, async { Ok(compute().await) }).await }
    }

    /// As [`Cache::get_or_try_set`], with a closure that gives a future.
    ///
    /// # Errors
    /// As for [`Cache::get_or_try_set`].
    #[track_caller]
    pub fn get_or_try_set<V, E, F>(
        &self,
        key: &str,
        ttl: impl Into<Ttl>,
        compute: impl FnOnce() -> F,
    ) -> impl Future<Output = Result<V, E>>
    where
        V: Serialize + DeserializeOwned,
        E: From<Error>,
        F: Future<Output = Result<V, E>>,
    {
        let at = Location::caller();
        let ttl = ttl.into();
        async move { self.begin(Method::GetOrSet, at).get_or_set(key, ttl, async { compute().await }).await }
    }

    /// As [`Cache::touch`].
    ///
    /// # Errors
    /// As for [`Cache::touch`].
    #[track_caller]
    pub fn touch(&self, key: &str, ttl: impl Into<Ttl>) -> impl Future<Output = Result<bool, Error>> {
        let at = Location::caller();
        let ttl = ttl.into();
        async move { self.begin(Method::Touch, at).touch(key, ttl).await }
    }

    /// As [`Cache::delete`].
    ///
    /// # Errors
    /// As for [`Cache::delete`].
    #[track_caller]
    pub fn delete(&self, key: &str) -> impl Future<Output = Result<bool, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::Delete, at).delete(key).await }
    }

    /// As [`Cache::clear`].
    ///
    /// # Errors
    /// As for [`Cache::clear`].
    #[track_caller]
    pub fn clear(&self) -> impl Future<Output = Result<(), Error>> {
        let at = Location::caller();
        async move { self.begin(Method::Clear, at).clear().await }
    }

    /// As [`Cache::has_key`].
    ///
    /// # Errors
    /// As for [`Cache::has_key`].
    #[track_caller]
    pub fn has_key(&self, key: &str) -> impl Future<Output = Result<bool, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::HasKey, at).has_key(key).await }
    }

    /// As [`Cache::get_many`].
    ///
    /// # Errors
    /// As for [`Cache::get_many`].
    #[track_caller]
    pub fn get_many<K, V>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<HashMap<K, V>, Error>>
    where
        K: AsRef<str> + Eq + Hash,
        V: DeserializeOwned,
    {
        let at = Location::caller();
        let keys = keys.into_iter().collect();
        async move { self.begin(Method::GetMany, at).get_many(keys).await }
    }

    /// As [`Cache::set_many`].
    ///
    /// # Errors
    /// As for [`Cache::set_many`].
    #[track_caller]
    pub fn set_many<K, V>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
        ttl: impl Into<Ttl>,
    ) -> impl Future<Output = Result<Vec<K>, Error>>
    where
        K: AsRef<str>,
        V: Serialize,
    {
        let at = Location::caller();
        let (entries, ttl) = (self.0.encode_all(entries), ttl.into());
        async move { self.begin(Method::SetMany, at).set_many(entries, ttl).await }
    }

    /// As [`Cache::delete_many`].
    ///
    /// # Errors
    /// As for [`Cache::delete_many`].
    #[track_caller]
    pub fn delete_many<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<usize, Error>> {
        let at = Location::caller();
        let keys = keys.into_iter().collect();
        async move { self.begin(Method::DeleteMany, at).delete_many(keys).await }
    }

    /// As [`Cache::incr`].
    ///
    /// # Errors
    /// As for [`Cache::incr`].
    #[track_caller]
    pub fn incr(&self, key: &str, delta: i64) -> impl Future<Output = Result<i64, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::Incr, at).incr(key, Some(delta)).await }
    }

    /// As [`Cache::decr`].
    ///
    /// # Errors
    /// As for [`Cache::decr`].
    #[track_caller]
    pub fn decr(&self, key: &str, delta: i64) -> impl Future<Output = Result<i64, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::Decr, at).incr(key, delta.checked_neg()).await }
    }

    /// As [`Cache::incr_version`].
    ///
    /// # Errors
    /// As for [`Cache::incr_version`].
    #[track_caller]
    pub fn incr_version(&self, key: &str, delta: i64) -> impl Future<Output = Result<u64, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::IncrVersion, at).incr_version(key, Some(delta)).await }
    }

    /// As [`Cache::decr_version`].
    ///
    /// # Errors
    /// As for [`Cache::decr_version`].
    #[track_caller]
    pub fn decr_version(&self, key: &str, delta: i64) -> impl Future<Output = Result<u64, Error>> {
        let at = Location::caller();
        async move { self.begin(Method::DecrVersion, at).incr_version(key, delta.checked_neg()).await }
    }

    /// As [`Cache::close`].
    ///
    /// # Errors
    /// As for [`Cache::close`].
    pub fn close(&self) -> impl Future<Output = Result<(), Error>> {
        Operation::close(&self.0, How::Later)
    }
}

impl fmt::Debug for CacheAsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CacheAsync").field(&self.0).finish()
    }
}
