//! A type parameter in the key says so in its bounds.

use cached_core::cached;

#[cached]
fn f<T: ToString + 'static>(value: T) -> String {
    value.to_string()
}

fn main() {
    f(1);
    f::site();
}
