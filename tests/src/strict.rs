//! Ordinary code under lints that are stricter than the workspace's: clippy has nothing to say about what
//! the macro writes that it would not say about the functions themselves.
#![warn(
    missing_debug_implementations,
    rust_2018_idioms,
    single_use_lifetimes,
    unused_lifetimes,
    unused_qualifications,
    clippy::pedantic,
    clippy::nursery
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cached_core::cached;

/// Owned arguments, which `entry` takes by reference.
#[cached(ttl = "5m", max_entries = 10)]
#[must_use]
pub fn owned(text: String, list: Vec<u64>, path: PathBuf, cow: Cow<'_, str>, shared: Arc<str>) -> usize {
    drop((list, path, cow, shared));
    text.into_bytes().len()
}

/// References, floats and options.
#[cached]
#[must_use]
pub fn nested(path: &Path, list: &[(f32, &str)], map: BTreeMap<String, u8>, limit: Option<f64>) -> Option<usize> {
    let keys = map.into_keys().count();
    (limit? > 1.0).then(|| list.len() + keys + path.as_os_str().len())
}

/// A type parameter, with its bounds in one place.
#[cached]
#[must_use]
pub fn generic<T: Clone + Eq + Hash + Send + Sync + 'static>(value: T, list: Vec<T>) -> Option<T> {
    drop(list);
    Some(value)
}

/// A parameter for a number.
#[cached]
#[must_use]
pub fn array<const N: usize>(list: [u64; N]) -> u64 {
    list.iter().sum()
}

/// Expressions as the key.
#[cached(key = (name.to_lowercase(), &name[..1], id), skip(db))]
pub fn keyed(db: &mut Vec<u8>, name: &str, id: u64) -> String {
    db.push(1);
    format!("{name}{id}")
}

/// An error.
///
/// # Errors
/// When it is not a number.
#[cached(errors = "30s")]
pub fn fallible(text: String) -> Result<u64, ParseIntError> {
    let number = text.parse()?;
    drop(text);
    Ok(number)
}

/// A panic.
///
/// # Panics
/// When the text is long.
#[cached]
#[must_use]
pub fn asserted(text: String) -> usize {
    assert!(text.len() < 10_000, "{text} is long");
    text.into_bytes().len()
}

/// A future.
#[cached(none = "1m", skip(db))]
pub async fn later(db: &[u64], id: u64) -> Option<u64> {
    std::future::ready(()).await;
    db.first().map(|first| first + id)
}

/// Patterns.
#[cached]
#[must_use]
pub fn patterns((wide, high): (u32, u32), [first, last]: [u8; 2], mut sum: u32, _: u8) -> u32 {
    sum += wide + high + u32::from(first) + u32::from(last);
    sum
}

/// An argument without a named type.
#[cached(companion = "opaquely")]
#[must_use]
pub fn opaque(text: impl Into<String> + Clone + Eq + Hash + Send + Sync + 'static) -> usize {
    text.into().len()
}

/// Nothing in the key, and no companions.
#[cached(companion = "none", name = "tests.nothing")]
#[must_use]
pub fn nothing() -> String {
    "nothing".repeat(2)
}

/// Recursive.
#[cached]
#[must_use]
pub fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

/// A function in a function.
#[must_use]
pub fn outer(n: u64) -> u64 {
    #[cached(companion = "other")]
    fn inner(n: u64, text: Vec<u8>) -> usize {
        text.into_iter().map(usize::from).sum::<usize>() + usize::from(n > 1)
    }
    inner(n, vec![1]) as u64
}

macro_rules! made {
    ($($name:ident)*) => {$(
        /// Made by a macro.
        #[cached]
        #[must_use]
        pub fn $name(n: usize, text: String) -> usize {
            n + text.into_bytes().len()
        }
    )*};
}

made! { one two }

/// A type with methods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shop {
    name: String,
}

#[cached]
impl Shop {
    /// By reference.
    #[cached]
    #[must_use]
    pub fn as_number(&self, text: String) -> usize {
        text.into_bytes().len() + self.name.len()
    }

    /// By value.
    #[cached]
    #[must_use]
    pub fn into_word(self, text: String) -> String {
        [self.name, text].concat()
    }

    /// By parts.
    #[cached]
    #[must_use]
    pub fn from_words(first: String, last: Option<String>) -> Self {
        Self { name: first + &last.unwrap_or_default() }
    }

    /// By a key expression, later.
    #[cached(key = (self.name.len(), id))]
    pub async fn is_there(&self, id: u64) -> bool {
        std::future::ready(()).await;
        id > self.name.len() as u64
    }
}

/// A trait.
pub trait Load {
    /// Loads.
    fn load(&self, text: String) -> usize;
}

impl Load for Shop {
    #[cached]
    fn load(&self, text: String) -> usize {
        text.into_bytes().len() + self.name.len()
    }
}

impl Shop {
    /// A method alone.
    #[cached(key = (self.name.len(), text))]
    #[must_use]
    pub fn alone(&self, text: String) -> usize {
        text.into_bytes().len() + self.name.len()
    }
}

/// A generic type.
#[derive(Debug)]
pub struct Store<T>(T);

#[cached]
impl<T: Clone + Send + Sync + 'static> Store<T> {
    /// A method of it.
    #[cached(skip(self))]
    #[must_use]
    pub fn first(&self, text: String) -> Option<T> {
        drop(text);
        Some(self.0.clone())
    }
}

#[test]
fn what_is_linted_runs() {
    assert_eq!((fibonacci(20), outer(2), one(1, "a".to_owned()), array([1, 2])), (6_765, 2, 2, 3));
    let shop = Shop::from_words("a".to_owned(), None);
    assert_eq!((shop.as_number(String::new()), Store(1).first(String::new())), (1, Some(1)));
    assert_eq!(opaquely::entry(&"a").peek().unwrap(), None);
}
