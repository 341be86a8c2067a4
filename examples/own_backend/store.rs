//! A backend of one's own: entries in a `redb` database, which is one file.
//!
//! In: keys and bytes of the engine. Out: the same, as long as they live. Linking this file adds the kind `redb`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Error, ErrorKind, Kind, Options};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition};

// The name that a configuration says, and the options that it may give beside those that every kind has.
inventory::submit! { Kind::new("redb", &["location"], make).shows(&["location"]) }

/// Under each key the moment from which on it is absent, in milliseconds of the wall clock, and its bytes.
const ENTRIES: TableDefinition<&str, (u64, &[u8])> = TableDefinition::new("entries");
const NEVER: u64 = u64::MAX;

type Entries<'a> = Table<'a, &'static str, (u64, &'static [u8])>;

/// Entries in a database file, for one process at a time.
pub(crate) struct Redb {
    path: PathBuf,
    /// Opened by the first operation, and again by the next after `close`.
    database: Mutex<Option<Arc<Database>>>,
}

/// What the kind makes of the options of an alias. It opens nothing, so that a program starts without its disk.
fn make(options: &Options) -> Result<Arc<dyn Backend>, Error> {
    let missing = || Error::new(ErrorKind::Config, format!("backends.{}.location is missing", options.alias()));
    let path = options.text("location")?.ok_or_else(missing)?;
    Ok(Arc::new(Redb::new(path)))
}

impl Redb {
    /// A backend on a file, which need not exist.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), database: Mutex::new(None) }
    }

    fn database(&self) -> Result<Arc<Database>, redb::Error> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = &*database {
            return Ok(Arc::clone(database));
        }
        let opened = Arc::new(Database::create(&self.path)?);
        // What ended while nobody was here goes.
        let now = now();
        change(&opened, |entries| Ok(entries.retain(|_, (end, _)| now < end)?))?;
        Ok(Arc::clone(database.insert(opened)))
    }

    /// An error names the file and what is wrong with it, and never a key.
    fn reply<T>(&self, answer: Result<T, redb::Error>) -> Reply<T> {
        let failed = |error| Error::new(ErrorKind::Backend, format!("redb, {}: {error}", self.path.display()));
        Reply::Ready(answer.map_err(failed))
    }

    fn read(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, redb::Error> {
        let (entries, now) = (self.database()?.begin_read()?.open_table(ENTRIES)?, now());
        keys.iter().map(|key| live(&entries, key, now)).collect()
    }
}

impl Backend for Redb {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.reply(self.read(keys))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let now = now();
        let store = |entries: &mut Entries<'_>, write: Write| {
            let met = write.when.is_met_by(live(entries, &write.key, now)?.as_deref());
            if met {
                entries.insert(&*write.key, (end(now, write.ttl), &*write.bytes))?;
            }
            Ok(met)
        };
        let all = |entries: &mut Entries<'_>| writes.into_iter().map(|write| store(entries, write)).collect();
        self.reply(self.database().and_then(|database| change(&database, all)))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let now = now();
        let remove = |entries: &mut Entries<'_>, (key, when): (Key, When)| {
            let found = live(entries, &key, now)?;
            let met = when.is_met_by(found.as_deref());
            if met {
                entries.remove(&*key)?;
            }
            Ok(met && found.is_some())
        };
        let all = |entries: &mut Entries<'_>| keys.into_iter().map(|key| remove(entries, key)).collect();
        self.reply(self.database().and_then(|database| change(&database, all)))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        // No character of a key comes after `~`.
        let (first, behind) = (prefix, format!("{prefix}~"));
        let all = |entries: &mut Entries<'_>| Ok(entries.retain_in(first..&*behind, |_, _| false)?);
        self.reply(self.database().and_then(|database| change(&database, all)))
    }

    /// Makes durable what was written, and gives the file free for others.
    fn close(&self, _: Duration) -> Reply<()> {
        let opened = self.database.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.reply(opened.map_or(Ok(()), |database| Ok(database.begin_write()?.commit()?)))
    }
}

/// One transaction: others see all of it or nothing, and wait for its end before they write.
fn change<T>(
    database: &Database,
    change: impl FnOnce(&mut Entries<'_>) -> Result<T, redb::Error>,
) -> Result<T, redb::Error> {
    let mut transaction = database.begin_write()?;
    // It is a cache: whoever loses power may lose entries. `close` makes them durable.
    transaction.set_durability(Durability::None)?;
    let done = change(&mut transaction.open_table(ENTRIES)?)?;
    transaction.commit()?;
    Ok(done)
}

/// The bytes under a key, unless their time has come.
fn live(
    entries: &impl ReadableTable<&'static str, (u64, &'static [u8])>,
    key: &str,
    now: u64,
) -> Result<Option<Bytes>, redb::Error> {
    let found = entries.get(key)?;
    Ok(found.and_then(|entry| Some(entry.value()).filter(|(end, _)| now < *end).map(|(_, bytes)| bytes.into())))
}

/// When a life is over that begins now. A part of a millisecond is a whole one: else it would be no life.
fn end(now: u64, ttl: Option<Duration>) -> u64 {
    let millis = |ttl: Duration| u64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(NEVER);
    ttl.map_or(NEVER, |ttl| now.saturating_add(millis(ttl)))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(NEVER)
}
