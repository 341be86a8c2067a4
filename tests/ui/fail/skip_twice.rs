//! An argument is skipped once.

use cached_core::cached;

#[cached(skip(a, a))]
fn f(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {
    f(1, 2);
    f::site();
}
