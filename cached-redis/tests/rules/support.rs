//! The servers that the tests share, and ways to ask a backend.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::Error;
use cached_core::backend::{Backend, Bytes, Key, Reply, Stamp, When, Write};
use cached_redis::RedisBackend;
use cached_testkit::servers::{Cluster, Server};

/// The machine may be busy: where no limit is what a test is about, none is met.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What tests that spoil nothing share. It ends with this process.
pub(crate) static REDIS: LazyLock<Server> = LazyLock::new(Server::redis);
pub(crate) static VALKEY: LazyLock<Server> = LazyLock::new(Server::valkey);
pub(crate) static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(3));

/// Each kind of place that entries can be in, and a backend on it.
pub(crate) fn everywhere() -> [(&'static str, RedisBackend); 3] {
    [("redis", on(&REDIS.url())), ("valkey", on(&VALKEY.url())), ("cluster", on(&CLUSTER.urls().join(",")))]
}

/// A patient backend.
pub(crate) fn on(location: &str) -> RedisBackend {
    RedisBackend::with_timeouts(location, PATIENCE, PATIENCE).unwrap()
}

/// A prefix that no other test has, with a segment of its own, so that nobody hears what others change.
pub(crate) fn prefix() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("t{}:p:", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Waits on this thread, without a runtime.
pub(crate) fn ready<T>(reply: Reply<T>) -> Result<T, Error> {
    match reply {
        Reply::Ready(result) => result,
        Reply::Later(answer) => futures::executor::block_on(answer),
    }
}

/// A value as the engine would make it: sixteen bytes of stamp, then the rest.
pub(crate) fn value(stamp: u128, rest: &str) -> Bytes {
    [&stamp.to_be_bytes(), rest.as_bytes()].concat().into()
}

pub(crate) fn stamp(stamp: u128) -> Stamp {
    stamp.to_be_bytes()
}

pub(crate) fn get(backend: &RedisBackend, key: &str) -> Result<Option<Bytes>, Error> {
    ready(backend.get_many(&[key.into()])).map(|mut found| found.remove(0))
}

pub(crate) fn set(backend: &RedisBackend, key: &str, bytes: Bytes, when: When) -> Result<bool, Error> {
    set_for(backend, key, bytes, None, when)
}

pub(crate) fn set_for(
    backend: &RedisBackend,
    key: &str,
    bytes: Bytes,
    ttl: Option<Duration>,
    when: When,
) -> Result<bool, Error> {
    ready(backend.set_many(vec![Write::new(key.into(), bytes, ttl, when)])).map(|mut stored| stored.remove(0))
}

pub(crate) fn delete(backend: &RedisBackend, key: &str, when: When) -> Result<bool, Error> {
    ready(backend.delete_many(vec![(key.into(), when)])).map(|mut removed| removed.remove(0))
}

pub(crate) fn keys<const N: usize>(prefix: &str) -> [Key; N] {
    std::array::from_fn(|n| format!("{prefix}{n}").into())
}

#[expect(clippy::disallowed_methods, reason = "servers take real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until something is so, for ten seconds at most.
#[track_caller]
pub(crate) fn until(so: impl Fn() -> bool) {
    let begun = now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never was");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A count of the bar, scaled by `R_SCALE` (0.1 unless said otherwise; 1 before a claim).
pub(crate) fn scaled(count: usize) -> usize {
    let scale: f64 = std::env::var("R_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(0.1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a count")]
    let scaled = (count as f64 * scale).ceil() as usize;
    scaled.max(1)
}

/// The one configuration of the process, for one test at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
