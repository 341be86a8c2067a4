//! So is the value of a `key` expression.

use cached_core::cached;

#[derive(Clone)]
struct Part(u64);

struct Row(Part);

#[cached(key = row.0)]
fn f(row: &Row) -> u64 {
    row.0.0
}

fn main() {
    f(&Row(Part(1)));
    f::site();
}
