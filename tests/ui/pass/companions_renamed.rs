//! Companions under another name, or under none: the report shows the function where it stands all the same.

#![deny(warnings)]

use cached_core::{cached, sites};

mod prices {
    /// The module has the name of the function.
    pub mod price {
        pub const BASE: u64 = 1;
    }

    #[cached_core::cached(companion = "priced")]
    pub fn price(n: u64) -> u64 {
        n + price::BASE
    }
}

#[deprecated]
#[cached(companion = "parted")]
pub fn halves(n: u64) -> u64 {
    n / 2
}

fn main() {
    assert!(parted::site().name().ends_with("::halves"));
    #[cached(companion = "doubled")]
    fn twice(n: u64) -> u64 {
        n * 2
    }
    #[cached(companion = "none")]
    fn thrice(n: u64) -> u64 {
        n * 3
    }
    assert_eq!((prices::price(1), twice(2), thrice(2)), (2, 4, 6));
    assert!(prices::priced::site().name().ends_with("::prices::price"));
    assert!(doubled::site().name().ends_with("::main::twice"), "{}", doubled::site().name());
    assert!(sites().iter().any(|site| site.name().ends_with("::main::thrice")));
    assert_eq!(doubled::entry(&2).peek().unwrap(), Some(4));
}
