//! The layers of a configuration that are text: TOML, and the environment.
//!
//! In: a text or variables. Out: settings in the configuration, each with where it came from.

use std::ffi::OsString;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use crate::error::{Error, ErrorKind, did_you_mean};
use crate::options::{Setting, Source};
use crate::site::{percent, sites};

const TOP: [&str; 4] = ["namespace", "verify", "backends", "sites"];

const SHARE: &str = "a share from \"0%\" to \"100%\"";

/// Adds a TOML text. `source` makes a source of a line number, from 1.
pub(super) fn toml(config: &mut Config, text: &str, source: &dyn Fn(usize) -> Source) -> Result<(), Error> {
    let at = |offset: usize| source(text[..offset.min(text.len())].matches('\n').count() + 1);
    let document = DeTable::parse(text).map_err(|error| {
        let place = at(error.span().map_or(0, |span| span.start));
        Error::new(ErrorKind::Parse, format!("{place}: {}", error.message()))
    })?;
    for (key, value) in document.get_ref() {
        let place = at(key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("namespace", DeValue::String(name)) => config.namespace = Some(name.to_string()),
            ("verify", DeValue::String(share)) => verify(config, share, &place),
            ("backends", DeValue::Table(aliases)) => {
                each_table(config, "backends", aliases, &at, |config, name| config.alias(name));
            }
            ("sites", DeValue::Table(patterns)) => {
                each_table(config, "sites", patterns, &at, |config, name| config.site_options(name));
            }
            (name, _) if TOP.contains(&name) => {
                let expected = match name {
                    "namespace" => "a text",
                    "verify" => SHARE,
                    _ => "a table",
                };
                config.faults.push(format!("{place}: `{name}` is not {expected}"));
            }
            (name, _) => {
                let near = did_you_mean(name, TOP).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                config.faults.push(format!("{place}: `{name}` is none of {}{near}", TOP.join(", ")));
            }
        }
    }
    Ok(())
}

/// The share of hits to verify, over all sites.
fn verify(config: &mut Config, share: &str, place: &Source) {
    match percent(share) {
        Some(share) => config.verify = share,
        None => config.faults.push(format!("{place}: `verify` is not {SHARE}")),
    }
}

fn each_table(
    config: &mut Config,
    path: &str,
    tables: &DeTable<'_>,
    at: &dyn Fn(usize) -> Source,
    options: impl for<'c> Fn(&'c mut Config, &str) -> &'c mut crate::options::Options,
) {
    for (name, table) in tables {
        let DeValue::Table(settings) = table.get_ref() else {
            let place = at(name.span().start);
            config.faults.push(format!("{place}: {path}.{} is not a table of options", name.get_ref()));
            continue;
        };
        for (key, value) in settings {
            let place = at(key.span().start);
            match setting(value) {
                Some(value) => options(config, name.get_ref()).set(key.get_ref().to_string(), value, place),
                None => {
                    let (name, key) = (name.get_ref(), key.get_ref());
                    config.faults.push(format!("{place}: {path}.{name}.{key} is no value that an option can have"));
                }
            }
        }
        // An alias without any option is still there, and its fault is the missing `kind`.
        options(config, name.get_ref());
    }
}

fn setting(value: &Spanned<DeValue<'_>>) -> Option<Setting> {
    Some(match value.get_ref() {
        DeValue::String(text) => Setting::Text(text.to_string()),
        DeValue::Integer(number) => Setting::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => Setting::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(flag) => Setting::Flag(*flag),
        DeValue::Array(values) => Setting::List(values.iter().map(setting).collect::<Option<_>>()?),
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

/// Adds the variables below `PREFIX_BACKENDS__` and `PREFIX_SITES__`, `PREFIX_VERIFY` and `PREFIX_TOML`; all
/// others belong to somebody else.
pub(super) fn environment(
    config: &mut Config,
    prefix: &str,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(), Error> {
    let mut variables: Vec<(String, OsString)> = variables
        .filter_map(|(name, value)| {
            Some((name.into_string().ok()?.strip_prefix(prefix)?.strip_prefix('_')?.to_owned(), value))
        })
        .collect();
    // The fragment first: single variables win over it.
    variables.sort_by_key(|(name, _)| (name != "TOML", name.clone()));
    for (name, value) in variables {
        let source = Source::Env(format!("{prefix}_{name}"));
        let judged =
            name == "TOML" || name == "VERIFY" || name.starts_with("BACKENDS__") || name.starts_with("SITES__");
        let value = match value.into_string() {
            Ok(value) => value,
            Err(_) if judged => {
                config.faults.push(format!("{source} is not UTF-8"));
                continue;
            }
            Err(_) => continue,
        };
        if name == "TOML" {
            toml(config, &value, &|line| Source::Env(format!("{prefix}_TOML, line {line}")))?;
        } else if name == "VERIFY" {
            verify(config, &value, &source);
        } else if let Some(path) = name.strip_prefix("BACKENDS__") {
            match path.split_once("__") {
                Some((alias, option)) if !alias.is_empty() && !option.is_empty() => {
                    let alias = alias_named(config, alias);
                    config.alias(&alias).set(option.to_lowercase(), Setting::Text(value), source);
                }
                _ => config.faults.push(format!("{source}: write {prefix}_BACKENDS__ALIAS__OPTION")),
            }
        } else if let Some(path) = name.strip_prefix("SITES__") {
            match path.rsplit_once("__") {
                Some((site, option)) if !site.is_empty() && !option.is_empty() => {
                    let site = site_named(site);
                    config.site_options(&site).set(option.to_lowercase(), Setting::Text(value), source);
                }
                _ => config.faults.push(format!("{source}: write {prefix}_SITES__CRATE__MODULE__FUNCTION__OPTION")),
            }
        }
    }
    Ok(())
}

/// Variables are written in capitals: the alias that is meant is the one that differs only in case.
fn alias_named(config: &Config, name: &str) -> String {
    let known = config.backends.keys().find(|known| known.replace('-', "_").eq_ignore_ascii_case(name));
    known.cloned().unwrap_or_else(|| name.to_lowercase())
}

fn site_named(name: &str) -> String {
    let path = name.replace("__", "::");
    let known = sites().into_iter().map(crate::Site::name).find(|known| known.eq_ignore_ascii_case(&path));
    known.map_or_else(|| path.to_lowercase(), str::to_owned)
}
