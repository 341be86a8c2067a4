//! `key` is an expression, not a text.

use cached_core::cached;

#[cached(key = "n")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
