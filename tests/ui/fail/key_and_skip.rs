//! An argument is in `key` or in `skip`, not in both.

use cached_core::cached;

#[cached(key = (a, b), skip(b))]
fn f(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {
    f(1, 2);
    f::site();
}
