//! The value of a lone method is `Clone`.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Shop {
    #[cached]
    fn load(&self, id: u64) -> Row {
        Row(self.0 + id)
    }
}

fn main() {
    Shop(0).load(1);
}
