//! Without a lifetime memory keeps an entry anyway.

use cached_core::cached;

#[cached(ttl = "forever")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
