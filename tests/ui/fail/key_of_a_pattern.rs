//! `key` cannot look into a pattern.

use cached_core::cached;

#[cached(key = a)]
fn f((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {
    f((1, 2));
    f::site();
}
