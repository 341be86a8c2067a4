//! What is kept of a `Result` is its value, and that is `Clone`.

use cached_core::cached;

struct Row(#[allow(dead_code)] u64);

#[cached]
fn f(n: u64) -> Result<Row, std::io::Error> {
    Ok(Row(n))
}

fn main() {
    f(1).ok();
    f::site();
}
