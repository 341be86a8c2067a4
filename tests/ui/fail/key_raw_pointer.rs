//! An address says nothing about the value.

use cached_core::cached;

#[cached]
fn f(at: *const u64) -> bool {
    at.is_null()
}

fn main() {
    f(std::ptr::null());
    f::site();
}
