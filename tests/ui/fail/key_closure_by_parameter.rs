//! Nor is one behind a type parameter.

use cached_core::cached;

#[cached]
fn f<F: Fn(u64) -> u64 + 'static>(get: F) -> u64 {
    get(1)
}

fn main() {
    f(|n| n);
    f::site();
}
