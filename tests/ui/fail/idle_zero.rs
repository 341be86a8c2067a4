//! An idle time is longer than nothing.

use cached_core::cached;

#[cached(idle = "0s")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
