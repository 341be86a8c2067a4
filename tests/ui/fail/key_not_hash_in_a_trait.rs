//! And in the `impl` of a trait.

use cached_core::cached;

#[derive(Clone)]
struct Row(u64);

trait Load {
    fn load(&self, row: Row) -> u64;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Load for Shop {
    #[cached]
    fn load(&self, row: Row) -> u64 {
        self.0 + row.0
    }
}

fn main() {
    Shop(1).load(Row(1));
}
