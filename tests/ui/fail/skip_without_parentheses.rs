//! `skip` takes names in parentheses.

use cached_core::cached;

#[cached(skip = n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
