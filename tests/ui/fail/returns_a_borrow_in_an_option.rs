//! Nor one inside.

use cached_core::cached;

#[cached]
fn f(text: &str) -> Option<&str> {
    Some(text)
}

fn main() {
    f("a");
    f::site();
}
