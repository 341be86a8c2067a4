//! A lifetime for each value is not built yet.

use cached_core::cached;

#[cached(ttl = |n| Duration::from_secs(*n))]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
