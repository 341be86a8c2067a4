//! A value of a method is `Clone`.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

struct Shop;

#[cached]
impl Shop {
    #[cached(skip(self))]
    fn load(&self, n: u64) -> Row {
        Row(n)
    }
}

fn main() {
    Shop.load(1);
    Shop::load_site();
}
