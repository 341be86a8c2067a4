//! `self` is a part of the key, unless it is skipped.

use cached_core::cached;

struct Shop(u64);

impl Shop {
    #[cached]
    fn load(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    Shop(0).load(1);
}
