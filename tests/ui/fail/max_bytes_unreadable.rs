//! A size has a unit that is known.

use cached_core::cached;

#[cached(max_bytes = "64 megs", weigh = |_| 8)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
