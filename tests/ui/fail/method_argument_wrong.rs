//! An error in a method of a marked block is told there, and the method stays.

use cached_core::cached;

struct Shop;

#[cached]
impl Shop {
    #[cached(max_entires = 5)]
    fn size(n: usize) -> usize {
        n
    }

    #[cached]
    fn other(n: usize) -> usize {
        n
    }
}

fn main() {
    Shop::size(1);
    Shop::other(1);
    Shop::other_site();
}
