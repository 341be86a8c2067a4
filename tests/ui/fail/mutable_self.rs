//! `&mut self` is not a key.

use cached_core::cached;

struct Shop(u64);

impl Shop {
    #[cached]
    fn load(&mut self, id: u64) -> u64 {
        self.0 += 1;
        id
    }
}

fn main() {
    Shop(0).load(1);
}
