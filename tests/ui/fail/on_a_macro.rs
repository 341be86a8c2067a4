//! Whatever else there is, the attribute belongs on a function.

use cached_core::cached;

#[cached]
macro_rules! double {
    ($n:expr) => {
        $n * 2
    };
}

fn main() {
    double!(1);
}
