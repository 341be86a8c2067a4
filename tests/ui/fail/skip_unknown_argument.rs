//! A name in `skip` is an argument.

use cached_core::cached;

#[cached(skip(databse))]
fn f(database: &str, n: u64) -> u64 {
    n + database.len() as u64
}

fn main() {
    f("a", 1);
    f::site();
}
