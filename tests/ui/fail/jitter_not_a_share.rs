//! A jitter is a share of the lifetime.

use cached_core::cached;

#[cached(ttl = "1m", jitter = "5s")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
