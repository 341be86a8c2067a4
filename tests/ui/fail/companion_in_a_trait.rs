//! A method of a trait has no companions.

use cached_core::cached;

trait Load {
    fn load(&self, id: u64) -> u64;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

#[cached]
impl Load for Shop {
    #[cached(companion = "loaded")]
    fn load(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    Shop(0).load(1);
}
