//! Where the calls of a site go.
//!
//! In: what the attribute says, the overrides that name the site, and its alias. Out: a route, in
//! which an override wins over the attribute, the attribute over the alias, the alias over the kind.

use std::sync::Arc;
use std::time::Duration;

use super::copies::Copies;
use super::lives::{self, Lives, share};
use super::{Flight, Policy, Site};
use crate::clock;
use crate::error::Error;
use crate::memory::Bounds;
use crate::options::{Options, Reader, Setting, bound, bytes};
use crate::registry::{self, Alias, BYTE_TTL, MAX_ENTRIES, Place, Registry};
use crate::scope;
use crate::store::Channel;
use crate::trail::{self, Show};

/// Where the calls of a site go, and how values are kept.
pub(crate) struct Route {
    pub(crate) alias: Arc<str>,
    pub(crate) kind: Arc<str>,
    pub(crate) way: Way,
    /// The alias's bytes, also while the site is switched off: what is invalidated then stays so.
    pub(crate) bytes: Option<Arc<Channel>>,
    /// Of what is bytes, copies are kept in memory.
    pub(crate) copies: Option<Copies>,
    pub(crate) lives: Lives,
    pub(crate) bounds: Bounds,
    pub(crate) flight: Flight,
    /// Whoever finds a value stale is served it, and another computes.
    pub(crate) behind: bool,
    /// The share of hits for which the body runs as well.
    pub(crate) verify: f64,
    /// What the recorder may show of its calls, if anybody said so.
    pub(crate) show: Option<Show>,
    pub(crate) join_timeout: Duration,
    /// Values that are not the default, each with where it came from.
    pub(crate) policy: Vec<String>,
}

#[derive(Clone)]
pub(crate) enum Way {
    Memory,
    Bytes(Arc<Channel>),
    /// The cache is not asked.
    Off(Off),
}

/// Why the cache is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Off {
    /// Somebody switched the site off.
    Disabled,
    /// Its backend keeps nothing.
    Dummy,
    /// Nobody configured its alias.
    Unknown,
    /// Its backend keeps bytes, and its types cannot be bytes.
    Unencodable,
}

impl Way {
    pub(crate) fn same(&self, other: &Way) -> bool {
        match (self, other) {
            (Way::Memory, Way::Memory) => true,
            (Way::Bytes(a), Way::Bytes(b)) => Arc::ptr_eq(a, b),
            (Way::Off(a), Way::Off(b)) => a == b,
            _ => false,
        }
    }
}

impl Site {
    /// The route that `registry` gives this site, switched off and on so often; what is wrong with it goes to `faults`.
    pub(crate) fn resolve(&self, registry: &Registry, switched: u64, faults: &mut Vec<String>) -> Route {
        let at = self.at();
        let policy = &self.meta.policy;
        let placed = |fault: String| if fault.starts_with("its ") { format!("{at}: {fault}") } else { fault };
        let mut notes = Vec::new();
        let overrides = self.overrides(registry);
        let mut wrong = Vec::new();
        let mut find = Finder { overrides: &overrides, faults: &mut wrong, notes: &mut notes };
        let named = find.one(Options::text, "backend");
        let enabled = find.one(Options::flag, "enabled").unwrap_or(true) && switched.is_multiple_of(2);
        let flight = find.one(flight, "flight").unwrap_or(policy.flight);
        let verify = find.one(share, "verify").unwrap_or(policy.verify.max(registry.verify));
        let show = find.or(show, "show", policy.show, show_shown);
        let behind = find.or(behind, "refresh", policy.behind.then_some(true), show_behind).unwrap_or_default();
        if behind && !policy.behind {
            find.faults
                .push("its attribute has to say `refresh = \"background\"`: how to call the function again".into());
        }
        let wanted = named.unwrap_or(self.meta.alias);
        let Some(alias) = registry.aliases.get(wanted) else {
            // An alias that could not be made is not unknown: its own fault names this site.
            faults.extend(wrong.into_iter().map(placed));
            if !registry.broken.contains(wanted) {
                let source = overrides.iter().rev().find_map(|options| options.source("backend"));
                let from = source.map_or(String::new(), |source| format!(" (from {source})"));
                faults.push(format!("{at}: {}{from}", registry.unknown(wanted)));
            }
            return Route { alias: wanted.into(), ..Route::off(Off::Unknown) };
        };
        let way = match (&alias.place, enabled) {
            (_, false) => Way::Off(Off::Disabled),
            (Place::Dummy, true) => Way::Off(Off::Dummy),
            (Place::Memory, true) => Way::Memory,
            (Place::Bytes(_), true) if !(self.meta.encodable)() => {
                faults.push(format!(
                    "{at}: key and value must be bytes on backend \"{}\" ({}), and serde cannot carry them; derive \
                     `Serialize` for the arguments in the key and `Serialize, Deserialize` for the returned value (not \
                     `Option<Option<_>>` or `Option<()>`: bytes lose what is inside), or choose a memory backend",
                    alias.name, alias.kind
                ));
                Way::Off(Off::Unencodable)
            }
            (Place::Bytes(channel), true) => Way::Bytes(Arc::clone(channel)),
        };
        let of_alias = |name: &str| {
            let source = alias.options.source(name).map_or(String::new(), |source| format!(", {source}"));
            format!("alias{source}")
        };
        let lives = Lives::find(&mut find, policy, || match &way {
            _ if alias.ttl.is_some() => alias.ttl.map(|ttl| (ttl, of_alias("ttl"))),
            Way::Bytes(_) => Some((BYTE_TTL, "kind".into())),
            Way::Memory | Way::Off(_) => None,
        });
        let bounds = find.bounds(policy, alias, &of_alias);
        faults.extend(wrong.into_iter().map(placed));
        Route {
            alias: Arc::clone(&alias.name),
            kind: Arc::clone(&alias.kind),
            bytes: match &alias.place {
                Place::Bytes(channel) if (self.meta.encodable)() => Some(Arc::clone(channel)),
                _ => None,
            },
            copies: alias.near.as_ref().filter(|_| matches!(way, Way::Bytes(_))).map(|near| Copies::of(near, self)),
            way,
            lives,
            bounds,
            flight,
            behind,
            verify,
            show,
            join_timeout: alias.join_timeout,
            policy: notes,
        }
    }

