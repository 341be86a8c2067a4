//! The arguments of the attribute, as they were written.
//!
//! In: the tokens between the parentheses of `#[cached(…)]`. Out: each known word at most once,
//! with its value. What the values mean together is the business of `model`.

use crate::errors::{Errors, did_you_mean, list};
use proc_macro2::{TokenStream, TokenTree};
use std::time::Duration;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Ident, Lit, LitStr, Token};

/// What was written, in the order it was written.
#[derive(Default)]
pub(crate) struct Args(Vec<Given>);

/// One argument.
pub(crate) struct Given {
    pub(crate) word: Ident,
    /// Nothing where it was refused already; then nothing more is said about it.
    value: Option<Expr>,
}

/// Every word, and how it looks.
const WORDS: &[(&str, &str)] = &[
    ("backend", "backend = \"shared\""),
    ("ttl", "ttl = \"5m\""),
    ("idle", "idle = \"10m\""),
    ("jitter", "jitter = \"10%\""),
    ("stale", "stale = \"1m\""),
    ("stale_if_error", "stale_if_error = \"1h\""),
    ("verify", "verify = 0.001"),
    ("tags", "tags = [\"user:{id}\"]"),
    ("refresh", "refresh = \"background\""),
    ("cache_if", "cache_if = |value| !value.is_empty()"),
    ("max_entries", "max_entries = 10_000"),
    ("max_bytes", "max_bytes = \"64MiB\""),
    ("weigh", "weigh = |value| value.len()"),
    ("key", "key = (a, b)"),
    ("skip", "skip(db)"),
    ("errors", "errors = \"30s\""),
    ("none", "none = \"30s\""),
    ("flight", "flight = \"off\""),
    ("show", "show = \"keys\""),
    ("name", "name = \"billing.price\""),
    ("version", "version = 3"),
    ("companion", "companion = \"other\""),
    ("crate", "crate = my::path"),
];

/// What others call it, and how it is written here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("time ttl_secs time_to_live timeout expire expires", "`ttl = \"60s\"`"),
    ("ttl_millis", "`ttl = \"500ms\"`"),
    ("size max_size maxsize max_capacity capacity", "`max_entries = 1_000`"),
    ("unbound unbounded", "`max_entries = \"unbounded\"`"),
    ("convert", "`key = (a, b)`"),
    ("ignore", "`skip(a)`"),
    ("option", "`none = \"never\"`"),
    ("cache alias", "`backend = \"shared\"`"),
    ("result", "nothing: an `Err` is not stored unless `errors = \"30s\"` asks for it"),
    ("sync_writes", "nothing: one caller computes and the others wait, unless `flight = \"off\"`"),
];

impl Args {
    /// Reads what it can; what it cannot is in `errors`.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Args {
        let mut args = Args::default();
        let read = |input: ParseStream| {
            while !input.is_empty() {
                args.argument(input).unwrap_or_else(|error| errors.push(error));
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?; // the rest of what was refused
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        };
        Parser::parse2(read, tokens).unwrap_or_else(|error| errors.push(error));
        args
    }

    fn argument(&mut self, input: ParseStream) -> syn::Result<()> {
        let expected =
            |_| input.error(format!("a word comes first, as in `backend = \"shared\"`; accepted: {}", accepted()));
        let word = input.call(Ident::parse_any).map_err(expected)?;
        let Some((name, example)) = WORDS.iter().find(|row| word == row.0) else {
            return Err(Error::new(word.span(), unknown(&word.to_string())));
        };
        let refused = |why: &str| Err(Error::new(word.span(), why));
        if self.mentions(name) {
            return refused(&format!("`{name}` is given twice: keep one of them"));
        }
        self.0.push(Given { word: word.clone(), value: None });
        let mut opens = input.peek(syn::token::Paren);
        if example.contains('=') {
            opens = input.parse::<Token![=]>().is_ok() && !input.is_empty() && !input.peek(Token![,]);
        }
        if !opens {
            return refused(&format!("`{name}` is written `{example}`"));
        }
        let value = Some(input.parse()?);
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error(format!("a comma is missing before this: `{example}, …`")));
        }
        if let Some(given) = self.0.last_mut() {
            given.value = value;
        }
        Ok(())
    }

    /// The word and its value, unless it was refused already.
    pub(crate) fn get(&self, name: &str) -> Option<(&Ident, &Expr)> {
        debug_assert!(WORDS.iter().any(|row| row.0 == name), "{name} is not in the table");
        let given = self.0.iter().find(|given| given.word == name)?;
        Some((&given.word, given.value.as_ref()?))
    }

    /// Whether the word was written, well or badly.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.words().any(|word| word == name)
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &Ident> {
        self.0.iter().map(|given| &given.word)
    }
}

