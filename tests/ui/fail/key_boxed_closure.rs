//! Nor is a closure in a box.

use cached_core::cached;

#[cached]
fn f(get: Box<dyn Fn(u64) -> u64>) -> u64 {
    get(1)
}

fn main() {
    f(Box::new(|n| n));
    f::site();
}
