//! Verifying is a share of the hits.

use cached_core::cached;

#[cached(verify = "all")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
