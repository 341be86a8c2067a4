//! `none` is for functions that return an `Option`.

use cached_core::cached;

#[cached(none = "30s")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
