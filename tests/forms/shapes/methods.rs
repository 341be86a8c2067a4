//! Methods: alone, and in an `impl` block that carries the attribute too.

use std::fmt::Debug;
use std::sync::Arc;

use futures::executor::block_on;

use super::ran;

methods! { SHAPES:
    alone "a lone method with `&self`" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    impl { impl Shop } [] { pub(super) fn load(&self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    alone_by_value "a lone method with `self`" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    impl { impl Shop } [] { pub(super) fn load(self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    by_mut_value "a method with `mut self`, the `impl` marked" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn load(mut self, id: u64) -> u64 { ran(); self.0 += 1; self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    alone_skips "a lone method with `skip(self)`" { pub(super) struct Db; }
    impl { impl Db } [skip(self)] { pub(super) fn load(&self, id: u64) -> u64 { ran(); id + size_of_val(self) as u64 } }
    => [Db.load(2); Db.load(3)];

    alone_mutable "a lone method with `&mut self`, skipped" { pub(super) struct Db(pub(super) u64); }
    impl { impl Db } [skip(self)] { pub(super) fn load(&mut self, id: u64) -> u64 { ran(); self.0 += 1; id } }
    => [Db(0).load(2); Db(1).load(3)];

    alone_key "a lone method with `key = (self.tenant, id)`" { pub(super) struct Db { pub(super) tenant: u64 } }
    impl { impl Db } [key = (self.tenant, id)] { pub(super) fn load(&self, id: u64) -> u64 { ran(); self.tenant * 100 + id } }
    => [Db { tenant: 1 }.load(2); Db { tenant: 2 }.load(2); Db { tenant: 1 }.load(3)];

    alone_later "a lone async method" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    impl { impl Shop } [] { pub(super) async fn load(&self, name: &str) -> String { ran(); std::future::ready(()).await; format!("{}{name}", self.0) } }
    => [block_on(Shop(1).load("a")); block_on(Shop(2).load("a")); block_on(Shop(1).load("b"))];

    alone_fallible "a lone method that returns a `Result`" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    impl { impl Shop } [] { pub(super) fn load(&self, id: &str) -> Result<u64, std::num::ParseIntError> { ran(); let id: u64 = id.parse()?; Ok(self.0 + id) } }
    => [Shop(1).load("2"); Shop(2).load("2"); Shop(1).load("x"), 1 1];

    alone_pattern "a lone method with patterns" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    impl { impl Shop } [] { pub(super) fn load(&self, (a, mut b): (u64, u64)) -> u64 { ran(); b += 1; self.0 * 100 + a * 10 + b } }
    => [Shop(1).load((2, 3)); Shop(2).load((2, 3)); Shop(1).load((3, 2))];

    alone_generic "a lone method of a generic type" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop<T>(pub(super) T); }
    impl { impl<T: Debug + Clone + Eq + std::hash::Hash + Send + Sync + 'static> Shop<T> }
    [] { pub(super) fn load(&self, id: u64) -> String { ran(); format!("{:?}{id}", self.0) } }
    => [Shop(1_u8).load(2); Shop(1_u16).load(2); Shop("a").load(2); Shop("a").load(3)];

    alone_self "a lone method that returns `Self`" { #[derive(Clone, Debug, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    impl { impl Shop } [] { pub(super) fn next(&self) -> Shop { ran(); Self(self.0 + 1) } }
    => [Shop(1).next(); Shop(2).next()];

    by_reference "a method with `&self`, the `impl` marked" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn load(&self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    by_value "a method with `self`, the `impl` marked" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) Vec<u64>); }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn load(self, id: u64) -> Vec<u64> { ran(); let mut all = self.0; all.push(id); all } }
    => [Shop(vec![1]).load(2); Shop(vec![2]).load(2); Shop(vec![1]).load(3)];

    by_arc "a method with `self: Arc<Self>`" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn load(self: Arc<Self>, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Arc::new(Shop(1)).load(2); Arc::new(Shop(2)).load(2); Arc::new(Shop(1)).load(3)];

    by_typed_reference "a method with `self: &Self`" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64); }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn load(self: &Self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    associated "an associated function" { pub(super) struct Shop; }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn load(id: u64) -> u64 { ran(); id * 2 } }
    => [Shop::load(2); Shop::load(3)];

    constructor "an associated function that returns `Self`" { #[derive(Clone, Debug)] pub(super) struct Shop { #[expect(dead_code, reason = "shown")] id: u64 } }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn new(id: u64) -> Self { ran(); Self { id } } }
    => [Shop::new(2); Shop::new(3)];

    fallible_constructor "an associated function that returns `Result<Self, E>`" { #[derive(Clone, Debug)] pub(super) struct Shop { #[expect(dead_code, reason = "shown")] id: u64 } }
    #[cached_core::cached]
    impl { impl Shop } [] { pub(super) fn new(id: &str) -> Result<Self, std::num::ParseIntError> { ran(); Ok(Self { id: id.parse()? }) } }
    => [Shop::new("2"); Shop::new("3"); Shop::new("x"), 1 1];

    later "an async method, the `impl` marked" { pub(super) struct Db { pub(super) tenant: u64 } }
    #[cached_core::cached]
    impl { impl Db } [key = (self.tenant, name)] { pub(super) async fn load(&self, name: &str) -> String { ran(); std::future::ready(()).await; format!("{}{name}", self.tenant) } }
    => [block_on(Db { tenant: 1 }.load("a")); block_on(Db { tenant: 2 }.load("a")); block_on(Db { tenant: 1 }.load("b"))];

    skips "a method with `skip(self)`, the `impl` marked" { pub(super) struct Db; }
    #[cached_core::cached]
    impl { impl Db } [skip(self)] { pub(super) fn load(&self, id: u64) -> u64 { ran(); id + size_of_val(self) as u64 } }
    => [Db.load(2); Db.load(3)];

    generic_type "a method of a generic type, the `impl` marked" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop<T>(pub(super) T); }
    #[cached_core::cached]
    impl { impl<T: Debug + Clone + Eq + std::hash::Hash + Send + Sync + 'static> Shop<T> }
    [] { pub(super) fn load(&self, id: u64) -> String { ran(); format!("{:?}{id}", self.0) } }
    => [Shop(1_u8).load(2); Shop(1_u16).load(2); Shop("a").load(2); Shop("a").load(3)];

    generic_associated "an associated function of a generic type" { pub(super) struct Shop<T>(std::marker::PhantomData<T>); }
    #[cached_core::cached]
    impl { impl<T: Default + Debug + 'static> Shop<T> } [] { pub(super) fn load(id: u64) -> String { ran(); format!("{:?}{id}", T::default()) } }
    => [Shop::<u8>::load(2); Shop::<String>::load(2); Shop::<u8>::load(3)];

    generic_method "a generic method of a generic type" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop<T>(pub(super) T); }
    #[cached_core::cached]
    impl { impl<T: Debug + Clone + Eq + std::hash::Hash + Send + Sync + 'static> Shop<T> }
    [] { pub(super) fn load<U: Default + Debug + 'static>(&self, id: u64) -> String { ran(); format!("{:?}{id}{:?}", self.0, U::default()) } }
    => [Shop(1_u8).load::<u8>(2); Shop(1_u8).load::<String>(2); Shop(1_u16).load::<u8>(2)];

    const_type "a method of a type with a const parameter" { #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop<const N: usize>; }
    #[cached_core::cached]
    impl { impl<const N: usize> Shop<N> } [] { pub(super) fn load(&self, id: usize) -> usize { ran(); id * 10 + N } }
    => [Shop::<1>.load(2); Shop::<2>.load(2); Shop::<1>.load(3)];

    borrowing_type "a method of a type with a lifetime, `key = …`" { pub(super) struct View<'a>(pub(super) &'a str); }
    #[cached_core::cached]
    impl { impl View<'_> } [key = (self.0.len(), id)] { pub(super) fn load(&self, id: usize) -> usize { ran(); self.0.len() * 10 + id } }
    => [View("a").load(2); View("ab").load(2); View("a").load(3)];
}

methods! { TRAITS:
    trait_method "a method of a trait, alone" {
        #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64);
        pub(super) trait Load { fn load(&self, id: u64) -> u64; }
    }
    impl { impl Load for Shop } [] { fn load(&self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    trait_method_marked "a method of a trait, the `impl` marked" {
        #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64);
        pub(super) trait Load { fn load(&self, id: u64) -> u64; }
    }
    #[cached_core::cached]
    impl { impl Load for Shop } [] { fn load(&self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [Shop(1).load(2); Shop(2).load(2); Shop(1).load(3)];

    trait_function "a function of a trait, the `impl` marked" {
        #[derive(Clone, Debug)] pub(super) struct Shop { #[expect(dead_code, reason = "shown")] id: u64 }
        pub(super) trait Load { fn load(id: u64) -> Self; }
    }
    #[cached_core::cached]
    impl { impl Load for Shop } [] { fn load(id: u64) -> Self { ran(); Self { id } } }
    => [Shop::load(2); Shop::load(3)];

    trait_generic "a method of a generic trait for a generic type" {
        #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop<T>(pub(super) T);
        pub(super) trait Load<U> { fn load(&self, id: u64) -> U; }
    }
    #[cached_core::cached]
    impl { impl<T: Debug + Clone + Eq + std::hash::Hash + Send + Sync + 'static> Load<String> for Shop<T> }
    [] { fn load(&self, id: u64) -> String { ran(); format!("{:?}{id}", self.0) } }
    => [Shop(1_u8).load(2); Shop(1_u16).load(2); Shop(1_u8).load(3)];

    trait_later "an async method of a trait" {
        #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64);
        pub(super) trait Load { async fn load(&self, id: u64) -> u64; }
    }
    impl { impl Load for Shop } [] { async fn load(&self, id: u64) -> u64 { ran(); std::future::ready(()).await; self.0 * 100 + id } }
    => [block_on(Shop(1).load(2)); block_on(Shop(2).load(2)); block_on(Shop(1).load(3))];

    trait_object "a method called through `dyn Trait`" {
        #[derive(Clone, PartialEq, Eq, Hash)] pub(super) struct Shop(pub(super) u64);
        pub(super) trait Load { fn load(&self, id: u64) -> u64; }
    }
    impl { impl Load for Shop } [] { fn load(&self, id: u64) -> u64 { ran(); self.0 * 100 + id } }
    => [(&Shop(1) as &dyn Load).load(2); (&Shop(2) as &dyn Load).load(2)];
}
