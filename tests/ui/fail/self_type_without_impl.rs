//! `Self` is known where the `impl` block carries the attribute too.

use cached_core::cached;

struct Shop;

impl Shop {
    #[cached]
    fn size(n: usize) -> usize {
        n + size_of::<Self>()
    }
}

fn main() {
    Shop::size(1);
}
