//! An associated function needs the attribute on its `impl` block too. The macro cannot see where the function stands,
//! so these are the compiler's words: one for each item that has no place there, and one for the missing type.

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
