//! What is wrong with a closure over values is said once, in a generic function too.

use std::hash::Hash;

use cached_core::cached;

#[cached(cache_if = |list| list.length() > 0)]
fn f<T: Clone + Eq + Hash + Send + Sync + 'static>(n: T) -> Vec<T> {
    vec![n]
}

fn main() {
    f(1);
}
