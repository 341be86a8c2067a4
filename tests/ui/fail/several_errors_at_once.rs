//! Everything that is wrong is told at once, each under its word.

use cached_core::cached;

#[cached(tll = "5m", max_entries = 0, skip(c))]
fn f(a: &mut u64, b: fn()) -> u64 {
    b();
    *a
}

fn main() {
    f(&mut 1, || ());
    f::site();
}
