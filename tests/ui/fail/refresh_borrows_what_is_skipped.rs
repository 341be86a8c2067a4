//! A refresh in the background outlives the call.

use cached_core::cached;

#[cached(ttl = "1m", stale = "1m", refresh = "background", skip(db))]
fn f(db: &Vec<u64>, n: usize) -> u64 {
    db[n]
}

fn main() {
    f(&vec![1], 0);
}
