//! Nor can one in a box.

use cached_core::cached;

use std::pin::Pin;

#[cached]
fn f(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(std::future::ready(n))
}

fn main() {
    drop(f(1));
}
