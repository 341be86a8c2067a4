//! A window has a unit.

use cached_core::cached;

#[cached(ttl = "1m", stale = 30)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
