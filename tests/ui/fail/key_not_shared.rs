//! A part of the key is shared between threads: an `Rc` is not.

use cached_core::cached;

use std::rc::Rc;

#[cached]
fn f(text: Rc<str>) -> usize {
    text.len()
}

fn main() {
    f("a".into());
    f::site();
}
