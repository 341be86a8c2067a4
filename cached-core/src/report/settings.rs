//! What is configured, for people.
//!
//! In: the configuration in force. Out: each backend with its figures, and each value with where it came from. A value
//! that may be a secret is not shown: only those are that every kind has, or that a kind says are open.

use super::SiteReport;
use crate::breaker::Breaker;
use crate::meter::{Latency, Meter};
use crate::options::Options;
use crate::registry::{self, Alias, Place, Registry};
use crate::site::sites;

/// One value of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// What it belongs to: `backends.shared`, `sites."shop::*"`; empty for the whole.
    pub path: String,
    /// Its name.
    pub name: String,
    /// The value as it is written; none where it may be a secret.
    pub value: Option<String>,
    /// Where it came from: a file and its line, a variable, a place in the program.
    pub source: String,
}

/// One configured backend.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackendReport {
    /// Its name.
    pub alias: String,
    /// Its kind.
    pub kind: String,
    /// Its options.
    pub options: Vec<Setting>,
    /// How many sites it serves.
    pub sites: usize,
    /// How many values it holds in memory, of functions and of the low-level cache; none for one that keeps bytes
    /// elsewhere.
    pub entries: Option<u64>,
    /// What they weigh, in bytes.
    pub bytes: Option<u64>,
    /// The calls of its sites, by how they ended.
    pub calls: Vec<(&'static str, u64)>,
    /// What was asked of it in bytes, by how that ended: for a memory by the low-level cache, for others by everybody.
    pub operations: Vec<(&'static str, u64)>,
    /// How long those took that were answered; no steps for a store in this process.
    pub latency: Latency,
    /// It failed so often in a row that it is left alone for now.
    pub is_broken: bool,
    /// How often that happened so far.
    pub broke: u64,
}

/// Every configured backend, by its alias.
pub fn backends() -> Vec<BackendReport> {
    let of_sites: Vec<_> = sites().into_iter().map(SiteReport::of).collect();
    backends_of(&registry::current(), &of_sites)
}

/// The backends of a configuration, whose sites did this.
pub(super) fn backends_of(registry: &Registry, sites: &[SiteReport]) -> Vec<BackendReport> {
    registry.aliases.values().map(|alias| BackendReport::of(alias, sites)).collect()
}

/// The whole configuration in force, each value with where it came from.
pub fn settings() -> Vec<Setting> {
    let registry = registry::current();
    let whole = |name: &str, value: String| Setting {
        path: String::new(),
        name: name.into(),
        value: Some(value),
        source: "in force".into(),
    };
    let mut settings = vec![whole("namespace", registry.namespace.clone())];
    if registry.verify > 0.0 {
        settings.push(whole("verify", format!("{}%", registry.verify * 100.0)));
    }
    let aliases = registry.aliases.values().map(|alias| &alias.options);
    let of_sites = registry.overrides.iter().chain(&registry.retuned);
    settings.extend(aliases.chain(of_sites).flat_map(Setting::of));
    settings
}

impl Setting {
    fn of(options: &Options) -> Vec<Setting> {
        let kind = options.text("kind").ok().flatten().unwrap_or_default();
        let is_open = |name: &str| !options.path().starts_with("backends.") || registry::is_open(kind, name);
        let setting = |(name, source): (&str, &crate::options::Source)| Setting {
            path: options.path().to_owned(),
            name: name.to_owned(),
            value: if is_open(name) { options.shown(name) } else { None },
            source: source.to_string(),
        };
        options.names().map(setting).collect()
    }
}

impl BackendReport {
    fn of(alias: &Alias, sites: &[SiteReport]) -> Self {
        let mine: Vec<_> = sites.iter().filter(|site| *site.alias == *alias.name).collect();
        let sum = |figure: fn(&SiteReport) -> u64| mine.iter().map(|site| figure(site)).fold(0, u64::saturating_add);
        let in_memory = matches!(alias.place, Place::Memory) || alias.near.is_some();
        // What is asked of a backend behind another alias is counted there.
        let meter = alias.near.is_none().then_some(&alias.cache.backend);
        let breaker = meter.and_then(Meter::breaker);
        let held = alias.local.as_ref().map_or((0, 0), |local| local.store.holds());
        BackendReport {
            alias: alias.name.to_string(),
            kind: alias.kind.to_string(),
            options: Setting::of(&alias.options),
            sites: mine.len(),
            entries: in_memory.then(|| sum(|site| site.stats.entries) + held.0),
            bytes: in_memory.then(|| sum(|site| site.stats.bytes) + held.1),
            operations: meter.map_or(Vec::new(), Meter::counted),
            latency: meter.map_or(Latency::default(), Meter::latency),
            is_broken: breaker.is_some_and(Breaker::is_open),
            broke: breaker.map_or(0, Breaker::broke),
            calls: vec![
                ("hits", sum(|site| site.stats.hits)),
                ("stale hits", sum(|site| site.stats.stale)),
                ("joined", sum(|site| site.stats.joined)),
                ("misses", sum(|site| site.stats.misses)),
                ("bypassed", sum(|site| site.stats.bypassed)),
                ("errors of bodies", sum(|site| site.stats.errors)),
                ("faults of the backend", sum(|site| site.stats.backend_errors)),
                ("not stored", sum(|site| site.stats.not_stored)),
                ("evicted", sum(|site| site.stats.evictions)),
            ],
        }
    }
}
