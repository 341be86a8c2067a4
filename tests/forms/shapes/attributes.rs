//! The arguments of the attribute, one shape for each way to write them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::executor::block_on;

use super::ran;

/// The framework under another path, as in a crate that renames its dependency.
pub(crate) mod again {
    pub(crate) use cached_core as memo;
}

/// What a caller is allowed to see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct User {
    id: u64,
    name: String,
}

impl User {
    fn key(&self) -> (u64, bool) {
        (self.id, self.name.is_empty())
    }
}

fn user(id: u64, name: &str) -> User {
    User { id, name: name.to_owned() }
}

const LIFE: Duration = Duration::from_secs(600);

shapes! { SHAPES:
    field "`key = user.id`" [key = user.id] { pub(super) fn f(user: &User) -> u64 { ran(); user.id * 2 } }
    => [f(&user(1, "a")); f(&user(2, "a")); f(&user(1, "b")), 0 0];

    method "`key = user.key()`" [key = user.key()] { pub(super) fn f(user: &User) -> String { ran(); format!("{:?}", user.key()) } }
    => [f(&user(1, "a")); f(&user(1, "")); f(&user(1, "b")), 0 0];

    by_value "`key = user.id`, the argument by value" [key = user.id] { pub(super) fn f(user: User) -> u64 { ran(); let User { id, .. } = user; id } }
    => [f(user(1, "a")); f(user(2, "a")); f(user(1, "b")), 0 0];

    tuple "`key = (name.to_lowercase(), id)`" [key = (name.to_lowercase(), id)] { pub(super) fn f(name: &str, id: u64) -> String { ran(); format!("{}{id}", name.to_lowercase()) } }
    => [f("a", 1); f("b", 1); f("a", 2); f("A", 1), 0 0];

    reference "`key = (&name[..1], id)`" [key = (&name[..1], id)] { pub(super) fn f(name: &str, id: u64) -> String { ran(); format!("{}{id}", &name[..1]) } }
    => [f("ab", 1); f("bb", 1); f("ab", 2); f("ac", 1), 0 0];

    text "`key = format!(…)`" [key = format!("{a}/{}", b.len())] { pub(super) fn f(a: u64, b: &[u8]) -> u64 { ran(); a * 10 + b.len() as u64 } }
    => [f(1, b"x"); f(2, b"x"); f(1, b"xy"); f(1, b"y"), 0 0];

    same "`key = (b, a)`, arguments as they are" [key = (b, a)] { pub(super) fn f(a: &str, b: Option<&str>) -> String { ran(); format!("{a}{b:?}") } }
    => [f("a", None); f("b", None); f("a", Some("b"))];

    element_and_read "an argument as itself and in an expression" [key = (list, list.len() as u64)] { pub(super) fn f(list: Vec<u64>) -> Vec<u64> { ran(); list } }
    => [f(vec![1]); f(vec![1, 2]); f(vec![2])];

    double "`key = x.to_bits()`" [key = x.to_bits()] { pub(super) fn f(x: f64) -> f64 { ran(); x } }
    => [f(0.0); f(-0.0); f(f64::NAN)];

    some_skipped "`key` and `skip` together" [key = user.id, skip(db)] { pub(super) fn f(db: &BTreeMap<u64, u64>, user: &User) -> u64 { ran(); db.len() as u64 + user.id } }
    => [f(&BTreeMap::new(), &user(1, "a")); f(&BTreeMap::new(), &user(2, "a"))];

    skipped "`skip(db)`" [skip(db)] { pub(super) fn f(db: &dyn Fn(u64) -> u64, id: u64) -> u64 { ran(); db(id) } }
    => [f(&|id| id + 1, 1); f(&|id| id + 1, 2); f(&|id| 1 + id, 1), 0 0];

    skipped_two "`skip(a, b)`" [skip(a, b)] { pub(super) fn f(a: &mut u64, b: std::cell::Cell<u64>, n: u64) -> u64 { ran(); *a += 1; b.set(1); n } }
    => [f(&mut 0, 0.into(), 1); f(&mut 0, 0.into(), 2); f(&mut 1, 1.into(), 1), 0 0];

    skipped_later "`skip(db)` in an `async fn`" [skip(db)] { pub(super) async fn f(db: &BTreeMap<u64, u64>, id: u64) -> u64 { ran(); std::future::ready(()).await; id + db.len() as u64 } }
    => [block_on(f(&BTreeMap::new(), 1)); block_on(f(&BTreeMap::new(), 2))];

    named "`name = …`" at "shapes.attributes.named" [name = "shapes.attributes.named"] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    versioned "`version = 3`" [version = 3] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    backend "`backend = \"default\"`" [backend = "default"] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    other "`companion = \"other\"`" with { pub(super) mod price { pub(crate) const ONE: u64 = 1; } }
    [companion = "price_cache"] { pub(super) fn price(n: u64) -> u64 { ran(); n + price::ONE } }
    => [price(1); price(2)];

    none "`companion = \"none\"`" with { pub(super) mod price { pub(crate) const ONE: u64 = 1; } }
    [companion = "none"] { pub(super) fn price(n: u64) -> u64 { ran(); n + price::ONE } }
    => [price(1); price(2)];

    renamed "`crate = …`" [crate = crate::shapes::attributes::again::memo] { pub(super) fn f(text: &str, n: f64) -> Option<String> { ran(); Some(format!("{text}{n}")) } }
    => [f("a", 1.0); f("a", 2.0)];

    renamed_later "`crate = …` and `async fn`" [crate = crate::shapes::attributes::again::memo, key = text.len()] { pub(super) async fn f(text: &str) -> Result<usize, String> { ran(); Ok(text.len()) } }
    => [block_on(f("a")); block_on(f("ab"))];

    unbounded "`max_entries = \"unbounded\"`" [max_entries = "unbounded"] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    bounded "`max_entries = 10_000`" [max_entries = 10_000] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    alone "`flight = \"off\"`" [flight = "off"] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    one_at_a_time "`flight = \"process\"`" [flight = "process"] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    lives "`ttl = \"1h 30m\"`" [ttl = "1h 30m"] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    lives_while "`ttl = CONST * 2`" [ttl = LIFE * 2] { pub(super) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];

    lives_later "`ttl = …` in an `async fn`" [ttl = Duration::from_secs(600)] { pub(super) async fn f(n: u64) -> u64 { ran(); n } }
    => [block_on(f(1)); block_on(f(2))];

    everything "all of them" at "shapes.attributes.everything"
    [backend = "default", ttl = "5m", max_entries = 100, key = (id, user.id), skip(db), errors = "30s", none = "10s", flight = "process",
     name = "shapes.attributes.everything", version = 2, companion = "all", crate = ::cached_core,]
    { pub(super) fn f(db: &mut u64, id: u64, user: &User) -> Result<Option<u64>, String> { ran(); *db += 1; if id == 0 { Err("zero".into()) } else { Ok(Some(id + user.id)) } } }
    => [f(&mut 0, 0, &user(1, "a")); f(&mut 0, 1, &user(1, "a")); f(&mut 1, 1, &user(2, "a")); f(&mut 0, 1, &user(1, "b")), 0 0];
}
