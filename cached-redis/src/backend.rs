//! The servers as a backend of the engine.
//!
//! In: keys and values of the engine. Out: its replies, all of which come later; an error names the alias, the server and
//! the server's code, never a key, a value or a secret.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Listener, Reply, When, Write};
use cached_core::{Error, ErrorKind, Options};

use crate::client::{Asked, Client, Fault, Order, Told, Why};
use crate::config::Config;

/// The longest value that a server takes: 512 MiB.
const LONGEST_VALUE: usize = 512 << 20;
const LONGEST_KEY: usize = 200;

/// A Redis or Valkey server, or a cluster of them.
///
/// Replies come from a thread of this crate's own, so that any executor may poll them, and a thread without one may park
/// on them. A reply that is dropped abandons the answer, never the exchange. Any number of backends, in any number of
/// processes, may share servers; see the [crate](crate) for what holds then.
///
/// # Errors
///
/// Replies are errors of kind `Backend` where a server answers with an error, which is named by its code (`OOM`,
/// `READONLY`, `WRONGTYPE`, …), where no connection can be made and where one breaks, and where 10,000 exchanges of this
/// backend are under way. They are of kind `Timeout` where nothing came in time, and of kind `Unsupported` for a key that
/// the engine would not make, a value of more than 512 MiB and an empty prefix; then nothing was asked. Of a batch that
/// fails, some orders may be done; after a time-out or a broken connection, any of them.
///
/// # Example: nothing is asked before it is needed
/// ```
/// use cached_core::backend::{Backend, Reply};
///
/// let backend = cached_redis::RedisBackend::new("redis://127.0.0.1:1/0")?;
/// assert!(backend.capabilities().conditional);
/// assert!(matches!(backend.get_many(&[]), Reply::Ready(Ok(found)) if found.is_empty()));
/// # Ok::<(), cached_core::Error>(())
/// ```
pub struct RedisBackend {
    client: Arc<Client>,
}

/// What the kind `redis` makes of the options of an alias.
pub(crate) fn make(options: &Options) -> Result<Arc<dyn Backend>, Error> {
    Ok(Arc::new(RedisBackend::with(Config::read(options)?)))
}

impl RedisBackend {
    /// A backend on the server of a URL, or on the cluster of several with commas between them.
    ///
    /// Connects to nothing. The URL is as in the option [`location`](crate#options); a `,` in its password is written `%2C`.
    ///
    /// # Errors
    /// When it is none. The error says what is wrong with it and repeats nothing of it.
    pub fn new(location: &str) -> Result<Self, Error> {
        Config::new(location).map(Self::with)
    }

    /// The same with other limits: until a connection can be used, and until an exchange is answered.
    ///
    /// The usual ones are 250 ms and 100 ms.
    ///
    /// # Errors
    /// As [`RedisBackend::new`].
    pub fn with_timeouts(location: &str, connect: Duration, operation: Duration) -> Result<Self, Error> {
        let mut config = Config::new(location)?;
        (config.connect_timeout, config.op_timeout) = (connect, operation);
        Ok(Self::with(config))
    }

    fn with(config: Config) -> Self {
        Self { client: Arc::new(Client::new(config)) }
    }

    fn judge(&self, key: &str) -> Result<(), Error> {
        let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.' | b'-');
        if !key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(is_of_key) {
            return Ok(());
        }
        Err(self.refusal("a key is not 1 to 200 characters out of A-Z a-z 0-9 : _ . -"))
    }

    fn refusal(&self, why: &str) -> Error {
        Error::new(ErrorKind::Unsupported, format!("{self}: {why}"))
    }

    fn ask<T: Send + 'static>(&self, orders: Result<Vec<Order>, Error>, then: fn(Told) -> T) -> Reply<Vec<T>> {
        match orders {
            Ok(orders) if orders.is_empty() => Reply::Ready(Ok(Vec::new())),
            Ok(orders) => self.reply(self.client.ask(orders), move |told| told.into_iter().map(then).collect()),
            Err(error) => Reply::Ready(Err(error)),
        }
    }

    fn reply<T, U>(&self, asked: Asked<T>, then: impl FnOnce(T) -> U + Send + 'static) -> Reply<U>
    where
        T: Send + 'static,
        U: Send + 'static,
    {
        let client = Arc::clone(&self.client);
        match asked {
            Ok(coming) => Reply::Later(Box::pin(async move {
                let answer = coming.await.unwrap_or(Err(Fault { at: None, why: Why::Lost }));
                answer.map(then).map_err(|fault| error(client.config(), &fault))
            })),
            Err(fault) => Reply::Ready(Err(error(client.config(), &fault))),
        }
    }
}

fn error(config: &Config, fault: &Fault) -> Error {
    let kind = if let Why::Late { .. } = fault.why { ErrorKind::Timeout } else { ErrorKind::Backend };
    Error::new(kind, format!("{}: {}", config.speaker(fault.at.as_ref()), fault.why))
}

fn found(told: Told) -> Option<Bytes> {
    if let Told::Found(found) = told { found } else { None }
}

fn done(told: Told) -> bool {
    matches!(told, Told::Done(true))
}

impl Backend for RedisBackend {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        (capabilities.conditional, capabilities.notifies) = (true, true);
        capabilities.max_value = Some(LONGEST_VALUE);
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let order = |key: &Key| self.judge(key).map(|()| Order::Read(Arc::clone(key)));
        self.ask(keys.iter().map(order).collect(), found)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let order = |write: Write| {
            self.judge(&write.key)?;
            if write.bytes.len() > LONGEST_VALUE {
                return Err(self.refusal("a value is longer than 512 MiB"));
            }
            Ok(Order::Store(write))
        };
        self.ask(writes.into_iter().map(order).collect(), done)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let order = |(key, when): (Key, When)| self.judge(&key).map(|()| Order::Remove(key, when));
        self.ask(keys.into_iter().map(order).collect(), done)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        if prefix.is_empty() {
            return Reply::Ready(Err(self.refusal("an empty prefix is that of every key, also of others'")));
        }
        self.reply(self.client.clear(prefix), |()| ())
    }

    fn subscribe(&self, prefix: &str, listener: Listener) -> Reply<()> {
        self.client.subscribe(prefix, listener);
        Reply::Ready(Ok(()))
    }

    fn close(&self, deadline: Duration) -> Reply<()> {
        if !self.client.is_used() {
            return Reply::Ready(Ok(()));
        }
        self.reply(Ok(self.client.close(deadline)), |()| ())
    }
}

/// The servers and the database, and nothing else.
impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisBackend").field(&format_args!("{}", self.client.config())).finish()
    }
}

/// Who speaks in an error: `backend "shared" (redis, cache:6379)`.
impl fmt::Display for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.config().speaker(None).fmt(f)
    }
}
