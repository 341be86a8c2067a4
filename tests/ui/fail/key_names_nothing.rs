//! A name in `key` is an argument.

use cached_core::cached;

#[cached(key = (n, m))]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
