//! Nor can one inside a type of the user's.

use cached_core::cached;

struct View<'a>(&'a str);

#[cached]
fn f(view: View<'_>) -> usize {
    view.0.len()
}

fn main() {
    f(View("a"));
    f::site();
}
