//! Which keys and values can be bytes, and how.
//!
//! In: a key or value type. Out: [`Facts`] about it, found at compile time without demanding
//! anything: a type that serde cannot carry is fine until its site is routed to a byte backend.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::process;

#[cfg(not(feature = "bytes"))]
mod none;
#[cfg(feature = "bytes")]
#[cfg(test)]
mod tests;
#[cfg(feature = "bytes")]
mod value;

#[cfg(feature = "bytes")]
pub(crate) use cached_codec::{
    FORMAT, Format, Mark, Opened, digest, judge as judge_codecs, open, renewed, seal, tombstone,
};
#[cfg(not(feature = "bytes"))]
pub(crate) use none::{FORMAT, Format, Mark, Opened, digest, judge_codecs, open, renewed, seal, tombstone};
#[cfg(feature = "bytes")]
pub(crate) use value::{decode, encode};

/// The fingerprint of a site: its identity, its code as written, its version, its type arguments.
pub(crate) fn site_schema(identity: &str, code: u64, version: u32, instance: &str) -> [u8; 16] {
    let length = |part: &str| (part.len() as u64).to_le_bytes();
    let (first, second) = (length(identity), length(instance));
    let (code, version) = (code.to_le_bytes(), version.to_le_bytes());
    let parts = [&first[..], identity.as_bytes(), &second, instance.as_bytes(), &code, &version, &[FORMAT]];
    let whole = digest(&parts.concat());
    std::array::from_fn(|place| whole[place])
}

/// Turns a key into its canonical bytes.
pub(crate) type KeyCodec<K> = Option<fn(&K) -> Result<Vec<u8>, Error>>;

/// Turns a value into bytes and back.
pub(crate) type ValueCodec<V> = Option<(Encode<V>, Decode<V>)>;

/// Compares two values.
pub(crate) type Same<V> = Option<fn(&V, &V) -> bool>;

/// What is shown of a value, where it can be.
pub(crate) type Shown<T> = Option<for<'a> fn(&'a T) -> &'a dyn fmt::Debug>;

type Encode<V> = fn(Format, &V) -> Result<Vec<u8>, Error>;
type Decode<V> = fn(Format, &[u8]) -> Result<V, Error>;

/// Finds facts: asked by the first calls of a memo only, so that a hit of a generic function builds none.
pub type Finds<'a, K, V> = &'a dyn Fn() -> Facts<K, V>;

/// What the macro found out about the types of a memo.
pub struct Facts<K, V> {
    pub(crate) key: KeyCodec<K>,
    pub(crate) value: ValueCodec<V>,
    /// Copying a value runs nobody's code: it is `Copy`, or an `Arc`.
    pub(crate) quiet: bool,
    /// Whether two values are equal, where they can be compared.
    pub(crate) same: Same<V>,
    pub(crate) shown: Debugs<K, V>,
    pub(crate) hooks: Hooks<V>,
}

/// How a recorder may show a key and a value.
pub(crate) struct Debugs<K, V> {
    pub(crate) key: Shown<K>,
    pub(crate) value: Shown<V>,
}

/// Whether two values are the same that were encoded and compared as far as that can be done.
fn compared(a: Option<Vec<u8>>, b: Option<Vec<u8>>, equal: Option<bool>) -> Option<(bool, String)> {
    match (a, b) {
        // By bytes too: a `NaN` is not equal to itself.
        (Some(a), Some(b)) => Some((a == b || equal == Some(true), format!("{} and {}", shown(a), shown(b)))),
        _ => equal.map(|equal| (equal, "without a digest".to_owned())),
    }
}

