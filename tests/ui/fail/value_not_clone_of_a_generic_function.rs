//! A value of a generic function is `Clone`.

use cached_core::cached;

struct Row<T>(#[allow(dead_code)] T);

#[cached(errors = "never")]
fn f<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> Result<Row<T>, u64> {
    Ok(Row(value))
}

fn main() {
    f(1).ok();
    f::site();
}
