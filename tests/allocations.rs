//! A hit allocates nothing, whatever the key looks like: counted in the allocator itself.
#![expect(unsafe_code, reason = "a counting allocator")]
#![allow(
    clippy::extra_unused_type_parameters,
    clippy::too_many_arguments,
    reason = "how a signature can be written is what this file measures"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Debug;
use std::hash::Hash;
use std::hint::black_box;
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cached_core::{Site, cached};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to `System` as it came; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Calls measured for each shape.
const CALLS: u64 = 1_000;

/// A shape, its site, and allocations in `CALLS` hits.
struct Row {
    shape: String,
    site: &'static Site,
    allocations: u64,
    hits: u64,
}

/// Warms the call up, then counts.
fn measure<T>(shape: &str, site: &'static Site, mut call: impl FnMut() -> T) -> Row {
    for _ in 0..3 {
        black_box(call());
    }
    let (hits, before) = (site.stats().hits, ALLOCATIONS.get());
    for _ in 0..CALLS {
        black_box(call());
    }
    let allocations = ALLOCATIONS.get() - before;
    Row { shape: shape.to_owned(), site, allocations, hits: site.stats().hits - hits }
}

/// A future that is ready at once, without an executor that might allocate.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// Functions of one key with the values `u64` and `Arc<str>`, sync and async; measured by a call each.
macro_rules! keys {
    ($($name:ident $shape:literal ($($arg:ident: $ty:ty),*) <- ($($given:expr),*);)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "each key uses some of it")]
            use super::*;

            #[cached]
            pub(super) fn number($($arg: $ty),*) -> u64 {
                $(black_box(&$arg);)*
                7
            }
            #[cached]
            pub(super) fn handle($($arg: $ty),*) -> Arc<str> {
                $(black_box(&$arg);)*
                Arc::from("seven")
            }
            #[cached]
            pub(super) async fn number_later($($arg: $ty),*) -> u64 {
                $(black_box(&$arg);)*
                7
            }
            #[cached]
            pub(super) async fn handle_later($($arg: $ty),*) -> Arc<str> {
                $(black_box(&$arg);)*
                Arc::from("seven")
            }

            pub(super) fn measure(rows: &mut Vec<Row>) {
                rows.push(super::measure(concat!($shape, " -> u64"), number::site(), || number($($given),*)));
                rows.push(super::measure(concat!($shape, " -> Arc<str>"), handle::site(), || handle($($given),*)));
                rows.push(super::measure(concat!("async ", $shape, " -> u64"), number_later::site(), || ready(number_later($($given),*))));
                rows.push(super::measure(concat!("async ", $shape, " -> Arc<str>"), handle_later::site(), || ready(handle_later($($given),*))));
            }
        }
    )*

        fn measure_keys(rows: &mut Vec<Row>) {
            $($name::measure(rows);)*
        }
    };
}

keys! {
    nothing "()" () <- ();
    number "u64" (n: u64) <- (1);
    text "&str" (text: &str) <- ("some words in a row");
    three "(u64, u64, &str)" (a: u64, b: u64, c: &str) <- (1, 2, "three");
    optional "Option<&str>" (text: Option<&str>) <- (Some("some words"));
    absent "Option<&str>, None" (text: Option<&str>) <- (None);
    double "f64" (x: f64) <- (1.5);
    bytes "&[u8]" (bytes: &[u8]) <- (b"some bytes");
    doubles "&[f64]" (list: &[f64]) <- (&[1.0, 2.0]);
    texts "&[&str]" (list: &[&str]) <- (&["a", "b"]);
    pair "(&str, u32)" (pair: (&str, u32)) <- (("a", 1));
    path "&Path" (path: &Path) <- (Path::new("a/b/c"));
    cow "Cow<'_, str>" (text: std::borrow::Cow<'_, str>) <- ("some words".into());
    array "[u64; 8]" (list: [u64; 8]) <- ([1; 8]);
    twelve "12 parts" (a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: &str)
        <- (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "12");
}

#[cached]
fn owned(text: String) -> u64 {
    text.len() as u64
}

#[cached]
async fn owned_later(text: String, list: Vec<u64>) -> u64 {
    text.len() as u64 + list.len() as u64
}

#[cached]
fn generic<T: Debug + Hash + Eq + Clone + Send + Sync + 'static>(value: &T) -> u64 {
    format!("{value:?}").len() as u64
}

