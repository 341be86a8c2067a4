//! So is `impl Trait`.

use cached_core::cached;

#[cached]
fn f(value: impl ToString + Eq + std::hash::Hash + Clone + Send + Sync) -> String {
    value.to_string()
}

fn main() {
    f(1);
    f::site();
}
