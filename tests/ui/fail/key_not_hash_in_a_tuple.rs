//! And what stands in a tuple beside a borrow.

use cached_core::cached;

#[derive(Clone)]
struct Row(u64);

#[cached]
fn f(pair: (&str, Row)) -> u64 {
    pair.0.len() as u64 + pair.1.0
}

fn main() {
    f(("a", Row(1)));
    f::site();
}
