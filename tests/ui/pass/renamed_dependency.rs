//! `crate = …` says where the framework is.

extern crate cached_core as memo;

mod deps {
    pub use cached_core as renamed;
}

mod cached_core {} // whoever writes the usual path gets nothing

use memo::cached;

#[cached(crate = memo, ttl = "1m")]
fn by_crate(text: &str, x: f64) -> Option<usize> {
    Some(text.len() + x as usize)
}

#[cached(crate = crate::deps::renamed)]
fn by_path(n: u64) -> Result<u64, std::io::Error> {
    Ok(n)
}

#[cached(crate = memo, key = list.len())]
async fn later(list: &[&str]) -> usize {
    list.len()
}

struct Shop;

#[cached(crate = memo)]
impl Shop {
    #[cached(skip(self))]
    fn beside(&self, id: u64) -> u64 {
        id
    }
}

impl Shop {
    #[cached(crate = memo, skip(self))]
    fn alone(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    assert_eq!(by_crate("a", 1.0), Some(2));
    assert_eq!(by_path(1).ok(), Some(1));
    drop(later(&["a"]));
    assert_eq!(Shop.beside(1) + Shop.alone(1), 2);
}
