//! What is compiled away leaves nothing behind, above the attribute and below it.

use cached_core::cached;

#[cached]
#[cfg(any())]
fn gone(n: NoSuchType) -> NoSuchType {
    n
}

#[cfg(any())]
#[cached]
fn gone_too(n: NoSuchType) -> NoSuchType {
    n
}

#[cached]
#[cfg(not(all()))]
fn either(n: u64) -> u64 {
    n + no_such_function()
}

#[cached]
#[cfg(all())]
fn either(n: u64) -> u64 {
    n
}

#[cfg_attr(all(), cached(ttl = "5m"))]
fn perhaps(n: u64) -> u64 {
    n
}

struct Shop;

#[cached]
impl Shop {
    #[cached]
    #[cfg(any())]
    fn gone(n: NoSuchType) -> NoSuchType {
        n
    }

    #[cached]
    #[cfg(all())]
    fn here(n: u64) -> u64 {
        n
    }
}

impl Shop {
    #[cached(skip(self))]
    #[cfg(any())]
    fn gone_alone(&self, n: NoSuchType) -> NoSuchType {
        n
    }
}

fn main() {
    assert_eq!(either(1) + perhaps(1) + Shop::here(1), 3);
    assert_eq!(perhaps::site().stats().calls, 1);
}
