//! A refresh in the background needs an old value to serve.

use cached_core::cached;

#[cached(ttl = "1m", refresh = "background")]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
