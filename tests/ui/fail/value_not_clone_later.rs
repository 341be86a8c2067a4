//! A value of an async function is `Clone` too.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

#[cached]
async fn f(n: u64) -> Row {
    Row(n)
}

fn main() {
    drop(f(1));
    f::site();
}
