//! Types of the user's that are called as primitives are.
#![allow(non_camel_case_types, dead_code)]

use cached_core::cached;

struct bool;
struct u8;
struct u32;
struct usize;
struct str;
struct f64;

#[cached(max_entries = "unbounded", ttl = "1h", version = 3)]
fn f(n: u64) -> u64 {
    n
}

fn main() {
    assert_eq!(f(1), 1);
}
