//! A lone method cannot outlive its `self`.

use cached_core::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[cached(ttl = "1m", stale = "1m", refresh = "background")]
    fn f(&self, n: u64) -> u64 {
        n
    }
}

fn main() {
    Shop.f(1);
}
