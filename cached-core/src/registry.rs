//! What the names of backends mean.
//!
//! In: kinds, joined at link time, and the options of each alias. Out: aliases, made once and
//! kept as long as their options stay the same. Nothing here knows functions.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "bytes")]
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::backend::Backend;
use crate::breaker::FAILURES;
use crate::error::{Error, did_you_mean};
use crate::local::{Local, Nothing};
use crate::memory::Bounds;
use crate::meter::Meter;
use crate::options::{KeyFunction, Options, Reader, Setting, Source, bound, breaker, bytes, key_function, lifetime};
use crate::store::Channel;
use crate::sync::Mutex;

/// The bound of a site in memory when nobody says another.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// The lifetime on byte backends when nobody says another, as Django's.
pub(crate) const BYTE_TTL: Duration = Duration::from_secs(300);
pub(crate) const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
const OP_TIMEOUT: Duration = Duration::from_millis(100);
const MAX_VALUE_BYTES: usize = 1 << 20;

/// Options that every kind takes.
const COMMON: [&str; 11] = [
    "kind",
    "ttl",
    "max_entries",
    "max_bytes",
    "key_prefix",
    "version",
    "key_function",
    "join_timeout",
    "op_timeout",
    "max_value_bytes",
    "breaker",
];

/// A kind of backend: its name, the options it takes beside the common ones, and how one is made.
///
/// A crate joins its kinds with `inventory::submit! { Kind::new(…) }`.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    options: &'static [&'static str],
    open: &'static [&'static str],
    make: Make,
    at: &'static Location<'static>,
}

type Make = fn(&Options) -> Result<Arc<dyn Backend>, Error>;

inventory::collect!(Kind);

impl Kind {
    /// A kind called `name`. `make` opens nothing: it only judges the options.
    #[track_caller]
    pub const fn new(name: &'static str, options: &'static [&'static str], make: Make) -> Self {
        Self { name, options, open: &[], make, at: Location::caller() }
    }

    /// Options whose values may be shown to people: none of them is ever a secret. Of others only the names are.
    #[must_use]
    pub const fn shows(self, open: &'static [&'static str]) -> Self {
        Self { open, ..self }
    }
}
/// Where the entries of an alias live.
#[derive(Clone)]
pub(crate) enum Place {
    Memory,
    Dummy,
    Bytes(Arc<Channel>),
}

/// A configured name.
pub(crate) struct Alias {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Arc<str>,
    pub(crate) place: Place,
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_entries: Option<usize>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) join_timeout: Duration,
    pub(crate) options: Options,
    /// What the low-level cache asks.
    pub(crate) cache: Arc<Channel>,
    #[cfg_attr(not(feature = "bytes"), expect(dead_code, reason = "the low-level cache asks for it"))]
    pub(crate) keys: Keys,
    /// Of the kind `memory`: the store of the low-level cache.
    pub(crate) local: Option<Shared>,
}

/// A store in this process that all aliases of a `location` share, and the bounds that one of them wants.
pub(crate) struct Shared {
    pub(crate) location: String,
    pub(crate) store: Arc<Local>,
    pub(crate) bounds: Bounds,
}

/// What the keys of the low-level cache are made of.
#[cfg_attr(not(feature = "bytes"), expect(dead_code, reason = "the low-level cache asks for it"))]
pub(crate) struct Keys {
    /// Namespace and prefix, clean: the beginning of every storage key.
    pub(crate) base: String,
    pub(crate) prefix: String,
    pub(crate) version: u64,
    pub(crate) function: Option<KeyFunction>,
}

/// A refresh in the background, as a future that any executor may poll.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a [`Task`] is started.
pub(crate) type Spawner = Arc<dyn Fn(Task) + Send + Sync>;

