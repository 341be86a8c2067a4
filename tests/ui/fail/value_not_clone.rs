//! A value is `Clone`.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

#[cached]
fn f(n: u64) -> Row {
    Row(n)
}

fn main() {
    f(1);
    f::site();
}
