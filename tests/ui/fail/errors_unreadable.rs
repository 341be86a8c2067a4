//! `errors` takes a duration or one of two words.

use cached_core::cached;

#[cached(errors = "soon")]
fn f(n: u64) -> Result<u64, u64> {
    Ok(n)
}

fn main() {
    f(1).ok();
    f::site();
}
