//! What the names of backends mean.
//!
//! In: kinds, joined at link time, and the options of each alias. Out: aliases, made once and
//! kept as long as their options stay the same. Nothing here knows functions.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::did_you_mean;
use crate::options::{Options, Setting, Source};
use crate::store::Channel;
use crate::sync::Mutex;

mod alias;
mod kind;

pub(crate) use alias::{Alias, Place, is_tiered, judge_stores};
#[cfg(feature = "bytes")]
pub(crate) use alias::{Keys, nowhere};
pub use kind::Kind;
pub(crate) use kind::{is_open, judge_kinds};

/// The bound of a site in memory when nobody says another.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// The lifetime on byte backends when nobody says another, as Django's.
pub(crate) const BYTE_TTL: Duration = Duration::from_secs(300);
pub(crate) const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// A backend was closed: who keeps copies of it asks anew to be told of changes.
    pub(crate) fn closed(&self, channel: &Arc<Channel>) {
        let fronts = self.aliases.values().filter_map(|alias| alias.near.as_ref());
        fronts.filter(|near| Arc::ptr_eq(&near.channel, channel)).for_each(|near| near.closed());
    }

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
