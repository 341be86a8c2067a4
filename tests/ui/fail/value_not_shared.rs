//! A value is shared between threads: an `Rc` is not.

use cached_core::cached;

use std::rc::Rc;

#[cached]
fn f(n: u64) -> Rc<u64> {
    Rc::new(n)
}

fn main() {
    f(1);
    f::site();
}
