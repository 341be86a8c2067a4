//! Traits of the user's with methods for every type, called as the framework's are.
#![allow(dead_code)]

use cached_core::cached;

trait Everything {
    fn run(self) -> u8
    where
        Self: Sized,
    {
        0
    }
    fn run_async(self) -> u8
    where
        Self: Sized,
    {
        0
    }
    fn instance(&self) -> u8 {
        0
    }
    fn kind(&self) -> u8 {
        0
    }
    fn key(&self) -> u8 {
        0
    }
    fn value(&self) -> u8 {
        0
    }
    fn own(&self) -> u8 {
        0
    }
    fn is_copy(&self) -> u8 {
        0
    }
    fn is_handle(&self) -> u8 {
        0
    }
    const FALLIBLE: u8 = 9;
    const KEY: u8 = 9;
    const VALUE: u8 = 9;
}

impl<T> Everything for T {}

#[cached]
fn f(text: &str) -> usize {
    text.len()
}

#[cached(key = text.len())]
fn keyed(text: &str) -> Result<usize, ()> {
    Ok(text.len())
}

#[cached]
async fn later(n: u64) -> u64 {
    n
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Shop {
    #[cached]
    fn load(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {
    assert_eq!((f("a"), keyed("a"), Shop(1).load(2)), (1, Ok(1), 3));
    drop(later(1));
}
