//! What a key is made of: references, floats, options, sequences, and what holds them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::ran;

/// A type of the user's, with no trait of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Piece,
    Of(u8),
}

/// A quiet `NaN` with a payload.
const OTHER_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

shapes! { SHAPES:
    text "`&str`" [] { pub(super) fn f(text: &str) -> usize { ran(); text.len() } }
    => [f(""); f("a"); f("b"); f("a ")];

    bytes "`&[u8]`" [] { pub(super) fn f(bytes: &[u8]) -> usize { ran(); bytes.len() } }
    => [f(b""); f(b"a"); f(b"\0"); f(b"\0\0")];

    path "`&Path`" [] { pub(super) fn f(path: &Path) -> PathBuf { ran(); path.join("x") } }
    => [f(Path::new("a")); f(Path::new("a/b"))];

    os_str "`&OsStr`" [] { pub(super) fn f(name: &OsStr) -> usize { ran(); name.len() } }
    => [f(OsStr::new("a")); f(OsStr::new("b"))];

    reference "`&T`" [] { pub(super) fn f(unit: &Unit) -> Unit { ran(); unit.clone() } }
    => [f(&Unit::Piece); f(&Unit::Of(0)); f(&Unit::Of(1))];

    number "`&u64`" [] { pub(super) fn f(n: &u64) -> u64 { ran(); *n } }
    => [f(&1); f(&2)];

    string_reference "`&String`" [] { pub(super) fn f(text: &String) -> usize { ran(); text.len() } }
    => [f(&"a".to_owned()); f(&"b".to_owned())];

    vec_reference "`&Vec<u64>`" [] { pub(super) fn f(list: &Vec<u64>) -> u64 { ran(); list.iter().sum() } }
    => [f(&vec![1, 2]); f(&vec![2, 1])];

    twice_borrowed "`&&str`" [] { pub(super) fn f(text: &&str) -> usize { ran(); text.len() } }
    => [f(&"a"); f(&"b")];

    lasting "`&'static str`" [] { pub(super) fn f(text: &'static str) -> &'static str { ran(); text } }
    => [f("a"); f("b")];

    user "a type of the user's" [] { pub(super) fn f(unit: Unit) -> Unit { ran(); unit } }
    => [f(Unit::Piece); f(Unit::Of(0)); f(Unit::Of(1))];

    string "`String`" [] { pub(super) fn f(text: String) -> String { ran(); text } }
    => [f("a".into()); f("b".into())];

    boxed "`Box<str>`" [] { pub(super) fn f(text: Box<str>) -> usize { ran(); text.len() } }
    => [f("a".into()); f("b".into())];

    shared "`Arc<str>`" [] { pub(super) fn f(text: Arc<str>) -> usize { ran(); text.len() } }
    => [f("a".into()); f("b".into())];

    shared_reference "`&Arc<str>`" [] { pub(super) fn f(text: &Arc<str>) -> usize { ran(); text.len() } }
    => [f(&"a".into()); f(&"b".into())];

    small "`bool`, `char`, `i8`, `u128`" [] { pub(super) fn f(a: bool, b: char, c: i8, d: u128) -> String { ran(); format!("{a}{b}{c}{d}") } }
    => [f(true, 'a', -1, u128::MAX); f(false, 'a', -1, u128::MAX); f(true, 'b', -1, u128::MAX); f(true, 'a', 1, u128::MAX)];

    standard "`Duration`, `PathBuf`, `BTreeMap`" [] {
        pub(super) fn f(a: Duration, b: PathBuf, c: BTreeMap<String, u64>) -> String { ran(); format!("{a:?}{b:?}{c:?}") }
    }
    => [
        f(Duration::ZERO, "a".into(), BTreeMap::new());
        f(Duration::MAX, "a".into(), BTreeMap::new());
        f(Duration::ZERO, "a".into(), BTreeMap::from([("k".to_owned(), 1)]))
    ];

    optional "`Option<T>`" [] { pub(super) fn f(n: Option<u64>) -> Option<u64> { ran(); n } }
    => [f(None); f(Some(0)); f(Some(1))];

    optional_text "`Option<&str>`" [] { pub(super) fn f(text: Option<&str>) -> Option<usize> { ran(); text.map(str::len) } }
    => [f(None); f(Some("")); f(Some("a"))];

    single "`f32`" [] { pub(super) fn f(x: f32) -> f32 { ran(); x * 2.0 } }
    => [f(1.5); f(-1.5); f(0.0); f(-0.0); f(f32::NAN); f(f32::INFINITY)];

    double "`f64`: `NaN`, another `NaN`, 0.0 and -0.0" [] { pub(super) fn f(x: f64) -> u64 { ran(); x.to_bits() } }
    => [f(1.5); f(0.0); f(-0.0); f(f64::NAN); f(OTHER_NAN); f(f64::NEG_INFINITY)];

    double_reference "`&f64`" [] { pub(super) fn f(x: &f64) -> f64 { ran(); *x } }
    => [f(&1.5); f(&0.0); f(&-0.0); f(&f64::NAN)];

    cow "`Cow<'_, str>`" [] { pub(super) fn f(text: Cow<'_, str>) -> usize { ran(); text.len() } }
    => [f(Cow::Borrowed("a")); f(Cow::Owned("b".to_owned())); f(Cow::Owned("a".to_owned())), 0 0];

    array "`[u8; 4]`" [] { pub(super) fn f(list: [u8; 4]) -> u32 { ran(); u32::from_be_bytes(list) } }
    => [f([0; 4]); f([1, 0, 0, 0])];
}

shapes! { NESTED:
    doubles "`Vec<f64>`" [] { pub(super) fn f(list: Vec<f64>) -> String { ran(); format!("{list:?}") } }
    => [f(vec![]); f(vec![0.0]); f(vec![-0.0]); f(vec![f64::NAN, 1.0])];

    double_slice "`&[f64]`" [] { pub(super) fn f(list: &[f64]) -> String { ran(); format!("{list:?}") } }
    => [f(&[]); f(&[0.0]); f(&[-0.0]); f(&[f64::NAN, 1.0])];

    texts "`&[&str]`" [] { pub(super) fn f(list: &[&str]) -> String { ran(); list.join("|") } }
    => [f(&[]); f(&["ab", "c"]); f(&["a", "bc"]); f(&["abc"])];

    array_of_texts "`[&str; 2]`" [] { pub(super) fn f(list: [&str; 2]) -> String { ran(); list.join("|") } }
    => [f(["ab", "c"]); f(["a", "bc"])];

    array_of_doubles "`&[f32; 2]`" [] { pub(super) fn f(list: &[f32; 2]) -> f32 { ran(); list[0] - list[1] } }
    => [f(&[1.0, 2.0]); f(&[2.0, 1.0])];

    tuple "a tuple with references" [] { pub(super) fn f(pair: (&str, u32)) -> String { ran(); format!("{pair:?}") } }
    => [f(("a", 1)); f(("a", 2)); f(("b", 1))];

    tuple_reference "`&(&str, f64)`" [] { pub(super) fn f(pair: &(&str, f64)) -> String { ran(); format!("{pair:?}") } }
    => [f(&("a", 0.0)); f(&("a", -0.0)); f(&("b", 0.0))];

    optional_pair "`Option<(&str, f32)>`" [] { pub(super) fn f(pair: Option<(&str, f32)>) -> String { ran(); format!("{pair:?}") } }
    => [f(None); f(Some(("a", 1.0))); f(Some(("a", 2.0))); f(Some(("", 1.0)))];

    optional_list "`Option<&[&str]>`" [] { pub(super) fn f(list: Option<&[&str]>) -> String { ran(); format!("{list:?}") } }
    => [f(None); f(Some(&[])); f(Some(&["a"])); f(Some(&["b"]))];

    pairs "`&[(f32, &str)]`" [] { pub(super) fn f(list: &[(f32, &str)]) -> String { ran(); format!("{list:?}") } }
    => [f(&[]); f(&[(1.0, "a")]); f(&[(1.0, "b")]); f(&[(2.0, "a")])];

    lists "`Vec<Vec<f64>>`" [] { pub(super) fn f(list: Vec<Vec<f64>>) -> String { ran(); format!("{list:?}") } }
    => [f(vec![vec![1.0], vec![2.0]]); f(vec![vec![1.0, 2.0]]); f(vec![vec![], vec![1.0, 2.0]])];

    optional_twice "`Option<Option<&str>>`" [] { pub(super) fn f(text: Option<Option<&str>>) -> String { ran(); format!("{text:?}") } }
    => [f(None); f(Some(None)); f(Some(Some("")))];

    optional_cow "`Option<Cow<'_, str>>`" [] { pub(super) fn f(text: Option<Cow<'_, str>>) -> String { ran(); format!("{text:?}") } }
    => [f(None); f(Some("a".into())); f(Some("b".into()))];

    neighbours "texts side by side" [] { pub(super) fn f(a: &str, b: &str) -> String { ran(); format!("{a}|{b}") } }
    => [f("ab", "c"); f("a", "bc"); f("", "abc"); f("abc", "")];

    neighbour_lists "lists side by side" [] { pub(super) fn f(a: &[u8], b: &[u8]) -> String { ran(); format!("{a:?}{b:?}") } }
    => [f(&[1, 2], &[3]); f(&[1], &[2, 3]); f(&[], &[1, 2, 3])];

    mixed "all sorts together" [] {
        pub(super) fn f(a: &str, b: f64, c: Option<&[u8]>, d: (u8, &str), e: Cow<'_, [u8]>) -> String { ran(); format!("{a}{b}{c:?}{d:?}{e:?}") }
    }
    => [
        f("a", 0.0, None, (1, "d"), Cow::Borrowed(&[1]));
        f("a", -0.0, None, (1, "d"), Cow::Borrowed(&[1]));
        f("a", 0.0, Some(&[]), (1, "d"), Cow::Borrowed(&[1]));
        f("a", 0.0, None, (1, "e"), Cow::Borrowed(&[1]));
        f("a", 0.0, None, (1, "d"), Cow::Owned(vec![2]))
    ];
}
