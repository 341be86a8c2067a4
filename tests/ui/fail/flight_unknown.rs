//! `flight` is one of two words.

use cached_core::cached;

#[cached(flight = "of")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