/// A keyed digest: it tells one value from another, and what a value is to nobody.
fn shown(mut bytes: Vec<u8>) -> String {
    bytes.extend(process::number().to_le_bytes());
    digest(&bytes)[..6].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// What the attribute asks of each value.
pub(crate) struct Hooks<V> {
    /// `ttl = |value| …`.
    pub(crate) ttl: Option<fn(&V) -> Duration>,
    /// `cache_if = |value| …`.
    pub(crate) cache_if: Option<fn(&V) -> bool>,
    /// `weigh = |value| …`.
    pub(crate) weigh: Option<fn(&V) -> usize>,
}

impl<K, V> Facts<K, V> {
    /// Gathers what [`Probe`] says.
    pub const fn new(key: KeyCodec<K>, value: ValueCodec<V>, same: Same<V>, quiet: bool) -> Self {
        let shown = Debugs { key: None, value: None };
        Self { key, value, quiet, same, shown, hooks: Hooks { ttl: None, cache_if: None, weigh: None } }
    }

    /// Without bytes, if they would lose what the value is.
    #[must_use]
    pub const fn unless_lost(mut self, is_lost: bool) -> Self {
        if is_lost {
            self.value = None;
        }
        self
    }

    /// Adds how key and value may be shown.
    #[must_use]
    pub const fn shown(mut self, key: Shown<K>, value: Shown<V>) -> Self {
        self.shown = Debugs { key, value };
        self
    }

    /// Whether two values can be compared.
    pub(crate) fn is_comparable(&self) -> bool {
        self.same.is_some() || self.value.is_some()
    }

    /// Whether two values are the same, and a digest of each that means nothing in another process; `None` if
    /// that cannot be said.
    pub(crate) fn compare(&self, a: &V, b: &V) -> Option<(bool, String)> {
        let encode = |value| self.value.and_then(|(encode, _)| encode(Format::default(), value).ok());
        compared(encode(a), encode(b), self.same.map(|same| same(a, b)))
    }

    /// Each value has a lifetime of its own.
    #[must_use]
    pub const fn ttl(mut self, ttl: fn(&V) -> Duration) -> Self {
        self.hooks.ttl = Some(ttl);
        self
    }

    /// Only some values are stored.
    #[must_use]
    pub const fn cache_if(mut self, cache_if: fn(&V) -> bool) -> Self {
        self.hooks.cache_if = Some(cache_if);
        self
    }

    /// How many bytes a value holds beside itself.
    #[must_use]
    pub const fn weigh(mut self, weigh: fn(&V) -> usize) -> Self {
        self.hooks.weigh = Some(weigh);
        self
    }

    /// What a value holds beside itself, in bytes, as the attribute says. Runs the user's code.
    pub(crate) fn held(&self, value: &V) -> u64 {
        self.hooks.weigh.map_or(0, |weigh| weigh(value) as u64)
    }
}

impl<K, V> fmt::Debug for Facts<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = (self.key.is_some(), self.value.is_some());
        f.debug_struct("Facts").field("key", &key).field("value", &value).field("quiet", &self.quiet).finish()
    }
}

/// Asks a type what it can do. The names are ones that no trait of a user's has for every type. An inherent item answers when its bound holds, else the trait of
/// the same name does; so the answer is found where the type is named, and demands nothing.
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Probe<T> {
    /// A probe of `T`.
    #[expect(clippy::new_without_default, reason = "only expansions make one")]
    pub const fn new() -> Self {
        Probe(PhantomData)
    }
}

impl<T: ?Sized> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

