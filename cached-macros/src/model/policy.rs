//! The values of the attribute's words, one rule each.
//!
//! In: the arguments as written. Out: the `Policy` that the site is made with; a value that makes
//! no sense is an error under the value, saying what is accepted.

use crate::args::{Args, Given, Value, Word, duration, text};
use crate::errors::{Errors, did_you_mean, list};
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::time::Duration;
use syn::{Expr, ExprLit, Lit};

/// What the attribute says about every entry of the site.
pub(crate) struct Policy {
    pub(crate) alias: String,
    pub(crate) ttl: Option<Lifetime>,
    /// `None` where nothing was said, `Some(None)` for "unbounded".
    pub(crate) max_entries: Option<Option<u64>>,
    pub(crate) errors: Keep,
    pub(crate) none: Keep,
    pub(crate) flight: bool,
    pub(crate) version: u32,
    pub(crate) fingerprint: u64,
}

/// How long something lives.
pub(crate) enum Lifetime {
    Text(Duration),
    Expr(TokenStream),
}

/// How long an `Err` or a `None` is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Default,
    Never,
    Forever,
    For(Duration),
}

impl Policy {
    pub(crate) fn new(args: &Args, fingerprint: u64, errors: &mut Errors) -> Policy {
        Policy {
            alias: word(args, Word::Backend, errors).unwrap_or_else(|| "default".to_owned()),
            ttl: ttl(args, errors),
            max_entries: max_entries(args, errors),
            errors: keep(args, Word::Errors),
            none: keep(args, Word::None),
            flight: flight(args, errors),
            version: version(args, errors),
            fingerprint,
        }
    }
}

/// The expression after a word.
pub(crate) fn expr(args: &Args, word: Word) -> Option<(&Given, &Expr)> {
    let given = args.get(word)?;
    match &given.value {
        Value::Expr(expr) => Some((given, expr)),
        _ => None,
    }
}

/// A text that is not empty.
pub(crate) fn word(args: &Args, word: Word, errors: &mut Errors) -> Option<String> {
    let (given, value) = expr(args, word)?;
    match text(value) {
        Some(text) if text.value().trim().is_empty() => errors.at(text, format!("`{}` is empty", given.word)),
        Some(text) => return Some(text.value()),
        None => errors.at(value, format!("a text in quotes: `{} = \"…\"`", given.word)),
    }
    None
}

/// One of a few texts.
fn choice<'a>(args: &Args, word: Word, accepted: &[&'a str], errors: &mut Errors) -> Option<&'a str> {
    let (given, value) = expr(args, word)?;
    let written = text(value).map(syn::LitStr::value);
    let found = accepted.iter().find(|choice| Some(**choice) == written.as_deref());
    if found.is_none() {
        let quoted = list(accepted.iter().map(|choice| format!("\"{choice}\"")));
        let near = written.map_or_else(String::new, |written| did_you_mean(&written, accepted.iter().copied()));
        errors.at(value, format!("`{}` is one of {quoted}{near}", given.word));
    }
    found.copied()
}

fn ttl(args: &Args, errors: &mut Errors) -> Option<Lifetime> {
    let (_, value) = expr(args, Word::Ttl)?;
    match value {
        Expr::Closure(_) => errors.at(
            value,
            "a `ttl` per value is not built yet; give one for all: `ttl = \"5m\"`",
        ),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) if text.value() == "forever" => {
            errors.at(
                value,
                "`ttl = \"forever\"` is not built yet; leave `ttl` out, memory keeps an entry until it is full",
            );
        }
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => match duration(&text.value()) {
            Ok(duration) => return Some(Lifetime::Text(duration)),
            Err(message) => errors.at(value, message),
        },
        Expr::Lit(ExprLit {
            lit: Lit::Int(number), ..
        }) => {
            errors.at(
                value,
                format!("a number has no unit: write `ttl = \"{}s\"`", number.base10_digits()),
            );
        }
        Expr::Lit(_) => errors.at(value, "a text such as \"5m\", or an expression of type `Duration`"),
        other => return Some(Lifetime::Expr(other.to_token_stream())),
    }
    None
}

fn max_entries(args: &Args, errors: &mut Errors) -> Option<Option<u64>> {
    const ACCEPTED: &str = "a number above 0, as in `max_entries = 10_000`, or \"unbounded\"";
    let (_, value) = expr(args, Word::MaxEntries)?;
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) if text.value() == "unbounded" => return Some(None),
        Expr::Lit(ExprLit {
            lit: Lit::Int(number), ..
        }) => match number.base10_parse::<u64>() {
            Ok(0) => errors.at(value, format!("0 entries is no cache; {ACCEPTED}")),
            Ok(number) => return Some(Some(number)),
            Err(_) => errors.at(value, ACCEPTED),
        },
        other => errors.at(other, ACCEPTED),
    }
    None
}

fn flight(args: &Args, errors: &mut Errors) -> bool {
    if let Some((_, value)) = expr(args, Word::Flight)
        && text(value).is_some_and(|text| text.value() == "distributed")
    {
        errors.at(
            value,
            "`flight = \"distributed\"` is not built yet; \"process\" is one computation per process",
        );
        return true;
    }
    choice(args, Word::Flight, &["process", "off"], errors) != Some("off")
}

fn version(args: &Args, errors: &mut Errors) -> u32 {
    let Some((_, value)) = expr(args, Word::Version) else {
        return 0;
    };
    if let Expr::Lit(ExprLit {
        lit: Lit::Int(number), ..
    }) = value
        && let Ok(number) = number.base10_parse()
    {
        return number;
    }
    errors.at(value, "a whole number that fits in 32 bits, as in `version = 3`");
    0
}

/// The value of `errors` or `none`; what is wrong with it is told by `check_keep`.
pub(crate) fn keep(args: &Args, word: Word) -> Keep {
    let written = expr(args, word)
        .and_then(|(_, value)| text(value))
        .map(syn::LitStr::value);
    match written.as_deref() {
        None => Keep::Default,
        Some("never") => Keep::Never,
        Some("forever") => Keep::Forever,
        Some(written) => duration(written).map_or(Keep::Default, Keep::For),
    }
}

/// Refuses a bad `errors` or `none`.
pub(crate) fn check_keep(args: &Args, word: Word, errors: &mut Errors) {
    let Some((given, value)) = expr(args, word) else { return };
    let accepted = match word {
        Word::Errors => "a duration such as \"30s\", \"never\" or \"forever\"",
        _ => "a duration such as \"30s\", or \"never\"",
    };
    match text(value).map(syn::LitStr::value).as_deref() {
        Some("never") => {}
        Some("forever") if word == Word::Errors => {}
        Some("forever") => errors.at(value, "a `None` is kept like any other value: leave `none` out"),
        Some(written) => {
            if let Err(message) = duration(written) {
                errors.at(value, format!("{message}; `{}` is {accepted}", given.word));
            }
        }
        None => errors.at(value, format!("`{}` is {accepted}", given.word)),
    }
}
