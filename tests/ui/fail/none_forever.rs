//! A `None` is a value like any other.

use cached_core::cached;

#[cached(none = "forever")]
fn f(n: u64) -> Option<u64> {
    Some(n)
}

fn main() {
    f(1);
    f::site();
}
