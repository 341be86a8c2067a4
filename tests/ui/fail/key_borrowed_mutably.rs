//! A mutable borrow is not a key.

use cached_core::cached;

#[cached]
fn f(db: &mut u64, n: u64) -> u64 {
    *db += 1;
    n
}

fn main() {
    f(&mut 0, 1);
    f::site();
}
