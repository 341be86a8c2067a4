//! A crate of which nobody names anything: `link!` alone brings its sites.

/// A function that nobody outside names.
#[cached_core::cached]
pub fn hidden(n: u64) -> u64 {
    n
}
