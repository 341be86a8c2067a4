//! What never returns is never cached.

use cached_core::cached;

#[cached]
fn f(n: u64) -> ! {
    panic!("{n}")
}

fn main() {
    f(1)
}
