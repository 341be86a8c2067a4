//! Items of the user's that are called as the framework's are.
#![allow(dead_code)]

use cached_core::cached;

struct Site;
struct Entry;
struct Memo;
struct Part;
struct Project;
struct Duration;
enum Option {
    Some,
    None,
}
enum Result {
    Ok,
    Err,
}
fn lookup() {}
fn site() {}
fn memo() {}

#[cached(ttl = "5m", errors = "30s")]
fn f(text: &str, x: f64) -> ::std::result::Result<u64, ()> {
    let _ = (Site, Entry, Memo, Part, Project, Duration, Option::Some, Option::None, Result::Ok, Result::Err);
    ::std::result::Result::Ok(text.len() as u64 + x as u64)
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[cached]
    fn load(&self, id: u64) -> ::std::option::Option<u64> {
        ::std::option::Option::Some(id)
    }
}

fn main() {
    assert!(f("a", 1.0).is_ok());
    assert!(Shop.load(1).is_some());
}
