//! What a function gives back, and what of it is kept.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::sync::Arc;

use futures::executor::block_on;

use super::ran;

/// An error that is not `Clone`, as most are not.
#[derive(Debug)]
struct Bad(#[expect(dead_code, reason = "shown")] Cell<u64>);

/// An error that can be kept.
#[derive(Clone, Debug)]
struct Kept;

/// A `Result` by another name.
type Res<T> = Result<T, Bad>;

shapes! { SHAPES:
    handle "an `Arc`" [] { pub(super) fn f(n: u64) -> Arc<Vec<u64>> { ran(); Arc::new(vec![n]) } }
    => [f(1); f(2)];

    list "a `Vec<String>`" [] { pub(super) fn f(n: u64) -> Vec<String> { ran(); vec![n.to_string()] } }
    => [f(1); f(2)];

    tuple "a tuple" [] { pub(super) fn f(n: u64) -> (u64, String) { ran(); (n, n.to_string()) } }
    => [f(1); f(2)];

    double "an `f64`" [] { pub(super) fn f(n: u64) -> f64 { ran(); if n == 0 { f64::NAN } else { -0.0 } } }
    => [f(0); f(1)];

    lasting "a `&'static str`" [] { pub(super) fn f(n: u64) -> &'static str { ran(); if n == 0 { "a" } else { "b" } } }
    => [f(0); f(1)];

    pointer "a function pointer" [] { pub(super) fn f(n: u64) -> fn(u64) -> u64 { ran(); if n == 0 { |x| x + 1 } else { |x| x + 2 } } }
    => [f(0)(3); f(1)(3)];

    object "an `Arc<dyn Trait>`" [] { pub(super) fn f(n: u64) -> Arc<dyn std::fmt::Debug + Send + Sync> { ran(); Arc::new(n) } }
    => [f(1); f(2)];

    optional "an `Option`, whose `None` is kept" [] { pub(super) fn f(n: u64) -> Option<u64> { ran(); (n > 0).then_some(n) } }
    => [f(0); f(1)];

    optional_never "an `Option` with `none = \"never\"`" [none = "never"] { pub(super) fn f(n: u64) -> Option<u64> { ran(); (n > 0).then_some(n) } }
    => [f(0), 1 1; f(1)];

    optional_while "an `Option` with `none = \"30s\"`" [none = "30s"] { pub(super) fn f(n: u64) -> Option<u64> { ran(); (n > 0).then_some(n) } }
    => [f(0); f(1)];

    fallible "a `Result` whose `Err` is not `Clone`" [] { pub(super) fn f(n: u64) -> Result<u64, Bad> { ran(); if n > 0 { Ok(n) } else { Err(Bad(Cell::new(7))) } } }
    => [f(0), 1 1; f(1); f(2)];

    boxed "a `Result` with a boxed error that is not `Send`" [] { pub(super) fn f(n: u64) -> Result<u64, Box<dyn Error>> { ran(); if n > 0 { Ok(n) } else { Err("zero".into()) } } }
    => [f(0), 1 1; f(1)];

    borrowing "a `Result` whose `Err` borrows from the call" [] { pub(super) fn f(text: &str) -> Result<u64, &str> { ran(); text.parse().map_err(|_| text) } }
    => [f("x"), 1 1; f("1"); f("2")];

    kept "a `Result` with `errors = \"30s\"`" [errors = "30s"] { pub(super) fn f(n: u64) -> Result<u64, Kept> { ran(); if n > 0 { Ok(n) } else { Err(Kept) } } }
    => [f(0); f(1)];

    kept_forever "a `Result` with `errors = \"forever\"`" [errors = "forever"] { pub(super) fn f(n: u64) -> Result<u64, Kept> { ran(); if n > 0 { Ok(n) } else { Err(Kept) } } }
    => [f(0); f(1)];

    never "a `Result` with `errors = \"never\"`" [errors = "never"] { pub(super) fn f(n: u64) -> Result<u64, Bad> { ran(); if n > 0 { Ok(n) } else { Err(Bad(Cell::new(7))) } } }
    => [f(0), 1 1; f(1)];

    alias "an alias of `Result`" [] { pub(super) fn f(n: u64) -> Res<u64> { ran(); if n > 0 { Ok(n) } else { Err(Bad(Cell::new(7))) } } }
    => [f(0), 1 1; f(1)];

    alias_while "an alias of `Result` with `errors = \"30s\"`" with { pub(super) type Res<T> = Result<T, Kept>; }
    [errors = "30s"] { pub(super) fn f(n: u64) -> Res<u64> { ran(); if n > 0 { Ok(n) } else { Err(Kept) } } }
    => [f(0); f(1)];

    io_result "an `io::Result`" [] { pub(super) fn f(n: u64) -> io::Result<u64> { ran(); if n > 0 { Ok(n) } else { Err(io::ErrorKind::NotFound.into()) } } }
    => [f(0), 1 1; f(1)];

    unit "a `Result<(), E>`" [] { pub(super) fn f(n: u64) -> Result<(), Bad> { ran(); if n > 0 { Ok(()) } else { Err(Bad(Cell::new(7))) } } }
    => [f(0), 1 1; f(1)];

    fallible_optional "a `Result<Option<T>, E>` with `none = \"never\"`" [none = "never"] {
        pub(super) fn f(n: u64) -> Result<Option<u64>, Bad> { ran(); match n { 0 => Err(Bad(Cell::new(7))), 1 => Ok(None), n => Ok(Some(n)) } }
    }
    => [f(0), 1 1; f(1), 1 1; f(2)];

    both "a `Result<Option<T>, E>` with `none` and `errors`" [none = "never", errors = "30s"] {
        pub(super) fn f(n: u64) -> Result<Option<u64>, Kept> { ran(); match n { 0 => Err(Kept), 1 => Ok(None), n => Ok(Some(n)) } }
    }
    => [f(0); f(1), 1 1; f(2)];

    fallible_later "an async `Result`" [] { pub(super) async fn f(n: u64) -> Result<u64, Box<dyn Error + Send + Sync>> { ran(); if n > 0 { Ok(n) } else { Err("zero".into()) } } }
    => [block_on(f(0)), 1 1; block_on(f(1))];

    optional_later "an async `Option` with `none = \"never\"`" [none = "never"] { pub(super) async fn f(n: u64) -> Option<u64> { ran(); (n > 0).then_some(n) } }
    => [block_on(f(0)), 1 1; block_on(f(1))];

    question "`?` over another error type" [] {
        pub(super) fn f(text: &str) -> Result<u64, Box<dyn Error>> { ran(); let number: u64 = text.parse()?; Ok(number) }
    }
    => [f("x"), 1 1; f("1")];
}
