//! A word has a value.

use cached_core::cached;

#[cached(ttl)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
