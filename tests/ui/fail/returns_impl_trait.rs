//! A type without a name cannot be kept.

use cached_core::cached;

#[cached]
fn f(n: u64) -> impl Iterator<Item = u64> {
    0..n
}

fn main() {
    f(1).count();
}
