//! Arguments are separated by commas.

use cached_core::cached;

#[cached(ttl = "5m" max_entries = 5)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
