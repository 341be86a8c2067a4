//! An expression after `ttl` is a `Duration`.

use cached_core::cached;

const SECONDS: u64 = 60;

#[cached(ttl = SECONDS)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
