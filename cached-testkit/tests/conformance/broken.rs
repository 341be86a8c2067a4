//! Backends that are a shelf, but for one thing.
//!
//! In: what an operation does instead. Out: a backend, and a check of the rules that it breaks.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Listener, Reply, When, Write};
use cached_core::{Error, ErrorKind};
use cached_testkit::Shelf;
use cached_testkit::conformance::{Store, Subject, Verdict, check};

/// A clock that only tests move.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_nanos()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn shelf(&self) -> Shelf {
        let clock = self.clone();
        Shelf::with_clock(move || clock.now())
    }
}

type Get = Box<dyn Fn(&Shelf, &[Key]) -> Vec<Option<Bytes>> + Send + Sync>;
type Set = Box<dyn Fn(&Shelf, Vec<Write>) -> Vec<bool> + Send + Sync>;
type Delete = Box<dyn Fn(&Shelf, Vec<(Key, When)>) -> Vec<bool> + Send + Sync>;
type Clear = Box<dyn Fn(&Shelf, &str) + Send + Sync>;
type Close = Box<dyn Fn(&Shelf) -> Result<(), Error> + Send + Sync>;

/// A shelf, some of whose operations are others.
pub(crate) struct Broken {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) clock: Clock,
    /// Held by each operation: what is broken is no race, but where a test says so.
    alone: Option<Mutex<()>>,
    get: Get,
    set: Set,
    delete: Delete,
    clear: Clear,
    capabilities: Box<dyn Fn() -> Capabilities + Send + Sync>,
    /// Longer values are refused.
    limit: usize,
    subscribe: Option<Box<dyn Fn() -> Result<(), Error> + Send + Sync>>,
    close: Close,
}

impl Broken {
    /// Nothing is broken yet.
    pub(crate) fn new(clock: &Clock) -> Self {
        Self::on(Arc::new(clock.shelf()), clock)
    }

    pub(crate) fn on(shelf: Arc<Shelf>, clock: &Clock) -> Self {
        Self {
            shelf,
            clock: clock.clone(),
            alone: Some(Mutex::new(())),
            get: Box::new(get),
            set: Box::new(set),
            delete: Box::new(delete),
            clear: Box::new(clear),
            capabilities: Box::new(Capabilities::blocking),
            limit: usize::MAX,
            subscribe: None,
            close: Box::new(|_| Ok(())),
        }
    }

    /// Operations may come between the steps of another.
    pub(crate) fn racing(self) -> Self {
        Self { alone: None, ..self }
    }

