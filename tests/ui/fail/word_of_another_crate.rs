//! A word of another crate's attribute is answered with ours.

use cached_core::cached;

#[cached(time = 60)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
