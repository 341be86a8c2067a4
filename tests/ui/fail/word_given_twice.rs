//! A word is given once.

use cached_core::cached;

#[cached(ttl = "5m", ttl = "6m")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
