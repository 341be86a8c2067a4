//! A function is not a key.

use cached_core::cached;

#[cached]
fn f(get: fn(u64) -> u64) -> u64 {
    get(1)
}

fn main() {
    f(|n| n);
    f::site();
}