    fn alone(&self) -> Option<MutexGuard<'_, ()>> {
        self.alone.as_ref().map(|alone| alone.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn get(self, get: impl Fn(&Shelf, &[Key]) -> Vec<Option<Bytes>> + Send + Sync + 'static) -> Self {
        Self { get: Box::new(get), ..self }
    }

    pub(crate) fn set(self, set: impl Fn(&Shelf, Vec<Write>) -> Vec<bool> + Send + Sync + 'static) -> Self {
        Self { set: Box::new(set), ..self }
    }

    /// Each write of a batch, one after the other.
    pub(crate) fn set_each(self, set: impl Fn(&Shelf, Write) -> bool + Send + Sync + 'static) -> Self {
        self.set(move |shelf, writes| writes.into_iter().map(|write| set(shelf, write)).collect())
    }

    pub(crate) fn delete(self, delete: impl Fn(&Shelf, Vec<(Key, When)>) -> Vec<bool> + Send + Sync + 'static) -> Self {
        Self { delete: Box::new(delete), ..self }
    }

    /// Each removal of a batch, one after the other.
    pub(crate) fn delete_each(self, delete: impl Fn(&Shelf, Key, When) -> bool + Send + Sync + 'static) -> Self {
        self.delete(move |shelf, keys| keys.into_iter().map(|(key, when)| delete(shelf, key, when)).collect())
    }

    pub(crate) fn clear(self, clear: impl Fn(&Shelf, &str) + Send + Sync + 'static) -> Self {
        Self { clear: Box::new(clear), ..self }
    }

    pub(crate) fn capabilities(self, capabilities: impl Fn() -> Capabilities + Send + Sync + 'static) -> Self {
        Self { capabilities: Box::new(capabilities), ..self }
    }

    /// Refuses longer values, and says so.
    pub(crate) fn refusing_over(self, limit: usize) -> Self {
        let capabilities = move || {
            let mut capabilities = Capabilities::blocking();
            capabilities.max_value = Some(limit);
            capabilities
        };
        Self { limit, ..self.capabilities(capabilities) }
    }

    pub(crate) fn subscribe(self, subscribe: impl Fn() -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self { subscribe: Some(Box::new(subscribe)), ..self }
    }

    pub(crate) fn close(self, close: impl Fn(&Shelf) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self { close: Box::new(close), ..self }
    }

    /// Keys as this backend spells them, in all that it is asked for.
    pub(crate) fn spelling(self, spell: fn(&str) -> String) -> Self {
        let key = move |key: &Key| Key::from(spell(key));
        self.get(move |shelf, keys| get(shelf, &keys.iter().map(key).collect::<Vec<_>>()))
            .set_each(move |shelf, write| put(shelf, Write::new(key(&write.key), write.bytes, write.ttl, write.when)))
            .delete_each(move |shelf, name, when| remove(shelf, key(&name), when))
            .clear(move |shelf, prefix| clear(shelf, &spell(prefix)))
    }

    /// Values as this backend keeps them.
    pub(crate) fn keeping(self, keep: fn(&[u8]) -> Vec<u8>) -> Self {
        self.set_each(move |shelf, write| {
            let bytes = keep(&write.bytes).into();
            put(shelf, holding(write, bytes))
        })
    }
}

impl Backend for Broken {
    fn capabilities(&self) -> Capabilities {
        (self.capabilities)()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let _alone = self.alone();
        Reply::Ready(Ok((self.get)(&self.shelf, keys)))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        if writes.iter().any(|write| write.bytes.len() > self.limit) {
            return Reply::Ready(Err(Error::new(ErrorKind::Unsupported, "a value is too long")));
        }
        let _alone = self.alone();
        Reply::Ready(Ok((self.set)(&self.shelf, writes)))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let _alone = self.alone();
        Reply::Ready(Ok((self.delete)(&self.shelf, keys)))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        let _alone = self.alone();
        (self.clear)(&self.shelf, prefix);
        Reply::Ready(Ok(()))
    }

    fn subscribe(&self, prefix: &str, listener: Listener) -> Reply<()> {
        self.subscribe.as_ref().map_or_else(|| self.shelf.subscribe(prefix, listener), |answer| Reply::Ready(answer()))
    }

