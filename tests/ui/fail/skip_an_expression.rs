//! `skip` takes arguments whole.

use cached_core::cached;

#[cached(skip(pair.0))]
fn f(pair: (u64, u64)) -> u64 {
    pair.1
}

fn main() {
    f((1, 2));
    f::site();
}
