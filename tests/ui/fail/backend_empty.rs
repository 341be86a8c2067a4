//! An alias has a name.

use cached_core::cached;

#[cached(backend = "")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
