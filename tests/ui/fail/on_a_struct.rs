//! The attribute belongs on a function.

use cached_core::cached;

#[cached]
struct S;

fn main() {
    let _ = S;
}
