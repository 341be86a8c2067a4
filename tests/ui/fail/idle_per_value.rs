//! All values have one idle time.

use cached_core::cached;

#[cached(idle = |n| std::time::Duration::from_secs(*n))]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    f(1);
}
