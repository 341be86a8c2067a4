//! The values of the attribute's words, one rule each.
//!
//! In: the arguments as written. Out: the `Policy` that the site is made with; a value that makes
//! no sense is an error under the value, saying what is accepted.

use super::keeps::{Keep, Keeps};
use crate::args::{Args, duration, example, text};
use crate::errors::{Errors, did_you_mean};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use std::time::Duration;
use syn::{Error, Expr, ExprLit, Lit};

/// What the attribute says about every entry of the site.
pub(crate) struct Policy {
    pub(crate) alias: String,
    pub(crate) version: u32,
    /// The fields of the run time's policy.
    pub(crate) rules: TokenStream,
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
        let (kept, none) = (keep(keeps.errors), keep(keeps.none));
        let ttl = option(valued(args, "ttl", errors, ttl));
        let max_entries = option(valued(args, "max_entries", errors, max_entries));
        let flight = valued(args, "flight", errors, flight).unwrap_or(true);
        Policy {
            alias: word(args, "backend", errors).unwrap_or_else(|| "default".to_owned()),
            version: valued(args, "version", errors, version).unwrap_or(0),
            rules: quote!(ttl: #ttl, max_entries: #max_entries, errors: #kept, none: #none, flight: #flight),
        }
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The value of a word, by a rule that says what is wrong with it.
fn valued<T>(args: &Args, word: &str, errors: &mut Errors, rule: fn(&Expr) -> Result<T, String>) -> Option<T> {
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

fn ttl(value: &Expr) -> Result<TokenStream, String> {
    let message = match (value, text(value).as_deref(), number(value)) {
        (_, Some("forever"), _) => {
            "`ttl = \"forever\"` is not built yet; leave `ttl` out, memory keeps an entry until it is full"
        }
        (_, Some(text), _) => return duration(text).map(lazy),
        (_, _, Some(number)) => {
            return Err(format!("a number has no unit: write `ttl = \"{}s\"`", number.base10_digits()));
        }
        (Expr::Closure(_), ..) => "a `ttl` per value is not built yet; give one for all: `ttl = \"5m\"`",
        (Expr::Lit(_), ..) => "`ttl` takes a text such as \"5m\", or an expression of type `Duration`",
        (other, ..) => return Ok(quote!(|| #other)),
    };
    Err(message.to_owned())
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

fn flight(value: &Expr) -> Result<bool, String> {
    match text(value).as_deref() {
        Some("process") => Ok(true),
        Some("off") => Ok(false),
        Some("distributed") => {
            Err("`flight = \"distributed\"` is not built yet; \"process\" is one computation per process".to_owned())
        }
        _ => Err(format!("`flight` is \"process\" or \"off\"{}", near(value, &["process", "off"]))),
    }
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
