//! A bound is above 0.

use cached_core::cached;

#[cached(max_entries = 0)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
