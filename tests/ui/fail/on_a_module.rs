//! The attribute does not go through a module.

use cached_core::cached;

#[cached]
mod prices {
    pub fn f(n: u64) -> u64 {
        n
    }
}

fn main() {
    prices::f(1);
}
