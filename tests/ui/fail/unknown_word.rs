//! A word that is not one of the attribute's is answered with the nearest.

use cached_core::cached;

#[cached(tll = "5m")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::uncached(1);
    f::refresh(1);
    f::site();
    f::entry(&1).invalidate().ok();
}
