//! One test, everywhere: each kind of backend, by the sync face and by the async one.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use cached_core::{Cache, Config, Error, Ttl, caches};
use cached_testkit::servers::Server;
use cached_tests::support::{Configured, alone};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The kinds that keep something.
pub(crate) const KEEPING: [&str; 3] = ["memory", "file", "redis"];

/// The Redis of all tests, which take turns.
static SERVER: LazyLock<Server> = LazyLock::new(Server::redis);

/// A cache by one of its faces: the methods of both, with the arguments of the sync one.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) cache: Cache,
    pub(crate) is_async: bool,
}

/// Every method by the face that is meant.
macro_rules! methods {
    ($($name:ident [$($generics:tt)*] ($($argument:ident: $type:ty),*) -> $given:ty;)*) => {
        impl Face {
            $(
                pub(crate) fn $name<$($generics)*>(&self, $($argument: $type),*) -> $given {
                    match self.is_async {
                        false => self.cache.$name($($argument),*),
                        true => run(self.cache.as_async().$name($($argument),*)),
                    }
                }
            )*
        }
    };
}

methods! {
    get [V: DeserializeOwned] (key: &str) -> Result<Option<V>, Error>;
    set [V: ?Sized + Serialize] (key: &str, value: &V, ttl: impl Into<Ttl>) -> Result<(), Error>;
    add [V: ?Sized + Serialize] (key: &str, value: &V, ttl: impl Into<Ttl>) -> Result<bool, Error>;
    touch [] (key: &str, ttl: impl Into<Ttl>) -> Result<bool, Error>;
    delete [] (key: &str) -> Result<bool, Error>;
    clear [] () -> Result<(), Error>;
    has_key [] (key: &str) -> Result<bool, Error>;
    get_many [K: AsRef<str> + Eq + Hash, V: DeserializeOwned] (keys: impl IntoIterator<Item = K>) -> Result<HashMap<K, V>, Error>;
    set_many [K: AsRef<str>, V: Serialize] (entries: impl IntoIterator<Item = (K, V)>, ttl: impl Into<Ttl>) -> Result<Vec<K>, Error>;
    delete_many [K: AsRef<str>] (keys: impl IntoIterator<Item = K>) -> Result<usize, Error>;
    incr [] (key: &str, delta: i64) -> Result<i64, Error>;
    decr [] (key: &str, delta: i64) -> Result<i64, Error>;
    incr_version [] (key: &str, delta: i64) -> Result<u64, Error>;
    decr_version [] (key: &str, delta: i64) -> Result<u64, Error>;
    close [] () -> Result<(), Error>;
}

impl Face {
    pub(crate) fn of(alias: &str, is_async: bool) -> Self {
        Self { cache: caches().get(alias).expect("it is configured"), is_async }
    }

    pub(crate) fn version(&self, version: u64) -> Self {
        Self { cache: self.cache.version(version), ..*self }
    }

    pub(crate) fn get_or_set<V>(&self, key: &str, ttl: impl Into<Ttl>, compute: impl FnOnce() -> V) -> Result<V, Error>
    where
        V: Serialize + DeserializeOwned,
    {
        match self.is_async {
            false => self.cache.get_or_set(key, ttl, compute),
            true => run(self.cache.as_async().get_or_set(key, ttl, || async { compute() })),
        }
    }

    pub(crate) fn get_or_try_set<V, E>(
        &self,
        key: &str,
        ttl: impl Into<Ttl>,
        compute: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E>
    where
        V: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        match self.is_async {
            false => self.cache.get_or_try_set(key, ttl, compute),
            true => run(self.cache.as_async().get_or_try_set(key, ttl, || async { compute() })),
        }
    }

    /// What a key holds, as a number.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.get(key).expect("the backend answers")
    }
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, async: {}", self.cache, self.is_async)
    }
}

/// Some aliases of one kind, all on one store, each with options of its own; `test` gets what names them.
pub(crate) fn aliases(kind: &str, tables: &[(&str, &str)], test: impl Fn(&dyn Fn(&str) -> Face)) {
    for is_async in [false, true] {
        let (_alone, scratch) = (alone(), tempfile::tempdir().expect("a directory"));
        install(kind, tables, scratch.path());
        println!("kind {kind}, async: {is_async}");
        test(&|alias| Face::of(alias, is_async));
    }
}

/// Puts such aliases in force. On Redis they begin without entries.
pub(crate) fn install(kind: &str, tables: &[(&str, &str)], scratch: &std::path::Path) {
    let location = match kind {
        "redis" => {
            SERVER.ask(&["FLUSHALL"]);
            SERVER.url()
        }
        _ => scratch.join("store").display().to_string(),
    };
    let table = |(alias, options): &(&str, &str)| {
        let location = if options.contains("location") { String::new() } else { format!("location = {location:?}\n") };
        format!("[backends.{alias}]\nkind = \"{kind}\"\nop_timeout = \"30s\"\n{location}{options}\n")
    };
    let toml: String = tables.iter().map(table).collect();
    Config::from_toml(&toml).expect("it is TOML").install().expect("the test's configuration is right");
}

/// One alias of each kind that keeps something, with some options.
pub(crate) fn with(options: &str, test: impl Fn(&Face)) {
    for kind in KEEPING {
        aliases(kind, &[("there", options)], |alias| test(&alias("there")));
    }
}

/// One alias of each kind that keeps something.
pub(crate) fn everywhere(test: impl Fn(&Face)) {
    with("", test);
}

/// Waits for its turn, for a test that configures as it goes.
pub(crate) fn my_turn() -> Configured {
    alone()
}

/// Runs a future on this thread; one may be inside another.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}
