//! `key` is an expression over the arguments, not a closure.

use cached_core::cached;

#[cached(key = |n| n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
