//! A part of the key of an async function is `Hash` and `Eq` too.

use cached_core::cached;

#[derive(Clone)]
struct Row(u64);

#[cached]
async fn f(row: Row) -> u64 {
    row.0
}

fn main() {
    drop(f(Row(1)));
    f::site();
}
