//! Nothing of the prelude is needed.
#![no_implicit_prelude]

use ::cached_core::cached;
use ::std::option::Option::{self, None, Some};
use ::std::result::Result;
use ::std::string::String;
use ::std::{assert, assert_eq};

#[cached(ttl = "5m", max_entries = "unbounded", none = "never")]
fn find(text: &str, x: f64, also: Option<&str>) -> Option<u64> {
    match also {
        None => None,
        _ => Some(text.len() as u64 + x as u64),
    }
}

#[cached(errors = "30s")]
fn fallible(list: &[&str], pair: (u8, &str)) -> Result<usize, String> {
    Result::Ok(list.len() + pair.1.len())
}

#[cached(key = text.len())]
async fn later(text: &str) -> usize {
    text.len()
}

#[cached]
fn generic<T, const N: usize>(list: [T; N]) -> usize
where
    T: ::std::cmp::Eq + ::std::hash::Hash + ::std::clone::Clone + ::std::marker::Send + ::std::marker::Sync + 'static,
{
    list.len()
}

#[derive(::std::clone::Clone, ::std::cmp::PartialEq, ::std::cmp::Eq, ::std::hash::Hash)]
struct Shop(u64);

impl Shop {
    #[cached]
    fn alone(&self, id: u64) -> u64 {
        self.0 + id
    }
}

#[cached]
impl Shop {
    #[cached]
    fn beside(&self, id: u64) -> u64 {
        self.0 + id
    }

    #[cached]
    fn new(id: u64) -> Self {
        Self(id)
    }
}

fn main() {
    assert_eq!(find("a", 1.5, Some("b")), Some(2));
    assert_eq!(find::entry("a", &1.5, &Some("b")).peek().unwrap(), Some(Some(2)));
    assert_eq!(fallible(&["a"], (1, "bc")), Result::Ok(3));
    ::std::mem::drop(later("a"));
    assert_eq!(generic([1, 2]), 2);
    assert_eq!(Shop(1).alone(2) + Shop(1).beside(2) + Shop::new(1).0, 7);
    assert!(Shop::beside_site().stats().calls == 1);
}
