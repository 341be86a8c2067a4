//! `self` is an argument like the others.

use cached_core::cached;

struct Shop(u64);

impl Shop {
    #[cached(key = id)]
    fn load(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    Shop(0).load(1);
}
