//! An expression in `key` is an owned value, or a reference written with `&`. Only the borrow checker sees lifetimes,
//! and it tells them apart in the wrapper, a function, and in `entry`, an associated function.

use cached_core::cached;

#[cached(key = (text.trim(), n))]
fn f(text: &str, n: u64) -> u64 {
    n + text.len() as u64
}

fn main() {
    f("a", 1);
    f::site();
}
