//! Flights across processes are not built yet.

use cached_core::cached;

#[cached(flight = "distributed")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
