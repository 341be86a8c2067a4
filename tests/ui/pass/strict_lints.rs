//! The strictest lints find nothing to say about what the macro writes.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unused,
    future_incompatible,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    keyword_idents,
    let_underscore,
    explicit_outlives_requirements,
    missing_abi,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use cached_core::cached;

/// Documented, public, and quiet.
#[cached(ttl = "5m")]
pub fn price(sku: &str, qty: u32, x: f64, also: Option<&str>) -> Option<u64> {
    also.map(|also| sku.len() as u64 + u64::from(qty) + also.len() as u64 + x.to_bits())
}

/// Documented.
///
/// # Errors
/// When the number is odd.
#[cached(errors = "30s", skip(db))]
pub async fn later(db: &mut Vec<u64>, n: u64) -> Result<u64, String> {
    db.push(n);
    if n % 2 == 0 { Ok(n) } else { Err("odd".to_owned()) }
}

/// Documented.
#[cached]
pub fn generic<'a, T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(a: &'a T, b: &'a T) -> bool {
    a == b
}

/// Documented.
#[cached(key = (text.len(), n), skip(a))]
pub fn keyed(text: &str, mut n: u64, (a, _): (u8, u8)) -> u64
where
    u8: Copy,
{
    n += u64::from(a);
    n + text.len() as u64
}

/// Documented.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shop(u64);

#[cached]
impl Shop {
    /// Documented.
    #[cached]
    pub fn load(&self, id: u64) -> u64 {
        self.0 + id
    }

    /// Documented.
    #[cached]
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self(id)
    }
}

impl std::ops::Add<u64> for Shop {
    type Output = u64;

    #[cached]
    fn add(self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    assert_eq!(price("a", 1, 0.0, Some("b")), Some(3));
    drop(later(&mut Vec::new(), 1));
    assert!(generic(&1, &1));
    assert_eq!(keyed("a", 1, (2, 3)), 4);
    assert_eq!((Shop::new(1).load(2), Shop(1) + 2), (3, 3));
}