    /// The overrides that name this site, the most exact last.
    fn overrides<'a>(&self, registry: &'a Registry) -> Vec<&'a Options> {
        let name = self.name();
        registry.overrides.iter().chain(&registry.retuned).filter(|options| matches(pattern(options), name)).collect()
    }

    /// The alias that the site asks for, whether there is one or not.
    pub(crate) fn wanted<'a>(&self, registry: &'a Registry) -> &'a str
    where
        'static: 'a,
    {
        let named =
            self.overrides(registry).into_iter().rev().find_map(|options| options.text("backend").ok().flatten());
        named.unwrap_or(self.meta.alias)
    }
}

impl Route {
    /// Whether values are in memory, themselves or copies.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.way, Way::Memory) || self.copies.is_some()
    }

    /// The longest life of what is in memory, and the longest time between two hits, in nanoseconds.
    pub(crate) fn longest(&self) -> (u64, u64) {
        let (life, idle) = self.lives.longest();
        let copy = self.copies.as_ref().map_or(clock::NEVER, |copies| clock::after(0, copies.life(self.lives.idle)));
        (life.min(copy), idle)
    }

    /// Whether a hit needs to know nothing of the route.
    pub(super) fn is_fast(&self) -> bool {
        self.is_in_memory() && self.verify <= 0.0 && !scope::is_open() && !trail::is_on()
    }

    pub(super) fn off(why: Off) -> Self {
        Self {
            alias: "".into(),
            kind: "none".into(),
            way: Way::Off(why),
            bytes: None,
            copies: None,
            lives: Lives::none(),
            bounds: Bounds { entries: MAX_ENTRIES, bytes: u64::MAX },
            flight: Flight::Process,
            behind: false,
            verify: 0.0,
            show: None,
            join_timeout: registry::JOIN_TIMEOUT,
            policy: Vec::new(),
        }
    }
}

/// Finds policy values: override before attribute.
pub(super) struct Finder<'a, 'f> {
    overrides: &'a [&'a Options],
    pub(super) faults: &'f mut Vec<String>,
    pub(super) notes: &'f mut Vec<String>,
}

