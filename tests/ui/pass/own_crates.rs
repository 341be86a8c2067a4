//! Modules of the user's that are called as crates are.
#![allow(dead_code)]

mod std {}
mod core {}
mod alloc {}
mod inventory {}
mod rt {}

use cached_core::cached;

#[cached(ttl = "5m", max_entries = "unbounded")]
fn f(text: &str, list: &[f64], n: u64) -> String {
    format!("{text}{list:?}{n}")
}

#[cached]
async fn later(text: String) -> String {
    text
}

fn main() {
    assert_eq!(f("a", &[1.0], 2), "a[1.0]2");
    drop(later("a".to_owned()));
}
