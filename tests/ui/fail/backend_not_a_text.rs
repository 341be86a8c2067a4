//! An alias stands in quotes.

use cached_core::cached;

#[cached(backend = shared)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
