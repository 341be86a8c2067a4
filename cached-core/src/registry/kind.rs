//! Kinds of backends, joined at link time.
//!
//! In: the options of an alias. Out: the backend that its kind makes of them, or what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::sync::Arc;

use crate::backend::Backend;
use crate::error::{Error, did_you_mean};
use crate::options::{Options, Reader};

/// Options that every kind takes.
const COMMON: [&str; 13] = [
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
    "codec",
    "breaker",
    "write",
];

/// Options of the kind `tiered`; all others are those of the alias that it is in front of.
pub(super) const TIERED: [&str; 8] =
    ["kind", "over", "ttl", "max_entries", "max_bytes", "join_timeout", "l1_ttl", "l1_ttl_when_disconnected"];

/// The kinds that are not of another crate.
const OWN: [&str; 3] = ["memory", "dummy", "tiered"];

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

/// What a kind makes of the options of an alias.
pub(super) enum Made {
    Memory,
    /// It keeps nothing, or could not be made.
    Nothing,
    Bytes(Arc<dyn Backend>),
}

impl Made {
    /// What a crate made; without conditions there would be no invalidation.
    fn of(backend: Result<Arc<dyn Backend>, Error>, options: &Options, faults: &mut Vec<String>) -> Self {
        match backend {
            Ok(backend) if backend.capabilities().conditional => return Made::Bytes(backend),
            Ok(_) => faults.push(format!(
                "{}: this backend cannot write on a condition, so an invalidation would not hold",
                options.path()
            )),
            Err(error) => faults.push(error.to_string()),
        }
        Made::Nothing
    }
}

/// The kind's name, and what it makes.
pub(super) fn kind_of(options: &Options, faults: &mut Vec<String>) -> (String, Made) {
    if let Some(backend) = options.made() {
        options.judge_names(&COMMON, faults);
        return ("custom".into(), Made::of(Ok(backend), options, faults));
    }
    let path = options.path();
    let every = || {
        let of_kinds = inventory::iter::<Kind>().flat_map(|kind| kind.options).copied();
        let names: BTreeSet<_> = COMMON.into_iter().chain(TIERED).chain(of_kinds).collect();
        names.into_iter().collect::<Vec<_>>()
    };
    let Some(name) = (Reader { options, faults }).one(Options::text, "kind") else {
        if options.source("kind").is_none() {
            let from = options.names().next().map_or(String::new(), |(_, source)| format!(" (from {source})"));
            faults.push(format!("{path} has no `kind`{from}; known kinds: {}", kinds().join(", ")));
        }
        options.judge_names(&every(), faults);
        return (String::new(), Made::Nothing);
    };
    if name == "memory" || name == "dummy" {
        // Options of other kinds stay without effect, so that one variable can switch an alias off.
        options.judge_names(&[&every()[..], &["location"]].concat(), faults);
        return (name.into(), if name == "memory" { Made::Memory } else { Made::Nothing });
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
        // What options it has is not known.
        return (name.into(), Made::Nothing);
    };
    options.judge_names(&[&COMMON[..], kind.options].concat(), faults);
    (name.into(), Made::of((kind.make)(options), options, faults))
}

/// Whether the value of an option may be shown.
pub(crate) fn is_open(kind: &str, option: &str) -> bool {
    let of_kind = || inventory::iter::<Kind>().find(|known| known.name == kind);
    // Of another kind nobody has judged it.
    let is_own = if kind == "tiered" { TIERED.contains(&option) } else { COMMON.contains(&option) };
    is_own || of_kind().is_some_and(|kind| kind.open.contains(&option))
}

/// A fault for each name that two kinds have, with the places of both.
pub(crate) fn judge_kinds(faults: &mut Vec<String>) {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for kind in inventory::iter::<Kind>() {
        places.entry(kind.name).or_default().push(format!("{}:{}", kind.at.file(), kind.at.line()));
    }
    for own in OWN {
        places.entry(own).or_default().push("cached-core".into());
    }
    for (name, mut at) in places.into_iter().filter(|(_, at)| at.len() > 1) {
        at.sort();
        faults.push(format!("two kinds are called \"{name}\": {}", at.join(" and ")));
    }
}

fn kinds() -> Vec<&'static str> {
    let mut names: Vec<_> = inventory::iter::<Kind>().map(|kind| kind.name).chain(OWN).collect();
    names.sort_unstable();
    names.dedup();
    names
}
