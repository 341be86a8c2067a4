//! Where nothing is returned there is nothing to cache.

use cached_core::cached;

#[cached]
fn f(n: u64) {
    println!("{n}");
}

fn main() {
    f(1);
    f::site();
}
