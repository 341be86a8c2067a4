//! A marked `impl` block has a marked method.

use cached_core::cached;

struct Shop;

#[cached]
impl Shop {
    fn size(n: usize) -> usize {
        n
    }
}

fn main() {
    Shop::size(1);
}
