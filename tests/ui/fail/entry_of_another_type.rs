//! An entry takes the arguments of the key, by reference.

use cached_core::cached;

#[cached]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f::entry(&"a").invalidate().ok();
}
