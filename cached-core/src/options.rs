//! The options of an alias or a site, each with where it came from.
//!
//! In: names and values out of code, a file or the environment. Out: typed values, or a fault that
//! names the option, its source and what is accepted, and never the value: it may be a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Backend;
use crate::codec::Format;
use crate::error::{Error, ErrorKind, did_you_mean};

/// Spellings of Django's, and what they are called here.
const DJANGO: [(&str, &str); 8] = [
    ("TIMEOUT", "ttl"),
    ("BACKEND", "kind"),
    ("LOCATION", "location"),
    ("KEY_PREFIX", "key_prefix"),
    ("VERSION", "version"),
    ("KEY_FUNCTION", "key_function"),
    ("MAX_ENTRIES", "max_entries"),
    ("CULL_FREQUENCY", "cull_frequency"),
];

/// What makes one text of an alias's `key_prefix`, a version and a key of the low-level cache; two keys for which it
/// gives the same text are one. Without one the three are joined so that this cannot happen.
///
/// It is named in the configuration, `key_function = "name"`, once it has joined by `inventory::submit!`; or it is
/// given in code, by [`Config::key_function`](crate::Config::key_function). Two aliases on one store share entries if
/// their `key_prefix` and the names of their functions are the same.
#[derive(Clone, Copy, Debug)]
pub struct KeyFunction {
    pub(crate) name: &'static str,
    pub(crate) at: &'static Location<'static>,
    #[cfg_attr(not(feature = "bytes"), expect(dead_code, reason = "the low-level cache asks for it"))]
    pub(crate) make: fn(&str, u64, &str) -> String,
}

inventory::collect!(KeyFunction);

impl KeyFunction {
    /// A function called `name`: of prefix, version and key.
    #[track_caller]
    pub const fn new(name: &'static str, make: fn(&str, u64, &str) -> String) -> Self {
        Self { name, make, at: Location::caller() }
    }
}

