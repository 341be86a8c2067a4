//! An argument that may not be there is not a key.

use cached_core::cached;

#[cached]
fn f(n: u64, #[cfg(all())] m: u64) -> u64 {
    n + m
}

fn main() {
    f(1, 2);
    f::site();
}
