//! Macros of the user's that are called as the standard library's are.
#![allow(unused_macros)]

macro_rules! concat {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! line {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! file {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! column {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! module_path {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! facts {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}
macro_rules! fallible {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}

use cached_core::cached;

#[cached(key = n)]
fn f(n: u64) -> Result<u64, ()> {
    Ok(n)
}

struct Shop;

#[cached]
impl Shop {
    #[cached]
    fn load(id: u64) -> u64 {
        id
    }
}

fn main() {
    assert_eq!(f(1), Ok(1));
    assert_eq!(Shop::load(1), 1);
}
