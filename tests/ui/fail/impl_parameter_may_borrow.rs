//! The parameters of a marked `impl` block are `'static`.

use cached_core::cached;

struct Shop<T>(T);

#[cached]
impl<T: Send> Shop<T> {
    #[cached]
    fn size(n: usize) -> usize {
        n + size_of::<T>()
    }
}

fn main() {
    Shop::<u8>::size(1);
}
