//! What one name means: where its entries live, and the values of its policy.
//!
//! In: the options of an alias. Out: the alias, or everything that is wrong with it; the one before, if nothing changed.

use std::collections::BTreeMap;
use std::sync::Arc;
#[cfg(feature = "bytes")]
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::kind::{Made, TIERED, kind_of};
use super::{JOIN_TIMEOUT, MAX_ENTRIES, Registry};
use crate::backend::Backend as _;
use crate::breaker::FAILURES;
use crate::local::{Local, Nothing};
use crate::memory::Bounds;
use crate::meter::Meter;
use crate::near::{LIFE, Near, UNHEARD};
use crate::options::{KeyFunction, Options, Reader, bound, breaker, bytes, codec, key_function, lifetime, write};
use crate::store::Channel;

const OP_TIMEOUT: Duration = Duration::from_millis(100);
const MAX_VALUE_BYTES: usize = 1 << 20;

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
    /// Which store that is, for all aliases on it.
    pub(crate) store: Arc<str>,
    pub(crate) keys: Keys,
    /// Of the kind `tiered`: what is known of the copies in memory.
    pub(crate) near: Option<Arc<Near>>,
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
#[derive(Clone)]
#[cfg_attr(not(feature = "bytes"), expect(dead_code, reason = "the low-level cache asks for it"))]
pub(crate) struct Keys {
    /// Namespace and prefix, clean: the beginning of every storage key.
    pub(crate) base: String,
    pub(crate) prefix: String,
    pub(crate) version: u64,
    pub(crate) function: Option<KeyFunction>,
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
        let format = read.one(codec, "codec").unwrap_or_default().at_most(max_value_bytes);
        let writes_behind = read.one(write, "write").unwrap_or(false);
        let prefix = read.one(Options::text, "key_prefix").unwrap_or("").to_owned();
        let version = read.one(Options::count, "version").unwrap_or(1);
        let function = read.one(key_function, "key_function");
        // Elsewhere it is the kind's to read.
        let location = Some(&made).filter(|made| matches!(made, Made::Memory));
        let location = location.and_then(|_| read.one(Options::text, "location")).unwrap_or(&name);
        let base = format!("{}:{}", clean(namespace), clean(&prefix));
        let channel = |backend, capabilities, turns| {
            let (prefix, is_used) = (format!("{base}:{version}"), AtomicBool::new(false));
            Arc::new(Channel {
                backend,
                capabilities,
                prefix,
                op_timeout,
                max_value_bytes,
                format,
                writes_behind,
                turns,
                is_used,
            })
        };
        let place = match made {
            Made::Bytes(backend) => {
                let capabilities = backend.capabilities();
                Place::Bytes(channel(Meter::watching(backend, failures, op_timeout), capabilities, Arc::default()))
            }
            Made::Memory => Place::Memory,
            Made::Nothing => Place::Dummy,
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
        let store = format!("{kind}\0{}", local.as_ref().map_or(&*name, |local| &*local.location)).into();
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
            store,
            keys,
            near: None,
            local,
        };
        Ok(Arc::new(alias))
    }

    /// Makes an alias that keeps copies in memory of what another alias, made before, holds as bytes.
    pub(crate) fn tiered(
        options: Options,
        registry: &Registry,
        old: Option<&Arc<Alias>>,
    ) -> Result<Arc<Alias>, Vec<String>> {
        let (mut faults, path) = (Vec::new(), options.path().to_owned());
        options.judge_names(&TIERED, &mut faults);
        let mut read = Reader { options: &options, faults: &mut faults };
        let (ttl, join_timeout) = (read.one(lifetime, "ttl"), read.one(Options::duration, "join_timeout"));
        let (max_entries, max_bytes) = (read.one(bound, "max_entries"), read.one(bytes, "max_bytes"));
        let life = read.one(Options::duration, "l1_ttl").unwrap_or(LIFE);
        let unheard = read.one(Options::duration, "l1_ttl_when_disconnected").unwrap_or(UNHEARD);
        let over = read.one(Options::text, "over");
        let below = over.and_then(|over| registry.aliases.get(over));
        let channel = match (over, below.map(|below| (&below.place, &below.near))) {
            (_, Some((Place::Bytes(channel), None))) => Some(Arc::clone(channel)),
            (None, _) => {
                if options.source("over").is_none() {
                    faults.push(format!(
                        "{path} has no `over`: the alias of which it keeps copies, as in over = \"shared\""
                    ));
                }
                None
            }
            (Some(over), Some(_)) => {
                let kind = below.map_or("", |below| &below.kind);
                faults.push(format!(
                    "{path}.over: \"{over}\" is {kind}; a kind that keeps bytes is needed, as file or redis"
                ));
                None
            }
            (Some(over), None) if registry.broken.contains(over) => {
                faults.push(format!("{path}.over: \"{over}\" could not be made"));
                None
            }
            (Some(over), None) => {
                faults.push(format!("{path}.over: {}", registry.unknown(over)));
                None
            }
        };
        let (Some(channel), Some(below), true) = (channel, below, faults.is_empty()) else { return Err(faults) };
        if let Some(old) = old.filter(|old| old.options.same(&options) && Arc::ptr_eq(&old.cache, &channel)) {
            return Ok(Arc::clone(old));
        }
        let alias = Alias {
            name: Arc::from(options.alias()),
            kind: "tiered".into(),
            place: Place::Bytes(Arc::clone(&channel)),
            ttl: ttl.or(below.ttl),
            max_entries,
            max_bytes,
            join_timeout: join_timeout.unwrap_or(below.join_timeout),
            options,
            cache: Arc::clone(&channel),
            store: Arc::clone(&below.store),
            keys: below.keys.clone(),
            near: Some(Arc::new(Near::new(channel, life, unheard))),
            local: None,
        };
        Ok(Arc::new(alias))
    }
}

/// Whether options are those of an alias in front of another.
pub(crate) fn is_tiered(options: &Options) -> bool {
    matches!(options.text("kind"), Ok(Some("tiered")))
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
            format: crate::codec::Format::default(),
            writes_behind: false,
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
        // Which store is not said: of an alias that was another kind it is a URL.
        let (first, bounded) = *seen.entry(location).or_insert((name, *bounds));
        if bounded != *bounds {
            faults.push(format!(
                "backends.{first} and backends.{name} share a store with different bounds; give both the same `max_entries` and `max_bytes`, or each a `location` of its own"
            ));
        }
    }
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
