//! A function for another language is not cached.

use cached_core::cached;

#[cached]
extern "C" fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
