//! What is asked of a value is a yes or a no.

use cached_core::cached;

#[cached(cache_if = |n| *n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
