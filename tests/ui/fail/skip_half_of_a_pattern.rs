//! What comes from one argument is skipped together.

use cached_core::cached;

#[cached(skip(a))]
fn f((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {
    f((1, 2));
    f::site();
}
