//! A closure is not a key.

use cached_core::cached;

#[cached]
fn f(get: impl Fn(u64) -> u64 + 'static) -> u64 {
    get(1)
}

fn main() {
    f(|n| n);
    f::site();
}
