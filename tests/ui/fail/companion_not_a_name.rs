//! The companions live under a name.

use cached_core::cached;

#[cached(companion = "a b")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
