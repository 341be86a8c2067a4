//! A borrow inside a type of another crate cannot be made owned.

use cached_core::cached;

use std::collections::BTreeMap;

#[cached]
fn f(map: BTreeMap<&str, u64>) -> usize {
    map.len()
}

fn main() {
    f(BTreeMap::new());
    f::site();
}
