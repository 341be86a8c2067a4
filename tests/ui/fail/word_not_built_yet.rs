//! A word that is not built yet is refused, not ignored.

use cached_core::cached;

#[cached(show = "keys")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
