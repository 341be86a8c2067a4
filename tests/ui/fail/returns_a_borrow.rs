//! The cache cannot keep a borrow.

use cached_core::cached;

#[cached]
fn f(text: &str) -> &str {
    text
}

fn main() {
    f("a");
    f::site();
}
