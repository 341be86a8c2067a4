//! `crate` takes a path, without quotes.

use cached_core::cached;

#[cached(crate = "cached_core")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
