//! Functions and how they take their arguments: free, async, recursive, by pattern, by value.

use std::sync::Arc;

use futures::executor::block_on;

use super::ran;

/// Different for any two lists of small numbers that differ.
fn digits(parts: &[u8]) -> u64 {
    parts.iter().fold(1, |sum, part| sum * 31 + u64::from(*part))
}

/// Pending once, so that something is held over an await.
async fn later() {
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if waited {
            return std::task::Poll::Ready(());
        }
        waited = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

shapes! { SHAPES:
    free "a free function" [] { pub(super) fn f(n: u64) -> u64 { ran(); n * 2 } }
    => [f(1); f(2); f(u64::MAX / 2)];

    nothing "no arguments" [] { pub(super) fn f() -> String { ran(); "once".to_owned() } }
    => [f()];

    parts1 "1 key part" [] { pub(super) fn f(a: u8) -> u64 { ran(); digits(&[a]) } }
    => [f(0); f(1)];
    parts2 "2 key parts" [] { pub(super) fn f(a: u8, b: u8) -> u64 { ran(); digits(&[a, b]) } }
    => [f(0, 0); f(1, 0); f(0, 1)];
    parts3 "3 key parts" [] { pub(super) fn f(a: u8, b: u8, c: u8) -> u64 { ran(); digits(&[a, b, c]) } }
    => [f(0, 0, 0); f(1, 0, 0); f(0, 1, 0); f(0, 0, 1)];
    parts4 "4 key parts" [] { pub(super) fn f(a: u8, b: u8, c: u8, d: u8) -> u64 { ran(); digits(&[a, b, c, d]) } }
    => [f(0, 0, 0, 0); f(1, 0, 0, 0); f(0, 0, 0, 1)];
    parts5 "5 key parts" [] { pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8) -> u64 {
        ran(); digits(&[a, b, c, d, e])
    } }
    => [f(0, 0, 0, 0, 0); f(1, 0, 0, 0, 0); f(0, 0, 0, 0, 1)];
    parts6 "6 key parts" [] { pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8) -> u64 {
        ran(); digits(&[a, b, c, d, e, g])
    } }
    => [f(0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 1)];
    parts7 "7 key parts" [] { pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8) -> u64 {
        ran(); digits(&[a, b, c, d, e, g, h])
    } }
    => [f(0, 0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 0, 1)];
    parts8 "8 key parts" [] { pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8) -> u64 {
        ran(); digits(&[a, b, c, d, e, g, h, i])
    } }
    => [f(0, 0, 0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 0, 0, 1)];
    parts9 "9 key parts" [] {
        pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, j: u8) -> u64 {
            ran(); digits(&[a, b, c, d, e, g, h, i, j])
        }
    }
    => [f(0, 0, 0, 0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 0, 0, 0, 1)];
    parts10 "10 key parts" [] {
        pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, j: u8, k: u8) -> u64 {
            ran(); digits(&[a, b, c, d, e, g, h, i, j, k])
        }
    }
    => [f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 0, 0, 0, 0, 1)];
    parts11 "11 key parts" [] {
        pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8) -> u64 {
            ran(); digits(&[a, b, c, d, e, g, h, i, j, k, l])
        }
    }
    => [f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)];
    parts12 "12 key parts" [] {
        pub(super) fn f(a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8) -> u64 {
            ran(); digits(&[a, b, c, d, e, g, h, i, j, k, l, m])
        }
    }
    => [f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); f(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)];

    parts13 "12 key parts and one that is skipped" [skip(n)] {
        pub(super) fn f(
            a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8, n: &mut u8,
        ) -> u64 {
            ran(); *n += 1; digits(&[a, b, c, d, e, g, h, i, j, k, l, m])
        }
    }
    => [f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, &mut 0); f(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, &mut 0)];

    recursion "recursion" [] {
        pub(super) fn fib(n: u64) -> u64 { ran(); if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
    }
    => [fib(15), 16 0; fib(20), 5 0; fib(3), 0 0];

    mutual "recursion through another cached function" at "mutual::cached::even"
    with {
        #[cached_core::cached]
        pub(super) fn odd(n: u64) -> bool { if n == 0 { false } else { even(n - 1) } }
    }
    [] { pub(super) fn even(n: u64) -> bool { ran(); if n == 0 { true } else { odd(n - 1) } } }
    => [even(10), 6 0; even(11), 6 0];

    asynchronous "`async fn`" [] { pub(super) async fn f(n: u64) -> u64 { ran(); later().await; n * 2 } }
    => [block_on(f(1)); block_on(f(2))];

    held "`async fn`, references held over an await" [] {
        pub(super) async fn f<'a>(text: &'a str, list: &'a [u64]) -> usize {
            ran();
            let word = text.trim();
            later().await;
            word.len() + list.len()
        }
    }
    => [block_on(f("a", &[])); block_on(f(" a", &[])); block_on(f("ab", &[1, 2]))];

    consumed_later "`async fn` that consumes its arguments" [] {
        pub(super) async fn f(text: String, list: Vec<u64>) -> (String, Vec<u64>) { ran(); later().await; (text, list) }
    }
    => [block_on(f("a".into(), vec![])); block_on(f("b".into(), vec![])); block_on(f("a".into(), vec![1]))];

    recursion_later "`async fn`, boxed recursion" [] {
        pub(super) async fn f(n: u64) -> u64 { ran(); if n < 2 { n } else { Box::pin(f(n - 1)).await + 1 } }
    }
    => [block_on(f(5)), 5 0; block_on(f(7)), 2 0];

    consumed "owned arguments that the body consumes" [] {
        pub(super) fn f(text: String, list: Vec<u64>, shared: Arc<str>) -> (String, Vec<u64>, Arc<str>) {
            ran();
            (text, list, shared)
        }
    }
    => [f("a".into(), vec![], "s".into()); f("a".into(), vec![1], "s".into()); f("a".into(), vec![], "t".into())];

    raw "raw identifiers" [] { pub(super) fn r#type(r#fn: u64, r#match: &str) -> String { ran(); format!("{}{}", r#fn, r#match) } }
    => [r#type(1, "a"); r#type(2, "a"); r#type(1, "b")];

    early "`return` and `?` in the body" [] {
        pub(super) fn f(text: &str) -> Option<u64> {
            ran();
            if text.is_empty() { return Some(0); }
            let number: u64 = text.parse().ok()?;
            Some(number + 1)
        }
    }
    => [f(""); f("7"); f("x")];

    early_later "`return` and `?` in an async body" [] {
        pub(super) async fn f(text: &str) -> Option<u64> {
            ran();
            later().await;
            if text.is_empty() { return Some(0); }
            let number: u64 = text.parse().ok()?;
            Some(number + 1)
        }
    }
    => [block_on(f("")); block_on(f("7")); block_on(f("x"))];

    statics "a static in the body, which is one" [] {
        pub(super) fn f(n: u64) -> u64 {
            static SEEN: std::sync::Mutex<Vec<u64>> = std::sync::Mutex::new(Vec::new());
            ran();
            let mut seen = SEEN.lock().unwrap();
            if !seen.contains(&n) { seen.push(n); }
            seen.iter().position(|known| *known == n).unwrap() as u64
        }
    }
    => [f(7); f(9); f(8)];

    coerced "a body that coerces to the return type" [] {
        pub(super) fn f(n: u64) -> Box<[u64]> { ran(); Box::new([n, n + 1]) }
    }
    => [f(1); f(2)];
}

/// A point that patterns take apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    x: u64,
    y: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Id(u64);

shapes! { PATTERNS:
    tuple "a tuple pattern" [] { pub(super) fn f((w, h): (u64, u64), z: u64) -> u64 { ran(); w * 100 + h * 10 + z } }
    => [f((1, 2), 3); f((2, 1), 3); f((1, 2), 4)];

    structure "a struct pattern" [] { pub(super) fn f(Point { x, y }: Point) -> u64 { ran(); x * 10 + y } }
    => [f(Point { x: 1, y: 2 }); f(Point { x: 2, y: 1 })];

    part_of "a struct pattern with `..`, the whole in the key" [] { pub(super) fn f(Point { x, .. }: Point) -> u64 { ran(); x } }
    => [f(Point { x: 1, y: 2 }); f(Point { x: 1, y: 3 })];

    newtype "a tuple struct pattern" [] { pub(super) fn f(Id(id): Id) -> u64 { ran(); id } }
    => [f(Id(1)); f(Id(2))];

    reference "a reference pattern" [] { pub(super) fn f(&n: &u64) -> u64 { ran(); n } }
    => [f(&1); f(&2)];

    array "an array pattern" [] { pub(super) fn f([a, b]: [u64; 2]) -> u64 { ran(); a * 10 + b } }
    => [f([1, 2]); f([2, 1])];

    nested "a pattern in a pattern" [] {
        pub(super) fn f((Id(id), (text, _)): (Id, (&str, u8))) -> String { ran(); format!("{id}{text}") }
    }
    => [f((Id(1), ("a", 0))); f((Id(1), ("b", 0))); f((Id(2), ("a", 0))); f((Id(2), ("a", 1)))];

    mutable "`mut`" [] { pub(super) fn f(mut n: u64, mut text: String) -> String { ran(); n += 1; text.push('!'); format!("{n}{text}") } }
    => [f(1, "a".into()); f(2, "a".into()); f(1, "b".into())];

    mutable_later "`mut` in an `async fn`" [] { pub(super) async fn f(mut n: u64) -> u64 { ran(); later().await; n += 1; n } }
    => [block_on(f(1)); block_on(f(2))];

    whole "`name @ pattern`" [] { pub(super) fn f(all @ (a, _): (u64, u64)) -> u64 { ran(); all.1 * 10 + a } }
    => [f((1, 2)); f((2, 1))];

    ignored "`_`, which is not part of the key" [] { pub(super) fn f(_: u8, n: u64) -> u64 { ran(); n } }
    => [f(0, 1); f(1, 1), 0 0; f(0, 2)];

    underscore "`_name`, which is" [] { pub(super) fn f(_unused: u8, n: u64) -> u64 { ran(); n } }
    => [f(0, 1); f(1, 1); f(0, 2)];

    skipped "a pattern that is skipped" [skip(x, y)] { pub(super) fn f(Point { x, y }: Point, n: u64) -> u64 { ran(); let _ = x.max(y); n } }
    => [f(Point { x: 1, y: 2 }, 1); f(Point { x: 2, y: 2 }, 1), 0 0];
}
