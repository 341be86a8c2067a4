//! `self` behind something that borrows is not a key.

use cached_core::cached;

use std::pin::Pin;

struct Shop(u64);

impl Shop {
    #[cached]
    fn load(self: Pin<&Self>, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    Pin::new(&Shop(0)).load(1);
}
