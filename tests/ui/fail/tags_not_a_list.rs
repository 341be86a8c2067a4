//! Tags are a list.

use cached_core::cached;

#[cached(tags = "user:{n}")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
