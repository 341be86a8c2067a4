//! Generic functions: types, constants, lifetimes, `where`, and `impl Trait` in arguments.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;

use futures::executor::block_on;

use super::ran;

/// What a type is worth: in neither key nor value.
trait Worth: 'static {
    const WORTH: u64;
}

struct Silver;
struct Gold;

impl Worth for Silver {
    const WORTH: u64 = 10;
}

impl Worth for Gold {
    const WORTH: u64 = 100;
}

shapes! { SHAPES:
    owned "a type parameter" [] {
        pub(super) fn f<T: Debug + Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> String { ran(); format!("{value:?}") }
    }
    => [f(1_u8); f(1_u16); f("a"); f("a".to_owned()); f(2_u8)];

    borrowed "a reference to a type parameter" [] {
        pub(super) fn f<T: Debug + Hash + Eq + Clone + Send + Sync + 'static>(value: &T) -> String { ran(); format!("{value:?}") }
    }
    => [f(&1_u8); f(&1_u16); f(&"a".to_owned())];

    slice "a slice of a type parameter" [] {
        pub(super) fn f<T: Hash + Ord + Clone + Send + Sync + 'static>(list: &[T]) -> Option<T> { ran(); list.iter().max().cloned() }
    }
    => [f(&[1, 3, 2]); f(&[1_u8]); f::<u16>(&[]); f::<u8>(&[])];

    unsized_ "an unsized type parameter" [] {
        pub(super) fn f<T>(value: &T) -> usize
        where
            T: ?Sized + Hash + Eq + ToOwned + 'static,
            T::Owned: Eq + Clone + Send + Sync + 'static,
        { ran(); size_of_val(value) }
    }
    => [f("abcd"); f(&[1_u8, 2][..])];

    neither "a type parameter in neither key nor value" [] {
        pub(super) fn f<T: Worth + 'static>(n: u64) -> u64 { ran(); T::WORTH + n }
    }
    => [f::<Silver>(1); f::<Gold>(1); f::<Gold>(2)];

    no_arguments "a type parameter and no arguments" [] { pub(super) fn f<T: Worth + 'static>() -> u64 { ran(); T::WORTH } }
    => [f::<Silver>(); f::<Gold>()];

    returned "a type parameter in the value" [] {
        pub(super) fn f<T: Default + Clone + Send + Sync + 'static>(n: usize) -> Vec<T> { ran(); vec![T::default(); n] }
    }
    => [f::<u8>(1); f::<String>(1); f::<u8>(2)];

    two "two type parameters" [] {
        pub(super) fn f<A, B>(a: A, b: B) -> String
        where
            A: Display + Hash + Eq + Clone + Send + Sync + 'static,
            B: Display + Hash + Eq + Clone + Send + Sync + 'static,
        { ran(); format!("{a}{b}") }
    }
    => [f(1_u8, "a"); f("a", 1_u8); f(1_u8, 1_u8)];

    constant "a const parameter" [] { pub(super) fn f<const N: usize>(n: u64) -> u64 { ran(); n * N as u64 } }
    => [f::<1>(2); f::<2>(2); f::<2>(3)];

    constant_array "an array of const length" [] { pub(super) fn f<const N: usize>(list: [u64; N]) -> u64 { ran(); list.iter().sum() } }
    => [f([]); f([1, 2]); f([2, 1]); f([3])];

    both "a type and a const parameter" [] {
        pub(super) fn f<T: Worth + 'static, const N: u64>(n: u64) -> u64 { ran(); T::WORTH * N + n }
    }
    => [f::<Silver, 1>(1); f::<Silver, 2>(1); f::<Gold, 1>(1)];

    clause "a `where` clause with `for<'a>`" [] {
        pub(super) fn f<T>(value: T) -> u64
        where
            T: Hash + Eq + Clone + Send + Sync + 'static,
            for<'a> &'a T: Into<Number>,
        { ran(); let Number(number) = (&value).into(); number }
    }
    => [f(Number(1)); f(Number(2))];

    lifetimes "two lifetimes" [] {
        pub(super) fn f<'a, 'b: 'a>(a: &'a str, b: &'b str) -> usize { ran(); let either: &'a str = if a.is_empty() { b } else { a }; either.len() }
    }
    => [f("a", "bc"); f("", "bc"); f("a", "")];

    lifetime_and_type "a lifetime and a type parameter" [] {
        pub(super) fn f<'a, T: Display + Send + Sync + 'static>(text: &'a str, _of: PhantomData<T>) -> &'static str { ran(); if text.is_empty() { "empty" } else { "full" } }
    }
    => [f("", PhantomData::<u8>); f("a", PhantomData::<u8>); f("a", PhantomData::<u16>)];

    fallible "a generic `Result`" [] {
        pub(super) fn f<T: std::str::FromStr + Clone + Send + Sync + 'static>(text: &str) -> Result<T, T::Err> { ran(); text.parse() }
    }
    => [f::<u8>("1"); f::<u16>("1"); f::<u8>("x"), 1 1];

    told_never "a bare parameter with `errors = \"never\"`" [errors = "never"] {
        pub(super) fn f<T: From<u8> + Worthy + 'static>(n: u8) -> Outcome<T> { ran(); if n == 0 { Err("none") } else { Ok(T::from(n)) } }
    }
    => [f::<u8>(1); f::<u64>(1); f::<u8>(0), 1 1];

    told_forever "a bare parameter with `errors = \"forever\"`" [errors = "forever"] {
        pub(super) fn f<T: From<u8> + Worthy + 'static>(n: u8) -> T { ran(); T::from(n) }
    }
    => [f::<u8>(1); f::<u64>(1); f::<u8>(0)];

    impl_trait "`impl Trait`" [] {
        pub(super) fn f(value: impl Display + Hash + Eq + Clone + Send + Sync + 'static) -> String { ran(); value.to_string() }
    }
    => [f(1_u8); f(2_u8); f("1")];

    impl_trait_reference "`&impl Trait`" [] {
        pub(super) fn f(value: &(impl Display + Hash + Eq + Clone + Send + Sync + 'static)) -> String { ran(); value.to_string() }
    }
    => [f(&1_u8); f(&2_u8); f(&"1")];

    impl_trait_skipped "`impl Fn`, skipped" [skip(get)] { pub(super) fn f(get: impl Fn(u64) -> u64, n: u64) -> u64 { ran(); get(n) } }
    => [f(|n| n + 1, 1); f(|n| n + 1, 2)];

    impl_trait_borrows "`impl Trait` that borrows, skipped" [skip(all)] {
        pub(super) fn f(all: &mut impl Iterator<Item = u64>, n: u64) -> u64 { ran(); all.next().unwrap() + n }
    }
    => [f(&mut [1].iter().copied(), 1); f(&mut vec![1].into_iter(), 1), 0 0];

    key_of "a type parameter, and `key = …`" [key = value.to_string()] {
        pub(super) fn f<T: Display + 'static>(value: T) -> String { ran(); format!("<{value}>") }
    }
    => [f(1_u8); f(2_u8); f("x")];

    later "a generic `async fn`" [] {
        pub(super) async fn f<T: Debug + Hash + Eq + Clone + Send + Sync + 'static>(value: &T) -> String { ran(); format!("{value:?}") }
    }
    => [block_on(f(&1_u8)); block_on(f(&2_u8)); block_on(f(&"a"))];

    recursive "a generic recursion" [] {
        pub(super) fn f<T: Worth + 'static>(n: u64) -> u64 { ran(); if n == 0 { T::WORTH } else { f::<T>(n - 1) + 1 } }
    }
    => [f::<Silver>(3), 4 0; f::<Gold>(3), 4 0; f::<Gold>(4), 1 0];
}

/// A number that can be read from a reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Number(u64);

impl From<&Number> for Number {
    fn from(number: &Number) -> Number {
        Number(number.0 * 2)
    }
}

/// A value.
trait Worthy: Debug + Clone + Send + Sync {}

impl<T: Debug + Clone + Send + Sync> Worthy for T {}

/// A `Result` by another name, with a parameter.
type Outcome<T> = Result<T, &'static str>;