/// How a word looks.
pub(crate) fn example(word: &str) -> &'static str {
    WORDS.iter().find(|row| row.0 == word).map_or("", |row| row.1)
}

fn unknown(word: &str) -> String {
    if let Some((_, here)) = ELSEWHERE.iter().find(|row| row.0.split(' ').any(|name| name == word)) {
        return format!("`{word}` is not a word of `#[cached]`: here {here}");
    }
    let near = did_you_mean(word, WORDS.iter().map(|row| row.0));
    format!("`{word}` is not a word of `#[cached]`{near}; accepted: {}", accepted())
}

fn accepted() -> String {
    list(WORDS.iter().map(|row| row.0))
}

/// The text of a string literal.
pub(crate) fn text(expr: &Expr) -> Option<String> {
    match bare(expr) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(LitStr::value(text)),
            _ => None,
        },
        _ => None,
    }
}

/// The expression without parentheses and invisible groups around it.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

/// Sizes, in bytes: by powers of 1,024, and by powers of 1,000.
const SIZES: &[(&str, u64)] = &[
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

/// `"64MiB"` as bytes; nothing if it is no size above zero.
pub(crate) fn size(text: &str) -> Option<u64> {
    let unit = text.trim().trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let number: u64 = text.trim().strip_suffix(unit)?.replace('_', "").parse().ok()?;
    let (_, each) = SIZES.iter().find(|row| row.0 == unit.trim_start())?;
    number.checked_mul(*each).filter(|size| *size > 0)
}

const SECOND: u128 = 1_000_000_000;

/// Units of time, in nanoseconds, and what people call them.
const UNITS: &[(&str, u128, &str)] = &[
    ("ns", 1, "nanoseconds"),
    ("us", 1_000, "microseconds"),
    ("ms", 1_000_000, "milliseconds"),
    ("s", SECOND, "seconds"),
    ("m", 60 * SECOND, "minutes"),
    ("h", 3_600 * SECOND, "hours"),
    ("d", 86_400 * SECOND, "days"),
    ("w", 604_800 * SECOND, "weeks"),
];

/// `"1h 30m"` as a duration; the error says what is accepted.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const ACCEPTED: &str = "a number and a unit (ns, us, ms, s, m, h, d, w), as in `5m` or `1h 30m`";
    let wrong = |near: &str| format!("`{text}` is not a duration{near}; accepted: {ACCEPTED}");
    let mut nanos = 0;
    let mut rest = text.trim();
    loop {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = rest[..rest.len() - digits.len()].parse().map_err(|_| wrong(""))?;
        let unit = digits.trim_start();
        let after = unit.trim_start_matches(char::is_alphabetic);
        let unit = &unit[..unit.len() - after.len()];
        let Some((_, each, _)) = UNITS.iter().find(|row| row.0 == unit) else {
            let meant = UNITS.iter().find(|row| unit.len() > 2 && row.2.starts_with(unit.trim_end_matches('s')));
            return Err(wrong(&meant.map_or_else(String::new, |row| format!(" (did you mean `{number}{}`?)", row.0))));
        };
        nanos += u128::from(number) * each;
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
    }
    match u64::try_from(nanos / SECOND) {
        _ if nanos == 0 => Err(format!(
            "`{text}` is zero, so an entry would expire before it is read: write a longer time, as in `5m`"
        )),
        Ok(seconds) => Ok(Duration::new(seconds, (nanos % SECOND) as u32)),
        Err(_) => Err(format!("`{text}` is too long: at most {} s fit; leave it out", u64::MAX)),
    }
}
