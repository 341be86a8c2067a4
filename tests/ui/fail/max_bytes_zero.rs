//! No bytes are no cache.

use cached_core::cached;

#[cached(max_bytes = "0B", weigh = |_| 8)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
