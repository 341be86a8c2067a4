//! What the names of backends mean.
//!
//! In: kinds, joined at link time, and the options of each alias. Out: aliases, made once and
//! kept as long as their options stay the same. Nothing here knows functions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Backend;
use crate::error::{Error, ErrorKind, did_you_mean};
use crate::store::Channel;
use crate::sync::{Gate, Mutex};

/// The bound of a site in memory when nobody says another.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// The lifetime on byte backends when nobody says another, as Django's.
pub(crate) const BYTE_TTL: Duration = Duration::from_secs(300);
pub(crate) const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
const OP_TIMEOUT: Duration = Duration::from_millis(100);
const MAX_VALUE_BYTES: usize = 1 << 20;

/// Options that every kind takes.
const COMMON: [&str; 8] =
    ["kind", "ttl", "max_entries", "key_prefix", "version", "join_timeout", "op_timeout", "max_value_bytes"];

/// Spellings of Django's, and what they are called here.
const DJANGO: [(&str, &str); 6] = [
    ("TIMEOUT", "ttl"),
    ("BACKEND", "kind"),
    ("LOCATION", "location"),
    ("KEY_PREFIX", "key_prefix"),
    ("VERSION", "version"),
    ("MAX_ENTRIES", "max_entries"),
];

/// A kind of backend: its name, the options it takes beside the common ones, and how one is made.
///
/// A crate joins its kinds with `inventory::submit! { Kind::new(…) }`.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    options: &'static [&'static str],
    make: Make,
    at: &'static Location<'static>,
}

type Make = fn(&Options) -> Result<Arc<dyn Backend>, Error>;

inventory::collect!(Kind);

impl Kind {
    /// A kind called `name`. `make` opens nothing: it only judges the options.
    #[track_caller]
    pub const fn new(name: &'static str, options: &'static [&'static str], make: Make) -> Self {
        Self { name, options, make, at: Location::caller() }
    }
}

/// A value of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Setting {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    List(Vec<Setting>),
    /// A backend that the program made itself.
    Made(Made),
}

/// A backend that the program made itself; equal when it is the same one.
#[derive(Clone)]
pub(crate) struct Made(pub(crate) Arc<dyn Backend>);

impl PartialEq for Made {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made")
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Without configuration.
    Default,
    /// A call of the configuration's methods, or a line of a file.
    Place(String),
    /// An environment variable.
    Env(String),
}

impl Source {
    #[track_caller]
    pub(crate) fn here() -> Self {
        let caller = Location::caller();
        Source::Place(format!("{}:{}", caller.file(), caller.line()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::Place(place) | Source::Env(place) => f.write_str(place),
        }
    }
}

/// The options of one alias or one site override, each with where it came from.
#[derive(Clone, Default)]
pub struct Options {
    /// What the options belong to: `backends.shared`, `sites."shop::*"`.
    path: String,
    values: BTreeMap<String, (Setting, Source)>,
}

impl fmt::Debug for Options {
    /// Names and sources; a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.path)?;
        f.debug_map().entries(self.names()).finish()
    }
}

impl Options {
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), values: BTreeMap::new() }
    }

    /// The name of the alias.
    pub fn alias(&self) -> &str {
        self.path.strip_prefix("backends.").unwrap_or(&self.path)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn set(&mut self, name: impl Into<String>, value: Setting, source: Source) {
        self.values.insert(name.into(), (value, source));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.values.iter().map(|(name, (_, source))| (name.as_str(), source))
    }

    pub(crate) fn source(&self, name: &str) -> Option<&Source> {
        self.values.get(name).map(|(_, source)| source)
    }

    fn same(&self, other: &Options) -> bool {
        let (a, b) = (&self.values, &other.values);
        a.len() == b.len() && a.iter().zip(b).all(|((n, (v, _)), (m, (w, _)))| n == m && v == w)
    }

    /// The text of an option.
    ///
    /// # Errors
    /// When it is there and not a text.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        self.get(name, "a text", |value| match value {
            Setting::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The number of an option, at least 0.
    ///
    /// # Errors
    /// When it is there and not a whole number that fits.
    pub fn count(&self, name: &str) -> Result<Option<usize>, Error> {
        self.get(name, "a whole number", |value| match value {
            Setting::Integer(number) => usize::try_from(*number).ok(),
            Setting::Text(text) => text.trim().replace('_', "").parse().ok(),
            _ => None,
        })
    }

    /// The duration of an option, written as `"5m"` or `"1h 30m"`.
    ///
    /// # Errors
    /// When it is there and not such a text, or zero.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, Error> {
        self.get(name, "a duration above zero like \"5m\" or \"1h 30m\"", |value| match value {
            Setting::Text(text) => humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero()),
            _ => None,
        })
    }

    /// The truth value of an option: `true` or `false`, nothing else.
    ///
    /// # Errors
    /// When it is there and neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        self.get(name, "true or false", |value| match value {
            Setting::Flag(flag) => Some(*flag),
            Setting::Text(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// Where the program gave its own backend, if it did.
    pub(crate) fn made_at(&self) -> Option<&Source> {
        self.made().and(self.source("kind"))
    }

    fn made(&self) -> Option<Arc<dyn Backend>> {
        match self.values.get("kind") {
            Some((Setting::Made(made), _)) => Some(Arc::clone(&made.0)),
            _ => None,
        }
    }

    pub(crate) fn get<'a, T>(
        &'a self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&'a Setting) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some((value, source)) = self.values.get(name) else { return Ok(None) };
        let wrong = || {
            let path = &self.path;
            // The value is not repeated: it may be a secret.
            Error::new(ErrorKind::Config, format!("{path}.{name} is not {expected} (from {source})"))
        };
        read(value).ok_or_else(wrong).map(Some)
    }

    /// A fault for each option that is not one of `known`.
    pub(crate) fn judge_names(&self, known: &[&str], faults: &mut Vec<String>) {
        for (name, source) in self.names() {
            if known.contains(&name) {
                continue;
            }
            let spelled = |(django, here): &&(&str, &str)| django.eq_ignore_ascii_case(name) && *here != name;
            let remedy = match DJANGO.iter().find(spelled) {
                None if name.eq_ignore_ascii_case("OPTIONS") => "here the options stand one level up".into(),
                Some((django, here)) => format!("`{django}`: here `{here}`"),
                None => match did_you_mean(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known options: {}", known.join(", ")),
                },
            };
            faults.push(format!("{}.{name}: no such option (from {source}); {remedy}", self.path));
        }
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
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) place: Place,
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_entries: Option<usize>,
    pub(crate) join_timeout: Duration,
    pub(crate) options: Options,
}

