//! A lifetime fits in a `Duration`.

use cached_core::cached;

#[cached(ttl = "18446744073709551615w")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
    f::entry(&1).invalidate().ok();
}
