//! What may be shown has three words.

use cached_core::cached;

#[cached(show = "key")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
