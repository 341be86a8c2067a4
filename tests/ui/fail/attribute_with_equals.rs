//! Arguments stand in parentheses.

use cached_core::cached;

struct Shop;

#[cached]
impl Shop {
    #[cached = "5m"]
    fn size(n: usize) -> usize {
        n
    }
}

fn main() {
    Shop::size(1);
}