/// Everything that is configured, at one moment.
pub(crate) struct Registry {
    pub(crate) namespace: String,
    pub(crate) aliases: BTreeMap<String, Arc<Alias>>,
    /// Names that are configured and could not be made.
    pub(crate) broken: BTreeSet<String>,
    /// Overrides, in their order: pattern of the site's name, options.
    pub(crate) overrides: Vec<Options>,
    pub(crate) warnings: Vec<String>,
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

/// Puts `registry` in the place of the installed one.
pub(crate) fn replace(registry: Arc<Registry>) {
    let old = CURRENT.lock().replace(registry);
    drop(old);
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
            warnings: Vec::new(),
        }
    }

    /// Without configuration `default` is memory.
    pub(crate) fn add_default(&mut self) {
        if !self.aliases.contains_key("default") {
            let mut options = Options::new("backends.default");
            options.set("kind", Setting::Text("memory".into()), Source::Default);
            if let Ok(alias) = Alias::make(options, &self.namespace, None) {
                self.aliases.insert(alias.name.clone(), alias);
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
        let name = options.alias().to_owned();
        let (kind, made) = kind_of(&options, &mut faults);
        let mut read = Reader { options: &options, faults: &mut faults };
        let ttl = read.one(Options::duration, "ttl");
        let max_entries = read.one(bound, "max_entries");
        let join_timeout = read.one(Options::duration, "join_timeout").unwrap_or(JOIN_TIMEOUT);
        let op_timeout = read.one(Options::duration, "op_timeout").unwrap_or(OP_TIMEOUT);
        let max_value_bytes = read.one(Options::count, "max_value_bytes").unwrap_or(MAX_VALUE_BYTES);
        let prefix = [namespace, read.one(Options::text, "key_prefix").unwrap_or("")].map(clean);
        let version = read.one(Options::count, "version").unwrap_or(1);
        let place = match made {
            Some(Ok(Some(backend))) if !backend.capabilities().conditional => {
                let path = options.path();
                faults.push(format!(
                    "{path}: this backend cannot write on a condition, so an invalidation would not hold"
                ));
                Place::Dummy
            }
            Some(Ok(Some(backend))) => Place::Bytes(Arc::new(Channel {
                capabilities: backend.capabilities(),
                backend,
                prefix: format!("{}:{}:{version}", prefix[0], prefix[1]),
                op_timeout,
                max_value_bytes,
                gate: Gate::new(),
            })),
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
        Ok(Arc::new(Alias { name, kind, place, ttl, max_entries, join_timeout, options }))
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
            faults.push(format!("{path} has no `kind`; known kinds: {}", kinds().join(", ")));
        }
        options.judge_names(&every(), faults);
        return (String::new(), None);
    };
    if name == "memory" || name == "dummy" {
        // Options of other kinds stay without effect, so that one variable can switch an alias off.
        options.judge_names(&every(), faults);
        return (name.into(), Some(Ok(None)));
    }
    let Some(kind) = inventory::iter::<Kind>().find(|kind| kind.name == name) else {
        let kinds = kinds();
        let near = did_you_mean(name, kinds.iter().copied());
        let near = near.map_or(String::new(), |near| format!(" (did you mean \"{near}\"?)"));
        faults.push(format!(
            "{path}.kind: unknown kind \"{name}\"{near}; known kinds: {}; a kind of another crate \
             needs that crate, and `cached_core::link!(cached_{})` if nothing else names it",
            kinds.join(", "),
            name.replace('-', "_"),
        ));
        options.judge_names(&every(), faults);
        return (name.into(), None);
    };
    options.judge_names(&[&COMMON[..], kind.options].concat(), faults);
    (name.into(), Some((kind.make)(options).map(Some)))
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
    names
}

/// `max_entries`: a number above zero, or `"unbounded"`.
pub(crate) fn bound(options: &Options, name: &str) -> Result<Option<usize>, Error> {
    options.get(name, "a number above zero or \"unbounded\"", |value| match value {
        Setting::Integer(number) => usize::try_from(*number).ok().filter(|number| *number > 0),
        Setting::Text(text) if text == "unbounded" => Some(usize::MAX),
        Setting::Text(text) => text.trim().replace('_', "").parse().ok().filter(|number| *number > 0),
        _ => None,
    })
}

/// Reads options one by one and gathers what is wrong with them.
pub(crate) struct Reader<'a, 'f> {
    pub(crate) options: &'a Options,
    pub(crate) faults: &'f mut Vec<String>,
}

impl<'a> Reader<'a, '_> {
    pub(crate) fn one<T>(
        &mut self,
        read: impl FnOnce(&'a Options, &str) -> Result<Option<T>, Error>,
        name: &str,
    ) -> Option<T> {
        read(self.options, name).unwrap_or_else(|error| {
            self.faults.push(error.to_string());
            None
        })
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
