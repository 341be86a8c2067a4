//! So is what an `Option` refers to.

use cached_core::cached;

#[derive(Clone)]
struct Row(u64);

#[cached]
fn f(row: Option<&Row>) -> u64 {
    row.map_or(0, |row| row.0)
}

fn main() {
    f(Some(&Row(1)));
    f::site();
}
