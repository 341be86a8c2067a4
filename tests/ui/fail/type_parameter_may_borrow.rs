//! A type parameter is `'static`.

use cached_core::cached;

#[cached]
fn f<T: Clone + Eq + std::hash::Hash + Send + Sync>(value: T) -> Option<T> {
    Some(value)
}

fn main() {
    f(1);
    f::site();
}
