//! An error in the body is told once, where it is.

use cached_core::cached;

#[cached]
fn f(n: u64) -> u64 {
    let one: u64 = "one";
    n + one
}

fn main() {
    f(1);
}
