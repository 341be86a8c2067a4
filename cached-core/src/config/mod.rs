//! What a program says about its backends and sites.
//!
//! In: code, TOML, the environment; later layers win, option by option. Out: an installed
//! registry, and every site routed by it; or one error with every fault.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Backend, Key};
use crate::bounded::wait;
use crate::clock;
use crate::codec::judge_codecs;
use crate::error::{Error, ErrorKind, did_you_mean};
use crate::options::{KeyFunction, Made, Options, Setting, Source, judge_functions};
use crate::registry::{self, Alias, Place, Registry, Spawner, Task, is_tiered};
use crate::site::{self, Way, judge_override, matches, pattern, sites};
use crate::workers;

mod layers;
mod retune;
mod watch;

pub use retune::retune;
pub use watch::Watch;

/// Options of a site override.
const SITE_OPTIONS: [&str; 15] = [
    "backend",
    "enabled",
    "ttl",
    "idle",
    "jitter",
    "stale",
    "stale_if_error",
    "refresh",
    "max_entries",
    "max_bytes",
    "errors",
    "none",
    "flight",
    "verify",
    "show",
];

/// The configuration of a program, before it is installed.
///
/// # Example: two aliases, one site retuned
/// ```
/// use cached_core::Config;
///
/// Config::from_toml(r#"
///     [backends.default]
///     kind = "memory"
///     max_entries = 1_000
///     [backends.off]
///     kind = "dummy"
///     [sites."*::price"]
///     ttl = "30s"
/// "#)?.install()?;
/// # Ok::<(), cached_core::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a configuration does nothing until it is installed"]
pub struct Config {
    namespace: Option<String>,
    backends: BTreeMap<String, Options>,
    sites: Vec<Options>,
    /// Settings that name neither an alias nor a site.
    faults: Vec<String>,
    spawner: Option<Spawner>,
    verify: f64,
    strict: bool,
}

