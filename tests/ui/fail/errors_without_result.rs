//! `errors` is for functions that return a `Result`.

use cached_core::cached;

#[cached(errors = "30s")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
    f::site();
}
