//! The seam to whatever stores bytes.
//!
//! In: engine-made keys of a fixed alphabet and engine-made values. Out: bytes or nothing. A
//! backend knows nothing of functions, types or lifetimes beyond what a [`Write`] says.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// A stored value: an envelope whose first 16 bytes are its [`Stamp`].
pub type Bytes = Arc<[u8]>;

/// A storage key: 1 to 200 characters out of `A-Z a-z 0-9 : _ . -`.
pub type Key = Arc<str>;

/// The first 16 bytes of every value, made by the engine and fresh for each. Bytes may be written again under the stamp
/// that they have, with nothing changed but when they were last given.
pub type Stamp = [u8; 16];

/// The condition under which a write or a deletion happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In any case.
    Always,
    /// Only if no live value is there.
    Absent,
    /// Only if the live value that is there begins with this stamp.
    Stamp(Stamp),
}

/// One value on its way to a backend.
#[derive(Clone)]
#[non_exhaustive]
pub struct Write {
    /// Where it goes.
    pub key: Key,
    /// What is stored.
    pub bytes: Bytes,
    /// How long it lives from now; `None` is for ever.
    pub ttl: Option<Duration>,
    /// Under which condition.
    pub when: When,
}

impl Write {
    /// A write of `bytes` under `key`.
    pub fn new(key: Key, bytes: Bytes, ttl: Option<Duration>, when: When) -> Self {
        Self { key, bytes, ttl, when }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").field("key", &self.key).field("len", &self.bytes.len()).field("ttl", &self.ttl).finish()
    }
}

/// What a backend can do. The default is the least: it blocks, and cannot compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Its methods may block the thread; an async caller gets them on worker threads.
    pub blocking: bool,
    /// [`When::Absent`] and [`When::Stamp`] are atomic, also between processes.
    pub conditional: bool,
    /// [`Backend::subscribe`] works.
    pub notifies: bool,
    /// The longest value in bytes; `None` has no limit of its own.
    pub max_value: Option<usize>,
}

impl Capabilities {
    /// A backend whose methods block the calling thread and whose conditional writes are atomic.
    pub const fn blocking() -> Self {
        Self { blocking: true, conditional: true, notifies: false, max_value: None }
    }
}

/// What a backend tells of what others did, who share its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News<'a> {
    /// Others wrote or removed these keys. A write on [`When::Absent`] need not be told: nobody holds what was not there.
    Changed(&'a [Key]),
    /// Others removed every key that begins so.
    Cleared(&'a str),
    /// From now on changes may go untold.
    Lost,
    /// From now on changes are told; those before may not have been.
    Heard,
}

/// Is told of changes. It drops what is kept of them, and with that runs the `Drop` of others: call it on no thread for
/// which answers wait.
pub type Listener = Arc<dyn Fn(News<'_>) + Send + Sync>;

/// An answer that is there, or one that comes.
pub enum Reply<T> {
    /// The answer.
    Ready(Result<T, Error>),
    /// The answer will come. Any executor may poll it; dropping it abandons the answer, never
    /// the exchange behind it.
    Later(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>),
}

/// Where the entries of an alias live, when they are bytes.
///
/// All methods take a shared reference and may be called from many threads at once. Keys and
/// values are made by the engine; an implementation stores them as they are.
///
/// # Example: a backend in a few lines
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::Duration};
/// use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
///
/// #[derive(Default)]
/// struct Shelf(Mutex<HashMap<Key, Bytes>>);
///
/// impl Backend for Shelf {
///     fn capabilities(&self) -> Capabilities { Capabilities::blocking() }
///     fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
///         let shelf = self.0.lock().unwrap();
///         Reply::Ready(Ok(keys.iter().map(|key| shelf.get(key).cloned()).collect()))
///     }
///     fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
///         let mut shelf = self.0.lock().unwrap();
///         Reply::Ready(Ok(writes.into_iter().map(|write| {
///             let met = write.when.is_met_by(shelf.get(&write.key).map(|bytes| &bytes[..]));
///             if met { shelf.insert(write.key, write.bytes); }
///             met
///         }).collect()))
///     }
///     fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
///         let mut shelf = self.0.lock().unwrap();
///         Reply::Ready(Ok(keys.into_iter().map(|(key, when)| {
///             when.is_met_by(shelf.get(&key).map(|bytes| &bytes[..])) && shelf.remove(&key).is_some()
///         }).collect()))
///     }
///     fn clear(&self, prefix: &str) -> Reply<()> {
///         self.0.lock().unwrap().retain(|key, _| !key.starts_with(prefix));
///         Reply::Ready(Ok(()))
///     }
/// }
/// # let shelf: Box<dyn Backend> = Box::new(Shelf::default());
/// # assert!(shelf.capabilities().conditional);
/// ```
pub trait Backend: Send + Sync + 'static {
    /// What this backend can do; asked once, when a configuration is installed.
    fn capabilities(&self) -> Capabilities;

    /// The live values of `keys`, in their order.
    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>>;

    /// Stores each write whose condition is met, and says which were.
    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>>;

    /// Removes each key whose condition is met, and says which were there.
    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>>;

    /// Removes every key that begins with `prefix`, and nothing else.
    fn clear(&self, prefix: &str) -> Reply<()>;

    /// Tells `listener` what others do to keys that begin with `prefix`, for as long as the backend lives.
    ///
    /// An answer says that it is being tried, not that anything is heard yet: until the first [`News::Heard`], and
    /// from each [`News::Lost`] to the next, nothing is. A backend that loses its connection tries again by itself. It is
    /// called on the thread of a call, also by async callers, and must not block.
    fn subscribe(&self, prefix: &str, listener: Listener) -> Reply<()> {
        let _ = (prefix, listener);
        Reply::Ready(Err(Error::new(ErrorKind::Unsupported, "this backend does not tell of changes")))
    }

    /// Ends the backend's connections and writes what it still holds, within `deadline`.
    fn close(&self, deadline: Duration) -> Reply<()> {
        let _ = deadline;
        Reply::Ready(Ok(()))
    }
}

impl When {
    /// Whether the condition holds for what is stored now (`None`: no live value).
    pub fn is_met_by(self, stored: Option<&[u8]>) -> bool {
        match self {
            When::Always => true,
            When::Absent => stored.is_none(),
            When::Stamp(stamp) => stored.is_some_and(|bytes| bytes.starts_with(&stamp)),
        }
    }
}
