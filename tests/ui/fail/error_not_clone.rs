//! An error that is kept is `Clone`.

use cached_core::cached;

#[cached(errors = "30s")]
fn f(n: u64) -> Result<u64, std::io::Error> {
    Ok(n)
}

fn main() {
    f(1).ok();
    f::site();
}
