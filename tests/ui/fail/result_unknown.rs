//! Whether a type parameter is a `Result` is not seen.

use cached_core::cached;

#[cached]
fn f<T: From<u64> + Clone + Send + Sync + 'static>(n: u64) -> T {
    T::from(n)
}

fn main() {
    f::<u64>(1);
    f::site();
}
