//! There is one way to refresh by itself.

use cached_core::cached;

#[cached(ttl = "1m", stale = "1m", refresh = "later")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
