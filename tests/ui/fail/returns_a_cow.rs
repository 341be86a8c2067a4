//! A `Cow` borrows too.

use cached_core::cached;

use std::borrow::Cow;

#[cached]
fn f(text: &str) -> Cow<'_, str> {
    text.into()
}

fn main() {
    f("a");
    f::site();
}
