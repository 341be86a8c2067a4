//! A lifetime is a number and a unit.

use cached_core::cached;

#[cached(ttl = "5 minutes")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
