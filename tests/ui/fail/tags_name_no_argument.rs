//! A tag is made of arguments.

use cached_core::cached;

#[cached(tags = ["user:{nn}"])]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
