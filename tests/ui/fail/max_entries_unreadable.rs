//! A bound is a number, or "unbounded".

use cached_core::cached;

#[cached(max_entries = "many")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
