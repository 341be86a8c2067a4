//! A function without arguments has nothing to skip.

use cached_core::cached;

#[cached(skip(db))]
fn f() -> u64 {
    1
}

fn main() {
    f();
    f::site();
    f::entry();
}
