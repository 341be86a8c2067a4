//! A unit is nothing.

use cached_core::cached;

#[cached]
fn f(n: u64) -> () {
    println!("{n}");
}

fn main() {
    f(1);
    f::site();
}
