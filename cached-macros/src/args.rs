//! The arguments of the attribute, as they were written.
//!
//! In: the tokens between the parentheses of `#[cached(…)]`. Out: each known word at most once,
//! with its value and its span. What the values mean together is the business of `model`.

use crate::errors::{Errors, did_you_mean, list};
use proc_macro2::{TokenStream, TokenTree};
use std::time::Duration;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Lit, LitStr, Path, Token};

/// What was written, in the order it was written.
#[derive(Default)]
pub(crate) struct Args {
    given: Vec<Given>,
}

/// One argument.
pub(crate) struct Given {
    pub(crate) word: Ident,
    kind: Word,
    pub(crate) value: Value,
}

/// The words of the attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    Backend,
    Ttl,
    MaxEntries,
    Key,
    Skip,
    Errors,
    None,
    Flight,
    Name,
    Version,
    Companion,
    Crate,
}

/// What follows a word.
pub(crate) enum Value {
    Expr(Expr),
    Names(Vec<Ident>),
    Path(Path),
    /// It was refused already; nothing more is said about it.
    Broken,
}

/// What a word wants to be followed by.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Expr,
    Names,
    Path,
}

/// Every word, what follows it, and how it looks.
const WORDS: &[(&str, Word, Takes, &str)] = &[
    ("backend", Word::Backend, Takes::Expr, "backend = \"shared\""),
    ("ttl", Word::Ttl, Takes::Expr, "ttl = \"5m\""),
    ("max_entries", Word::MaxEntries, Takes::Expr, "max_entries = 10_000"),
    ("key", Word::Key, Takes::Expr, "key = (a, b)"),
    ("skip", Word::Skip, Takes::Names, "skip(db)"),
    ("errors", Word::Errors, Takes::Expr, "errors = \"30s\""),
    ("none", Word::None, Takes::Expr, "none = \"30s\""),
    ("flight", Word::Flight, Takes::Expr, "flight = \"off\""),
    ("name", Word::Name, Takes::Expr, "name = \"billing.price\""),
    ("version", Word::Version, Takes::Expr, "version = 3"),
    ("companion", Word::Companion, Takes::Expr, "companion = \"other\""),
    ("crate", Word::Crate, Takes::Path, "crate = my::path"),
];

/// Words of the design that are refused for now, and what serves meanwhile.
const NOT_YET: &[(&str, &str)] = &[
    ("idle", "use `ttl`"),
    ("jitter", "leave it out"),
    ("stale", "use `ttl` alone"),
    ("stale_if_error", "leave it out; an `Err` is returned and not stored"),
    ("refresh", "call `f::refresh(..)` yourself"),
    ("max_bytes", "use `max_entries`"),
    ("weigh", "use `max_entries`"),
    ("tags", "use `f::entry(..).invalidate()` or `f::site().clear()`"),
    ("cache_if", "return an `Err` for what must not be stored"),
    ("show", "leave it out"),
    ("verify", "leave it out"),
];

/// What others call it.
const ELSEWHERE: &[(&str, &str)] = &[
    ("time", "ttl = \"60s\""),
    ("ttl_secs", "ttl = \"60s\""),
    ("ttl_millis", "ttl = \"500ms\""),
    ("time_to_live", "ttl = \"60s\""),
    ("timeout", "ttl = \"60s\""),
    ("expire", "ttl = \"60s\""),
    ("expires", "ttl = \"60s\""),
    ("size", "max_entries = 1_000"),
    ("max_size", "max_entries = 1_000"),
    ("maxsize", "max_entries = 1_000"),
    ("max_capacity", "max_entries = 1_000"),
    ("capacity", "max_entries = 1_000"),
    ("unbound", "max_entries = \"unbounded\""),
    ("unbounded", "max_entries = \"unbounded\""),
    ("convert", "key = (a, b)"),
    (
        "result",
        "nothing: an `Err` is not stored unless `errors = \"30s\"` asks for it",
    ),
    ("option", "none = \"never\""),
    (
        "sync_writes",
        "nothing: one caller computes and the others wait, unless `flight = \"off\"`",
    ),
    ("ignore", "skip(a)"),
    ("cache", "backend = \"shared\""),
    ("alias", "backend = \"shared\""),
];

