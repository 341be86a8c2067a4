//! A bound in bytes needs to know what a value holds.

use cached_core::cached;

#[cached(max_bytes = "1MiB")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