macro_rules! fallback {
    ($($(#[$doc:meta])* $name:ident { const $constant:ident, fn $function:ident -> $type:ty = $value:expr })*) => {$(
        $(#[$doc])*
        pub trait $name<T> {
            /// The answer, in a constant.
            const $constant: $type = $value;

            /// The answer, in an expression.
            fn $function(&self) -> $type {
                $value
            }
        }

        impl<T> $name<T> for Probe<T> {}
    )*};
}

fallback! {
    /// Not a `Result`.
    NotFallible { const __CACHED_FALLIBLE, fn __cached_fallible -> u8 = 0 }
    /// A key without canonical bytes.
    NoKey { const __CACHED_KEY, fn __cached_key -> KeyCodec<T> = None }
    /// A value that serde cannot carry.
    NoValue { const __CACHED_VALUE, fn __cached_value -> ValueCodec<T> = None }
    /// A value that bytes may be told by.
    NotLost { const __CACHED_LOST, fn __cached_is_lost -> bool = false }
    /// A value whose `Clone` is somebody's code.
    NotCopy { const __CACHED_COPY, fn __cached_is_copy -> bool = false }
    /// Values that cannot be compared.
    NotComparable { const __CACHED_SAME, fn __cached_same -> Same<T> = None }
    /// A key or a value that cannot be shown.
    NotShown { const __CACHED_SHOWN, fn __cached_shown -> Shown<T> = None }
    /// A value that is not a shared handle.
    NotHandle { const __CACHED_HANDLE, fn __cached_is_handle -> bool = false }
}

impl<T, E> Probe<Result<T, E>> {
    /// A `Result`: 1.
    pub const __CACHED_FALLIBLE: u8 = 1;

    /// A `Result`: its `Ok` value is stored.
    pub fn __cached_kept(&self) -> Kept<1, Result<T, E>> {
        Kept(PhantomData)
    }
}

/// Types of which bytes cannot tell two values apart: `Some` of nothing is written as `None` is.
macro_rules! lost {
    ($(<$($parameter:ident)?> $type:ty;)*) => {$(
        impl<$($parameter)?> Probe<$type> {
            /// `Some` of nothing and `None` are one.
            pub const __CACHED_LOST: bool = true;

            /// `Some` of nothing and `None` are one.
            pub fn __cached_is_lost(&self) -> bool {
                true
            }
        }
    )*};
}

lost! {
    <T> Option<Option<T>>;
    <> Option<()>;
}

impl<T: Copy> Probe<T> {
    /// Copying it runs nobody's code.
    pub const __CACHED_COPY: bool = true;

    /// Copying it runs nobody's code.
    pub fn __cached_is_copy(&self) -> bool {
        true
    }
}

impl<T: PartialEq> Probe<T> {
    /// They are compared as they compare themselves.
    pub const __CACHED_SAME: Same<T> = Some(<T as PartialEq>::eq);

    /// They are compared as they compare themselves.
    pub fn __cached_same(&self) -> Same<T> {
        Self::__CACHED_SAME
    }
}

impl<T: fmt::Debug> Probe<T> {
    /// It is shown as it shows itself.
    pub const __CACHED_SHOWN: Shown<T> = Some(|shown| shown);

    /// It is shown as it shows itself.
    pub fn __cached_shown(&self) -> Shown<T> {
        Self::__CACHED_SHOWN
    }
}

impl<T: ?Sized> Probe<Arc<T>> {
    /// Cloning it counts, and runs nobody's code.
    pub const __CACHED_HANDLE: bool = true;

    /// Cloning it counts, and runs nobody's code.
    pub fn __cached_is_handle(&self) -> bool {
        true
    }
}

/// What of a return type is stored, as a value: the argument of `Project`.
#[derive(Debug)]
pub struct Kept<const F: u8, R>(pub PhantomData<fn() -> R>);

/// What is kept of whatever is not a `Result`.
pub trait KeptWhole<T> {
    /// Everything is stored.
    fn __cached_kept(&self) -> Kept<0, T> {
        Kept(PhantomData)
    }
}

impl<T> KeptWhole<T> for Probe<T> {}

/// The facts of two nameable types, as a constant expression.
#[doc(hidden)]
#[macro_export]
macro_rules! __facts {
    ($key:ty, $value:ty) => {{
        #[allow(unused_imports, reason = "each type answers some of them")]
        use $crate::rt::{
            NoKey as _, NoValue as _, NotComparable as _, NotCopy as _, NotHandle as _, NotLost as _, NotShown as _,
        };
        $crate::rt::Facts::<$key, $value>::new(
            $crate::rt::Probe::<$key>::__CACHED_KEY,
            $crate::rt::Probe::<$value>::__CACHED_VALUE,
            $crate::rt::Probe::<$value>::__CACHED_SAME,
            $crate::rt::Probe::<$value>::__CACHED_COPY || $crate::rt::Probe::<$value>::__CACHED_HANDLE,
        )
        .unless_lost($crate::rt::Probe::<$value>::__CACHED_LOST)
        .shown($crate::rt::Probe::<$key>::__CACHED_SHOWN, $crate::rt::Probe::<$value>::__CACHED_SHOWN)
    }};
}

/// How the facts of a key known by its parts and a value known by what is kept are found: only a first call asks.
#[doc(hidden)]
#[macro_export]
macro_rules! __facts_for {
    ($parts:ident, $kept:ident) => {{
        #[allow(unused_imports, reason = "each type answers some of them")]
        use $crate::rt::{
            NoKey as _, NoValue as _, NotComparable as _, NotCopy as _, NotHandle as _, NotLost as _, NotShown as _,
        };
        let (key, stored) = ($crate::rt::probe_owned(&$parts), $kept.__cached_probe());
        move || {
            $crate::rt::Facts::new(
                key.__cached_key(),
                stored.__cached_value(),
                stored.__cached_same(),
                stored.__cached_is_copy() || stored.__cached_is_handle(),
            )
            .unless_lost(stored.__cached_is_lost())
            .shown(key.__cached_shown(), stored.__cached_shown())
        }
    }};
}

/// 1 for a `Result`, else 0, as a constant expression.
#[doc(hidden)]
#[macro_export]
macro_rules! __fallible {
    ($returned:ty) => {{
        #[allow(unused_imports, reason = "each type answers some of them")]
        use $crate::rt::NotFallible as _;
        $crate::rt::Probe::<$returned>::__CACHED_FALLIBLE
    }};
}

/// What is kept of a return type, as an expression.
#[doc(hidden)]
#[macro_export]
macro_rules! __kept {
    ($returned:ty) => {{
        #[allow(unused_imports, reason = "each type answers some of them")]
        use $crate::rt::KeptWhole as _;
        $crate::rt::Probe::<$returned>::new().__cached_kept()
    }};
}

/// Whether both types can be bytes.
#[doc(hidden)]
#[macro_export]
macro_rules! __encodable {
    ($key:ty, $value:ty) => {
        $crate::__facts!($key, $value).is_encodable()
    };
}

impl<K, V> Facts<K, V> {
    /// Whether a byte backend can serve these types.
    pub const fn is_encodable(&self) -> bool {
        self.key.is_some() && self.value.is_some()
    }
}
