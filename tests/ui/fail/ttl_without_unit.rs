//! A lifetime has a unit.

use cached_core::cached;

#[cached(ttl = 60)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
