//! A lone method has no companions.

use cached_core::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Shop {
    #[cached(companion = "loaded")]
    fn load(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    Shop(0).load(1);
}
