//! What the user writes above a function still holds for it.
#![deny(warnings, missing_docs)]

use cached_core::cached;

/// Documented.
#[cached]
#[must_use]
pub fn must_be_used(n: u64) -> u64 {
    n
}

/// Documented.
#[cached]
#[deprecated(note = "an old one")]
pub fn old(n: u64) -> u64 {
    n
}

/// Documented.
#[cached]
#[allow(non_snake_case, unused_variables)]
pub fn Area(W: u64, H: u64) -> u64 {
    let unused = 1;
    W * H
}

/// Documented.
#[cached]
#[expect(unused_mut)]
pub fn expects(n: u64) -> u64 {
    let mut n = n;
    n
}

/// Documented.
#[cached]
#[inline]
#[cold]
pub fn hinted(n: u64) -> u64 {
    n
}

#[cached]
#[allow(dead_code)]
fn never_called(n: u64) -> u64 {
    n
}

fn main() {
    // Were the attribute lost, the expectation would be unfulfilled, and that is denied.
    #[expect(unused_must_use)]
    {
        must_be_used(1);
    }
    #[expect(deprecated)]
    old(1);
    let _ = (Area(1, 2), expects(1), hinted(1));
}
