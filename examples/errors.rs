//! Errors: an `Err` is returned and not stored, unless `errors` says for how long.

use std::io;
use std::num::ParseIntError;
use std::sync::atomic::{AtomicU32, Ordering};

use cached_core::{Config, cached};

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

/// Fails the first time. `io::Error` is not `Clone`, and need not be: only the `Ok` is stored.
#[cached]
fn connect(host: &str) -> io::Result<String> {
    match ATTEMPTS.fetch_add(1, Ordering::Relaxed) {
        0 => Err(io::Error::new(io::ErrorKind::TimedOut, "no answer")),
        _ => Ok(format!("connected to {host}")),
    }
}

/// A text that is no number now will be none in a minute either: the `Err` is kept as well.
#[cached(errors = "1m")]
fn number(text: &str) -> Result<i64, ParseIntError> {
    text.parse()
}

/// Nobody found is worth asking again soon, so `None` is not kept.
#[cached(none = "never")]
fn found(id: u32) -> Option<&'static str> {
    (id == 1).then_some("the first")
}

fn main() -> Result<(), cached_core::Error> {
    Config::new().env("CACHED")?.install()?;
    assert!(connect("db").is_err());
    assert_eq!(connect("db").ok().as_deref(), Some("connected to db"), "the error was not kept");
    assert!(connect("db").is_ok());
    let stats = connect::site().stats();
    assert_eq!((stats.errors, stats.misses, stats.hits), (1, 1, 1), "the third call was a hit");

    assert!(number("seven").is_err());
    assert!(number("seven").is_err());
    let stats = number::site().stats();
    assert_eq!((stats.errors, stats.hits), (1, 1), "the error was kept");

    assert_eq!((found(2), found(2), found(1), found(1)), (None, None, Some("the first"), Some("the first")));
    assert_eq!((found::site().stats().misses, found::site().stats().hits), (3, 1));
    println!("{}", cached_core::report());
    Ok(())
}