impl PartialEq for KeyFunction {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.at) == (other.name, other.at)
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
    /// A key function that the program gave itself.
    Keys(KeyFunction),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Text(text) => f.write_str(text),
            Setting::Integer(number) => number.fmt(f),
            Setting::Float(number) => number.fmt(f),
            Setting::Flag(flag) => flag.fmt(f),
            Setting::List(values) => {
                let values: Vec<_> = values.iter().map(Setting::to_string).collect();
                f.write_str(&values.join(", "))
            }
            Setting::Made(_) => f.write_str("made by the program"),
            Setting::Keys(function) => f.write_str(function.name),
        }
    }
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

    pub(crate) fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// A value as it is written. Whoever asks knows that it is no secret.
    pub(crate) fn shown(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|(value, _)| value.to_string())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.values.iter().map(|(name, (_, source))| (name.as_str(), source))
    }

    pub(crate) fn source(&self, name: &str) -> Option<&Source> {
        self.values.get(name).map(|(_, source)| source)
    }

    pub(crate) fn same(&self, other: &Options) -> bool {
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

    /// The texts of an option: a list of them, or one text with commas between them.
    ///
    /// # Errors
    /// When it is there and neither.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Error> {
        self.get(name, "a text, or a list of texts", |value| match value {
            Setting::Text(text) => Some(text.split(',').map(str::trim).collect()),
            Setting::List(values) => values
                .iter()
                .map(|value| if let Setting::Text(text) = value { Some(text.as_str()) } else { None })
                .collect(),
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

    pub(crate) fn made(&self) -> Option<Arc<dyn Backend>> {
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

/// `ttl`, `stale`: a duration, or `"forever"`.
pub(crate) fn lifetime(options: &Options, name: &str) -> Result<Option<Duration>, Error> {
    match options.text(name) {
        Ok(Some("forever")) => Ok(Some(Duration::MAX)),
        _ => options.duration(name),
    }
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

/// `breaker`: a number of failures above zero, or `"off"`, which is none.
pub(crate) fn breaker(options: &Options, name: &str) -> Result<Option<u64>, Error> {
    options.get(name, "a number of failures in a row above zero, or \"off\"", |value| match value {
        Setting::Integer(number) => u64::try_from(*number).ok().filter(|number| *number > 0),
        Setting::Text(text) if text == "off" => Some(0),
        Setting::Text(text) => text.trim().parse().ok().filter(|number| *number > 0),
        _ => None,
    })
}

/// `write`: whether a caller who computed goes on before the value is written.
pub(crate) fn write(options: &Options, name: &str) -> Result<Option<bool>, Error> {
    options.get(name, "\"through\" or \"behind\"", |value| match value {
        Setting::Text(text) if text == "behind" => Some(true),
        Setting::Text(text) if text == "through" => Some(false),
        _ => None,
    })
}

/// `codec`: how values become bytes.
pub(crate) fn codec(options: &Options, name: &str) -> Result<Option<Format>, Error> {
    let Some(wanted) = options.text(name)? else { return Ok(None) };
    let unknown = |remedy| {
        let from = options.source(name).map_or(String::new(), |source| format!(" (from {source})"));
        let message = format!("{}.{name}: unknown codec \"{wanted}\"{from}; {remedy}", options.path);
        Error::new(ErrorKind::Config, message)
    };
    Format::named(wanted).map(Some).map_err(unknown)
}

/// `max_bytes`: as `"64MiB"`, or `"unbounded"`.
pub(crate) fn bytes(options: &Options, name: &str) -> Result<Option<u64>, Error> {
    options.get(name, "a size above zero like \"64MiB\" or \"unbounded\"", |value| match value {
        Setting::Integer(number) => u64::try_from(*number).ok().filter(|number| *number > 0),
        Setting::Text(text) if text == "unbounded" => Some(u64::MAX),
        Setting::Text(text) => size(text),
        _ => None,
    })
}

/// `key_function`: the name of one that has joined, or one that the program gave.
pub(crate) fn key_function(options: &Options, name: &str) -> Result<Option<KeyFunction>, Error> {
    if let Some((Setting::Keys(given), _)) = options.values.get(name) {
        return Ok(Some(*given));
    }
    let Some(wanted) = options.text(name)? else { return Ok(None) };
    if let Some(found) = inventory::iter::<KeyFunction>().find(|function| function.name == wanted) {
        return Ok(Some(*found));
    }
    let mut known: Vec<_> = inventory::iter::<KeyFunction>().map(|function| function.name).collect();
    known.sort_unstable();
    let remedy = match did_you_mean(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => "none has joined: `inventory::submit! { KeyFunction::new(…) }`".into(),
        None => format!("known ones: {}", known.join(", ")),
    };
    let (path, from) =
        (&options.path, options.source(name).map_or(String::new(), |source| format!(" (from {source})")));
    Err(Error::new(ErrorKind::Config, format!("{path}.{name}: unknown key function \"{wanted}\"{from}; {remedy}")))
}

/// A fault for each name that two key functions have, with the places of both.
pub(crate) fn judge_functions(faults: &mut Vec<String>) {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for function in inventory::iter::<KeyFunction>() {
        places.entry(function.name).or_default().push(format!("{}:{}", function.at.file(), function.at.line()));
    }
    for (name, mut at) in places.into_iter().filter(|(_, at)| at.len() > 1) {
        at.sort();
        faults.push(format!("two key functions are called \"{name}\": {}", at.join(" and ")));
    }
}

/// Sizes, in bytes: by powers of 1,024, and by powers of 1,000.
const SIZES: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

fn size(text: &str) -> Option<u64> {
    let unit = text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let number: u64 = text.trim().strip_suffix(unit)?.replace('_', "").parse().ok()?;
    let (_, each) = SIZES.iter().find(|row| row.0 == unit.trim_start())?;
    number.checked_mul(*each).filter(|size| *size > 0)
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
