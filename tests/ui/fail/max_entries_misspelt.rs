//! A bound that is near to "unbounded" is answered with it.

use cached_core::cached;

#[cached(max_entries = "unbonded")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
    f::entry(&1).invalidate().ok();
}
