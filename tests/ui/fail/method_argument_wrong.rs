//! An error in a method of a marked block is told there; the method stays, and so do its companions.

use cached_core::cached;

struct Shop(usize);

#[cached]
impl Shop {
    #[cached(max_entires = 5, skip(self))]
    pub fn load(&self, mut n: usize) -> usize {
        n += self.0;
        n
    }

    #[cached]
    fn other(n: usize) -> usize {
        n
    }
}

fn main() {
    let shop = Shop(1);
    shop.load(1) + shop.load_uncached(1) + shop.load_refresh(1);
    Shop::load_entry(&1).peek().ok();
    Shop::load_site().clear().ok();
    Shop::other(1);
    Shop::other_site();
}