impl Config {
    /// An empty configuration: `default` is memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// The configuration in a TOML file.
    ///
    /// # Errors
    /// When the file cannot be read or is not TOML, with its path and line.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::from_text(path.as_ref(), std::fs::read_to_string(path.as_ref()))
    }

    /// The configuration in the text of a file.
    fn from_text(path: &Path, text: io::Result<String>) -> Result<Self, Error> {
        let shown = path.display();
        let text = text.map_err(|error| Error::new(ErrorKind::Parse, format!("{shown} cannot be read: {error}")))?;
        let mut config = Self::new();
        layers::toml(&mut config, &text, &|line| Source::Place(format!("{shown}:{line}")))?;
        Ok(config)
    }

    /// The configuration in a TOML text.
    ///
    /// # Errors
    /// When the text is not TOML, with the line.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let mut config = Self::new();
        layers::toml(&mut config, text, &|line| Source::Place(format!("line {line}")))?;
        Ok(config)
    }

    /// Adds what the environment says: `PREFIX_BACKENDS__SHARED__LOCATION=…`,
    /// `PREFIX_SITES__SHOP__PRICE__TTL=30s`, `PREFIX_VERIFY=100%` (see [`Config::verify`]), and whole
    /// fragments in `PREFIX_TOML`.
    ///
    /// # Errors
    /// When `PREFIX_TOML` is not TOML.
    pub fn env(self, prefix: &str) -> Result<Self, Error> {
        self.env_from(prefix, std::env::vars_os())
    }

    /// As [`Config::env`], from a list of variables.
    ///
    /// # Errors
    /// When `PREFIX_TOML` is not TOML.
    #[doc(hidden)]
    pub fn env_from<N: Into<std::ffi::OsString>>(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (N, N)>,
    ) -> Result<Self, Error> {
        layers::environment(&mut self, prefix, variables.into_iter().map(|(name, value)| (name.into(), value.into())))?;
        Ok(self)
    }

    /// The first part of every storage key; the executable's name if it is left out.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets one option of an alias, as text: `.option("shared", "ttl", "5m")`.
    #[track_caller]
    pub fn option(mut self, alias: &str, name: &str, value: impl Into<String>) -> Self {
        self.alias(alias).set(name, Setting::Text(value.into()), Source::here());
        self
    }

    /// Gives an alias a backend that the program made itself. One alias has one backend: a second
    /// one is a fault of [`Config::install`].
    #[track_caller]
    pub fn backend(mut self, alias: &str, backend: Arc<dyn Backend>) -> Self {
        let here = Source::here();
        if let Some(first) = self.alias(alias).made_at().cloned() {
            self.faults.push(format!("backends.{alias} is given two backends: at {first} and at {here}"));
        }
        self.alias(alias).set("kind", Setting::Made(Made(backend)), here);
        self
    }

    /// Gives an alias a function that makes the keys of the low-level cache, as the option `key_function` does by
    /// its name.
    #[track_caller]
    pub fn key_function(mut self, alias: &str, function: KeyFunction) -> Self {
        self.alias(alias).set("key_function", Setting::Keys(function), Source::here());
        self
    }

    /// Sets one option of the sites that a pattern names: `.site("shop::*::price", "backend", "shared")`.
    /// `*` stands for one segment of the path; a pattern with fewer of them wins.
    #[track_caller]
    pub fn site(mut self, pattern: &str, name: &str, value: impl Into<String>) -> Self {
        self.site_options(pattern).set(name, Setting::Text(value.into()), Source::here());
        self
    }

    /// How a task is started: what refreshes an async function in the background (`refresh = "background"`)
    /// is given to it. It holds until another is given; without one, whoever finds a value stale computes.
    ///
    /// # Example: on tokio
    /// ```ignore
    /// Config::new().spawner(|task| drop(tokio::spawn(task))).install()?;
    /// ```
    pub fn spawner(mut self, spawner: impl Fn(Task) + Send + Sync + 'static) -> Self {
        self.spawner = Some(Arc::new(spawner));
        self
    }

    /// Runs the body on this share of the hits of every site, and reports where the stored value is another:
    /// `1.0` makes of a test suite a proof of the keys. A site's own `verify` may be more, or an override less.
    /// Such a run is beside the flights; if it panics or is cancelled, so is its call. Inside it none is verified.
    /// In TOML `verify = "100%"`, above all tables; in the environment `PREFIX_VERIFY=100%`.
    pub fn verify(mut self, share: f64) -> Self {
        if !(0.0..=1.0).contains(&share) {
            self.faults.push(format!("verify({share}) is not a share from 0 to 1"));
        }
        self.verify = share;
        self
    }

    /// Makes warnings errors: an override that matches no site is then a fault.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Checks everything and puts it in force, also while calls are running. Opens no connection.
    ///
    /// Gives the warnings, which also go to stderr and to the report. An alias whose options did
    /// not change keeps its backend, and a site whose backend did not change keeps its entries.
    ///
    /// # Errors
    /// With every fault at once, each with its file and line; nothing has changed then.
    pub fn install(self) -> Result<Vec<String>, Error> {
        let attempt = |_| {
            let old = registry::current();
            let registry = match Making::begin().and_then(|_making| self.clone().check(&old).map_err(Error::config)) {
                Ok(registry) => Arc::new(registry),
                Err(error) => return Some(Err(error)),
            };
            // If another was installed meanwhile, what was kept of the old one is not in force any more.
            registry::replace(&old, &registry).then_some(Ok(registry))
        };
        let overtaken = || Error::new(ErrorKind::Config, format!("others installed theirs {TRIES} times meanwhile"));
        let registry = (0..TRIES).find_map(attempt).unwrap_or_else(|| Err(overtaken()))?;
        registry::set_bounds();
        for site in sites() {
            site.reroute();
        }
        for warning in &registry.warnings {
            let _ = writeln!(std::io::stderr(), "cached: {warning}");
        }
        Ok(registry.warnings.clone())
    }

    fn check(self, old: &Registry) -> Result<Registry, Vec<String>> {
        let mut faults = self.faults;
        let namespace = self.namespace.unwrap_or_else(registry::executable);
        let mut registry = Registry::empty(namespace);
        registry.verify = self.verify;
        registry.spawner = self.spawner.or_else(|| old.spawner.clone());
        let same_names = old.namespace == registry.namespace;
        let mut broken = BTreeMap::new();
        // Those that are in front of others come after them.
        let (fronts, others): (Vec<_>, Vec<_>) = self.backends.into_iter().partition(|(_, options)| is_tiered(options));
        for (name, options) in others.into_iter().chain(fronts) {
            let before = old.aliases.get(&name).filter(|_| same_names);
            let made = match is_tiered(&options) {
                true => Alias::tiered(options, &registry, before),
                false => Alias::make(options, &registry.namespace, before),
            };
            match made {
                Ok(alias) => drop(registry.aliases.insert(name, alias)),
                Err(found) => {
                    registry.broken.insert(name.clone());
                    broken.insert(name, found);
                }
            }
        }
        registry::judge_kinds(&mut faults);
        judge_functions(&mut faults);
        judge_codecs(&mut faults);
        registry.add_default();
        registry::judge_stores(&registry.aliases, &mut faults);
        registry.overrides = self.sites;
        // The most exact pattern comes last, and wins.
        registry.overrides.sort_by_key(|o| std::cmp::Reverse(pattern(o).matches('*').count()));
        for (name, found) in broken {
            let needed: Vec<_> = sites().iter().filter(|s| s.wanted(&registry) == name).map(|s| s.at()).collect();
            let needed = if needed.is_empty() { String::new() } else { format!("; needed by {}", needed.join(", ")) };
            faults.extend(found.into_iter().map(|fault| fault + &needed));
        }
        for options in &registry.overrides {
            options.judge_names(&SITE_OPTIONS, &mut faults);
            judge_override(options, &mut faults);
        }
        let mut warnings = unmatched(&registry);
        if self.strict {
            faults.append(&mut warnings);
        }
        let mut routes = Vec::new();
        let mut of_sites = Vec::new();
        for site in sites() {
            routes.push((site, site.resolve(&registry, site.switched(), &mut of_sites)));
        }
        faults.append(&mut of_sites);
        dedup(&mut faults);
        faults.extend(same_identity(&routes));
        registry.warnings = warnings;
        if faults.is_empty() { Ok(registry) } else { Err(faults) }
    }

    fn alias(&mut self, name: &str) -> &mut Options {
        self.backends.entry(name.into()).or_insert_with(|| Options::new(format!("backends.{name}")))
    }

    fn site_options(&mut self, pattern: &str) -> &mut Options {
        let path = format!("sites.\"{pattern}\"");
        let place = self.sites.iter().position(|options| options.path() == path).unwrap_or_else(|| {
            self.sites.push(Options::new(path));
            self.sites.len() - 1
        });
        &mut self.sites[place]
    }
}

