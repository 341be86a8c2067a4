//! Only the lifetime is asked of each value.

use cached_core::cached;

#[cached(ttl = "1m", stale = |n| n.life)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