    fn close(&self, _: Duration) -> Reply<()> {
        Reply::Ready((self.close)(&self.shelf))
    }
}

fn ready<T>(reply: Reply<T>) -> T {
    match reply {
        Reply::Ready(answer) => answer.unwrap(),
        Reply::Later(_) => unreachable!("a shelf answers at once"),
    }
}

pub(crate) fn get(shelf: &Shelf, keys: &[Key]) -> Vec<Option<Bytes>> {
    ready(shelf.get_many(keys))
}

/// What lives under a key.
pub(crate) fn live(shelf: &Shelf, key: &Key) -> Option<Bytes> {
    get(shelf, std::slice::from_ref(key)).remove(0)
}

pub(crate) fn set(shelf: &Shelf, writes: Vec<Write>) -> Vec<bool> {
    ready(shelf.set_many(writes))
}

pub(crate) fn put(shelf: &Shelf, write: Write) -> bool {
    set(shelf, vec![write])[0]
}

pub(crate) fn delete(shelf: &Shelf, keys: Vec<(Key, When)>) -> Vec<bool> {
    ready(shelf.delete_many(keys))
}

pub(crate) fn remove(shelf: &Shelf, key: Key, when: When) -> bool {
    delete(shelf, vec![(key, when)])[0]
}

pub(crate) fn clear(shelf: &Shelf, prefix: &str) {
    ready(shelf.clear(prefix));
}

/// The same write under another condition.
pub(crate) fn under(mut write: Write, when: When) -> Write {
    write.when = when;
    write
}

/// The same write with another life.
pub(crate) fn lasting(mut write: Write, ttl: Option<Duration>) -> Write {
    write.ttl = ttl;
    write
}

/// The same write of other bytes.
pub(crate) fn holding(mut write: Write, bytes: Bytes) -> Write {
    write.bytes = bytes;
    write
}

/// Removes all keys that are so.
pub(crate) fn remove_all(shelf: &Shelf, are: impl Fn(&str) -> bool) {
    let keys = shelf.keys().into_iter().filter(|key| are(key)).map(|key| (key, When::Always)).collect();
    delete(shelf, keys);
}

/// Long enough for other threads to come in between.
pub(crate) fn dawdle() {
    thread::sleep(Duration::from_micros(200));
}

/// Such a backend, with time that is moved and a second name for it.
pub(crate) fn subject(build: fn(Broken) -> Broken) -> Subject {
    Subject::new(move || {
        let clock = Clock::default();
        let backend = Arc::new(build(Broken::new(&clock)));
        Store::new(backend.clone()).another(move || backend.clone()).clock(move |by| clock.advance(by))
    })
}

/// Which rules a backend may break beside those that it breaks.
pub(crate) enum Beside {
    /// Only these: the end of a race decides.
    These(&'static [&'static str]),
    /// Whichever: nothing works.
    All,
}

/// Checks that a backend breaks these rules, and no others.
#[track_caller]
pub(crate) fn rejects(subject: &Subject, rules: &[&str], beside: &Beside) {
    let report = check(subject);
    let failed: BTreeSet<_> = report.failed().into_iter().collect();
    let expected: BTreeSet<_> = rules.iter().copied().collect();
    let may = |rule: &str| match beside {
        Beside::These(rules) => rules.contains(&rule),
        Beside::All => true,
    };
    let missed: Vec<_> = expected.difference(&failed).collect();
    let others: Vec<_> = failed.difference(&expected).filter(|rule| !may(rule)).collect();
    let faults = report.verdicts().filter_map(|(rule, verdict)| match verdict {
        Verdict::Failed(fault) => Some(format!("{}\n{fault}\n", rule.name())),
        _ => None,
    });
    let faults: String = faults.collect();
    assert!(missed.is_empty() && others.is_empty(), "not broken: {missed:#?}\nbroken beside: {others:#?}\n{faults}");
}

/// One test for each backend, and the table of them all: a name, how it is made, and all rules that it breaks; behind
/// `or`, those that it breaks when a race comes out so, or `all` where nothing works.
macro_rules! broken {
    ($($(#[$doc:meta])* $name:ident: $subject:expr => [$($rule:ident)+] $(or $may:tt)?;)*) => {
        pub(crate) const BROKEN: crate::Table = &[$((stringify!($name), &[$(stringify!($rule)),*])),*];

        $(
            $(#[$doc])*
            #[test]
            fn $name() {
                let beside = crate::broken::beside!($($may)?);
                crate::broken::rejects(&$subject, &[$(stringify!($rule)),*], &beside);
            }
        )*
    };
}
pub(crate) use broken;

macro_rules! beside {
    () => { crate::broken::Beside::These(&[]) };
    (all) => { crate::broken::Beside::All };
    ([$($rule:ident)+]) => { crate::broken::Beside::These(&[$(stringify!($rule)),+]) };
}
pub(crate) use beside;

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broken")
    }
}
