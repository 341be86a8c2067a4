//! The name of the companions has letters too.

use cached_core::cached;

#[cached(companion = "")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
    f::entry(&1).invalidate().ok();
}
