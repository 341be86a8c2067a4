//! `entry` knows no argument that is not in the key.

use cached_core::cached;

#[cached(tags = ["user:{who}"], skip(who))]
fn f(n: u64, who: u64) -> u64 {
    n + who
}

fn main() {
    f(1, 2);
}
