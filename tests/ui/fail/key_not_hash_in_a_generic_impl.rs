//! A part of the key is `Hash` and `Eq` in a generic `impl` block too.

use cached_core::cached;

#[derive(Clone)]
struct Row(u64);

struct Shop<T>(T);

#[cached]
impl<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static> Shop<T> {
    #[cached(skip(self))]
    fn load(&self, row: Row) -> u64 {
        row.0 + size_of_val(&self.0) as u64
    }
}

fn main() {
    Shop(1).load(Row(1));
    Shop::<u64>::load_site();
}
