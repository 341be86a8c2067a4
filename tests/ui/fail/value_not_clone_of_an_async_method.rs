//! A value of a lone async method is `Clone`.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

struct Shop;

impl Shop {
    #[cached(skip(self))]
    async fn load(&self, n: u64) -> Row {
        Row(n)
    }
}

fn main() {
    drop(Shop.load(1));
}
