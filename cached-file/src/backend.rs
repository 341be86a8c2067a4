//! The directory as a backend of the engine.
//!
//! In: keys and values of the engine. Out: its replies, all of them ready; an error names the
//! alias, the directory and the operation, never the key.

use std::fmt;
use std::io::ErrorKind as IoErrorKind;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Error, ErrorKind, Options};

use crate::client::{Client, Fault};
use crate::config::{Bound, Config};
use crate::entry::LONGEST_VALUE;
use crate::name::Name;

/// A directory in which each entry is a file.
///
/// Every method does its work on the calling thread. Any number of backends, in any number of
/// processes of one user, may share a directory; see the [crate](crate) for what holds then.
///
/// # Errors
///
/// Replies are errors of kind `Backend` where the file system refuses: no permission, no space, a
/// read-only mount, too many open files, a link where the directory should be. They are of kind
/// `Timeout` where a lock was held by somebody else for one second, and of kind `Unsupported` for
/// a key that the engine would not make, or a value of more than 64 MiB; then nothing was touched.
/// A missing directory or file is a miss. Of a batch that fails, some entries may be done.
///
/// # Example: nothing is touched before the first write
/// ```
/// use cached_core::backend::{Backend, Reply};
///
/// # let scratch = tempfile::tempdir()?;
/// let directory = scratch.path().join("cache");
/// let backend = cached_file::FileBackend::new(&directory);
/// let Reply::Ready(found) = backend.get_many(&["shop:1".into()]) else { unreachable!("it blocks") };
/// assert_eq!(found?, [None]);
/// assert!(!directory.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileBackend {
    alias: Option<String>,
    pub(crate) client: Client,
}

/// What the kind `file` makes of the options of an alias.
pub(crate) fn make(options: &Options) -> Result<Arc<dyn Backend>, Error> {
    Ok(Arc::new(FileBackend::with(Config::read(options)?)))
}

impl FileBackend {
    /// A backend on `directory`, which need not exist.
    ///
    /// Opens nothing. A relative path is taken from the working directory of this moment.
    pub fn new(directory: impl AsRef<Path>) -> Self {
        Self::with(Config::new(directory.as_ref()))
    }

    /// With another bound than 100,000 entries: when a write finds as many, one in `cull_frequency` goes, or all if that is
    /// 0. No bound at all is `usize::MAX`.
    ///
    /// # Example: a third goes when a new entry finds thirty
    /// ```
    /// use std::num::NonZeroUsize;
    /// # use cached_core::backend::{Backend, Reply, When, Write};
    /// # use cached_file::FileBackend;
    ///
    /// # let scratch = tempfile::tempdir()?;
    /// let thirty = NonZeroUsize::new(30).ok_or("not zero")?;
    /// let backend = FileBackend::new(scratch.path()).bounded(thirty, 3);
    /// let keys: Vec<_> = (0..31).map(|i| format!("shop:{i}").into()).collect();
    /// for key in &keys {
    ///     let write = Write::new(std::sync::Arc::clone(key), b"value"[..].into(), None, When::Always);
    ///     let Reply::Ready(stored) = backend.set_many(vec![write]) else { unreachable!("it blocks") };
    ///     assert_eq!(stored?, [true]);
    /// }
    /// let Reply::Ready(found) = backend.get_many(&keys) else { unreachable!("it blocks") };
    /// let found = found?;
    /// assert!(found[30].is_some());
    /// assert_eq!(found.iter().flatten().count(), 21);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bounded(self, max_entries: NonZeroUsize, cull_frequency: usize) -> Self {
        let bound = Bound { max_entries: max_entries.get(), cull_frequency };
        let directory = self.client.directory().to_owned();
        Self::with(Config { alias: self.alias, directory, bound })
    }

    fn with(config: Config) -> Self {
        Self { alias: config.alias, client: Client::new(config.directory, config.bound) }
    }

    fn name(&self, key: &str) -> Result<Name, Error> {
        let refusal = || self.refusal("a key is not 1 to 200 characters out of A-Z a-z 0-9 : _ . -");
        Name::of(key).ok_or_else(refusal)
    }

    fn refusal(&self, why: &str) -> Error {
        Error::new(ErrorKind::Unsupported, format!("{self}: {why}"))
    }

    fn error(&self, fault: &Fault) -> Error {
        let kind = match fault.error.kind() {
            IoErrorKind::TimedOut => ErrorKind::Timeout,
            _ => ErrorKind::Backend,
        };
        Error::new(kind, format!("{self}: cannot {}: {}", fault.operation, fault.error))
    }

    fn read(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Error> {
        let names = keys.iter().map(|key| self.name(key)).collect::<Result<Vec<_>, _>>()?;
        self.client.read(&names).map_err(|fault| self.error(&fault))
    }

    fn write(&self, writes: &[Write]) -> Result<Vec<bool>, Error> {
        let names = writes.iter().map(|write| self.name(&write.key)).collect::<Result<Vec<_>, _>>()?;
        if writes.iter().any(|write| write.bytes.len() > LONGEST_VALUE) {
            return Err(self.refusal("a value is longer than 64 MiB"));
        }
        let store = |(name, write): (&Name, &Write)| {
            self.client.write(name, &write.bytes, write.ttl, write.when).map_err(|fault| self.error(&fault))
        };
        names.iter().zip(writes).map(store).collect()
    }

    fn remove(&self, keys: &[(Key, When)]) -> Result<Vec<bool>, Error> {
        let names = keys.iter().map(|(key, when)| Ok((self.name(key)?, *when))).collect::<Result<Vec<_>, Error>>()?;
        let remove = |(name, when): &(Name, When)| self.client.remove(name, *when).map_err(|fault| self.error(&fault));
        names.iter().map(remove).collect()
    }
}

impl Backend for FileBackend {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::blocking();
        capabilities.max_value = Some(LONGEST_VALUE);
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        Reply::Ready(self.read(keys))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        Reply::Ready(self.write(&writes))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        Reply::Ready(self.remove(&keys))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        Reply::Ready(self.client.clear(prefix).map_err(|fault| self.error(&fault)))
    }
}

/// The directory, and nothing else.
impl fmt::Debug for FileBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileBackend").field(&self.client.directory()).finish()
    }
}

/// Who speaks in an error: `backend "shared" (file, /var/cache/shop)`.
impl fmt::Display for FileBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("backend ")?;
        if let Some(alias) = &self.alias {
            write!(f, "{alias:?} ")?;
        }
        write!(f, "(file, {})", self.client.directory().display())
    }
}
