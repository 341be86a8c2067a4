//! A word near to one of the two is answered with it.

use cached_core::cached;

#[cached(errors = "nevr")]
fn f(n: u64) -> Result<u64, u64> {
    Ok(n)
}

fn main() {
    f(1).ok();
    f::site();
}
