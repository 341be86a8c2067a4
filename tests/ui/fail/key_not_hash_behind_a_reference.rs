//! So is what a reference points to.

use cached_core::cached;

#[derive(Clone)]
struct Row(u64);

#[cached]
fn f(row: &Row) -> u64 {
    row.0
}

fn main() {
    f(&Row(1));
    f::site();
}
