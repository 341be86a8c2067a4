//! Methods: mark the `impl` block as well, and each method gets its companions.
//!
//! `self` is an argument like any other: part of the key, unless `key` or `skip` says otherwise.

use cached_core::{Config, cached};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop {
    country: &'static str,
    /// Changes with every sale, and has nothing to do with taxes.
    sold: u64,
}

#[cached]
impl Shop {
    /// The key is what the body reads, not the whole shop.
    #[cached(key = (self.country, cents))]
    fn with_tax(&self, cents: u64) -> u64 {
        let percent = if self.country == "de" { 19 } else { 20 };
        cents * (100 + percent) / 100
    }

    /// Without a receiver too.
    #[cached(max_entries = 100)]
    fn rounded(cents: u64) -> u64 {
        cents.div_ceil(5) * 5
    }
}

fn main() -> Result<(), cached_core::Error> {
    Config::new().env("CACHED")?.install()?;
    let mut shop = Shop { country: "de", sold: 0 };
    assert_eq!(shop.with_tax(1_000), 1_190);
    shop.sold += 1;
    assert_eq!(shop.with_tax(1_000), 1_190);
    let stats = Shop::with_tax_site().stats();
    assert_eq!(stats.hits, 1, "a sale does not change the key");

    let other = Shop { country: "fr", sold: 0 };
    assert_eq!(other.with_tax(1_000), 1_200, "another country is another key");

    assert_eq!(shop.with_tax_entry(&1_000).peek()?, Some(1_190));
    shop.with_tax_entry(&1_000).invalidate()?;
    assert_eq!(shop.with_tax_entry(&1_000).peek()?, None);

    assert_eq!((Shop::rounded(11), Shop::rounded(11)), (15, 15));
    println!("{}", cached_core::report());
    Ok(())
}
