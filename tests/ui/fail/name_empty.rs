//! A name has letters.

use cached_core::cached;

#[cached(name = "")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
    f::entry(&1).invalidate().ok();
}
