//! An associated function needs the attribute on its `impl` block: the macro cannot see where it stands, so this is the compiler's word.

use cached_core::cached;

struct Shop;

impl Shop {
    #[cached]
    fn size(n: usize) -> usize {
        n
    }
}

fn main() {
    Shop::size(1);
}
