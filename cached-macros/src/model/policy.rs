//! The values of the attribute's words, one rule each.
//!
//! In: the arguments as written. Out: the `Policy` that the site is made with; a value that makes
//! no sense is an error under the value, saying what is accepted.

use super::keeps::{Keep, Keeps};
use crate::args::{Args, duration, example, size, text};
use crate::errors::{Errors, did_you_mean};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use std::time::Duration;
use syn::{Error, Expr, ExprLit, Lit};

/// What the attribute says about every entry of the site.
pub(crate) struct Policy {
    pub(crate) alias: String,
    pub(crate) version: u32,
    /// The fields of the run time's policy.
    pub(crate) rules: TokenStream,
    /// What is asked of each value, as calls that follow the facts.
    pub(crate) hooks: TokenStream,
}

impl Policy {
    pub(crate) fn new(args: &Args, keeps: &Keeps, root: &TokenStream, errors: &mut Errors) -> Policy {
        let keep = |keep| match keep {
            None | Some(Keep::Forever) => quote!(#root::rt::Keep::Default),
            Some(Keep::Never) => quote!(#root::rt::Keep::Never),
            Some(Keep::For(duration)) => {
                let lazy = lazy(duration);
                quote!(#root::rt::Keep::For(#lazy))
            }
        };
        let mut rules = TokenStream::new();
        let mut rule = |field: &str, value: Option<TokenStream>| {
            let field = Ident::new(field, Span::call_site());
            rules.extend(value.map(|value| quote!(#field: #value,)));
        };
        let some = |value: TokenStream| quote!(::core::option::Option::Some(#value));
        let by_value = args.get("ttl").is_some_and(|(_, value)| matches!(value, Expr::Closure(_)));
        if by_value {
            rule("by_value", Some(quote!(true)));
        } else {
            rule("ttl", valued(args, "ttl", errors, |value| time("ttl", value)).map(some));
        }
        rule("idle", valued(args, "idle", errors, |value| time("idle", value)).map(some));
        rule("jitter", valued(args, "jitter", errors, share));
        rule("stale", valued(args, "stale", errors, |value| time("stale", value)).map(some));
        rule("stale_if_error", valued(args, "stale_if_error", errors, |value| time("stale_if_error", value)).map(some));
        rule("max_entries", valued(args, "max_entries", errors, max_entries).map(some));
        rule("max_bytes", valued(args, "max_bytes", errors, max_bytes).map(some));
        rule("weighs", args.get("weigh").map(|_| quote!(true)));
        if let (Some((word, _)), false) = (args.get("max_bytes"), args.mentions("weigh")) {
            errors
                .at(word, "`max_bytes` needs to know what a value holds: write `weigh = |value| value.len()` as well");
        }
        rule("verify", valued(args, "verify", errors, proportion));
        rule("tagged", args.get("tags").map(|_| quote!(true)));
        rule("behind", args.get("refresh").map(|_| quote!(true)));
        rule("errors", keeps.errors.map(|_| keep(keeps.errors)));
        rule("none", keeps.none.map(|_| keep(keeps.none)));
        rule("flight", valued(args, "flight", errors, flight).map(|flight| quote!(#root::rt::Flight::#flight)));
        rule("show", valued(args, "show", errors, show).map(|show| some(quote!(#root::rt::Show::#show))));
        let hook = |word: &str| {
            let (name, value) = args.get(word)?;
            Some(quote!(.#name(#value)))
        };
        let (ttl, cache_if, weigh) = (hook("ttl").filter(|_| by_value), hook("cache_if"), hook("weigh"));
        Policy {
            alias: word(args, "backend", errors).unwrap_or_else(|| "default".to_owned()),
            version: valued(args, "version", errors, version).unwrap_or(0),
            rules: quote!(#rules ..#root::rt::Policy::PLAIN),
            hooks: quote!(#ttl #cache_if #weigh),
        }
    }
}

/// The value of a word, by a rule that says what is wrong with it.
fn valued<T>(args: &Args, word: &str, errors: &mut Errors, rule: impl Fn(&Expr) -> Result<T, String>) -> Option<T> {
    let (_, value) = args.get(word)?;
    rule(value).map_err(|message| errors.at(value, message)).ok()
}

/// A text that is not empty.
pub(crate) fn word(args: &Args, word: &str, errors: &mut Errors) -> Option<String> {
    let (_, value) = args.get(word)?;
    let message = match text(value) {
        Some(text) if text.trim().is_empty() => {
            format!("`{word}` is empty: write `{}`, or leave it out", example(word))
        }
        Some(text) => return Some(text),
        None => format!("`{word}` takes a text in quotes, as in `{}`", example(word)),
    };
    errors.about(word, Error::new_spanned(value, message));
    None
}

/// The number of a literal.
fn number(value: &Expr) -> Option<&syn::LitInt> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Some(number),
        _ => None,
    }
}

/// A lifetime: a text, or an expression of type `Duration`.
fn time(word: &str, value: &Expr) -> Result<TokenStream, String> {
    match (value, text(value).as_deref(), number(value)) {
        (_, Some("forever"), _) => Ok(quote!(|| ::core::time::Duration::MAX)),
        (_, Some(text), _) => duration(text).map(lazy),
        (_, _, Some(number)) => {
            let digits = number.base10_digits();
            Err(format!("a number has no unit: write `{word} = \"{digits}s\"`"))
        }
        (Expr::Closure(_), ..) => {
            Err(format!("one duration for all values, as in `{word} = \"5m\"`; only `ttl` may ask each value"))
        }
        (Expr::Lit(_), ..) => {
            Err(format!("`{word}` takes a text such as \"5m\" or \"forever\", or an expression of type `Duration`"))
        }
        (other, ..) => Ok(quote!(|| #other)),
    }
}

/// A share, written as a number.
fn proportion(value: &Expr) -> Result<TokenStream, String> {
    let share: Option<f64> = match value {
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    };
    match share.filter(|share| (0.0..=1.0).contains(share)) {
        Some(share) => Ok(Literal::f64_unsuffixed(share).to_token_stream()),
        None => Err("`verify` takes a share from 0 to 1, as in `verify = 0.001`".to_owned()),
    }
}

/// A share, written in per cent.
fn share(value: &Expr) -> Result<TokenStream, String> {
    let written = text(value);
    let percent = written.as_deref().and_then(|text| text.trim().strip_suffix('%')?.trim_end().parse::<f64>().ok());
    match percent.filter(|percent| (0.0..=100.0).contains(percent)) {
        Some(percent) => Ok(Literal::f64_unsuffixed(percent / 100.0).to_token_stream()),
        None => Err("`jitter` takes a share from \"0%\" to \"100%\", as in `jitter = \"10%\"`".to_owned()),
    }
}

fn max_entries(value: &Expr) -> Result<TokenStream, String> {
    const ACCEPTED: &str = "`max_entries` takes a number above 0, as in `max_entries = 10_000`, or \"unbounded\"";
    match number(value).map(syn::LitInt::base10_parse::<u64>) {
        Some(Ok(0)) => Err(format!("0 entries is no cache; {ACCEPTED}")),
        Some(Ok(number)) => Ok(Literal::u64_unsuffixed(number).to_token_stream()),
        None if text(value).as_deref() == Some("unbounded") => Ok(quote!(::core::primitive::usize::MAX)),
        _ => Err(format!("{ACCEPTED}{}", near(value, &["unbounded"]))),
    }
}

fn max_bytes(value: &Expr) -> Result<TokenStream, String> {
    let bytes = match text(value).as_deref() {
        Some("unbounded") => return Ok(quote!(::core::primitive::u64::MAX)),
        Some(text) => size(text),
        None => number(value).and_then(|number| number.base10_parse().ok()).filter(|bytes| *bytes > 0),
    };
    let written = bytes.map(|bytes| Literal::u64_unsuffixed(bytes).to_token_stream());
    written.ok_or_else(|| {
        let near = near(value, &["unbounded"]);
        format!("`max_bytes` takes a size above 0, as in `max_bytes = \"64MiB\"` or \"500kB\", or \"unbounded\"{near}")
    })
}

fn flight(value: &Expr) -> Result<Ident, String> {
    const KNOWN: [(&str, &str); 3] = [("process", "Process"), ("distributed", "Distributed"), ("off", "Off")];
    let written = text(value);
    match KNOWN.iter().find(|(word, _)| written.as_deref() == Some(word)) {
        Some((_, variant)) => Ok(Ident::new(variant, Span::call_site())),
        None => {
            let near = near(value, &KNOWN.map(|(word, _)| word));
            Err(format!("`flight` is \"process\", \"distributed\" or \"off\"{near}"))
        }
    }
}

fn show(value: &Expr) -> Result<Ident, String> {
    let show = match text(value).as_deref() {
        Some("keys") => "Keys",
        Some("values") => "Values",
        Some("nothing") => "Nothing",
        _ => {
            let near = near(value, &["keys", "values", "nothing"]);
            return Err(format!("`show` is \"keys\", \"values\" (and keys) or \"nothing\"{near}"));
        }
    };
    Ok(Ident::new(show, Span::call_site()))
}

fn version(value: &Expr) -> Result<u32, String> {
    let number = number(value).and_then(|number| number.base10_parse().ok());
    number.ok_or_else(|| "`version` takes a whole number that fits in 32 bits, as in `version = 3`".to_owned())
}

/// The known text that is near to the one that was written.
pub(crate) fn near(value: &Expr, known: &[&str]) -> String {
    text(value).map_or_else(String::new, |text| did_you_mean(&text, known.iter().copied()))
}

/// A duration as a function, as the run time wants all times.
fn lazy(duration: Duration) -> TokenStream {
    let seconds = Literal::u64_unsuffixed(duration.as_secs());
    let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
    quote!(|| ::core::time::Duration::new(#seconds, #nanos))
}
