//! A value has a word.

use cached_core::cached;

#[cached("shared")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
