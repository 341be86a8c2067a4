//! A `const fn` runs in the compiler.

use cached_core::cached;

#[cached]
const fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
