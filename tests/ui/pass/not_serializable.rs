//! Types that serde does not know, as keys and values: no matter as long as they stay in memory.

use cached_core::cached;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key(u64);

#[derive(Clone, Debug, PartialEq)]
struct Row(f64);

#[cached]
fn f(key: Key, also: &Key) -> Row {
    Row((key.0 + also.0) as f64)
}

#[cached]
fn object(key: &Key) -> Arc<dyn Fn(u64) -> u64 + Send + Sync> {
    let by = key.0;
    Arc::new(move |n| n * by)
}

#[cached]
fn lasting(n: u64) -> &'static str {
    if n == 0 { "zero" } else { "more" }
}

#[cached]
fn pointer(n: u64) -> fn(u64) -> u64 {
    if n == 0 { |n| n } else { |n| n + 1 }
}

#[cached]
fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: &T) -> Option<T> {
    Some(value.clone())
}

fn main() {
    assert_eq!(f(Key(1), &Key(2)), Row(3.0));
    assert_eq!((object(&Key(2))(3), lasting(0), pointer(1)(1)), (6, "zero", 2));
    assert_eq!(generic(&Key(1)), Some(Key(1)));
}
