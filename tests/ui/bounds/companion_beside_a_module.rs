//! A module of the function's name leaves no place for its companions: `companion = "other"` does. The macro sees no
//! module, so these are the compiler's words: that the name is taken, and that the module is no type.

use cached_core::cached;

mod price {
    pub const BASE: u64 = 1;
}

#[cached]
fn price(n: u64) -> u64 {
    n + price::BASE
}

fn main() {
    price(1);
}
