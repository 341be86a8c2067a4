//! The same where the `impl` block is marked.

use cached_core::cached;

struct Shop(u64);

#[cached]
impl Shop {
    #[cached]
    fn load(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    Shop(0).load(1);
    Shop::load_site();
}