/// Everything that is configured, at one moment.
#[derive(Clone)]
pub(crate) struct Registry {
    pub(crate) namespace: String,
    pub(crate) aliases: BTreeMap<String, Arc<Alias>>,
    /// Names that are configured and could not be made.
    pub(crate) broken: BTreeSet<String>,
    /// Overrides, in their order: pattern of the site's name, options.
    pub(crate) overrides: Vec<Options>,
    /// What was changed while the program runs; it wins over the overrides.
    pub(crate) retuned: Vec<Options>,
    pub(crate) warnings: Vec<String>,
    /// What is wrong with a file that is watched, while the configuration before it holds.
    pub(crate) complaint: Option<String>,
    pub(crate) spawner: Option<Spawner>,
    /// The share of hits that every site verifies.
    pub(crate) verify: f64,
}

static CURRENT: Mutex<Option<Arc<Registry>>> = Mutex::new(None);

/// The installed registry; before any was installed, one with `default` in memory.
pub(crate) fn current() -> Arc<Registry> {
    let mut current = CURRENT.lock();
    Arc::clone(current.get_or_insert_with(|| {
        let mut registry = Registry::empty(executable());
        registry.add_default();
        Arc::new(registry)
    }))
}

/// Puts `new` in the place of `old`, if that is still the installed one; gives whether it was.
pub(crate) fn replace(old: &Arc<Registry>, new: &Arc<Registry>) -> bool {
    let mut current = CURRENT.lock();
    let is_installed = current.as_ref().is_some_and(|current| Arc::ptr_eq(current, old));
    let replaced = is_installed.then(|| current.replace(Arc::clone(new)));
    drop(current);
    drop(replaced);
    is_installed
}

/// Bounds the stores in this process as the installed registry says. Who did so by one that has been replaced meanwhile
/// does it again.
pub(crate) fn set_bounds() {
    let mut registry = current();
    loop {
        for local in registry.aliases.values().filter_map(|alias| alias.local.as_ref()) {
            local.store.set_bounds(local.bounds);
        }
        let now = current();
        if Arc::ptr_eq(&now, &registry) {
            return;
        }
        registry = now;
    }
}

/// The executable's name, the default namespace.
pub(crate) fn executable() -> String {
    let path = std::env::current_exe().ok();
    path.as_deref().and_then(|path| path.file_stem()).map_or("app".into(), |name| name.to_string_lossy().into_owned())
}

impl Registry {
    pub(crate) fn empty(namespace: String) -> Self {
        Self {
            namespace,
            aliases: BTreeMap::new(),
            broken: BTreeSet::new(),
            overrides: Vec::new(),
            retuned: Vec::new(),
            warnings: Vec::new(),
            complaint: None,
            spawner: None,
            verify: 0.0,
        }
    }

    /// Without configuration `default` is memory.
    pub(crate) fn add_default(&mut self) {
        if !self.aliases.contains_key("default") {
            let mut options = Options::new("backends.default");
            options.set("kind", Setting::Text("memory".into()), Source::Default);
            if let Ok(alias) = Alias::make(options, &self.namespace, None) {
                self.aliases.insert(alias.name.to_string(), alias);
            }
        }
    }

    /// "unknown backend …; known backends: …", with the nearest name.
    pub(crate) fn unknown(&self, alias: &str) -> String {
        let names: Vec<&str> = self.aliases.keys().map(String::as_str).collect();
        let near = did_you_mean(alias, names.iter().copied());
        let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        format!("unknown backend \"{alias}\"; known backends: {}{near}", names.join(", "))
    }
}

