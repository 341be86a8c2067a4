//! An error that is not kept needs no bound: not `Clone`, not `Send`, not `'static`.

use cached_core::cached;
use std::cell::Cell;
use std::rc::Rc;

struct Bad<'a>(#[allow(dead_code)] Rc<Cell<&'a str>>);

type Res<'a, T> = Result<T, Bad<'a>>;

#[cached]
fn f(text: &str) -> Result<usize, Bad<'_>> {
    if text.is_empty() { Err(Bad(Rc::new(Cell::new(text)))) } else { Ok(text.len()) }
}

#[cached]
fn by_alias(n: u64) -> Res<'static, u64> {
    Ok(n)
}

#[cached]
async fn later(n: u64) -> Result<u64, Bad<'static>> {
    Ok(n)
}

#[cached]
fn standard(text: &str) -> std::io::Result<usize> {
    Ok(text.len())
}

fn sent<F: Future + Send>(_: F) {}

fn main() {
    assert!(f("").is_err() && f("a").is_ok() && by_alias(1).is_ok() && standard("a").is_ok());
    sent(later(1));
}
