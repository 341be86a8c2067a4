//! A value is `Clone` whatever the key is.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

#[cached(key = n + 1)]
fn f(n: u64) -> Row {
    Row(n)
}

fn main() {
    f(1);
    f::site();
}
