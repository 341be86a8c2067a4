//! A library that wants `Debug` and `Copy` of all its public types is content.
#![deny(missing_debug_implementations, missing_copy_implementations)]

pub mod library {
    //! Public.
    use cached_core::cached;

    /// Public.
    #[cached]
    pub fn price(n: u64) -> u64 {
        n
    }
}

fn main() {
    library::price(1);
}
