//! The arguments belong on the method.

use cached_core::cached;

struct Shop;

#[cached(ttl = "5m")]
impl Shop {
    #[cached]
    fn size(n: usize) -> usize {
        n
    }
}

fn main() {
    Shop::size(1);
}