impl<'a> Finder<'a, '_> {
    /// The last override that gives the option.
    pub(super) fn one<T>(
        &mut self,
        read: impl Fn(&'a Options, &str) -> Result<Option<T>, Error>,
        name: &str,
    ) -> Option<T> {
        let options = self.overrides.iter().rev().find(|options| options.source(name).is_some())?;
        let found = Reader { options, faults: self.faults }.one(read, name)?;
        let source = options.source(name).map_or(String::new(), ToString::to_string);
        self.notes.push(format!("{name} ({source})"));
        Some(found)
    }

    pub(super) fn or<T>(
        &mut self,
        read: impl Fn(&'a Options, &str) -> Result<Option<T>, Error>,
        name: &str,
        attribute: Option<T>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        if let Some(found) = self.one(read, name) {
            self.notes.pop();
            let options = self.overrides.iter().rev().find_map(|options| options.source(name));
            let source = options.map_or(String::new(), ToString::to_string);
            self.notes.push(format!("{} ({source})", show(&found)));
            return Some(found);
        }
        if let Some(value) = &attribute {
            self.notes.push(format!("{} (attribute)", show(value)));
        }
        attribute
    }
}

impl Finder<'_, '_> {
    /// How much the site may hold. Who bounds the bytes need not bound the entries.
    fn bounds(&mut self, policy: &Policy, alias: &Alias, of_alias: &dyn Fn(&str) -> String) -> Bounds {
        let entries = self.or(bound, "max_entries", policy.max_entries, show_bound);
        let bytes = self.or(bytes, "max_bytes", policy.max_bytes, show_bytes);
        if bytes.is_some() && !policy.weighs {
            self.faults.push("its `max_bytes` needs `weigh = |value| …` in the attribute: what a value holds".into());
        }
        let mut of_alias = |shown: Option<String>, name| {
            self.notes.extend(shown.map(|shown| format!("{shown} ({})", of_alias(name))));
        };
        of_alias(alias.max_entries.filter(|_| entries.is_none()).map(|entries| show_bound(&entries)), "max_entries");
        of_alias(alias.max_bytes.filter(|_| bytes.is_none()).map(|bytes| show_bytes(&bytes)), "max_bytes");
        let bytes = bytes.or(alias.max_bytes).unwrap_or(u64::MAX);
        // Values that do not say what they hold are bounded by their number all the same.
        let usual = if bytes == u64::MAX || !policy.weighs { MAX_ENTRIES } else { usize::MAX };
        Bounds { entries: entries.or(alias.max_entries).unwrap_or(usual), bytes }
    }
}

fn show_bound(max_entries: &usize) -> String {
    if *max_entries == usize::MAX { "max_entries unbounded".into() } else { format!("max_entries {max_entries}") }
}

fn show_bytes(max_bytes: &u64) -> String {
    match *max_bytes {
        u64::MAX => "max_bytes unbounded".into(),
        bytes if bytes % (1 << 20) == 0 => format!("max_bytes {}MiB", bytes >> 20),
        bytes if bytes % (1 << 10) == 0 => format!("max_bytes {}KiB", bytes >> 10),
        bytes => format!("max_bytes {bytes}B"),
    }
}

fn show_behind(behind: &bool) -> String {
    if *behind { "refresh background".into() } else { "refresh off".into() }
}

pub(super) fn show_time(name: &str, time: Duration) -> String {
    match time {
        Duration::MAX => format!("{name} forever"),
        Duration::ZERO => format!("{name} never"),
        time => format!("{name} {}", humantime::format_duration(time)),
    }
}

/// `flight`: how many may compute a key at one time.
fn flight(options: &Options, name: &str) -> Result<Option<Flight>, Error> {
    options.get(name, "\"process\", \"distributed\" or \"off\"", |value| match value {
        Setting::Text(text) if text == "process" => Some(Flight::Process),
        Setting::Text(text) if text == "distributed" => Some(Flight::Distributed),
        Setting::Text(text) if text == "off" => Some(Flight::Off),
        _ => None,
    })
}

/// `show`: what the recorder may show.
fn show(options: &Options, name: &str) -> Result<Option<Show>, Error> {
    options.get(name, "\"nothing\", \"keys\" or \"values\"", |value| match value {
        Setting::Text(text) => [Show::Nothing, Show::Keys, Show::Values].into_iter().find(|show| show.word() == text),
        _ => None,
    })
}

fn show_shown(show: &Show) -> String {
    format!("show {}", show.word())
}

/// `refresh`: whether another computes what a caller finds stale.
fn behind(options: &Options, name: &str) -> Result<Option<bool>, Error> {
    options.get(name, "\"background\" or \"off\"", |value| match value {
        Setting::Text(text) if text == "background" => Some(true),
        Setting::Text(text) if text == "off" => Some(false),
        _ => None,
    })
}

/// What is wrong with the values of an override, whether it names a site or not.
pub(crate) fn judge_override(options: &Options, faults: &mut Vec<String>) {
    let mut read = Reader { options, faults };
    read.one(Options::text, "backend");
    read.one(Options::flag, "enabled");
    read.one(flight, "flight");
    read.one(behind, "refresh");
    read.one(share, "verify");
    read.one(show, "show");
    lives::judge(&mut read);
    read.one(bound, "max_entries");
    read.one(bytes, "max_bytes");
}

/// The pattern of an override: the path without `sites.`.
pub(crate) fn pattern(options: &Options) -> &str {
    options.path().strip_prefix("sites.").unwrap_or(options.path()).trim_matches('"')
}

/// Whether a pattern names a site; `*` stands for one segment of the path.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split("::"), name.split("::"));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}
