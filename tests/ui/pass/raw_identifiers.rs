//! Raw identifiers as names of functions, arguments, parameters, methods, types.
#![allow(non_camel_case_types)]

use cached_core::cached;

#[cached(key = (r#fn, r#match.len()), skip(r#loop))]
fn r#type(r#fn: u64, r#match: &str, r#loop: &mut u64) -> u64 {
    *r#loop += 1;
    r#fn + r#match.len() as u64
}

#[cached]
fn r#async(r#await: String) -> String {
    r#await
}

#[cached]
fn r#dyn<r#impl: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(r#in: r#impl) -> (r#impl, u8) {
    (r#in, 0)
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct r#struct(u64);

#[cached]
impl r#struct {
    #[cached]
    fn r#use(&self, r#where: u64) -> u64 {
        self.0 + r#where
    }
}

fn main() {
    assert_eq!(r#type(1, "a", &mut 0), 2);
    assert_eq!(r#type::entry(&1, "a").peek().unwrap(), Some(2));
    assert_eq!(r#async("a".to_owned()), "a");
    assert_eq!(r#dyn(1).0, 1);
    assert_eq!(r#struct(1).r#use(2), 3);
    assert_eq!(r#struct(1).use_entry(&2).peek().unwrap(), Some(3));
}
