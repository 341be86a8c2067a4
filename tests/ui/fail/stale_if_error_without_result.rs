//! Only a `Result` can fail.

use cached_core::cached;

#[cached(ttl = "1m", stale_if_error = "1h")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