impl Args {
    /// Reads what it can; what it cannot is in `errors`.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Args {
        let mut args = Args::default();
        let read = |input: ParseStream| {
            while !input.is_empty() {
                args.argument(input, errors);
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?; // the rest of what was refused
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = Parser::parse2(read, tokens) {
            errors.push(error);
        }
        args
    }

    /// The argument of that word, unless it was refused already.
    pub(crate) fn get(&self, kind: Word) -> Option<&Given> {
        self.given
            .iter()
            .find(|given| given.kind == kind && !matches!(given.value, Value::Broken))
    }

    /// Whether the word was written, well or badly.
    pub(crate) fn mentions(&self, kind: Word) -> bool {
        self.given.iter().any(|given| given.kind == kind)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Word, &Given)> {
        self.given.iter().map(|given| (given.kind, given))
    }

    fn argument(&mut self, input: ParseStream, errors: &mut Errors) {
        let Ok(word) = input.call(Ident::parse_any) else {
            return errors.at_span(input.span(), format!("expected one of {}", accepted()));
        };
        let Some(&(name, kind, takes, example)) = WORDS.iter().find(|row| word == row.0) else {
            return errors.at(&word, unknown(&word.to_string()));
        };
        if self.mentions(kind) {
            return errors.at(&word, format!("`{name}` is given twice"));
        }
        let value = value(input, takes, example, &word).unwrap_or_else(|error| {
            errors.push(error);
            Value::Broken
        });
        self.given.push(Given { word, kind, value });
    }
}

fn value(input: ParseStream, takes: Takes, example: &str, word: &Ident) -> syn::Result<Value> {
    let wanted = |span| Err(syn::Error::new(span, format!("here `{example}`")));
    if takes == Takes::Names {
        if !input.peek(syn::token::Paren) {
            return wanted(word.span());
        }
        let inner;
        syn::parenthesized!(inner in input);
        let names = inner.parse_terminated(Ident::parse_any, Token![,])?;
        return finish(input, Value::Names(names.into_iter().collect()));
    }
    if !input.peek(Token![=]) {
        return wanted(word.span());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return wanted(word.span());
    }
    if takes == Takes::Path {
        if input.peek(LitStr) {
            return Err(input.error(format!("a path, without quotes: `{example}`")));
        }
        return finish(input, Value::Path(input.call(Path::parse_mod_style)?));
    }
    finish(input, Value::Expr(input.parse()?))
}

/// An argument ends at a comma.
fn finish(input: ParseStream, value: Value) -> syn::Result<Value> {
    if input.is_empty() || input.peek(Token![,]) {
        Ok(value)
    } else {
        Err(input.error("expected `,`"))
    }
}

fn unknown(word: &str) -> String {
    if let Some((_, instead)) = NOT_YET.iter().find(|row| row.0 == word) {
        return format!("`{word}` is not built yet; {instead}");
    }
    if let Some((_, here)) = ELSEWHERE.iter().find(|row| row.0 == word) {
        let here = if here.contains('`') {
            (*here).to_owned()
        } else {
            format!("`{here}`")
        };
        return format!("`{word}` is not a word of `#[cached]`: here {here}");
    }
    let near = did_you_mean(word, WORDS.iter().map(|row| row.0));
    format!("`{word}` is not a word of `#[cached]`{near}; accepted: {}", accepted())
}

fn accepted() -> String {
    list(WORDS.iter().map(|row| row.0))
}

/// The text of a string literal.
pub(crate) fn text(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text),
            _ => None,
        },
        Expr::Group(group) => text(&group.expr),
        _ => None,
    }
}

/// Units of time, longest name first where one begins another.
const UNITS: &[(&str, u64, u32)] = &[
    ("ns", 0, 1),
    ("us", 0, 1_000),
    ("ms", 0, 1_000_000),
    ("s", 1, 0),
    ("m", 60, 0),
    ("h", 3_600, 0),
    ("d", 86_400, 0),
    ("w", 604_800, 0),
];

/// `"1h 30m"` as a duration; the error says what is accepted.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let hint = || {
        format!(
            "`{text}` is not a duration; accepted: a number and a unit (ns, us, ms, s, m, h, d, w), as in `5m` or `1h 30m`"
        )
    };
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(hint());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: u64 = number.parse().map_err(|_| hint())?;
        let &(_, secs, nanos) = UNITS.iter().find(|row| row.0 == unit).ok_or_else(hint)?;
        let part = match nanos {
            0 => number.checked_mul(secs).map(Duration::from_secs),
            _ => number.checked_mul(u64::from(nanos)).map(Duration::from_nanos),
        };
        total = part
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("`{text}` is too long"))?;
        rest = after.trim_start();
    }
    if total.is_zero() {
        return Err(format!("`{text}` is zero: an entry would expire before it is read"));
    }
    Ok(total)
}
