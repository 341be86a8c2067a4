//! A hit would skip the contract of an `unsafe fn`.

use cached_core::cached;

#[cached]
unsafe fn f(n: u64) -> u64 {
    n
}

fn main() {
    let _ = unsafe { f(1) };
    f::site();
}