#[cached]
async fn generic_later<T: Default + Send + Sync + 'static, const N: u64>(n: u64) -> Arc<str> {
    n.to_string().into()
}

#[cached(key = (text.len(), n), ttl = "1h")]
fn keyed(text: &str, n: u64) -> u64 {
    text.len() as u64 + n
}

#[cached]
fn fallible(n: u64) -> Result<Arc<str>, std::io::Error> {
    Ok(n.to_string().into())
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop {
    country: String,
}

impl Shop {
    #[cached]
    fn alone(&self, id: u64) -> u64 {
        self.country.len() as u64 + id
    }
}

#[cached]
impl Shop {
    #[cached]
    fn beside(&self, id: &str) -> Arc<str> {
        id.into()
    }

    #[cached(skip(self))]
    async fn later(&self, id: u64) -> u64 {
        id
    }
}

fn measure_the_others(rows: &mut Vec<Row>) {
    // The strings are made beforehand: to make them is the caller's affair.
    let mut texts: Vec<_> = (0..CALLS + 3).map(|_| "some words".to_owned()).collect();
    rows.push(measure("String by value -> u64", owned::site(), || owned(texts.pop().unwrap())));
    let mut both: Vec<_> = (0..CALLS + 3).map(|_| ("some words".to_owned(), vec![1_u64])).collect();
    rows.push(measure("async String and Vec by value -> u64", owned_later::site(), || {
        let (text, list) = both.pop().unwrap();
        ready(owned_later(text, list))
    }));
    let value = "some words".to_owned();
    rows.push(measure("generic &T -> u64", generic::site(), || generic(&value)));
    rows.push(measure("async generic T, N -> Arc<str>", generic_later::site(), || ready(generic_later::<u8, 3>(1))));
    rows.push(measure("key = …, ttl -> u64", keyed::site(), || keyed("some words", 1)));
    rows.push(measure("u64 -> Result<Arc<str>, E>", fallible::site(), || fallible(1).ok()));
    let shop = Shop { country: "a country".to_owned() };
    let alone = cached_core::site("allocations::Shop::alone").unwrap();
    rows.push(measure("&self, alone -> u64", alone, || shop.alone(1)));
    rows.push(measure("&self, impl marked -> Arc<str>", Shop::beside_site(), || shop.beside("some words")));
    rows.push(measure("async &self, skipped -> u64", Shop::later_site(), || ready(shop.later(1))));
}

/// A harness of its own: nothing else runs in this process while it counts.
fn main() -> ExitCode {
    let before = ALLOCATIONS.get();
    drop(black_box(Box::new(1_u64)));
    assert_eq!(ALLOCATIONS.get() - before, 1, "the allocator counts");

    let mut rows = Vec::new();
    measure_keys(&mut rows);
    measure_the_others(&mut rows);
    println!("{:<40} {:>6} {:>12}", "a hit on", "hits", "allocations");
    for row in &rows {
        println!("{:<40} {:>6} {:>12}", row.shape, row.hits, row.allocations);
    }
    let wrong: Vec<_> = rows.iter().filter(|row| row.allocations != 0 || row.hits != CALLS).collect();
    for row in &wrong {
        println!("FAILED: {} ({:?})", row.shape, row.site);
    }
    println!(
        "test a_hit_allocates_nothing_for_any_of_{}_keys ... {}",
        rows.len(),
        if wrong.is_empty() { "ok" } else { "FAILED" }
    );
    ExitCode::from(u8::from(!wrong.is_empty()))
}
