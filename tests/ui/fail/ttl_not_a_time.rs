//! A lifetime is a text or a `Duration`.

use cached_core::cached;

#[cached(ttl = true)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
    f::entry(&1).invalidate().ok();
}
