//! One `use` brings function and companions, under any name.

mod catalogue {
    use cached_core::cached;

    #[cached]
    pub fn price(n: u64) -> u64 {
        n
    }

    #[cached(companion = "stock_cache")]
    pub fn stock(n: u64) -> u64 {
        n + stock::BASE
    }

    pub mod stock {
        pub const BASE: u64 = 10;
    }
}

mod shop {
    pub use super::catalogue::price as cost;
    pub use super::catalogue::*;
}

mod by_name {
    use super::catalogue::price;

    pub fn call() -> u64 {
        price::site();
        price(1)
    }
}

mod by_glob {
    use super::shop::*;

    pub fn call() -> u64 {
        price::entry(&1).invalidate().unwrap();
        stock_cache::entry(&1).invalidate().unwrap();
        price(1) + cost(1) + stock(1)
    }
}

use shop::cost as what_it_costs;

fn main() {
    assert_eq!(by_name::call() + by_glob::call(), 14);
    assert_eq!(what_it_costs(1), 1);
    assert_eq!(what_it_costs::site().name(), catalogue::price::site().name());
    let pointer: fn(u64) -> u64 = what_it_costs;
    assert_eq!([1, 2].map(pointer), [1, 2]);
}
