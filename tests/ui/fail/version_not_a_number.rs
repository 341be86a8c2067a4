//! A version is a whole number.

use cached_core::cached;

#[cached(version = "3")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
