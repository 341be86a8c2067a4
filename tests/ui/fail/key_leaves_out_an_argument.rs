//! Every argument is in `key` or in `skip`: else one user sees another's value.

use cached_core::cached;

#[cached(key = a)]
fn f(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {
    f(1, 2);
    f::site();
}
