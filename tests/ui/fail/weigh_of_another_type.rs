//! What a value holds is a number of bytes.

use cached_core::cached;

#[cached(max_bytes = "1MiB", weigh = |n| n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
