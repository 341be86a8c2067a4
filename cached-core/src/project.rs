//! What of a return type is stored.
//!
//! In: a return type and a number that the macro finds by type. Out: the stored type, and the way
//! there and back. 0: everything; 1: the `Ok` of a `Result`; 2: the whole `Result`; 4 more: a
//! `None` has a lifetime of its own.

use crate::codec::{Kept, Probe};
use crate::key::Value;

/// Which of the site's lifetimes a stored value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// That of values.
    Value,
    /// That of `errors`.
    Error,
    /// That of `none`.
    None,
}

/// A return type of which something is stored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached in this way",
    label = "returned by a `#[cached]` function",
    note = "`errors = …` needs a function that returns a `Result`, `none = …` one that returns an `Option` or a `Result` of one: remove the word, or return that"
)]
pub trait Project<const F: u8>: Sized {
    /// What is stored.
    type Stored;

    /// What is to be stored of this; nothing for an `Err` that is not kept.
    fn stored(&self) -> Option<&Self::Stored>;

    /// The return value that a stored one stands for.
    fn restore(stored: Self::Stored) -> Self;

    /// Which lifetime it has.
    fn class(stored: &Self::Stored) -> Class;
}

/// What a function keeps, if that may be cached.
pub const fn kept<const F: u8, R: Project<F, Stored: Value>>() -> u8 {
    F
}

/// The same as a value, of a return type that is asked first. Where it may not be cached, this has no type and the
/// compiler says nothing of what is called on it: so that is methods.
#[inline(always)]
pub fn proven<R, const F: u8, M>(kept: Kept<F, R>) -> <R::Stored as Value<M>>::Proven<Kept<F, R>>
where
    R: Project<F, Stored: Value<M>>,
{
    R::Stored::prove(kept)
}

impl<const F: u8, R: Project<F>> Kept<F, R> {
    /// A probe of what is stored.
    pub fn __cached_probe(&self) -> Probe<R::Stored> {
        Probe::new()
    }
}

/// Return types that are stored as they are.
macro_rules! whole {
    ($(<$($parameter:ident),*> $number:literal $type:ty, $stored:ident => $class:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameter),*> Project<$number> for $type {
            type Stored = $type;

            #[inline]
            fn stored(&self) -> Option<&Self> {
                Some(self)
            }

            #[inline]
            fn restore(stored: Self) -> Self {
                stored
            }

            fn class($stored: &Self) -> Class {
                $class
            }
        }
    )*};
}

whole! {
    <T> 0 T, _stored => Class::Value;
    <T, E> 2 Result<T, E>, stored => if stored.is_ok() { Class::Value } else { Class::Error };
    <T> 4 Option<T>, stored => none_or_value(stored.is_none());
    <T, E> 6 Result<Option<T>, E>, stored => match stored {
        Ok(value) => none_or_value(value.is_none()),
        Err(_) => Class::Error,
    };
}

/// Results whose `Ok` value is stored.
macro_rules! successes {
    ($($number:literal $type:ty, $stored:ident => $class:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, E> Project<$number> for Result<$type, E> {
            type Stored = $type;

            #[inline]
            fn stored(&self) -> Option<&$type> {
                self.as_ref().ok()
            }

            #[inline]
            fn restore(stored: $type) -> Self {
                Ok(stored)
            }

            fn class($stored: &$type) -> Class {
                $class
            }
        }
    )*};
}

successes! {
    1 T, _stored => Class::Value;
    5 Option<T>, stored => none_or_value(stored.is_none());
}

fn none_or_value(none: bool) -> Class {
    if none { Class::None } else { Class::Value }
}
