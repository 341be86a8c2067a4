//! Where only the compiler sees that there is no `Result`, it says so.

use cached_core::cached;

type Number = u64;

#[cached(errors = "30s")]
fn f(n: u64) -> Number {
    n
}

fn main() {
    f(1);
    f::site();
}