impl Alias {
    /// Makes the alias that `options` describe, or keeps `old` if nothing changed.
    pub(crate) fn make(options: Options, namespace: &str, old: Option<&Arc<Alias>>) -> Result<Arc<Alias>, Vec<String>> {
        if let Some(old) = old.filter(|old| old.options.same(&options)) {
            return Ok(Arc::clone(old));
        }
        let mut faults = Vec::new();
        let name = Arc::from(options.alias());
        let (kind, made) = kind_of(&options, &mut faults);
        let mut read = Reader { options: &options, faults: &mut faults };
        let ttl = read.one(lifetime, "ttl");
        let (max_entries, max_bytes) = (read.one(bound, "max_entries"), read.one(bytes, "max_bytes"));
        let join_timeout = read.one(Options::duration, "join_timeout").unwrap_or(JOIN_TIMEOUT);
        let op_timeout = read.one(Options::duration, "op_timeout").unwrap_or(OP_TIMEOUT);
        let max_value_bytes = read.one(Options::count, "max_value_bytes").unwrap_or(MAX_VALUE_BYTES);
        let failures = read.one(breaker, "breaker").unwrap_or(FAILURES);
        let prefix = read.one(Options::text, "key_prefix").unwrap_or("").to_owned();
        let version = read.one(Options::count, "version").unwrap_or(1);
        let function = read.one(key_function, "key_function");
        let location = read.one(Options::text, "location").filter(|_| kind == "memory").unwrap_or(&name);
        let base = format!("{}:{}", clean(namespace), clean(&prefix));
        let channel = |backend, capabilities, turns| {
            let (prefix, is_used) = (format!("{base}:{version}"), AtomicBool::new(false));
            Arc::new(Channel { backend, capabilities, prefix, op_timeout, max_value_bytes, turns, is_used })
        };
        let place = match made {
            Some(Ok(Some(backend))) if !backend.capabilities().conditional => {
                let path = options.path();
                faults.push(format!(
                    "{path}: this backend cannot write on a condition, so an invalidation would not hold"
                ));
                Place::Dummy
            }
            Some(Ok(Some(backend))) => {
                let capabilities = backend.capabilities();
                Place::Bytes(channel(Meter::watching(backend, failures, op_timeout), capabilities, Arc::default()))
            }
            Some(Ok(None)) if kind == "dummy" => Place::Dummy,
            Some(Ok(None)) => Place::Memory,
            Some(Err(error)) => {
                faults.push(error.to_string());
                Place::Dummy
            }
            None => Place::Dummy,
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut local = None;
        let cache = match &place {
            Place::Bytes(channel) => Arc::clone(channel),
            Place::Memory => {
                let bounds = bounds(max_entries, max_bytes);
                let store = Local::named(location, bounds);
                local = Some(Shared { location: location.to_owned(), store: Arc::clone(&store), bounds });
                let turns = Arc::clone(&store.turns);
                channel(Meter::counting(store), Local::capable(bounds), turns)
            }
            // One that keeps nothing too has its own, which counts what is asked of it.
            Place::Dummy => channel(Meter::counting(Arc::new(Nothing)), Nothing.capabilities(), Arc::default()),
        };
        let keys = Keys { base, prefix, version: version as u64, function };
        let alias = Alias {
            name,
            kind: kind.into(),
            place,
            ttl,
            max_entries,
            max_bytes,
            join_timeout,
            options,
            cache,
            keys,
            local,
        };
        Ok(Arc::new(alias))
    }
}

/// What a store of the low-level cache may hold, where an alias says so much.
fn bounds(entries: Option<usize>, bytes: Option<u64>) -> Bounds {
    let unsaid = if bytes.is_some() { usize::MAX } else { MAX_ENTRIES };
    Bounds { entries: entries.unwrap_or(unsaid), bytes: bytes.unwrap_or(u64::MAX) }
}

/// What the low-level cache asks in a bypass, whatever the alias.
#[cfg(feature = "bytes")]
pub(crate) fn nowhere() -> Arc<Channel> {
    static NOWHERE: OnceLock<Arc<Channel>> = OnceLock::new();
    let make = || {
        Arc::new(Channel {
            capabilities: Nothing.capabilities(),
            backend: Meter::counting(Arc::new(Nothing)),
            prefix: String::new(),
            op_timeout: OP_TIMEOUT,
            max_value_bytes: usize::MAX,
            turns: Arc::default(),
            is_used: AtomicBool::new(false),
        })
    };
    Arc::clone(NOWHERE.get_or_init(make))
}

/// A fault for each store in this process for which two aliases want different bounds.
pub(crate) fn judge_stores(aliases: &BTreeMap<String, Arc<Alias>>, faults: &mut Vec<String>) {
    let mut seen: BTreeMap<&str, (&str, Bounds)> = BTreeMap::new();
    for (name, alias) in aliases {
        let Some(Shared { location, bounds, .. }) = &alias.local else { continue };
        let (first, bounded) = *seen.entry(location).or_insert((name, *bounds));
        if bounded != *bounds {
            faults.push(format!(
                "backends.{first} and backends.{name} share the store \"{location}\" with different bounds; give both \
                 the same `max_entries` and `max_bytes`, or each a `location` of its own"
            ));
        }
    }
}

type Backing = Option<Result<Option<Arc<dyn Backend>>, Error>>;

/// The kind's name, and the backend it makes: none for the two in-process kinds.
fn kind_of(options: &Options, faults: &mut Vec<String>) -> (String, Backing) {
    if let Some(backend) = options.made() {
        options.judge_names(&COMMON, faults);
        return ("custom".into(), Some(Ok(Some(backend))));
    }
    let path = options.path();
    let every = || {
        [&COMMON[..], &inventory::iter::<Kind>().flat_map(|kind| kind.options).copied().collect::<Vec<_>>()].concat()
    };
    let Some(name) = (Reader { options, faults }).one(Options::text, "kind") else {
        if options.source("kind").is_none() {
            let from = options.names().next().map_or(String::new(), |(_, source)| format!(" (from {source})"));
            faults.push(format!("{path} has no `kind`{from}; known kinds: {}", kinds().join(", ")));
        }
        options.judge_names(&every(), faults);
        return (String::new(), None);
    };
    if name == "memory" || name == "dummy" {
        // Options of other kinds stay without effect, so that one variable can switch an alias off.
        options.judge_names(&[&every()[..], &["location"]].concat(), faults);
        return (name.into(), Some(Ok(None)));
    }
    let Some(kind) = inventory::iter::<Kind>().find(|kind| kind.name == name) else {
        let kinds = kinds();
        let remedy = match did_you_mean(name, kinds.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!(
                "a kind of another crate needs that crate, and `cached_core::link!(cached_{})` if nothing else names it",
                name.replace('-', "_")
            ),
        };
        let from = options.source("kind").map_or(String::new(), |source| format!(" (from {source})"));
        faults.push(format!("{path}.kind: unknown kind \"{name}\"{from}; known kinds: {}; {remedy}", kinds.join(", ")));
        options.judge_names(&every(), faults);
        return (name.into(), None);
    };
    options.judge_names(&[&COMMON[..], kind.options].concat(), faults);
    (name.into(), Some((kind.make)(options).map(Some)))
}

/// Whether the value of an option may be shown.
pub(crate) fn is_open(kind: &str, option: &str) -> bool {
    let of_kind = || inventory::iter::<Kind>().find(|known| known.name == kind);
    COMMON.contains(&option) || of_kind().is_some_and(|kind| kind.open.contains(&option))
}

/// A fault for each name that two kinds have, with the places of both.
pub(crate) fn judge_kinds(faults: &mut Vec<String>) {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for kind in inventory::iter::<Kind>() {
        places.entry(kind.name).or_default().push(format!("{}:{}", kind.at.file(), kind.at.line()));
    }
    for own in ["memory", "dummy"] {
        places.entry(own).or_default().push("cached-core".into());
    }
    for (name, mut at) in places.into_iter().filter(|(_, at)| at.len() > 1) {
        at.sort();
        faults.push(format!("two kinds are called \"{name}\": {}", at.join(" and ")));
    }
}

fn kinds() -> Vec<&'static str> {
    let mut names: Vec<_> = inventory::iter::<Kind>().map(|kind| kind.name).chain(["memory", "dummy"]).collect();
    names.sort_unstable();
    names.dedup();
    names
}
/// A text as part of a storage key: letters, digits and `-` stay, all else is `_` and its code.
fn clean(text: &str) -> String {
    use std::fmt::Write as _;
    let mut clean = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            clean.push(char::from(byte));
        } else {
            let _ = write!(clean, "_{byte:02x}");
        }
    }
    if clean.len() > 48 {
        let digest = crate::codec::digest(text.as_bytes());
        clean.truncate(24);
        // A mark that no clean text has, so that the two forms never meet.
        clean.push('.');
        digest[..8].iter().for_each(|byte| {
            let _ = write!(clean, "{byte:02x}");
        });
    }
    clean
}