impl fmt::Debug for Config {
    /// Names and sources; a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut config = f.debug_struct("Config");
        config.field("namespace", &self.namespace).field("backends", &self.backends).field("sites", &self.sites);
        config.field("strict", &self.strict).finish_non_exhaustive()
    }
}

/// How often a configuration is judged again because others were installed meanwhile.
const TRIES: usize = 100;

thread_local! {
    static MAKING: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, this thread makes backends for one configuration, and installs no other.
struct Making;

impl Making {
    fn begin() -> Result<Self, Error> {
        let message = "a backend that is being made cannot install a configuration while another is being installed";
        if MAKING.replace(true) { Err(Error::new(ErrorKind::Config, message)) } else { Ok(Making) }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        MAKING.set(false);
    }
}

/// One wrong option of a pattern is one fault, however many sites the pattern names.
fn dedup(faults: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.clone()));
}

fn unmatched(registry: &Registry) -> Vec<String> {
    let all = sites();
    let nobody = |options: &&Options| !all.iter().any(|site| matches(pattern(options), site.name()));
    let describe = |options: &Options| {
        let wanted = pattern(options);
        let near = did_you_mean(wanted, all.iter().map(|site| site.name()));
        let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        let source = options.names().next().map_or(String::new(), |(_, source)| format!(" (from {source})"));
        format!("{} matches none of {} sites{source}{near}", options.path(), all.len())
    };
    registry.overrides.iter().filter(nobody).map(describe).collect()
}

/// Two sites that would share entries: one `name` given twice, or one written path on byte backends.
fn same_identity(routes: &[(&'static site::Site, site::Route)]) -> Vec<String> {
    let mut by_identity: BTreeMap<&str, Vec<&'static site::Site>> = BTreeMap::new();
    for (site, route) in routes {
        if site.meta().named || matches!(route.way, Way::Bytes(_)) {
            by_identity.entry(site.meta().identity).or_default().push(site);
        }
    }
    let clash = |(identity, sites): (&str, Vec<&'static site::Site>)| {
        let places: Vec<_> = sites.iter().map(|site| site.location()).collect();
        (sites.len() > 1).then(|| {
            format!(
                "{}: one identity \"{identity}\" for {} sites; give each a `name = …`",
                places.join(" and "),
                sites.len()
            )
        })
    };
    by_identity.into_iter().filter_map(clash).collect()
}

/// Asks every byte backend for one key, whatever its breaker says, and gives the answer of each alias. May block as long as
/// `op_timeout` for each.
pub fn check_connections() -> Vec<(String, Result<(), Error>)> {
    let ask = |alias: &Arc<Alias>| match &alias.place {
        Place::Bytes(channel) => {
            let key = Key::from(format!("{}:ping", channel.prefix));
            let answer = wait(channel.op_timeout, || channel.backend.look(&[key])).map(drop);
            Some((alias.name.to_string(), answer))
        }
        Place::Memory | Place::Dummy => None,
    };
    registry::current().aliases.values().filter_map(ask).collect()
}

/// Waits until what was computed is written, and closes the backends, within `deadline`.
///
/// Gives how many writes had not been tried by then; what a backend refused is counted by its site
/// (`Stats::not_stored`). Later calls still work. Call it after a service
/// has stopped taking requests, when `SIGTERM` asked it to.
#[must_use = "the number of writes that were lost"]
pub fn shutdown(deadline: Duration) -> usize {
    let end = clock::after(clock::now(), deadline);
    let unwritten = workers::flush(deadline);
    for alias in registry::current().aliases.values() {
        if let (Place::Bytes(channel), None) = (&alias.place, &alias.near) {
            let rest = clock::until(end);
            // A backend that cannot close in time has nothing of ours left to write.
            let _ = wait(rest, || channel.backend.close(rest));
            registry::current().closed(channel);
        }
    }
    unwritten
}
