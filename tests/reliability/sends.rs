//! R19: a cached future is `Send` wherever the plain one is, and little larger.
//!
//! In: async functions in the shapes in which people write them, each beside its body (`uncached`, or a plain function).
//! Out: what the compiler says of both futures, and their sizes.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use cached_core::cached;

use cached_tests::crowd::step;

/// Whether a future is `Send`: a method of the value itself comes before one of a reference to it.
struct Asked<T>(PhantomData<T>);

trait No {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> No for &Asked<T> {}

impl<T: Send> Asked<T> {
    fn is_send(&self) -> bool {
        true
    }
}

fn asked<T>(_: &T) -> Asked<T> {
    Asked(PhantomData)
}

/// Of each call its text, whether the cached future is `Send`, whether the plain one is, and both sizes.
macro_rules! compared {
    ($($cached:expr, $plain:expr;)*) => {
        [$({
            let (cached, plain) = ($cached, $plain);
            let sends = ((&asked(&cached)).is_send(), (&asked(&plain)).is_send());
            (stringify!($cached), sends, (size_of_val(&cached), size_of_val(&plain)))
        }),*]
    };
}

trait Key: Clone + Debug + Eq + Hash + Send + Sync {}
impl<T: Clone + Debug + Eq + Hash + Send + Sync> Key for T {}

/// Functions of one line each, which await something and give the length of what they were given.
macro_rules! functions {
    ($($(#[$policy:meta])* $name:ident [$($generics:tt)*] ($($argument:ident: $ty:ty),*) -> $output:ty: $value:expr;)*) => {$(
        #[cached]
        $(#[$policy])*
        async fn $name<$($generics)*>($($argument: $ty),*) -> $output {
            step().await;
            $value
        }
    )*};
}

functions! {
    nothing [] () -> u64: 7;
    number [] (n: u64) -> u64: n;
    text [] (text: &str) -> usize: text.len();
    owned [] (text: String, list: Vec<u8>) -> usize: text.len() + list.len();
    two_texts ['a] (first: &'a str, second: &'a str) -> usize: first.len() + second.len();
    bytes [] (bytes: &[u8]) -> usize: bytes.len();
    texts [] (texts: &[&str]) -> usize: texts.len();
    path [] (path: &Path) -> usize: path.as_os_str().len();
    cow [] (text: Cow<'_, str>) -> usize: text.len();
    optional [] (text: Option<&str>) -> Option<usize>: text.map(str::len);
    pair [] (pair: (&str, u32)) -> usize: pair.0.len();
    float [] (number: f64) -> f64: number;
    map [] (map: &BTreeMap<u8, u8>) -> usize: map.len();
    array [] (array: [u64; 16]) -> u64: array[0];
    sized [const N: usize] (array: [u8; N]) -> usize: array.len();
    handle [] (text: Arc<str>) -> Arc<str>: text;
    generic [T: Key + 'static] (value: T) -> String: format!("{value:?}");
    borrowed [T: Key + 'static] (value: &T) -> String: format!("{value:?}");
    boxed [] (text: Box<str>) -> Box<str>: text;
    failing [] (n: u64) -> Result<u64, std::num::ParseIntError>: Ok(n);
}

/// An error that cannot be sent is not held over an await.
#[cached]
async fn failing_here(n: u64) -> Result<u64, Rc<str>> {
    step().await;
    Ok(n)
}

#[cached]
async fn any(value: impl Key + 'static) -> String {
    step().await;
    format!("{value:?}")
}

#[cached(skip(source))]
async fn from_source(source: &(dyn Fn(u64) -> u64 + Send + Sync), n: u64) -> u64 {
    step().await;
    source(n)
}

#[cached(skip(source))]
async fn from_box(source: Box<dyn Fn(u64) -> u64 + Send>, n: u64) -> u64 {
    step().await;
    source(n)
}

#[cached(skip(db))]
async fn mutable(db: &mut Vec<u64>, n: u64) -> u64 {
    step().await;
    db.push(n);
    n
}

#[cached(key = text.to_lowercase(), ttl = "1h", tags = ["text:{text}"])]
async fn keyed(text: &str) -> usize {
    step().await;
    text.len()
}

#[cached(ttl = "1h", stale = "1h", refresh = "background")]
async fn behind(text: String) -> usize {
    step().await;
    text.len()
}

#[cached(skip(shared))]
async fn shared_here(shared: Rc<u64>, n: u64) -> u64 {
    step().await;
    *shared + n
}

/// What is held over an await cannot be sent.
#[cached]
async fn held_here(n: u64) -> u64 {
    let here = Rc::new(Cell::new(n));
    step().await;
    here.get()
}

#[cached(skip(cell))]
async fn cell_here(cell: &Cell<u64>, n: u64) -> u64 {
    step().await;
    cell.get() + n
}

#[cached(skip(source))]
async fn source_here(source: &dyn Fn(u64) -> u64, n: u64) -> u64 {
    step().await;
    source(n)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shop(u64);

#[cached]
impl Shop {
    #[cached]
    async fn method(&self, text: &str) -> usize {
        step().await;
        text.len()
    }

    #[cached]
    async fn by_value(self, n: u64) -> u64 {
        step().await;
        self.0 + n
    }

    #[cached]
    async fn associated(n: u64) -> Shop {
        step().await;
        Shop(n)
    }
}

trait Load {
    fn load(&self, n: u64) -> impl Future<Output = u64>;
    fn plain_load(&self, n: u64) -> impl Future<Output = u64>;
}

impl Load for Shop {
    #[cached]
    async fn load(&self, n: u64) -> u64 {
        step().await;
        self.0 + n
    }

    async fn plain_load(&self, n: u64) -> u64 {
        step().await;
        self.0 + n
    }
}

struct Store<T>(T);

#[cached]
impl<T: Key + 'static> Store<T> {
    #[cached(key = (self.0, n))]
    async fn get(&self, n: u64) -> Option<T> {
        step().await;
        let _ = n;
        Some(self.0.clone())
    }
}

#[test]
fn r19_a_cached_future_is_send_wherever_the_plain_one_is() {
    let (shop, store, path, map) = (Shop(1), Store("a".to_owned()), Path::new("a"), BTreeMap::new());
    let (source, cell) = (|n: u64| n, Cell::new(1));
    let (mut first, mut second) = (vec![], vec![]);
    let rows = compared! {
        nothing(), nothing::uncached();
        number(1), number::uncached(1);
        text("a"), text::uncached("a");
        owned(String::new(), vec![]), owned::uncached(String::new(), vec![]);
        two_texts("a", "b"), two_texts::uncached("a", "b");
        bytes(b"a"), bytes::uncached(b"a");
        texts(&["a"]), texts::uncached(&["a"]);
        self::path(path), self::path::uncached(path);
        cow("a".into()), cow::uncached("a".into());
        optional(Some("a")), optional::uncached(Some("a"));
        pair(("a", 1)), pair::uncached(("a", 1));
        float(1.0), float::uncached(1.0);
        self::map(&map), self::map::uncached(&map);
        array([1; 16]), array::uncached([1; 16]);
        sized([1; 3]), sized::uncached([1; 3]);
        handle("a".into()), handle::uncached("a".into());
        generic(1_u64), generic::uncached(1_u64);
        borrowed(&1_u64), borrowed::uncached(&1_u64);
        boxed("a".into()), boxed::uncached("a".into());
        failing(1), failing::uncached(1);
        failing_here(1), failing_here::uncached(1);
        any(1_u64), any::uncached(1_u64);
        from_source(&source, 1), from_source::uncached(&source, 1);
        from_box(Box::new(source), 1), from_box::uncached(Box::new(source), 1);
        mutable(&mut first, 1), mutable::uncached(&mut second, 1);
        keyed("a"), keyed::uncached("a");
        behind(String::new()), behind::uncached(String::new());
        shop.method("a"), shop.method_uncached("a");
        shop.clone().by_value(1), shop.clone().by_value_uncached(1);
        Shop::associated(1), Shop::associated_uncached(1);
        shop.load(1), shop.plain_load(1);
        store.get(1), store.get_uncached(1);
        shared_here(Rc::new(1), 1), shared_here::uncached(Rc::new(1), 1);
        held_here(1), held_here::uncached(1);
        cell_here(&cell, 1), cell_here::uncached(&cell, 1);
        source_here(&source, 1), source_here::uncached(&source, 1);
    };
    for (call, (cached, plain), (size, beside)) in &rows {
        println!("R19 {call:<32} Send: {cached:<5} plain: {plain:<5} {size:>5} bytes, plain {beside:>5}");
    }
    let unlike: Vec<_> = rows.iter().filter(|(_, (cached, plain), _)| cached != plain).collect();
    assert!(unlike.is_empty(), "{unlike:#?}");
    let sends = rows.iter().filter(|(_, (cached, _), _)| *cached).count();
    assert_eq!((sends, rows.len() - sends), (32, 4), "signatures that are `Send`, and bodies that are not");
    let most = rows.iter().map(|(_, _, (size, beside))| size - beside).max();
    println!("R19: {} signatures, each as `Send` as its body; at most {most:?} bytes more", rows.len());
    assert!(most <= Some(MORE), "{most:?} bytes more than the plain future");
}

/// So much larger than the plain future may the cached one be.
const MORE: usize = 1_024;

#[cached]
async fn holding<const N: usize>(n: u64) -> u64 {
    let held = [n; N];
    step().await;
    held.iter().sum()
}

#[cached]
async fn given<const N: usize>(held: [u64; N]) -> u64 {
    step().await;
    held.iter().sum()
}

#[test]
fn r19_a_cached_future_is_at_most_a_kibibyte_larger_than_the_plain_one() {
    let of_body = compared! {
        holding::<8>(1), holding::uncached::<8>(1);
        holding::<512>(1), holding::uncached::<512>(1);
        holding::<8_192>(1), holding::uncached::<8_192>(1);
    };
    for (call, _, (size, plain)) in of_body {
        println!("R19 {call}: {size} bytes, the plain future {plain}: {} more", size - plain);
        assert!(size <= plain + MORE, "{call}: {size} bytes, the plain future {plain}");
    }
    // An argument is in the call that has not begun, in the key, and on its way to the body.
    let of_arguments = compared! {
        given([1; 8]), given::uncached([1; 8]);
        given([1; 512]), given::uncached([1; 512]);
    };
    for ((call, _, (size, plain)), argument) in of_arguments.into_iter().zip([64, 4_096]) {
        println!("R19 {call}: {size} bytes, the plain future {plain}: {} more", size - plain);
        assert!(size <= plain + 3 * argument + MORE, "{call}: {size} bytes, the plain future {plain}");
    }
}

#[test]
fn r19_no_guard_is_held_over_an_await_and_none_is_public() {
    let manifest = include_str!("../../Cargo.toml");
    for lint in ["await_holding_lock", "await_holding_refcell_ref"] {
        assert!(manifest.contains(&format!("{lint} = \"deny\"")), "the workspace denies {lint}");
    }
    let public = include_str!("../../cached-core/src/lib.rs");
    let exported = public.lines().filter(|line| line.starts_with("pub use ")).collect::<Vec<_>>().join(" ");
    let guards = ["Guard", "Ref", "Lock", "Pin", "Lead", "Wait", "Kept"];
    let names = exported.split(|c: char| !c.is_alphanumeric()).filter(|name| name.starts_with(char::is_uppercase));
    let names: Vec<_> = names.collect();
    let found: Vec<_> = names.iter().filter(|name| guards.iter().any(|guard| name.contains(guard))).collect();
    println!("R19: {} public types, none of which is a guard: {}", names.len(), names.join(", "));
    assert!(names.contains(&"Entry") && found.is_empty(), "{found:?}");
}
