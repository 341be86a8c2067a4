//! A future cannot be kept; what it gives can.

use cached_core::cached;

#[cached]
fn f(n: u64) -> impl Future<Output = u64> {
    std::future::ready(n)
}

fn main() {
    drop(f(1));
}
